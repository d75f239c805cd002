/// `health [ADDRESS] { lameduck DURATION }`.
enum Health {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> HealthSettings {
    var settings = HealthSettings()
    if context.hasArguments(directive, 0...1, usage: "health [ADDRESS]"),
      let token = directive.arguments.first, let address = context.listenAddress(token)
    {
      settings.address = address
    }
    context.read(
      directive,
      [
        "lameduck": { property in
          guard let token = context.argument(property, usage: "lameduck DURATION"),
            let duration = context.duration(token)
          else { return }
          settings.lameduck = duration
        }
      ])
    return settings
  }
}
