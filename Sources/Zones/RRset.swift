public import Wire

/// The records of one owner name and type, class IN (RFC 2181 §5), RDATA in uncompressed wire
/// form. One TTL in seconds for all of them (RFC 2181 §5.2).
public struct RRset: Hashable, Sendable {
  public var owner: DomainName
  public var type: RecordType
  public var ttl: UInt32
  /// One element a record; never empty in an answer.
  public var rdata: [[UInt8]]

  public init(owner: DomainName, type: RecordType, ttl: UInt32, rdata: [[UInt8]]) {
    self.owner = owner
    self.type = type
    self.ttl = ttl
    self.rdata = rdata
  }

  /// The set as single records, in its order.
  public var records: [ResourceRecord] {
    rdata.map { ResourceRecord(owner: owner, type: type, ttl: ttl, rdata: $0) }
  }

  /// The same records at another owner name: a wildcard's at the name asked for, or the question's
  /// spelling.
  func at(_ owner: DomainName) -> RRset {
    RRset(owner: owner, type: type, ttl: ttl, rdata: rdata)
  }
}

// MARK: - Names in RDATA

extension RRset {
  /// The last name in each record's RDATA: the target of NS, CNAME, DNAME, MX, SRV.
  var targets: [DomainName] {
    let layout = type.rdataLayout
    return rdata.compactMap { octets in
      layout.nameRanges(in: octets)?.last.flatMap { DomainName(wire: octets[$0]) }
    }
  }
}

extension DomainName {
  /// Equality as DNS compares names (RFC 4343).
  func isSame(as other: DomainName) -> Bool {
    octets.count == other.octets.count
      && zip(octets, other.octets).allSatisfy { ASCII.folded($0) == ASCII.folded($1) }
  }
}
