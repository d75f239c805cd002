/// What is wrong or doubtful at one place of a configuration, in words for its author.
public struct Diagnostic: Hashable, Sendable {
  public enum Severity: String, Hashable, Sendable {
    /// The configuration is not used.
    case error
    /// The configuration is used; the message says how the place is read.
    case warning
  }

  public var severity: Severity
  public var place: Place
  /// One sentence without a full stop.
  public var message: String
  /// What could stand at the place.
  public var expected: String?
  /// The nearest known word.
  public var suggestion: String?
  /// The line of the place as written; empty where there is none, as with a missing file.
  public var sourceLine: String

  public init(
    severity: Severity, place: Place, message: String, expected: String? = nil,
    suggestion: String? = nil, sourceLine: String = ""
  ) {
    self.severity = severity
    self.place = place
    self.message = message
    self.expected = expected
    self.suggestion = suggestion
    self.sourceLine = sourceLine
  }
}

extension Diagnostic: CustomStringConvertible {
  /// The message with its place, the line with a caret, what was expected and the nearest word; no
  /// line feed at the end.
  public var description: String {
    var lines = [printable("\(place): \(severity.rawValue): \(message)")]
    if !sourceLine.isEmpty {
      lines.append(printable(sourceLine))
      lines.append(caretLine)
    }
    if let expected { lines.append(printable("expected: \(expected)")) }
    if let suggestion { lines.append(printable("did you mean '\(suggestion)'?")) }
    return lines.joined(separator: "\n")
  }

  /// Tabs stay tabs, so that the caret lines up whatever the terminal makes of them.
  private var caretLine: String {
    let before = sourceLine.unicodeScalars.prefix(place.column - 1)
    return String(before.map { $0 == "\t" ? "\t" : " " }) + "^"
  }

  /// Without control characters: a file under edit must not steer the terminal.
  private func printable(_ line: String) -> String {
    var text = ""
    for scalar in line.unicodeScalars {
      let isControl = scalar != "\t" && scalar.properties.generalCategory == .control
      text.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
    }
    return text
  }
}

extension Place: CustomStringConvertible {
  /// `file:line:column`, as compilers write it.
  public var description: String { "\(file):\(line):\(column)" }
}
