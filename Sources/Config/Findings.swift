/// Collects the diagnostics of one load, so that a reader can go on after an error.
final class Findings {
  /// A broken file of any length is told about in a screen or two.
  static let maximumDiagnostics = 200
  /// Octets of a line that is shown: longer ones are not read by people.
  static let maximumLineOctets = 1000

  private(set) var diagnostics: [Diagnostic] = []
  /// Files in the order in which they were first named, with their lines.
  private(set) var files: [String] = []
  private var lines: [String: [Substring]] = [:]
  private var parts: Set<String> = []

  private(set) var hasErrors = false

  /// Names a file that was read or looked for, with its text where there is one.
  func add(file: String, text: String = "") {
    if lines[file] == nil { files.append(file) }
    lines[file] = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { Substring($0) }
  }

  /// Names a text that lies inside a file, or comes of one, with places of its own.
  func add(part: String, text: String) {
    parts.insert(part)
    add(file: part, text: text)
  }

  /// The files without the parts of files.
  var sources: [String] { files.filter { !parts.contains($0) } }

  func error(
    _ place: Place, _ message: String, expected: String? = nil, suggestion: String? = nil
  ) {
    report(.error, place, message, expected, suggestion)
  }

  func warning(
    _ place: Place, _ message: String, expected: String? = nil, suggestion: String? = nil
  ) {
    report(.warning, place, message, expected, suggestion)
  }

  private func report(
    _ severity: Diagnostic.Severity, _ place: Place, _ message: String, _ expected: String?,
    _ suggestion: String?
  ) {
    let isFull = diagnostics.count == Self.maximumDiagnostics
    guard !isFull || (severity == .error && !hasErrors) else { return }
    let diagnostic = Diagnostic(
      severity: severity, place: place, message: message, expected: expected,
      suggestion: suggestion, sourceLine: line(at: place))
    // A snippet that is imported twice has its mistakes once.
    guard !diagnostics.contains(diagnostic) else { return }
    // However many warnings came first, an error still stops the start.
    if isFull { diagnostics.removeLast() }
    diagnostics.append(diagnostic)
    hasErrors = hasErrors || severity == .error
  }

  private func line(at place: Place) -> String {
    guard let lines = lines[place.file], lines.indices.contains(place.line - 1) else { return "" }
    let line = lines[place.line - 1]
    guard line.utf8.count <= Self.maximumLineOctets else { return "" }
    return String(
      line.unicodeScalars.last == "\r" ? Substring(line.unicodeScalars.dropLast()) : line)
  }

  /// The diagnostics by file in the order of reading, then by line and column.
  var inOrderOfPlace: [Diagnostic] {
    let rank = Dictionary(uniqueKeysWithValues: files.enumerated().map { ($1, $0) })
    func key(_ at: Int) -> (Int, Int, Int, Int) {
      let place = diagnostics[at].place
      return (rank[place.file] ?? Int.max, place.line, place.column, at)
    }
    return diagnostics.indices.sorted { key($0) < key($1) }.map { diagnostics[$0] }
  }
}

// MARK: - Nearest word

/// The word of `words` nearest to `text`, spelling of letters aside: at most two insertions,
/// deletions, replacements or swaps of neighbours away, and fewer than half the letters.
public func nearest(_ text: String, among words: some Sequence<String>) -> String? {
  // Longer than any known word: not worth a table of distances.
  guard text.unicodeScalars.count <= 40 else { return nil }
  let asked = Array(text.lowercased().unicodeScalars)
  var best: (word: String, distance: Int)?
  for word in words where word != text {
    let distance = editDistance(asked, Array(word.lowercased().unicodeScalars))
    if distance <= 2, distance * 2 < max(asked.count, 2), distance < best?.distance ?? 3 {
      best = (word, distance)
    }
  }
  return best?.word
}

/// Optimal string alignment distance.
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        cost = min(cost, beforeLast[j - 1] + 1)
      }
      row.append(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.count]
}
