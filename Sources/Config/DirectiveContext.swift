internal import Wire

/// What the readers of directives share: the block's zones, and how arguments and bodies are read
/// and complained about. Every reader goes on after an error, so that a file shows all of them.
struct DirectiveContext {
  /// Of the block's keys.
  var zones: [DomainName]
  var findings: Findings

  // MARK: - Bodies

  /// Calls the reader of each property in a directive's body.
  ///
  /// - Parameters:
  ///   - removed: Options that had become no-ops before CoreDNS dropped them, with what to write.
  ///   - moved: Options that have become plugins of their own, with the plugin.
  ///   - unsupported: Options that CoreDNS has and this version lacks.
  ///   - repeatable: Properties that may stand several times.
  func read(
    _ directive: Statement, _ properties: KeyValuePairs<String, (Statement) -> Void>,
    removed: [String: String] = [:], moved: [String: String] = [:], unsupported: [String] = [],
    repeatable: Set<String> = []
  ) {
    let known = properties.map(\.key)
    complainOfLayout(directive)
    var seen: Set<String> = []
    for property in directive.body ?? [] {
      let name = property.name.text
      if property.body != nil {
        findings.error(property.name.place, "'\(name)' of \(directive.name.text) takes no body")
      }
      if let reader = properties.first(where: { $0.key == name })?.value {
        if !seen.insert(name).inserted, !repeatable.contains(name) {
          findings.warning(property.name.place, "'\(name)' stands twice; the last counts")
        }
        reader(property)
      } else if let hint = removed[name] {
        findings.warning(
          property.name.place, "'\(name)' has no effect any more and is ignored", expected: hint)
      } else if let plugin = moved[name] {
        findings.error(
          property.name.place, "'\(name)' is no property of \(directive.name.text) any more",
          expected: "the plugin '\(plugin)', which this version of martlet lacks")
      } else if unsupported.contains(name) {
        findings.error(
          property.name.place,
          "property '\(name)' of \(directive.name.text) is not supported by this version of martlet"
        )
      } else {
        findings.error(
          property.name.place, "unknown property '\(name)' of \(directive.name.text)",
          expected: known.isEmpty ? "no properties" : known.joined(separator: ", "),
          suggestion: nearest(name, among: known))
      }
    }
  }

  /// CoreDNS reads a body on one line wrongly, but for the single numbers of `forward`.
  private func complainOfLayout(_ directive: Statement) {
    let name = directive.name
    guard let brace = directive.brace else { return }
    if brace.file == name.place.file,
      brace.line > directive.words[directive.words.count - 1].place.line
    {
      findings.warning(brace, "'{' wants to stand on the line of \(name.text)")
    }
    if directive.bodyIsOnOneLine, name.text != "forward" {
      findings.warning(
        brace, "the body of \(name.text) stands on one line", expected: "a line for each property")
    }
  }

  // MARK: - Arguments

  /// Whether a statement has as many arguments as its usage says; reports where not.
  func hasArguments(_ statement: Statement, _ count: ClosedRange<Int>, usage: String) -> Bool {
    let arguments = statement.arguments
    guard !count.contains(arguments.count) else { return true }
    let name = statement.name.text
    if arguments.count > count.upperBound {
      let place = arguments[arguments.startIndex + count.upperBound].place
      findings.error(
        place, "'\(name)' takes \(count.upperBound == 0 ? "no" : "fewer") arguments",
        expected: usage)
    } else {
      findings.error(statement.name.place, "'\(name)' lacks an argument", expected: usage)
    }
    return false
  }

  /// The only argument of a statement.
  func argument(_ statement: Statement, usage: String) -> Token? {
    hasArguments(statement, 1...1, usage: usage) ? statement.words[1] : nil
  }

  func duration(_ token: Token, in range: ClosedRange<Duration> = .zero ... .seconds(1 << 33))
    -> Duration?
  {
    guard let duration = DurationText.parse(token.text) else {
      findings.error(
        token.place, "'\(token.text)' is not a duration",
        expected: "a number and unit, such as 30s",
        suggestion: Int(token.text).map { "\($0)s" })
      return nil
    }
    guard range.contains(duration) else {
      let (low, high) = (DurationText.text(range.lowerBound), DurationText.text(range.upperBound))
      findings.error(
        token.place, "'\(token.text)' is out of range",
        expected: range.upperBound == .seconds(1 << 33) ? "\(low) or more" : "\(low) to \(high)")
      return nil
    }
    return duration
  }

  func integer(_ token: Token, in range: ClosedRange<Int>) -> Int? {
    let expected =
      range.upperBound >= Int(UInt32.max)
      ? "a whole number from \(range.lowerBound)"
      : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard let number = Int(token.text) else {
      findings.error(token.place, "'\(token.text)' is not a whole number", expected: expected)
      return nil
    }
    guard range.contains(number) else {
      findings.error(token.place, "\(number) is out of range", expected: expected)
      return nil
    }
    return number
  }

  /// One of a few words.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ token: Token, of what: String
  ) -> Choice? {
    if let choice = Choice(rawValue: token.text) { return choice }
    let words = Choice.allCases.map(\.rawValue)
    findings.error(
      token.place, "'\(token.text)' is not a \(what)", expected: words.joined(separator: ", "),
      suggestion: nearest(token.text, among: words))
    return nil
  }

  /// Names and CIDRs; what cannot be read is reported and left out.
  func zones(_ tokens: some Sequence<Token>) -> [DomainName] {
    var seen: Set<DomainName> = []
    return tokens.flatMap { ZoneText($0, findings: findings)?.zones ?? [] }
      .filter { seen.insert($0).inserted }
  }

  /// The zones among the arguments, or the block's.
  func zonesOrBlock(_ tokens: some Collection<Token>) -> [DomainName] {
    tokens.isEmpty ? zones : zones(tokens)
  }

  func fallThrough(_ statement: Statement) -> Fallthrough {
    statement.arguments.isEmpty ? .all : .zones(zones(statement.arguments))
  }

  // MARK: - Addresses

  /// `:8080`, `host:8080`, `[::1]:8080`; a number alone is taken as a port.
  func listenAddress(_ token: Token) -> ListenAddress? {
    let text = token.text
    if let port = UInt16(text) {
      findings.warning(
        token.place, "'\(text)' is no address; read as ':\(text)'", expected: "':\(text)'")
      return ListenAddress(host: "", port: port)
    }
    guard let (host, port) = Self.hostAndPort(text), let port else {
      findings.error(
        token.place, "'\(text)' is not an address with a port",
        expected: ":PORT, HOST:PORT or [IPV6]:PORT",
        suggestion: IPAddress(text).map { $0.isV4 ? "\(text):PORT" : "[\(text)]:PORT" })
      return nil
    }
    return ListenAddress(host: host, port: port)
  }

  /// Cuts `host`, `host:port`, `[v6]:port` or a bare IPv6 address; nil for a port that is none.
  static func hostAndPort(_ text: some StringProtocol) -> (host: String, port: UInt16?)? {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let host = String(text[text.index(after: text.startIndex)..<end])
      let behind = text[text.index(after: end)...]
      if behind.isEmpty { return (host, nil) }
      guard behind.hasPrefix(":"), let port = UInt16(behind.dropFirst()) else { return nil }
      return (host, port)
    }
    guard let colon = text.lastIndex(of: ":"), text.firstIndex(of: ":") == colon else {
      return (String(text), nil)
    }
    guard let port = UInt16(text[text.index(after: colon)...]) else { return nil }
    return (String(text[..<colon]), port)
  }
}
