/// `bufsize [OCTETS]`: the largest UDP reply.
enum Bufsize {
  /// Fits every path without fragments (DNS flag day 2020).
  static let standard = 1232

  static func read(_ directive: Statement, _ context: DirectiveContext) -> Int? {
    context.read(directive, [:])
    guard context.hasArguments(directive, 0...1, usage: "bufsize [OCTETS]") else { return nil }
    guard let octets = directive.arguments.first else { return standard }
    return context.integer(octets, in: 512...4096)
  }
}
