import Testing

@Suite struct DocumentationTests {
  static let rooms = Repository.files(below: "Sources", ending: ".swift")

  @Test(arguments: rooms)
  func `a public declaration says what it is`(file: SourceFile) {
    for (number, line) in Self.undocumented(in: file) {
      Issue.record("\(file.path):\(number): \(line)")
    }
  }

  /// Types, functions and subscripts. A property or case often says all in its name, as an
  /// initializer does that only takes them, and an extension is documented at its type.
  static func undocumented(in file: SourceFile) -> [(Int, Substring)] {
    let declaration =
      /^\s*(?:@[\w()]+ )*public (?:(?:static|final|mutating|consuming|borrowing|nonisolated|indirect|prefix|infix) )*(?:struct|enum|class|actor|protocol|func|subscript|typealias)\b/
    // What a protocol of the standard library already documents.
    let known = /func (?:==|<|hash\(into|encode\(to|next\(\)|index\(|makeIterator)/
    return file.lines.indices.compactMap { index in
      let line = file.lines[index]
      guard line.contains(declaration), !line.contains(known) else { return nil }
      return isDocumented(index, in: file.lines) ? nil : (index + 1, line)
    }
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
