/// `prometheus [ADDRESS]`.
enum Prometheus {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> PrometheusSettings? {
    var settings = PrometheusSettings()
    context.read(
      directive, [:], removed: ["runtime_metrics": "no such line: there is no Go runtime here"],
      unsupported: ["tls"])
    guard context.hasArguments(directive, 0...1, usage: "prometheus [ADDRESS]") else { return nil }
    if let token = directive.arguments.first {
      guard let address = context.listenAddress(token) else { return nil }
      settings.address = address
    }
    return settings
  }
}
