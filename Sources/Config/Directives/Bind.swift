internal import Wire

/// `bind ADDRESS|INTERFACE… { except ADDRESS|INTERFACE… }`.
enum Bind {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> [BindSettings] {
    let addresses = places(directive, context)
    var settings = BindSettings(addresses: addresses, place: directive.name.place)
    context.read(
      directive, ["except": { settings.except += places($0, context) }], repeatable: ["except"])
    return addresses.isEmpty ? [] : [settings]
  }

  private static func places(_ statement: Statement, _ context: DirectiveContext) -> [String] {
    guard !statement.arguments.isEmpty else {
      context.findings.error(
        statement.name.place, "'\(statement.name.text)' lacks an argument",
        expected: "addresses or names of interfaces")
      return []
    }
    return statement.arguments.filter { isPlausible($0, context) }.map(\.text)
  }

  /// Which interfaces there are is known only where the server runs; a name has no colon, and is
  /// no number with dots.
  private static func isPlausible(_ token: Token, _ context: DirectiveContext) -> Bool {
    let address = token.text.prefix { $0 != "%" }
    let looksNumeric =
      address.contains(":") || address.allSatisfy { $0 == "." || ("0"..."9").contains($0) }
    guard looksNumeric, IPAddress(address) == nil else { return true }
    context.findings.error(
      token.place, "'\(token.text)' is neither an address nor the name of an interface",
      expected: "an IPv4 or IPv6 address without port, or the name of an interface")
    return false
  }
}
