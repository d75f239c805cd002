/// A bounds-checked view of octets that somebody else owns: a received message, a published
/// record. It must not outlive them; nothing in the project stores one beyond the call or batch
/// it was handed to.
@safe public struct Octets {
  @usableFromInline let base: UnsafeRawPointer
  public let count: Int

  /// - Parameter base: `count` octets readable for as long as the view is used.
  @inlinable
  public init(base: UnsafeRawPointer, count: Int) {
    unsafe self.base = base
    self.count = count
  }

  @inlinable @inline(__always)
  public subscript(_ index: Int) -> UInt8 {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
    return unsafe base.load(fromByteOffset: index, as: UInt8.self)
  }

  /// The big-endian 16 bits at `index`.
  @inlinable @inline(__always)
  public func u16(_ index: Int) -> UInt16 {
    precondition(index >= 0 && index &+ 2 <= count)
    return UInt16(bigEndian: unsafe base.loadUnaligned(fromByteOffset: index, as: UInt16.self))
  }

  /// The big-endian 32 bits at `index`.
  @inlinable @inline(__always)
  public func u32(_ index: Int) -> UInt32 {
    precondition(index >= 0 && index &+ 4 <= count)
    return UInt32(bigEndian: unsafe base.loadUnaligned(fromByteOffset: index, as: UInt32.self))
  }

  /// The native 64 bits at `index`.
  @inlinable @inline(__always)
  public func word(_ index: Int) -> UInt64 {
    precondition(index >= 0 && index &+ 8 <= count)
    return unsafe base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
  }

  @inlinable @inline(__always)
  public subscript(_ range: Range<Int>) -> Octets {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return unsafe Octets(base: base + range.lowerBound, count: range.count)
  }

  /// Whether both views hold the same octets.
  @inlinable @inline(__always)
  public func equals(_ other: Octets) -> Bool {
    guard count == other.count else { return false }
    var at = 0
    while at &+ 8 <= count {
      guard word(at) == other.word(at) else { return false }
      at &+= 8
    }
    while at < count {
      guard self[at] == other[at] else { return false }
      at &+= 1
    }
    return true
  }

  /// Whether any octet is `octet`.
  public func contains(_ octet: UInt8) -> Bool {
    var at = 0
    while at < count {
      if self[at] == octet { return true }
      at &+= 1
    }
    return false
  }

  /// A copy as an array.
  public var array: [UInt8] {
    unsafe [UInt8](UnsafeRawBufferPointer(start: base, count: count))
  }
}

extension Array where Element == UInt8 {
  /// Takes a copy of `octets` in place of what it has, in the memory that it has.
  public mutating func replace(with octets: Octets) {
    removeAll(keepingCapacity: true)
    unsafe append(contentsOf: UnsafeRawBufferPointer(start: octets.base, count: octets.count))
  }

  /// Calls `body` with a view of the array's octets.
  @inlinable
  public func withOctets<R>(_ body: (Octets) -> R) -> R {
    unsafe withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else {
        return unsafe withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) {
          unsafe body(Octets(base: UnsafeRawPointer($0.baseAddress!), count: 0))
        }
      }
      return unsafe body(Octets(base: base, count: buffer.count))
    }
  }
}
