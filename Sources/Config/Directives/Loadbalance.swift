/// `loadbalance [round_robin]`.
enum Loadbalance {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> LoadbalanceSettings {
    context.read(directive, [:], unsupported: ["reload", "limit_answers"])
    let usage = "loadbalance [round_robin]"
    if let policy = directive.arguments.first {
      switch policy.text {
      case "round_robin":
        _ = context.hasArguments(directive, 1...1, usage: usage)
      case "weighted", "prefer":
        context.findings.error(
          policy.place,
          "policy '\(policy.text)' of loadbalance is not supported by this version of martlet")
      default:
        context.findings.error(
          policy.place, "unknown policy '\(policy.text)' of loadbalance", expected: "round_robin",
          suggestion: nearest(policy.text, among: ["round_robin"]))
      }
    }
    return LoadbalanceSettings()
  }
}
