import Wire

/// An answer in the cache's memory: one block with the numbers, the name, the answer's octets.
///
/// A reference that nobody counts: the shard that holds it frees it, under its lock.
@safe struct CacheEntry {
  /// Where an entry belongs; one name and type may have one of each.
  enum Kind: UInt8 {
    case positive, denial, failure
  }

  struct Fields {
    var hash: UInt64
    /// See ``CacheKey/detail``.
    var detail: UInt64
    /// Neighbours in the queue.
    var newer: CacheEntry?
    var older: CacheEntry?
    /// Nanoseconds, as all times here.
    var stored: UInt64
    /// From when on it is past its TTL, and from when on of no use at all.
    var expires: UInt64
    var useless: UInt64
    /// Until then nobody is told to refresh it.
    var noRefreshBefore: UInt64 = 0
    /// The last query for it, and queries since the last gap: kept only for `prefetch`.
    var lastQuery: UInt64 = 0
    var queries: UInt32 = 0
    var octetCount: UInt32
    var kind: Kind
    var nameCount: UInt8
    /// Hits since it was last passed over by the eviction, up to ``CacheStore/maximumFrequency``.
    var frequency: UInt8 = 0
    var isInMain = false
    /// ``noRefreshBefore`` is there because a refresh failed.
    var refreshFailed = false
    var header: AnswerHeader
  }

  /// Text of a failure beyond this is cut: what some four upstreams said fits.
  static let maximumFailureText = 256

  private let base: UnsafeMutablePointer<Fields>

  /// - Parameter base: made by ``make(_:key:octets:)``, not freed while this is used.
  init(base: UnsafeMutablePointer<Fields>) {
    unsafe self.base = base
  }

  /// Fills a new block; the caller sees to it that it is freed.
  static func make(_ fields: Fields, key: CacheKey, octets: [UInt8]) -> CacheEntry {
    let size = octetCount(name: key.name.count, octets: octets.count)
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: size, alignment: MemoryLayout<Fields>.alignment)
    let base = unsafe block.initializeMemory(as: Fields.self, to: fields)
    unsafe base.pointee.nameCount = UInt8(key.name.count)
    unsafe base.pointee.octetCount = UInt32(octets.count)
    let name = unsafe block + nameAt
    for index in 0..<key.name.count {
      unsafe name.storeBytes(of: key.name[index], toByteOffset: index, as: UInt8.self)
    }
    unsafe octets.withUnsafeBytes { source in
      if let from = source.baseAddress {
        unsafe (name + key.name.count).copyMemory(from: from, byteCount: source.count)
      }
    }
    return unsafe CacheEntry(base: base)
  }

  func free() {
    unsafe UnsafeMutableRawPointer(base).deallocate()
  }

  private static var nameAt: Int { MemoryLayout<Fields>.size }

  /// The size of an entry's block.
  static func octetCount(name: Int, octets: Int) -> Int { nameAt + name + octets }

  // MARK: - Reading

  @inline(__always)
  var fields: Fields {
    get { unsafe base.pointee }
    nonmutating _modify { yield unsafe &base.pointee }
  }

  @inline(__always)
  var name: Octets {
    unsafe Octets(
      base: UnsafeRawPointer(base) + Self.nameAt, count: Int(base.pointee.nameCount))
  }

  /// The octets of a ``ForwardedAnswer``, or of a failure.
  @inline(__always)
  var octets: Octets {
    unsafe Octets(
      base: UnsafeRawPointer(base) + Self.nameAt + Int(base.pointee.nameCount),
      count: Int(base.pointee.octetCount))
  }

  /// Octets of the whole block: what the limits count.
  var size: Int {
    Self.octetCount(name: Int(fields.nameCount), octets: Int(fields.octetCount))
  }

  @inline(__always)
  func has(_ key: CacheKey) -> Bool {
    fields.hash == key.hash && fields.detail == key.detail && name.isSame(as: key.name)
  }

  // MARK: - As a number

  @inline(__always)
  var address: UInt { unsafe UInt(bitPattern: base) }

  /// - Parameter address: of an entry that is not freed.
  @inline(__always)
  init?(address: UInt) {
    guard let base = unsafe UnsafeMutablePointer<Fields>(bitPattern: address) else { return nil }
    unsafe self.base = base
  }
}

extension CacheEntry: Equatable {
  @inline(__always)
  static func == (one: CacheEntry, other: CacheEntry) -> Bool { one.address == other.address }
}

/// What an entry is kept under.
struct CacheKey {
  let name: Octets
  /// Of the name and ``detail``.
  let hash: UInt64
  /// TYPE, CLASS, DO, CD, and whether it is an NXDOMAIN for all names below.
  let detail: UInt64

  @inline(__always)
  init(
    name: Octets, hash: UInt64, type: RecordType, recordClass: UInt16, dnssecOK: Bool,
    checkingDisabled: Bool
  ) {
    self.init(
      name: name, nameHash: hash,
      detail: UInt64(type.rawValue) | UInt64(recordClass) << 16
        | (dnssecOK ? Self.dnssecOK : 0) | (checkingDisabled ? Self.checkingDisabled : 0))
  }

  /// The key of an NXDOMAIN that answers for what lies below `name`.
  init(cutAt name: Octets, hash: UInt64, detail: UInt64) {
    self.init(name: name, nameHash: hash, detail: detail & ~0xFFFF | Self.cut)
  }

  @inline(__always)
  private init(name: Octets, nameHash: UInt64, detail: UInt64) {
    self.name = name
    self.detail = detail
    let product = (nameHash ^ detail &* 0x9E37_79B9_7F4A_7C15)
      .multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    hash = product.high ^ product.low
  }

  private static let dnssecOK: UInt64 = 1 << 32
  private static let checkingDisabled: UInt64 = 1 << 33
  private static let cut: UInt64 = 1 << 34
}

extension Octets {
  /// ``equals(_:)`` with the last eight octets compared at once too.
  @inline(__always)
  func isSame(as other: Octets) -> Bool {
    guard count == other.count, count >= 8 else { return equals(other) }
    var at = 0
    while at &+ 8 <= count {
      guard word(at) == other.word(at) else { return false }
      at &+= 8
    }
    return word(count &- 8) == other.word(count &- 8)
  }
}
