/// `reload [INTERVAL [JITTER]]`.
enum Reload {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> ReloadSettings {
    var settings = ReloadSettings()
    context.read(directive, [:])
    guard context.hasArguments(directive, 0...2, usage: "reload [INTERVAL [JITTER]]") else {
      return settings
    }
    let upper = Duration.seconds(1 << 33)
    let arguments = Array(directive.arguments)
    if let first = arguments.first, let interval = context.duration(first, in: .seconds(2)...upper)
    {
      settings.interval = interval
    }
    if arguments.count > 1,
      let jitter = context.duration(arguments[1], in: .seconds(1)...upper)
    {
      settings.jitter = jitter
    }
    settings.jitter = min(settings.jitter, settings.interval / 2)
    return settings
  }
}
