/// Writes a ``Document`` value by value, for texts that simdjson does not read.
struct TapeBuilder {
  private var tape: [UInt64] = [TapeBuilder.word(Tag.root, 0)]
  private var strings: [UInt8] = []
  /// Where the open containers begin.
  private var open: [Int] = []
  /// Whether a key `<<` has been written.
  var hasMergeKeys = false

  /// Whether a whole value has been written.
  var isComplete: Bool { open.isEmpty && tape.count > 1 }

  /// What the value takes so far.
  var octetCount: Int { tape.count * 8 + strings.count }

  private static func word(_ tag: UInt8, _ payload: Int) -> UInt64 {
    UInt64(tag) << 56 | UInt64(payload)
  }

  private mutating func append(_ tag: UInt8, _ payload: Int = 0) {
    tape.append(Self.word(tag, payload))
  }

  mutating func startObject() {
    open.append(tape.count)
    append(Tag.object)
  }

  mutating func startArray() {
    open.append(tape.count)
    append(Tag.array)
  }

  mutating func endContainer() {
    guard let start = open.popLast() else { return }
    let isObject = UInt8(tape[start] >> 56) == Tag.object
    append(isObject ? Tag.objectEnd : Tag.arrayEnd, start)
    tape[start] |= UInt64(tape.count)
  }

  mutating func string(_ octets: some Collection<UInt8>) {
    append(Tag.string, strings.count)
    let length = UInt32(octets.count)
    // Native order, as Value and simdjson read it.
    unsafe withUnsafeBytes(of: length) { unsafe strings.append(contentsOf: $0) }
    strings += octets
    strings.append(0)
  }

  mutating func integer(_ value: Int64) {
    append(Tag.integer)
    tape.append(UInt64(bitPattern: value))
  }

  mutating func unsigned(_ value: UInt64) {
    append(Tag.unsigned)
    tape.append(value)
  }

  mutating func double(_ value: Double) {
    append(Tag.double)
    tape.append(value.bitPattern)
  }

  mutating func boolean(_ value: Bool) {
    append(value ? Tag.true : Tag.false)
  }

  mutating func null() {
    append(Tag.null)
  }

  /// The value written so far as a document, its open containers closed.
  func document() -> Document {
    var whole = self
    while !whole.open.isEmpty { whole.endContainer() }
    if whole.tape.count == 1 { whole.null() }
    let storage = TapeStorage(whole.tape, whole.strings)
    return unsafe Document(
      unsafeTape: storage.tape, strings: storage.strings, storage: storage,
      hasMergeKeys: hasMergeKeys)
  }
}

/// Owns a tape and its strings at addresses that stay.
@safe private final class TapeStorage {
  let tape: UnsafePointer<UInt64>
  let strings: UnsafePointer<UInt8>

  init(_ tape: [UInt64], _ strings: [UInt8]) {
    let words = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: tape.count)
    _ = unsafe words.initialize(from: tape)
    // One octet at least, so that there is an address.
    let octets = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: strings.count + 1)
    _ = unsafe octets.initialize(from: strings)
    unsafe self.tape = UnsafePointer(words.baseAddress!)
    unsafe self.strings = UnsafePointer(octets.baseAddress!)
  }

  deinit {
    unsafe tape.deallocate()
    unsafe strings.deallocate()
  }
}
