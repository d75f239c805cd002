/// The tokens of a Corefile with everything imported in place, environment references replaced.
///
/// Imported files and snippets lie as frames on a stack; a frame stays until a token behind it is
/// asked for, so that an import in its last line still sees it when looking for a cycle.
struct TokenStream {
  /// Frames within one another. Deeper than any sane set of files, shallow enough for the stack.
  static let maximumImportDepth = 100
  /// Words and braces in all; bounds what snippets importing snippets can multiply into.
  static let maximumTokens = 200_000

  private struct Frame {
    var tokens: [Token]
    var next = 0
    /// What the frame came from, for finding cycles: a file's path or `(snippet)`.
    var origin: String
  }

  private var frames: [Frame]
  private var snippets: [String: [Token]] = [:]
  private var tokensRead = 0
  private var startsLine = false
  private let options: LoadOptions
  private let findings: Findings
  /// Patterns that `import` was given, for watching.
  private(set) var patterns: [String] = []
  private(set) var isExhausted = false

  init(tokens: [Token], file: String, options: LoadOptions, findings: Findings) {
    frames = [Frame(tokens: tokens, origin: file)]
    self.options = options
    self.findings = findings
  }

  /// The next token without taking it. An empty unquoted word, the rest of a variable that is not
  /// set, is passed over.
  mutating func peek() -> Token? {
    guard !isExhausted else { return nil }
    for index in frames.indices.reversed() {
      while frames[index].next < frames[index].tokens.count {
        var token = replacingEnvironmentReferences(
          in: frames[index].tokens[frames[index].next], environment: options.environment,
          findings: findings)
        token.startsLine = token.startsLine || startsLine
        guard token.text.isEmpty, !token.isQuoted else { return token }
        startsLine = token.startsLine
        frames[index].next += 1
      }
    }
    return nil
  }

  mutating func next() -> Token? {
    guard let token = peek() else { return nil }
    while let frame = frames.last, frame.next >= frame.tokens.count { frames.removeLast() }
    frames[frames.count - 1].next += 1
    startsLine = false
    tokensRead += 1
    if tokensRead > Self.maximumTokens {
      findings.error(token.place, "more than \(Self.maximumTokens) words with everything imported")
      isExhausted = true
    }
    return token
  }

  // MARK: - Snippets

  mutating func define(snippet name: Token, tokens: [Token]) {
    let key = String(name.text.dropFirst().dropLast())
    guard snippets[key] == nil else {
      findings.error(name.place, "the snippet '\(key)' is already defined")
      return
    }
    snippets[key] = tokens
  }

  // MARK: - Imports

  /// Puts what `import` names in place of it; to be called when the word has just been taken.
  mutating func expandImport(_ keyword: Token) {
    guard let what = peek(), what.kind == .word, !what.startsLine, let what = next() else {
      findings.error(
        keyword.place, "import names nothing",
        expected: "import SNIPPET, import FILE or import GLOB")
      return
    }
    while let extra = peek(), extra.kind == .word, !extra.startsLine {
      _ = next()
      findings.error(extra.place, "import takes one argument", expected: "an import for each name")
    }
    if let tokens = snippets[what.text] {
      push(tokens, origin: "(\(what.text))", named: "the snippet '\(what.text)'", at: what)
    } else {
      importFiles(what)
    }
  }

  private mutating func importFiles(_ what: Token) {
    let path = absolute(what.text, from: what.place.file)
    let isPattern = path.contains { "*?[]".contains($0) }
    guard isPattern else {
      importFile(path, at: what)
      return
    }
    let wildcards = path.count { $0 == "*" || $0 == "?" }
    guard wildcards == 1, !path.contains("[") else {
      findings.error(
        what.place, "the pattern of an import may hold one wildcard", expected: "one '*'")
      return
    }
    patterns.append(path)
    let files = options.files.glob(path)
    if files.isEmpty {
      findings.warning(what.place, "no file matches '\(what.text)'")
    }
    for file in files.reversed() { importFile(file, at: what, byPattern: true) }
  }

  private mutating func importFile(_ path: String, at what: Token, byPattern: Bool = false) {
    // Before reading, so that a file to come can be watched for.
    let content = options.files.read(path)
    guard case .octets(let octets) = content else {
      if byPattern, content == .directory { return }
      findings.add(file: path)
      findings.error(
        what.place, "cannot import '\(what.text)': \(content.complaint ?? "it cannot be read")",
        expected: "a snippet defined above, a file or a pattern",
        suggestion: nearest(what.text, among: snippets.keys.sorted()))
      return
    }
    let text = String(decoding: octets, as: UTF8.self)
    findings.add(file: path, text: text)
    let tokens = Lexer.tokens(text, file: path, findings: findings)
    push(tokens, origin: path, named: "the file '\(path)'", at: what)
  }

  private mutating func push(_ tokens: [Token], origin: String, named: String, at what: Token) {
    guard !frames.contains(where: { $0.origin == origin && $0.next > 0 }) else {
      findings.error(what.place, "\(named) imports itself")
      return
    }
    guard frames.count < Self.maximumImportDepth else {
      findings.error(
        what.place, "imports lie more than \(Self.maximumImportDepth) deep within one another")
      return
    }
    guard !tokens.isEmpty else { return }
    var tokens = tokens
    tokens[0].startsLine = true
    frames.append(Frame(tokens: tokens, origin: origin))
  }

  /// Relative to the folder of the importing file.
  private func absolute(_ path: String, from file: String) -> String {
    guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
    return file[...slash] + path
  }
}
