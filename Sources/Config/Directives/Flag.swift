/// `debug`, `loop`, `whoami`: directives that say all by being there.
enum Flag {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> Bool {
    _ = context.hasArguments(directive, 0...0, usage: directive.name.text)
    context.read(directive, [:])
    return true
  }
}
