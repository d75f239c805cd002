/// The CRC of RFC 3720 §12.1 (Castagnoli), eight octets at a time.
public struct CRC32C: Hashable, Sendable {
  private var state: UInt32 = 0xFFFF_FFFF

  public init() {}

  /// The checksum of all octets so far.
  public var value: UInt32 { ~state }

  /// Takes the octets that follow.
  public mutating func update(_ octets: some Sequence<UInt8>) {
    let done: Void? = octets.withContiguousStorageIfAvailable { unsafe update($0.span) }
    if done == nil { update(Array(octets).span) }
  }

  private mutating func update(_ octets: Span<UInt8>) {
    let tables = Self.tables.span
    var crc = state
    var at = 0
    while at + 8 <= octets.count {
      crc ^= UInt32(octets[at]) | UInt32(octets[at + 1]) << 8 | UInt32(octets[at + 2]) << 16
      crc ^= UInt32(octets[at + 3]) << 24
      let low = tables[0x700 + Int(crc & 255)] ^ tables[0x600 + Int(crc >> 8 & 255)]
      let high = tables[0x500 + Int(crc >> 16 & 255)] ^ tables[0x400 + Int(crc >> 24)]
      let next = tables[0x300 + Int(octets[at + 4])] ^ tables[0x200 + Int(octets[at + 5])]
      let last = tables[0x100 + Int(octets[at + 6])] ^ tables[Int(octets[at + 7])]
      crc = low ^ high ^ next ^ last
      at += 8
    }
    while at < octets.count {
      crc = crc >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: crc) ^ octets[at])]
      at += 1
    }
    state = crc
  }

  /// Table `k` (256 entries each) takes an octet over `k` octets of zeros that follow it.
  private static let tables: [UInt32] = {
    /// 0x1EDC6F41 with its bits reversed.
    let polynomial: UInt32 = 0x82F6_3B78
    var tables = (0..<UInt32(256)).map { octet in
      (0..<8).reduce(octet) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? polynomial : 0) }
    }
    for index in 256..<2048 {
      let shorter = tables[index - 256]
      tables.append(shorter >> 8 ^ tables[Int(shorter & 255)])
    }
    return tables
  }()
}
