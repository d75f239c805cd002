extension ErrorsSettings.Level: CaseIterable {
  public static let allCases: [Self] = [.warning, .error, .info, .debug]
}

/// `errors { stacktrace; consolidate DURATION REGEXP [LEVEL] [show_first] }`.
enum Errors {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> ErrorsSettings {
    var settings = ErrorsSettings()
    if context.hasArguments(directive, 0...1, usage: "errors"),
      let target = directive.arguments.first, target.text != "stdout"
    {
      context.findings.error(
        target.place, "errors go to the standard output only", expected: "errors")
    }
    context.read(
      directive,
      [
        "stacktrace": { property in
          settings.stacktrace = context.hasArguments(property, 0...0, usage: "stacktrace")
        },
        "consolidate": { property in
          if let rule = consolidation(property, context) { settings.consolidations.append(rule) }
        },
      ], repeatable: ["consolidate"])
    return settings
  }

  private static func consolidation(
    _ property: Statement, _ context: DirectiveContext
  ) -> ErrorsSettings.Consolidation? {
    let usage = "consolidate DURATION REGEXP [LEVEL] [show_first]"
    guard context.hasArguments(property, 2...4, usage: usage) else { return nil }
    let words = property.words
    let period = context.duration(words[1])
    guard let period else { return nil }
    var rule = ErrorsSettings.Consolidation(
      period: period, pattern: words[2].text, place: words[2].place)
    for word in words.dropFirst(3) {
      if word.text == "show_first", !rule.showFirst {
        rule.showFirst = true
      } else if let level: ErrorsSettings.Level = context.choice(word, of: "log level") {
        rule.level = level
      }
    }
    return rule
  }
}
