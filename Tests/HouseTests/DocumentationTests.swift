import Testing

@Suite struct DocumentationTests {
  static let rooms = Repository.files(below: "Sources", ending: ".swift")

  @Test(arguments: rooms)
  func `a public declaration says what it is`(file: SourceFile) {
    for (number, line) in Self.undocumented(in: file) {
      Issue.record("\(file.path):\(number): \(line)")
    }
  }

  /// Types of the top level and functions. A property, case or nested type often says all in its
  /// name, and overloads (`put8`, `put16`) share the comment of the first.
  static func undocumented(in file: SourceFile) -> [(Int, Substring)] {
    let type =
      /^(?:@[\w()]+ )*public (?:(?:final|indirect) )*(?:struct|enum|class|actor|protocol|typealias)\b/
    let function =
      /^\s*(?:@[\w()]+ )*public (?:(?:static|mutating|consuming|borrowing|nonisolated) )*func (?<stem>[A-Za-z]+)/
    // What a protocol of the standard library already documents.
    let known: Set<Substring> = ["hash", "next", "index", "makeIterator"]
    var documented = known
    var missing: [(Int, Substring)] = []
    for (index, line) in file.lines.enumerated() {
      let stem = line.firstMatch(of: function)?.stem
      guard stem != nil || line.contains(type) else { continue }
      if isDocumented(index, in: file.lines) {
        if let stem { documented.insert(stem) }
      } else if !(stem.map(documented.contains) ?? false) {
        missing.append((index + 1, line))
      }
    }
    return missing
  }

  private static func isDocumented(_ index: Int, in lines: [Substring]) -> Bool {
    for line in lines[..<index].reversed() {
      let text = line.drop { $0 == " " }
      if text.hasPrefix("///") { return true }
      // Attributes, and what `#if` a declaration stands under, may come between.
      guard text.hasPrefix("@") || text.hasPrefix("#if") || text.hasPrefix("// swift-format")
      else { return false }
    }
    return false
  }
}
