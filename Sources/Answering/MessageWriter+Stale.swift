import Wire

extension MessageWriter {
  /// Seconds that a client may keep what may no longer be so: what changes while the API server is
  /// away is to be seen as soon after its return as it would be otherwise.
  static let staleTTL: UInt32 = 5

  /// Lowers to ``staleTTL`` the TTLs above it of the records from `start` to the end, whose owners
  /// are pointers, and the negative TTL of an SOA among them (RFC 2308 §4).
  mutating func limitTTLs(from start: Int) {
    var at = start
    // Owner 2, type 2, class 2, TTL 4, RDLENGTH 2.
    while at + 12 <= count {
      let end = at + 12 + Int(octets.u16(at + 10))
      limitTTL(at + 6)
      // MINIMUM is the last of its numbers.
      if octets.u16(at + 2) == RecordType.soa.rawValue { limitTTL(end - 4) }
      at = end
    }
  }

  private mutating func limitTTL(_ place: Int) {
    guard octets.u32(place) > Self.staleTTL else { return }
    set16(place, 0)
    set16(place + 2, UInt16(Self.staleTTL))
  }
}
