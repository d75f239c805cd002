/// Reads label selectors as Kubernetes does (Labels and Selectors, "Label selectors"): `a=b`,
/// `a==b`, `a!=b`, `a in (b, c)`, `a notin (b, c)`, `a`, `!a`, joined by commas.
struct LabelSelectorParser {
  struct Failure: Error {
    var message: String
    var expected: String
  }

  private var rest: Substring

  static func parse(_ text: String) throws(Failure) -> LabelSelector {
    var parser = LabelSelectorParser(rest: Substring(text))
    var requirements: [LabelSelector.Requirement] = []
    repeat {
      requirements.append(try parser.requirement())
    } while parser.take(",")
    parser.skipSpace()
    guard parser.rest.isEmpty else {
      throw Failure(
        message: "'\(parser.rest)' is left over in the label selector",
        expected: "=, ==, !=, in (…), notin (…) or a comma")
    }
    return LabelSelector(requirements: requirements)
  }

  private mutating func requirement() throws(Failure) -> LabelSelector.Requirement {
    if take("!") { return .absent(key: try key()) }
    let key = try key()
    if take("!=") { return .notEquals(key: key, values: [try value()]) }
    if take("==") || take("=") { return .equals(key: key, values: [try value()]) }
    if takeWord("notin") { return .notEquals(key: key, values: try values()) }
    if takeWord("in") { return .equals(key: key, values: try values()) }
    return .exists(key: key)
  }

  private mutating func values() throws(Failure) -> Set<String> {
    guard take("(") else {
      throw Failure(message: "the values of 'in' and 'notin' stand in parentheses", expected: "'('")
    }
    var values: Set<String> = []
    repeat { values.insert(try value()) } while take(",")
    guard take(")") else {
      throw Failure(message: "the list of label values has no end", expected: "')'")
    }
    return values
  }

  private mutating func key() throws(Failure) -> String {
    let word = word()
    let parts = word.split(separator: "/", omittingEmptySubsequences: false)
    let prefixIsRight =
      parts.count < 2
      || (!parts[0].isEmpty && parts[0].utf8.count <= 253
        && parts[0].split(separator: ".", omittingEmptySubsequences: false)
          .allSatisfy { Self.isName($0) })
    guard parts.count <= 2, let name = parts.last, prefixIsRight, Self.isName(name) else {
      throw Failure(
        message: word.isEmpty ? "a label key is missing" : "'\(word)' is not a label key",
        expected: "[PREFIX/]NAME, the name of letters, digits, '-', '_' and '.', at most 63")
    }
    return String(word)
  }

  private mutating func value() throws(Failure) -> String {
    let word = word()
    guard word.isEmpty || Self.isName(word) else {
      throw Failure(
        message: "'\(word)' is not a label value",
        expected: "letters, digits, '-', '_' and '.', at most 63")
    }
    return String(word)
  }

  /// Letters, digits, `-`, `_`, `.`, the first and last a letter or digit.
  private static func isName(_ text: Substring) -> Bool {
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
    guard (1...63).contains(text.utf8.count), let first = text.utf8.first, let last = text.utf8.last
    else { return false }
    return isAlphanumeric(first) && isAlphanumeric(last)
      && text.utf8.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
  }

  // MARK: - Scanning

  private mutating func skipSpace() {
    rest = rest.drop { $0.isWhitespace }
  }

  private mutating func take(_ text: String) -> Bool {
    skipSpace()
    guard rest.hasPrefix(text) else { return false }
    rest = rest.dropFirst(text.count)
    return true
  }

  private mutating func takeWord(_ word: String) -> Bool {
    let before = rest
    if self.word() == word { return true }
    rest = before
    return false
  }

  private mutating func word() -> Substring {
    skipSpace()
    let word = rest.prefix { !$0.isWhitespace && !"=!,()".contains($0) }
    rest = rest[word.endIndex...]
    return word
  }
}

extension LabelSelector {
  /// As the API server takes it for `labelSelector`: `a=b,c!=d,e in (x,y),f,!g`. Requirements stand
  /// as given, the values of one in their order, so that what selects the same reads the same. Not
  /// escaped for a URL.
  public var text: String {
    requirements.map(\.text).joined(separator: ",")
  }
}

extension LabelSelector.Requirement {
  fileprivate var text: String {
    switch self {
    case .equals(let key, let values):
      values.count == 1 ? "\(key)=\(Self.list(values))" : "\(key) in (\(Self.list(values)))"
    case .notEquals(let key, let values):
      values.count == 1 ? "\(key)!=\(Self.list(values))" : "\(key) notin (\(Self.list(values)))"
    case .exists(let key): key
    case .absent(let key): "!\(key)"
    }
  }

  private static func list(_ values: Set<String>) -> String {
    values.sorted().joined(separator: ",")
  }
}
