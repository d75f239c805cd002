/// An IPv4 or IPv6 address as the 16 octets of its IPv6 form, IPv4 mapped (RFC 4291 §2.5.5.2).
public struct IPAddress: Hashable, Sendable {
  /// Octets 0–7 and 8–15 as big-endian numbers.
  public let high: UInt64
  public let low: UInt64

  @inlinable
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// An IPv4 address from its 32 bits, `192.0.2.1` being `0xC000_0201`.
  @inlinable
  public init(v4: UInt32) {
    high = 0
    low = 0xFFFF_0000_0000 | UInt64(v4)
  }

  /// Takes 4 or 16 octets in network order; nil for any other count.
  public init?(octets: some Collection<UInt8>) {
    func number(_ octets: some Collection<UInt8>) -> UInt64 {
      octets.reduce(0) { $0 << 8 | UInt64($1) }
    }
    switch octets.count {
    case 4: self.init(v4: UInt32(number(octets)))
    case 16: self.init(high: number(octets.prefix(8)), low: number(octets.dropFirst(8)))
    default: return nil
    }
  }

  @inlinable
  public var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }

  /// The low 32 bits: the whole address where ``isV4``.
  @inlinable
  public var v4Bits: UInt32 { UInt32(truncatingIfNeeded: low) }

  /// 127.0.0.0/8 or ::1.
  public var isLoopback: Bool { isV4 ? v4Bits >> 24 == 127 : high == 0 && low == 1 }

  /// 0.0.0.0 or ::.
  public var isUnspecified: Bool { isV4 ? v4Bits == 0 : high == 0 && low == 0 }

  /// The 4 or 16 octets of A or AAAA RDATA, network order.
  public var octets: [UInt8] {
    var octets: [UInt8] = []
    octets.reserveCapacity(isV4 ? 4 : 16)
    if !isV4 {
      for shift in stride(from: 56, through: 0, by: -8) {
        octets.append(UInt8(truncatingIfNeeded: high >> UInt64(shift)))
      }
    }
    for shift in stride(from: isV4 ? 24 : 56, through: 0, by: -8) {
      octets.append(UInt8(truncatingIfNeeded: low >> UInt64(shift)))
    }
    return octets
  }
}

// MARK: - Text

extension IPAddress: CustomStringConvertible {
  /// Reads dotted IPv4 (four decimal numbers, no leading zeros) or IPv6 text of RFC 4291 §2.2,
  /// without a zone index.
  public init?(_ text: some StringProtocol) {
    let octets = Array(text.utf8)
    let address = octets.withOctets { octets in
      octets.contains(UInt8(ascii: ":")) ? IPAddress(v6Text: octets) : IPAddress(v4Text: octets)
    }
    guard let address else { return nil }
    self = address
  }

  /// Dotted IPv4, or IPv6 as RFC 5952 §4 writes it.
  public var description: String {
    if isV4 {
      let bits = v4Bits
      return "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }
    let groups =
      (0..<4).map { UInt16(truncatingIfNeeded: high >> (48 - 16 * $0)) }
      + (0..<4).map { UInt16(truncatingIfNeeded: low >> (48 - 16 * $0)) }
    var best = 0..<0
    var at = 0
    while at < 8 {
      let end = groups[at...].firstIndex { $0 != 0 } ?? 8
      if end - at > max(best.count, 1) { best = at..<end }
      at = max(end, at + 1)
    }
    func hex(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    return best.isEmpty
      ? hex(groups[...]) : hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
  }
}
