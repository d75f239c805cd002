/// `proxy FROM TO… { … }`, gone since CoreDNS 1.5, read as `forward`.
enum Proxy {
  /// What no longer has a counterpart; how it was meant is what `forward` does by itself.
  private static let dropped = ["fail_timeout", "health_check", "keepalive", "max_conns", "spray"]

  static func read(_ directive: Statement, _ context: DirectiveContext) -> [ForwardSettings] {
    context.findings.warning(
      directive.name.place, "'proxy' is read as 'forward'", expected: "'forward'")
    guard var settings = Forward.heading(directive, context) else { return [] }
    context.read(
      directive,
      [
        "policy": { property in
          if let word = context.argument(property, usage: "policy random|round_robin|sequential") {
            settings.policy = policy(word, context) ?? settings.policy
          }
        },
        "max_fails": { property in
          settings.maxFails = Forward.number(property, context).map { UInt32($0) } ?? 2
        },
        "except": { settings.except += Forward.except($0, context) },
        "protocol": { settings.forceTCP = usesTCP($0, context) },
      ],
      removed: Dictionary(
        uniqueKeysWithValues: dropped.map { ($0, "the properties of 'forward'") }),
      repeatable: ["except"])
    return [settings]
  }

  private static func policy(
    _ word: Token, _ context: DirectiveContext
  ) -> ForwardSettings.Policy? {
    let modern: ForwardSettings.Policy
    switch word.text {
    case "first": modern = .sequential
    case "least_conn", "header", "uri_hash", "ip_hash": modern = .random
    default: return context.choice(word, of: "policy")
    }
    context.findings.warning(
      word.place, "policy '\(word.text)' is read as '\(modern.rawValue)'",
      expected: "'\(modern.rawValue)'")
    return modern
  }

  /// `protocol dns [force_tcp]`.
  private static func usesTCP(_ property: Statement, _ context: DirectiveContext) -> Bool {
    guard let name = property.arguments.first, name.text == "dns" else {
      context.findings.error(
        property.arguments.first?.place ?? property.name.place,
        "'protocol' of proxy has no counterpart in forward",
        expected: "'protocol dns [force_tcp]', or 'tls://' before the upstreams")
      return false
    }
    return property.arguments.dropFirst().contains { $0.text == "force_tcp" }
  }
}
