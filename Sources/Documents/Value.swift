internal import Glibc

/// A value inside a ``Document``: an index, cheap to copy and to pass.
@safe public struct Value {
  let document: Document
  /// Of the word at which the value begins.
  let index: Int

  public enum Kind: Hashable, Sendable {
    case object, array, string, number, boolean, null
  }

  private var word: UInt64 { unsafe document.tape[index] }
  private var tag: UInt8 { UInt8(truncatingIfNeeded: word >> 56) }
  private var payload: Int { Int(truncatingIfNeeded: word & 0xFF_FFFF_FFFF_FFFF) }
  /// The second word of a number.
  private var number: UInt64 { unsafe document.tape[index + 1] }

  public var kind: Kind {
    switch tag {
    case Tag.object: .object
    case Tag.array: .array
    case Tag.string: .string
    case Tag.true, Tag.false: .boolean
    case Tag.null: .null
    default: .number
    }
  }

  public var isNull: Bool { tag == Tag.null }

  public var boolean: Bool? {
    switch tag {
    case Tag.true: true
    case Tag.false: false
    default: nil
    }
  }

  /// A number without a fraction that fits; nil for any other value.
  public var integer: Int? {
    switch tag {
    case Tag.integer: Int(Int64(bitPattern: number))
    case Tag.unsigned: Int(exactly: number)
    default: nil
    }
  }

  /// Any number.
  public var double: Double? {
    switch tag {
    case Tag.double: Double(bitPattern: number)
    case Tag.integer: Double(Int64(bitPattern: number))
    case Tag.unsigned: Double(number)
    default: nil
    }
  }

  /// The index behind the value.
  fileprivate var end: Int {
    switch tag {
    case Tag.object, Tag.array: payload & 0xFFFF_FFFF
    case Tag.integer, Tag.unsigned, Tag.double: index + 2
    default: index + 1
    }
  }
}

/// Tags of the tape's words; 64-bit numbers have their value in a second word.
enum Tag {
  static let root = UInt8(ascii: "r")
  static let object = UInt8(ascii: "{")
  static let objectEnd = UInt8(ascii: "}")
  static let array = UInt8(ascii: "[")
  static let arrayEnd = UInt8(ascii: "]")
  static let string = UInt8(ascii: "\"")
  static let integer = UInt8(ascii: "l")
  static let unsigned = UInt8(ascii: "u")
  static let double = UInt8(ascii: "d")
  static let `true` = UInt8(ascii: "t")
  static let `false` = UInt8(ascii: "f")
  static let null = UInt8(ascii: "n")
}

// MARK: - Strings

extension Value {
  /// A string's text; nil for any other value.
  public var string: String? {
    withOctets { octets in
      unsafe octets.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
  }

  /// Whether it is this string; without an allocation.
  public func isString(_ text: StaticString) -> Bool {
    guard tag == Tag.string, let octets = unsafe octets else { return false }
    return unsafe octets.count == text.utf8CodeUnitCount
      && memcmp(octets.baseAddress!, text.utf8Start, octets.count) == 0
  }

  /// Calls `body` with a string's UTF-8 octets; nil for any other value.
  public func withOctets<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let octets = unsafe octets else { return nil }
    // SAFETY: the span does not outlive `document`, which owns the octets.
    defer { withExtendedLifetime(document) {} }
    return try unsafe body(octets.bytes)
  }

  /// Length (four octets, native order) and octets lie at the payload.
  private var octets: UnsafeRawBufferPointer? {
    guard tag == Tag.string else { return nil }
    let start = unsafe UnsafeRawPointer(document.strings + payload)
    return unsafe UnsafeRawBufferPointer(
      start: start + 4, count: Int(start.loadUnaligned(as: UInt32.self)))
  }
}

// MARK: - Containers

extension Value {
  /// The member of an object; nil where there is none or it is null, as Kubernetes takes both for
  /// the same. Of members with equal keys the last counts, as in the API server.
  public subscript(_ key: StaticString) -> Value? {
    var found: Value?
    for member in members where member.key.isString(key) { found = member.value }
    if found == nil, document.hasMergeKeys { found = merged(key) }
    return found.flatMap { $0.isNull ? nil : $0 }
  }

  /// The member from what `<<` names: one object, or the first of several that has it.
  private func merged(_ key: StaticString) -> Value? {
    for member in members where member.key.isString("<<") {
      if let value = member.value[key] { return value }
      for object in member.value.elements {
        if let value = object[key] { return value }
      }
    }
    return nil
  }

  /// An object's members in the order of the text; none of any other value.
  public var members: Members {
    Members(
      document: document, index: index + 1, end: tag == Tag.object ? end - 1 : index + 1)
  }

  /// An array's elements; none of any other value.
  public var elements: Elements {
    Elements(document: document, index: index + 1, end: tag == Tag.array ? end - 1 : index + 1)
  }

  public struct Members: Sequence, IteratorProtocol {
    let document: Document
    var index: Int
    let end: Int

    public mutating func next() -> (key: Value, value: Value)? {
      guard index < end else { return nil }
      let key = Value(document: document, index: index)
      let value = Value(document: document, index: index + 1)
      index = value.end
      return (key, value)
    }
  }

  public struct Elements: Sequence, IteratorProtocol {
    let document: Document
    var index: Int
    let end: Int

    public mutating func next() -> Value? {
      guard index < end else { return nil }
      let value = Value(document: document, index: index)
      index = value.end
      return value
    }
  }
}
