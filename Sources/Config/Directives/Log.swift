extension LogSettings.ResponseClass: CaseIterable {
  public static let allCases: [Self] = [.success, .denial, .error, .all]
}

/// `log [NAMES…] [FORMAT] { class CLASS… }`.
enum Log {
  /// What `{…}` in a format may name, besides `{/metadata}`.
  private static let placeholders = [
    "common", "combined", "type", "name", "class", "proto", "remote", "local", "size", "port",
    "duration", "rcode", "rsize", ">rflags", ">bufsize", ">do", ">id", ">opcode",
  ]

  static func read(_ directive: Statement, _ context: DirectiveContext) -> [LogSettings] {
    var arguments = Array(directive.arguments)
    var settings = LogSettings(names: [])
    if let last = arguments.last, last.text.contains("{") {
      settings.format = format(last, context)
      arguments.removeLast()
    }
    if arguments.count == 1, arguments[0].text == "stdout" {
      context.findings.warning(
        arguments[0].place, "'stdout' is no name to log; queries are logged there anyhow",
        expected: "log")
      arguments.removeLast()
    }
    settings.names = context.zonesOrBlock(arguments)
    var classes: Set<LogSettings.ResponseClass> = []
    context.read(
      directive,
      [
        "class": { property in
          guard !property.arguments.isEmpty else {
            _ = context.hasArguments(property, 1...1, usage: "class success|denial|error|all …")
            return
          }
          for word in property.arguments {
            if let one: LogSettings.ResponseClass = context.choice(word, of: "class of responses") {
              classes.insert(one)
            }
          }
        }
      ], repeatable: ["class"])
    if !classes.isEmpty { settings.classes = classes }
    return [settings]
  }

  private static func format(_ token: Token, _ context: DirectiveContext) -> String {
    for piece in token.text.split(separator: "{").dropFirst(token.text.hasPrefix("{") ? 0 : 1) {
      guard let end = piece.firstIndex(of: "}") else { continue }
      let name = String(piece[..<end])
      if !name.hasPrefix("/"), !placeholders.contains(name) {
        context.findings.warning(
          token.place, "'{\(name)}' in the format names nothing and is logged as it is",
          expected: placeholders.map { "{\($0)}" }.joined(separator: " "),
          suggestion: nearest(name, among: placeholders).map { "{\($0)}" })
      }
    }
    return token.text
      .replacing("{common}", with: LogSettings.commonFormat)
      .replacing("{combined}", with: LogSettings.combinedFormat)
  }
}
