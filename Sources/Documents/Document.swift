// JSON and YAML text as values. Both become the tape of simdjson's DOM (simdjson doc/tape.md): one
// array of 64-bit words and one of strings, so that an object of a thousand endpoints is two
// allocations and not ten thousand.
//
//   octets of a file ─ ItemReader ─┬─ ItemCutter ─ JSONReader ─┐
//                                  └─ YAMLReader ─ TapeBuilder ─┴─ Document ─ Value
//
// The only importer of CSimdjson and CYAML.

/// A parsed text; its values are reached from ``root``.
///
/// Belongs to one thread. Values keep their document alive.
@safe public final class Document {
  /// SAFETY: both point to memory that `storage` owns, and hold a well-formed tape: every index
  /// and string offset in it is within bounds.
  let tape: UnsafePointer<UInt64>
  let strings: UnsafePointer<UInt8>
  /// Keeps the memory of tape and strings.
  let storage: AnyObject
  /// Whether an object has a member `<<`, YAML's merge key.
  let hasMergeKeys: Bool

  init(
    unsafeTape tape: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, storage: AnyObject,
    hasMergeKeys: Bool = false
  ) {
    unsafe self.tape = tape
    unsafe self.strings = strings
    self.storage = storage
    self.hasMergeKeys = hasMergeKeys
  }

  /// The outermost value.
  public var root: Value { Value(document: self, index: 1) }
}

/// A line and a column of a text, both counted from 1; columns count characters.
public struct Place: Hashable, Sendable, CustomStringConvertible {
  public var line: Int
  public var column: Int

  public static let start = Place(line: 1, column: 1)

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// `line:column`.
  public var description: String { "\(line):\(column)" }
}

/// A text that is not JSON or YAML, or passes one of the limits.
public struct DocumentError: Error, Hashable, Sendable, CustomStringConvertible {
  public var place: Place
  public var message: String

  public init(place: Place, message: String) {
    self.place = place
    self.message = message
  }

  /// `line:column: message`.
  public var description: String { "\(place): \(message)" }
}
