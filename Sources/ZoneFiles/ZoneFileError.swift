/// A master file that cannot be read: where, and a sentence for the operator.
public struct ZoneFileError: Error, Hashable, Sendable {
  /// The file, as it was named; empty for a single record's text.
  public var path: String
  /// Where the record or directive begins, from 1; 0 where the whole file is meant.
  public var line: Int
  public var reason: String
  /// The kernel's error number where the file could not be opened or read; such a file may come
  /// later, while one with bad text must be mended.
  public var errorNumber: Int32?

  public init(path: String, line: Int, reason: String, errorNumber: Int32? = nil) {
    self.path = path
    self.line = line
    self.reason = reason
    self.errorNumber = errorNumber
  }
}

extension ZoneFileError: CustomStringConvertible {
  /// `FILE:LINE: error: sentence`.
  public var description: String {
    let place = path.isEmpty ? "" : line == 0 ? "\(path): " : "\(path):\(line): "
    return "\(place)error: \(reason)"
  }
}

/// An error inside a text, before it is known which file and line that is.
struct TextError: Error {
  var reason: String
  var errorNumber: Int32?
  /// The error of an included file, which has its own place.
  var inside: ZoneFileError?

  init(_ reason: String, errorNumber: Int32? = nil) {
    self.reason = reason
    self.errorNumber = errorNumber
  }

  init(inside: ZoneFileError) {
    reason = inside.reason
    self.inside = inside
  }

  func placed(path: String, line: Int) -> ZoneFileError {
    inside ?? ZoneFileError(path: path, line: line, reason: reason, errorNumber: errorNumber)
  }
}
