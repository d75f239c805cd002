/// The name in a question, folded, with the place of each label: what every lookup starts from.
///
/// One is made for each worker and filled again for each query, so that no query allocates.
@safe public struct QueryName: ~Copyable {
  public static let maximumLabels = 127

  /// 264 folded octets (the name, zeros behind it), then the labels' places, an octet each.
  @usableFromInline let storage: UnsafeMutableRawPointer
  @usableFromInline static let placesAt = 264

  /// Octets of the name, the root's included.
  public private(set) var count = 0
  /// Labels, the root's not counted.
  public private(set) var labelCount = 0

  public init() {
    unsafe storage = UnsafeMutableRawPointer.allocate(
      byteCount: Self.placesAt + Self.maximumLabels + 1, alignment: 8)
    unsafe storage.initializeMemory(
      as: UInt8.self, repeating: 0, count: Self.placesAt + Self.maximumLabels + 1)
  }

  deinit {
    unsafe storage.deallocate()
  }

  /// Fills in the uncompressed name at `offset` of `message`; false where it is cut off, longer
  /// than 255 octets, or holds a compression pointer or another label type.
  @inlinable
  public mutating func read(_ message: Octets, at offset: Int) -> Bool {
    var at = offset
    var labels = 0
    let end = min(message.count, offset + DomainName.maximumOctets)
    while true {
      guard at < end else { return false }
      let length = message[at]
      if length == 0 { break }
      guard length <= 63 else { return false }
      // 255 octets hold 127 labels at most, so the places cannot overflow.
      unsafe storage.storeBytes(
        of: UInt8(truncatingIfNeeded: at &- offset), toByteOffset: Self.placesAt &+ labels,
        as: UInt8.self)
      labels &+= 1
      at &+= Int(length) &+ 1
    }
    fill(message[offset..<(at + 1)], labels: labels)
    return true
  }

  @inlinable @inline(__always)
  mutating func fill(_ name: Octets, labels: Int) {
    var at = 0
    while at &+ 8 <= name.count {
      unsafe storage.storeBytes(
        of: ASCII.folded(word: name.word(at)), toByteOffset: at, as: UInt64.self)
      at &+= 8
    }
    while at < name.count {
      unsafe storage.storeBytes(of: ASCII.folded(name[at]), toByteOffset: at, as: UInt8.self)
      at &+= 1
    }
    set(count: name.count, labels: labels)
  }

  @usableFromInline
  mutating func set(count: Int, labels: Int) {
    self.count = count
    labelCount = labels
  }

  /// Where label `index` (0 leftmost) begins, at its length octet; the root's for `labelCount`.
  @inlinable @inline(__always)
  public func place(_ index: Int) -> Int {
    precondition(index >= 0 && index <= labelCount)
    return index == labelCount
      ? count &- 1
      : Int(unsafe storage.load(fromByteOffset: Self.placesAt &+ index, as: UInt8.self))
  }

  /// All folded octets.
  @inlinable @inline(__always)
  public var octets: Octets { unsafe Octets(base: UnsafeRawPointer(storage), count: count) }

  /// The folded octets of labels `range`, each with its length octet, without the root.
  @inlinable @inline(__always)
  public func labels(_ range: Range<Int>) -> Octets {
    octets[place(range.lowerBound)..<place(range.upperBound)]
  }

  /// The folded octets of label `index` without its length.
  @inlinable @inline(__always)
  public func label(_ index: Int) -> Octets {
    octets[(place(index) &+ 1)..<place(index &+ 1)]
  }

  /// The folded name that begins at label `index`.
  @inlinable @inline(__always)
  public func suffix(from index: Int) -> Octets {
    octets[place(index)..<count]
  }

  /// Whether label `index` is `text` (lower case).
  @inlinable @inline(__always)
  public func label(_ index: Int, is text: StaticString) -> Bool {
    let label = label(index)
    guard label.count == text.utf8CodeUnitCount else { return false }
    return unsafe label.equals(Octets(base: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// The name as a value.
  public var domainName: DomainName { DomainName(uncheckedOctets: octets.array) }
}
