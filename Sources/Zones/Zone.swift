public import Wire

/// The authoritative data of one zone, fixed at initialisation and shared by all workers.
///
/// How a question goes: ``lookup(_:type:dnssecOK:)`` (Zone+Lookup.swift) holds the chain of
/// aliases; `match` walks the ``NameTree`` from the apex to a zone cut, a DNAME, the name, a
/// wildcard or nothing; Zone+Additional.swift adds addresses, Zone+Denial.swift signatures and
/// NSEC of a zone that was signed beforehand.
public final class Zone: Sendable {
  /// RRsets of one node are chained, so that a node costs no array.
  struct StoredSet: Sendable {
    var rrset: RRset
    var next: Int32
  }

  /// More aliases in one answer serve nobody; resolvers give up at about this number themselves.
  public static let maximumChainLength = 10
  /// A node for each of 127 labels of so many owners is still numbered by 32 bits.
  public static let maximumRecords = 16_000_000

  public let apex: DomainName
  /// The SOA as it stands in the zone.
  public let soa: RRset
  /// The SOA's SERIAL (RFC 1035 §3.3.13).
  public let serial: UInt32
  /// What an operator should know about a zone that is served all the same, a sentence each.
  public let warnings: [String]

  /// The SOA of negative answers (RFC 2308 §3).
  let negativeSOA: RRset
  let tree: NameTree
  let sets: [StoredSet]
  /// Nodes with NSEC in canonical order (RFC 4034 §6.1); empty in an unsigned zone.
  let denialChain: [Int32]

  /// Sorts records into a zone: duplicates are dropped, the TTLs of an RRset become the smallest
  /// (RFC 2181 §5.2), names in RDATA keep their spelling.
  public init(apex: DomainName, records: [ResourceRecord]) throws(ZoneError) {
    var builder = ZoneBuilder(apex: apex)
    guard records.count <= Self.maximumRecords else {
      throw .tooManyRecords(limit: Self.maximumRecords)
    }
    for record in records { try builder.add(record) }
    try builder.finish()

    self.apex = apex
    tree = builder.tree
    sets = builder.sets
    denialChain = builder.denialChain()
    warnings = builder.warnings
    soa = try builder.soa()
    let numbers = soa.rdata[0].suffix(20)
    serial = Self.number(numbers.prefix(4))
    negativeSOA = RRset(
      owner: soa.owner, type: .soa, ttl: min(soa.ttl, Self.number(numbers.suffix(4))),
      rdata: soa.rdata)
  }

  /// Every RRset of the zone, glue included, in no particular order.
  public var rrsets: some Sequence<RRset> {
    sets.lazy.map(\.rrset)
  }

  private static func number(_ octets: some Sequence<UInt8>) -> UInt32 {
    octets.reduce(0) { $0 << 8 | UInt32($1) }
  }
}

// MARK: - RRsets of a node

extension Zone {
  /// The RRset of a type at a node, as stored.
  func rrset(_ type: RecordType, at node: Int) -> RRset? {
    var index = tree.nodes[node].firstSet
    while index >= 0 {
      if sets[Int(index)].rrset.type == type { return sets[Int(index)].rrset }
      index = sets[Int(index)].next
    }
    return nil
  }

  /// The types at a node, those that came first in front.
  func types(at node: Int) -> [RecordType] {
    var types: [RecordType] = []
    var index = tree.nodes[node].firstSet
    while index >= 0 {
      types.append(sets[Int(index)].rrset.type)
      index = sets[Int(index)].next
    }
    return types
  }
}
