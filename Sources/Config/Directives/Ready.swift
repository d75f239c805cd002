extension ReadySettings.Monitor: CaseIterable {
  public static let allCases: [Self] = [.untilReady, .continuously]
}

/// `ready [ADDRESS] { monitor until-ready|continuously }`.
enum Ready {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> ReadySettings {
    var settings = ReadySettings()
    if context.hasArguments(directive, 0...1, usage: "ready [ADDRESS]"),
      let token = directive.arguments.first, let address = context.listenAddress(token)
    {
      settings.address = address
    }
    context.read(
      directive,
      [
        "monitor": { property in
          guard let word = context.argument(property, usage: "monitor until-ready|continuously"),
            let monitor: ReadySettings.Monitor = context.choice(word, of: "way to monitor")
          else { return }
          settings.monitor = monitor
        }
      ])
    return settings
  }
}
