import Wire

/// A published record: octets made by the control thread that never change afterwards.
///
/// The first eight octets hold the octet count, the key's count and flags; the key follows, then whatever the
/// kind of record keeps. Seven octets behind the end are readable.
@safe struct Record {
  let base: UnsafeMutableRawPointer

  static let headerOctets = 8

  /// - Parameter base: made by ``RecordBuilder/record()``, and not freed while this is used.
  @inline(__always)
  init(base: UnsafeMutableRawPointer) {
    unsafe self.base = base
  }

  /// Octets of the whole record.
  @inline(__always)
  var octets: Octets {
    unsafe Octets(
      base: UnsafeRawPointer(base), count: Int(base.load(fromByteOffset: 0, as: UInt32.self)))
  }

  @inline(__always)
  var key: Octets {
    unsafe Octets(
      base: UnsafeRawPointer(base) + Self.headerOctets,
      count: Int(base.load(fromByteOffset: 4, as: UInt16.self)))
  }

  /// What the kind of record wants to know first.
  @inline(__always)
  var flags: UInt16 { unsafe base.load(fromByteOffset: 6, as: UInt16.self) }

  /// Where the octets behind the key begin, aligned to 4.
  @inline(__always)
  var bodyAt: Int { (Self.headerOctets + key.count + 3) & ~3 }
}

/// Puts a record together; numbers are in the machine's order.
struct RecordBuilder {
  private(set) var octets: [UInt8] = []
  private let keyCount: Int

  /// - Parameter capacity: octets that will do for most, to grow seldom.
  init(key: [UInt8], capacity: Int = 256) {
    keyCount = key.count
    octets.reserveCapacity(capacity)
    octets += [UInt8](repeating: 0, count: Record.headerOctets)
    octets += key
    align()
  }

  var count: Int { octets.count }

  mutating func align() {
    while octets.count % 4 != 0 { octets.append(0) }
  }

  mutating func put(_ bytes: some Sequence<UInt8>) { octets += bytes }

  mutating func put16(_ value: Int) {
    octets.append(UInt8(truncatingIfNeeded: value))
    octets.append(UInt8(truncatingIfNeeded: value >> 8))
  }

  mutating func put32(_ value: Int) {
    put16(value)
    put16(value >> 16)
  }

  mutating func set32(_ place: Int, _ value: Int) {
    for byte in 0..<4 { octets[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
  }

  /// Repeats the eight octets at `place` at `other`.
  mutating func copy(_ place: Int, to other: Int) {
    for byte in 0..<8 { octets[other + byte] = octets[place + byte] }
  }

  /// The finished record, owned by the caller.
  func record(flags: UInt16) -> Record {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: octets.count + 7, alignment: 8)
    unsafe octets.withUnsafeBytes {
      unsafe memory.copyMemory(from: $0.baseAddress!, byteCount: octets.count)
    }
    unsafe memory.storeBytes(of: UInt32(octets.count), toByteOffset: 0, as: UInt32.self)
    unsafe memory.storeBytes(of: UInt16(keyCount), toByteOffset: 4, as: UInt16.self)
    unsafe memory.storeBytes(of: flags, toByteOffset: 6, as: UInt16.self)
    return unsafe Record(base: memory)
  }
}

extension Octets {
  /// The machine-order 32 bits at `index`.
  @inline(__always)
  func native32(_ index: Int) -> Int { Int(u32(index).byteSwapped) }

  /// The machine-order 16 bits at `index`.
  @inline(__always)
  func native16(_ index: Int) -> Int { Int(u16(index).byteSwapped) }
}
