/// Writes one message into octets that a worker owns.
///
/// Records are written whole or not at all: a method that adds one returns false where it would
/// pass ``limit`` and leaves the message as it was. The caller decides whether that means TC.
@safe public struct MessageWriter: ~Copyable {
  @usableFromInline let base: UnsafeMutableRawPointer
  @usableFromInline let capacity: Int
  /// Octets written.
  public var count = 0
  /// Octets that may be written: the client's limit less what is kept for the OPT record.
  public var limit: Int
  /// Places of names written so far that later ones may point to.
  @usableFromInline var names: CompressionTable

  /// Sections in the order of the message (RFC 1035 §4.1); the value is the count's place.
  public enum Section: Int, Sendable {
    case answer = 6
    case authority = 8
    case additional = 10
  }

  /// - Parameter base: `capacity` octets writable for as long as the writer is used.
  @inlinable
  public init(base: UnsafeMutableRawPointer, capacity: Int) {
    unsafe self.base = base
    self.capacity = capacity
    limit = capacity
    names = CompressionTable()
  }

  /// Whether `octets` more fit.
  @inlinable @inline(__always)
  public func hasRoom(_ octets: Int) -> Bool { count &+ octets <= limit }

  /// What is written so far.
  @inlinable
  public var octets: Octets { unsafe Octets(base: UnsafeRawPointer(base), count: count) }

  /// Calls `body` with a writer of its own octets, `capacity` of them.
  @inlinable
  public static func withScratch<R>(capacity: Int, _ body: (inout MessageWriter) -> R) -> R {
    unsafe withUnsafeTemporaryAllocation(byteCount: max(1, capacity), alignment: 8) { buffer in
      // Not nil, as there is an octet at least.
      var writer = unsafe MessageWriter(base: buffer.baseAddress!, capacity: buffer.count)
      return body(&writer)
    }
  }

  // MARK: - Header and question

  /// Starts a reply to `query`: its ID, opcode, RD and CD with QR set, and its question as spelled.
  @inlinable
  public mutating func begin(_ query: Query, _ message: Octets) {
    count = 0
    names.clear()
    put(message[0..<query.questionEnd])
    let copied = message.u16(2) & 0x7910
    set16(2, 0x8000 | copied)
    set64(4, 0x0001_0000_0000_0000)
  }

  /// A reply of the header alone: ID, opcode and RD as received.
  @inlinable
  public mutating func writeHeaderOnly(_ message: Octets, _ code: ResponseCode) {
    count = 0
    put(message[0..<2])
    put16(0x8000 | message.u16(2) & 0x7900 | code.rawValue & 15)
    put32(0)
    put32(0)
  }

  /// Sets AA.
  @inlinable @inline(__always)
  public mutating func setAuthoritative() { setFlags(0x0400) }

  /// Sets TC (RFC 2181 §9: required data was left out).
  @inlinable
  public mutating func setTruncated() { setFlags(0x0200) }

  /// The low four bits of the RCODE; the rest goes into the OPT record.
  @inlinable @inline(__always)
  public mutating func setResponseCode(_ code: ResponseCode) { setFlags(code.rawValue & 15) }

  /// Sets bits of the header's second 16 (RFC 1035 §4.1.1) that are not set yet.
  @inlinable @inline(__always)
  public mutating func setFlags(_ bits: UInt16) {
    set16(2, octets.u16(2) | bits)
  }

  /// Adds `records` to a section's count.
  @inlinable @inline(__always)
  public mutating func count(_ section: Section, _ records: Int) {
    set16(section.rawValue, octets.u16(section.rawValue) &+ UInt16(truncatingIfNeeded: records))
  }

  // MARK: - OPT

  /// Adds the OPT record (RFC 6891 §6.1.2) beyond ``limit``, where ``reserve`` kept room for it.
  ///
  /// - Parameters:
  ///   - size: the UDP payload size it states.
  ///   - keepalive: the idle timeout in units of 100 ms (RFC 7828), TCP only.
  public mutating func putOPT(
    size: UInt16, code: ResponseCode, dnssecOK: Bool, keepalive: UInt16?, error: ExtendedError?
  ) {
    put8(0)
    put16(RecordType.opt.rawValue)
    put16(size)
    put8(UInt8(truncatingIfNeeded: code.rawValue >> 4))
    put8(0)
    put16(dnssecOK ? 0x8000 : 0)
    put16(UInt16((keepalive == nil ? 0 : 6) + (error?.octetCount ?? 0)))
    if let keepalive {
      put32(0x000B_0002)
      put16(keepalive)
    }
    if let error {
      put16(15)
      put16(UInt16(error.octetCount - 4))
      put16(error.code)
      put(error.text)
      if let detail = error.detail {
        put(": ")
        put(detail)
      }
      if let subject = error.subject {
        put(": ")
        for octet in subject.utf8 { put8(octet) }
      }
    }
    count(.additional, 1)
  }

  /// Octets of an OPT record without options.
  public static let optOctets = 11

  // MARK: - Octets

  /// Adds an octet. This and what follows want room: a caller asks ``hasRoom(_:)`` first.
  @inlinable @inline(__always)
  public mutating func put8(_ value: UInt8) {
    precondition(count < capacity)
    unsafe base.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
    count &+= 1
  }

  /// Adds 16 bits, big-endian.
  @inlinable @inline(__always)
  public mutating func put16(_ value: UInt16) {
    precondition(count &+ 2 <= capacity)
    unsafe base.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt16.self)
    count &+= 2
  }

  /// Adds 32 bits, big-endian.
  @inlinable @inline(__always)
  public mutating func put32(_ value: UInt32) {
    precondition(count &+ 4 <= capacity)
    unsafe base.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt32.self)
    count &+= 4
  }

  /// Adds octets as they are.
  @inlinable @inline(__always)
  public mutating func put(_ octets: Octets) {
    precondition(count &+ octets.count <= capacity)
    unsafe (base + count).copyMemory(from: octets.base, byteCount: octets.count)
    count &+= octets.count
  }

  /// Adds a text's octets, which the compiler has laid out.
  @inlinable
  public mutating func put(_ text: StaticString) {
    unsafe put(Octets(base: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Adds octets as they are.
  @inlinable
  public mutating func put(_ octets: [UInt8]) {
    precondition(count &+ octets.count <= capacity)
    unsafe octets.withUnsafeBytes {
      if let start = $0.baseAddress {
        unsafe (base + count).copyMemory(from: start, byteCount: octets.count)
      }
    }
    count &+= octets.count
  }

  /// A compression pointer (RFC 1035 §4.1.4) to `place`, which must be below 16,384.
  @inlinable @inline(__always)
  public mutating func putPointer(_ place: Int) {
    put16(0xC000 | UInt16(truncatingIfNeeded: place))
  }

  /// TYPE, class IN, TTL and RDLENGTH, behind an owner name.
  @inlinable @inline(__always)
  public mutating func putFields(_ type: RecordType, ttl: UInt32, dataCount: Int) {
    put16(type.rawValue)
    put16(Query.classIN)
    put32(ttl)
    put16(UInt16(truncatingIfNeeded: dataCount))
  }

  /// Overwrites 16 bits that were written at `place`.
  @inlinable @inline(__always)
  public mutating func set16(_ place: Int, _ value: UInt16) {
    precondition(place >= 0 && place &+ 2 <= count)
    unsafe base.storeBytes(of: value.bigEndian, toByteOffset: place, as: UInt16.self)
  }

  /// Overwrites 32 bits that were written at `place`.
  @inlinable @inline(__always)
  public mutating func set32(_ place: Int, _ value: UInt32) {
    precondition(place >= 0 && place &+ 4 <= count)
    unsafe base.storeBytes(of: value.bigEndian, toByteOffset: place, as: UInt32.self)
  }

  @inlinable @inline(__always)
  mutating func set64(_ place: Int, _ value: UInt64) {
    precondition(place >= 0 && place &+ 8 <= count)
    unsafe base.storeBytes(of: value.bigEndian, toByteOffset: place, as: UInt64.self)
  }
}
