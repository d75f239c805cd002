/// A line of a block or body: a name, its arguments, and its own body in braces.
struct Statement: Hashable {
  /// Never empty.
  var words: [Token]
  var body: [Statement]?
  /// Where the body opens.
  var brace: Place?
  /// Whether something follows the body's opening brace in its line.
  var bodyIsOnOneLine = false

  var name: Token { words[0] }
  var arguments: ArraySlice<Token> { words.dropFirst() }

  /// The words without their places.
  var spelling: [String] {
    words.map(\.text) + (body.map { ["{"] + $0.flatMap(\.spelling) + ["}"] } ?? []) + ["\n"]
  }
}

/// A server block as written.
struct SyntaxBlock {
  var keys: [Token]
  var place: Place
  var statements: [Statement]
  /// False where the end of the text came first; the statements are then guesswork.
  var isClosed: Bool
  var hasBraces: Bool
}

/// Groups tokens into server blocks, importing on the way.
struct CorefileSyntax {
  /// Bodies within bodies; no plugin has more than one.
  static let maximumNesting = 8
  /// Far beyond the zones that anyone lists by hand.
  static let maximumKeys = 1000

  private var stream: TokenStream
  private let findings: Findings
  private var blocks: [SyntaxBlock] = []
  private var isUnclosed = false

  /// The blocks in the order of the file, and the patterns given to imports.
  static func blocks(
    _ tokens: [Token], file: String, options: LoadOptions, findings: Findings
  ) -> (blocks: [SyntaxBlock], patterns: [String]) {
    var parser = CorefileSyntax(
      stream: TokenStream(tokens: tokens, file: file, options: options, findings: findings),
      findings: findings)
    while parser.block() {}
    return (parser.blocks, parser.stream.patterns)
  }

  private init(stream: TokenStream, findings: Findings) {
    self.stream = stream
    self.findings = findings
  }

  // MARK: - Blocks

  /// Reads one server block or snippet; false at the end.
  private mutating func block() -> Bool {
    guard let first = stream.peek() else { return false }
    if first.kind == .close {
      _ = stream.next()
      findings.error(first.place, "this '}' closes nothing")
      return true
    }
    let keys = self.keys()
    if keys.count == 1, keys[0].text.hasPrefix("("), keys[0].text.hasSuffix(")"),
      keys[0].text.count > 2
    {
      snippet(keys[0])
      return true
    }
    var statements: [Statement] = []
    let brace = stream.peek().flatMap { $0.kind == .open ? $0 : nil }
    if let brace {
      _ = stream.next()
      statements = self.statements(nesting: 0, brace: brace.place)
    } else {
      statements = self.statements(nesting: 0, brace: nil)
    }
    if keys.isEmpty, brace != nil || !statements.isEmpty {
      findings.warning(first.place, "the server block has no key and is left out")
    } else if !keys.isEmpty {
      blocks.append(
        SyntaxBlock(
          keys: keys, place: keys[0].place, statements: statements, isClosed: !isUnclosed,
          hasBraces: brace != nil))
    }
    return true
  }

  /// The keys before a block: on one line, or on several after a comma.
  private mutating func keys() -> [Token] {
    var keys: [Token] = []
    var expectsAnother = true
    var comma: Place?
    while let token = stream.peek(), token.kind == .word, expectsAnother || !token.startsLine {
      _ = stream.next()
      if token.isImport, token.startsLine {
        let before = keys.count
        stream.expandImport(token)
        if before == 0 { continue }
        expectsAnother = true
        continue
      }
      expectsAnother = token.text.hasSuffix(",")
      comma = expectsAnother ? token.place : nil
      if keys.count <= Self.maximumKeys { keys += parts(token) }
    }
    if expectsAnother, let comma, !keys.isEmpty {
      findings.error(comma, "after this comma comes no further key", expected: "a zone")
    }
    if keys.count > Self.maximumKeys {
      findings.error(
        keys[Self.maximumKeys].place, "more than \(Self.maximumKeys) keys of one block")
    }
    return Array(keys.prefix(Self.maximumKeys))
  }

  /// The keys that commas join.
  private func parts(_ token: Token) -> [Token] {
    var keys: [Token] = []
    var column = token.place.column
    for part in token.text.split(separator: ",", omittingEmptySubsequences: false) {
      var key = token
      key.text = String(part)
      key.place.column = column
      column += part.unicodeScalars.count + 1
      if !part.isEmpty { keys.append(key) }
    }
    return keys
  }

  private mutating func snippet(_ name: Token) {
    guard let brace = stream.peek(), brace.kind == .open else {
      findings.error(name.place, "the snippet has no body", expected: "'\(name.text) {'")
      return
    }
    _ = stream.next()
    var tokens: [Token] = []
    var depth = 1
    while let token = stream.next() {
      if token.kind == .open { depth += 1 }
      if token.kind == .close { depth -= 1 }
      if depth == 0 {
        stream.define(snippet: name, tokens: tokens)
        return
      }
      tokens.append(token)
    }
    findings.error(brace.place, "this '{' is never closed", expected: "'}'")
  }

  // MARK: - Statements

  /// Reads statements up to the closing brace, or where there was no opening one, to the end.
  private mutating func statements(nesting: Int, brace: Place?) -> [Statement] {
    var statements: [Statement] = []
    while let token = stream.next() {
      switch token.kind {
      case .close:
        if brace == nil { findings.error(token.place, "this '}' closes nothing") }
        return statements
      case .open:
        findings.error(token.place, "this '{' follows nothing", expected: "the name of a plugin")
        if nesting < Self.maximumNesting {
          _ = self.statements(nesting: nesting + 1, brace: token.place)
        }
      case .word where token.isImport:
        stream.expandImport(token)
      case .word:
        statements.append(statement(token, nesting: nesting))
      }
    }
    if let brace {
      isUnclosed = true
      findings.error(brace, "this '{' is never closed", expected: "'}'")
    }
    return statements
  }

  private mutating func statement(_ name: Token, nesting: Int) -> Statement {
    var statement = Statement(words: [name])
    while let token = stream.peek(), token.kind == .word, !token.startsLine {
      _ = stream.next()
      statement.words.append(token)
    }
    guard let brace = stream.peek(), brace.kind == .open else { return statement }
    guard nesting < Self.maximumNesting else {
      findings.error(brace.place, "bodies lie more than \(Self.maximumNesting) deep")
      return statement
    }
    _ = stream.next()
    statement.brace = brace.place
    statement.bodyIsOnOneLine =
      stream.peek().map { $0.kind == .word && !$0.startsLine } ?? false
    statement.body = statements(nesting: nesting + 1, brace: brace.place)
    return statement
  }
}
