/// A word or brace of a Corefile.
struct Token: Hashable {
  enum Kind: Hashable {
    case word, open, close
  }

  var kind: Kind
  var text: String
  var place: Place
  /// Whether it is the first of its line.
  var startsLine: Bool
  var isQuoted = false

  /// Whether this is the unquoted word that brings in a file or snippet.
  var isImport: Bool { kind == .word && text == "import" && !isQuoted }
}

/// Cuts the text of a Corefile into words and braces.
///
/// Words end at white space, `#` begins a comment even inside a word, CR is passed over, quotes
/// may span lines and know the escape `\"` alone. A brace or semicolon that clings to a word is
/// cut off with a warning.
struct Lexer {
  private var rest: Substring.UnicodeScalarView
  private let file: String
  private let findings: Findings
  private let firstColumn: Int
  private var line: Int
  private var column: Int
  private var startsLine = true
  private var tokens: [Token] = []

  /// The tokens of `text`, which begins on a line of `file` with every line at a column.
  static func tokens(
    _ text: String, file: String, line: Int = 1, column: Int = 1, findings: Findings
  ) -> [Token] {
    var lexer = Lexer(text, file: file, line: line, column: column, findings: findings)
    lexer.run()
    return lexer.tokens
  }

  private init(_ text: String, file: String, line: Int, column: Int, findings: Findings) {
    rest = Substring(text).unicodeScalars
    self.file = file
    self.line = line
    self.column = column
    firstColumn = column
    self.findings = findings
  }

  private mutating func run() {
    if rest.first == "\u{FEFF}" { rest.removeFirst() }
    while let scalar = rest.first {
      if scalar == "#" {
        skipComment()
      } else if scalar.properties.isWhitespace {
        if scalar == "\n" { startsLine = true }
        advance()
      } else if scalar == "\"" {
        quoted()
      } else {
        word()
      }
    }
  }

  private mutating func advance() {
    if rest.removeFirst() == "\n" {
      line += 1
      column = firstColumn
    } else {
      column += 1
    }
  }

  private var here: Place { Place(file: file, line: line, column: column) }

  private mutating func append(
    _ kind: Token.Kind, _ text: String, at place: Place, isQuoted: Bool = false
  ) {
    tokens.append(
      Token(kind: kind, text: text, place: place, startsLine: startsLine, isQuoted: isQuoted))
    startsLine = false
  }

  private mutating func skipComment() {
    while rest.first.map({ $0 != "\n" }) ?? false { advance() }
  }

  // MARK: - Quotes

  private mutating func quoted() {
    let place = here
    advance()
    var text = String.UnicodeScalarView()
    while let scalar = rest.first {
      advance()
      if scalar == "\"" {
        append(.word, String(text), at: place, isQuoted: true)
        return
      }
      if scalar == "\\", rest.first == "\"" {
        advance()
        text.append("\"")
      } else {
        text.append(scalar)
      }
    }
    findings.error(place, "the quotation that begins here has no end", expected: "'\"'")
  }

  // MARK: - Words

  private mutating func word() {
    let place = here
    var text = String.UnicodeScalarView()
    while let scalar = rest.first, scalar != "#", scalar == "\r" || !scalar.properties.isWhitespace
    {
      if scalar != "\r" { text.append(scalar) }
      advance()
    }
    if let first = text.first, "\u{201C}\u{201D}\u{201E}".unicodeScalars.contains(first) {
      findings.warning(
        place, "'\(first)' is a typographic quotation mark and read as a letter",
        expected: "'\"' around a word with spaces")
    }
    cut(String(text), at: place)
  }

  /// Braces and semicolons that are taken off one word.
  private static let maximumCuts = 8

  /// Takes off what clings to a word: `.:53{`, `{lameduck`, `5s}`, `errors;`.
  private mutating func cut(_ text: String, at place: Place, cuts: Int = 0) {
    let opening = text.utf8.count { $0 == UInt8(ascii: "{") }
    let closing = text.utf8.count { $0 == UInt8(ascii: "}") }
    let length = text.unicodeScalars.count
    var last = place
    last.column += length - 1
    if text == "{" {
      append(.open, text, at: place)
    } else if text == "}" {
      append(.close, text, at: place)
    } else if text == "{}" {
      append(.open, "{", at: place)
      append(.close, "}", at: last)
    } else if cuts == Self.maximumCuts {
      append(.word, text, at: place)
    } else if text.hasSuffix(";") {
      findings.warning(last, "a line needs no ';' at its end")
      if length > 1 { cut(String(text.dropLast()), at: place, cuts: cuts + 1) }
      startsLine = true
    } else if opening > closing, text.hasSuffix("{") {
      cut(String(text.dropLast()), at: place, cuts: cuts + 1)
      findings.warning(last, "'{' wants a space before it", expected: "'\(text.dropLast()) {'")
      append(.open, "{", at: last)
    } else if opening > closing, text.hasPrefix("{"), !isReference(text) {
      findings.warning(place, "'{' wants a line end after it")
      append(.open, "{", at: place)
      var next = place
      next.column += 1
      cut(String(text.dropFirst()), at: next, cuts: cuts + 1)
    } else if closing > opening, text.hasSuffix("}") {
      cut(String(text.dropLast()), at: place, cuts: cuts + 1)
      findings.warning(last, "'}' wants a line of its own")
      append(.close, "}", at: last)
    } else {
      append(.word, text, at: place)
    }
  }

  /// `{$VAR`, `{%VAR` and Go's `{{` open no body.
  private func isReference(_ text: String) -> Bool {
    text.hasPrefix("{$") || text.hasPrefix("{%") || text.hasPrefix("{{")
  }
}
