/// `families ipv4|ipv6`, of a block or of `forward`.
enum Families {
  static func read(_ statement: Statement, _ context: DirectiveContext) -> AddressFamily? {
    if statement.body != nil { context.read(statement, [:]) }
    return context.argument(statement, usage: "families ipv4|ipv6")
      .flatMap { context.choice($0, of: "family of addresses") }
  }
}
