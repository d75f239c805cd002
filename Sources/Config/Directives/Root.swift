/// `root PATH`: the folder of relative paths.
enum Root {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> String? {
    context.read(directive, [:])
    return context.argument(directive, usage: "root PATH")?.text
  }
}
