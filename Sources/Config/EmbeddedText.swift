/// A text with the place where it stands: a file of its own, or a value inside another text.
struct EmbeddedText: Hashable {
  var text: String
  var file: String
  /// Of the file, where the text's first line stands.
  var line = 1
  /// Of the file, where every line of the text begins.
  var column = 1

  /// The place of the file at which a line and column of the text stand, both from 1.
  func place(line: Int = 1, column: Int = 1) -> Place {
    Place(file: file, line: self.line + line - 1, column: self.column + column - 1)
  }

  // MARK: - Finding

  /// Finds the value of a ConfigMap's key again in the source of the object, so that places are
  /// those of the file: a block text (`key: |`), or a value on the line of its key without escapes.
  /// Any other spelling gets a name, `FILE#KEY`, and lines of its own.
  static func find(
    _ text: String, key: String, in source: String, file: String, findings: Findings
  ) -> EmbeddedText {
    let lines = self.lines(source)
    for (index, line) in lines.enumerated() {
      guard let value = value(of: key, in: line) else { continue }
      if value.contains("|"), let column = column(of: text, asBlock: lines[(index + 1)...]) {
        return EmbeddedText(text: text, file: file, line: index + 2, column: column)
      }
      if !text.isEmpty, let range = value.firstRange(of: text) {
        let column = line[..<range.lowerBound].unicodeScalars.count + 1
        return EmbeddedText(text: text, file: file, line: index + 1, column: column)
      }
    }
    let name = "\(file)#\(key)"
    findings.add(part: name, text: text)
    return EmbeddedText(text: text, file: name)
  }

  private static func lines(_ text: String) -> [Substring] {
    text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      Substring(line.last == "\r" ? line.dropLast() : line)
    }
  }

  /// What follows the colon, where the line is that of the key.
  private static func value(of key: String, in line: Substring) -> Substring? {
    let word = line.drop { $0 == " " }
    return [key, "\"\(key)\"", "'\(key)'"].first { word.hasPrefix($0 + ":") }
      .map { word.dropFirst($0.count + 1) }
  }

  /// The column at which the lines of a block text begin; nil where it says something else.
  private static func column(
    of text: String, asBlock candidates: ArraySlice<Substring>
  ) -> Int? {
    let wanted = lines(text)
    guard let first = candidates.first(where: { $0.contains { $0 != " " } }),
      let start = wanted.first(where: { !$0.isEmpty })
    else { return nil }
    let indent = first.count - start.count
    guard indent >= 0 else { return nil }
    let agree = zip(candidates, wanted).allSatisfy { candidate, line in
      line.isEmpty || candidate.dropFirst(indent) == line
    }
    return agree ? indent + 1 : nil
  }
}
