internal import Wire

/// Collects records into the parts of a ``Zone`` and checks what no single record shows.
struct ZoneBuilder {
  private(set) var tree: NameTree
  private(set) var sets: [Zone.StoredSet] = []
  private(set) var warnings: [String] = []

  private let apex: DomainName
  /// Master files list the records of a name together.
  private var last: (owner: DomainName, node: Int)?
  private var hashedDenial = false

  init(apex: DomainName) {
    self.apex = apex
    tree = NameTree(apex: apex)
  }

  mutating func add(_ record: ResourceRecord) throws(ZoneError) {
    guard !record.type.isMeta else { throw .metaType(owner: record.owner, type: record.type) }
    guard record.type.rdataLayout.nameRanges(in: record.rdata) != nil else {
      throw .malformedRDATA(owner: record.owner, type: record.type)
    }
    let node = try node(of: record.owner)
    if record.type == .soa, node != NameTree.apex { throw .soaBelowApex(owner: record.owner) }
    // Owners of NSEC3 are hashes, not names that exist (RFC 5155 §7.2.8).
    if isHashedDenial(record) {
      hashedDenial = true
      return
    }
    append(record, to: node)
  }

  /// Drops duplicates, marks zone cuts, and holds what CNAME, DNAME and SOA forbid.
  mutating func finish() throws(ZoneError) {
    for index in sets.indices where sets[index].rrset.rdata.count > 1 {
      dropDuplicates(&sets[index].rrset)
    }
    for node in tree.nodes.indices {
      try check(node)
    }
    warn()
  }

  func soa() throws(ZoneError) -> RRset {
    guard let soa = rrset(.soa, at: NameTree.apex) else { throw .noSOA(apex: apex) }
    guard soa.rdata.count == 1 else { throw .severalSOA(apex: apex) }
    return soa
  }

  /// The nodes that hold NSEC and are ours to deny with, in canonical order.
  func denialChain() -> [Int32] {
    tree.nodes.indices.lazy
      .filter { rrset(.nsec, at: $0) != nil }
      .map { (Int32($0), CanonicalKey(tree.nodes[$0].owner)) }
      .sorted { $0.1 < $1.1 }
      .map { $0.0 }
  }
}

// MARK: - Collecting

extension ZoneBuilder {
  private mutating func node(of owner: DomainName) throws(ZoneError) -> Int {
    if let last, last.owner == owner { return last.node }
    guard owner.isAtOrBelow(apex) else { throw .outOfZone(owner: owner, apex: apex) }
    let node = tree.insert(owner)
    last = (owner, node)
    return node
  }

  private mutating func append(_ record: ResourceRecord, to node: Int) {
    var index = tree.nodes[node].firstSet
    var end: Int32 = -1
    while index >= 0 {
      if sets[Int(index)].rrset.type == record.type {
        sets[Int(index)].rrset.rdata.append(record.rdata)
        sets[Int(index)].rrset.ttl = min(sets[Int(index)].rrset.ttl, record.ttl)
        return
      }
      end = index
      index = sets[Int(index)].next
    }
    if end >= 0 {
      sets[Int(end)].next = Int32(sets.count)
    } else {
      tree.nodes[node].firstSet = Int32(sets.count)
    }
    let rrset = RRset(
      owner: tree.nodes[node].owner, type: record.type, ttl: record.ttl, rdata: [record.rdata])
    sets.append(Zone.StoredSet(rrset: rrset, next: -1))
  }

  private func isHashedDenial(_ record: ResourceRecord) -> Bool {
    record.type == .nsec3
      || record.type == .rrsig && RRSIG.typeCovered(record.rdata) == .nsec3
  }

  /// RFC 2181 §5; names in RDATA compare without their spelling.
  private func dropDuplicates(_ rrset: inout RRset) {
    let layout = rrset.type.rdataLayout
    var seen: Set<[UInt8]> = []
    rrset.rdata.removeAll { !seen.insert(layout.canonical($0)).inserted }
  }
}

// MARK: - Checking

extension ZoneBuilder {
  private func rrset(_ type: RecordType, at node: Int) -> RRset? {
    var index = tree.nodes[node].firstSet
    while index >= 0 {
      if sets[Int(index)].rrset.type == type { return sets[Int(index)].rrset }
      index = sets[Int(index)].next
    }
    return nil
  }

  private mutating func check(_ node: Int) throws(ZoneError) {
    let owner = tree.nodes[node].owner
    if let cname = rrset(.cname, at: node) {
      guard cname.rdata.count == 1 else { throw .severalCNAME(owner: owner) }
      guard isAlone(node) else { throw .cnameWithOtherData(owner: owner) }
    }
    let hasNS = rrset(.ns, at: node) != nil
    tree.nodes[node].isZoneCut = hasNS && node != NameTree.apex
    if let dname = rrset(.dname, at: node) {
      guard dname.rdata.count == 1 else { throw .severalDNAME(owner: owner) }
      guard !tree.nodes[node].isZoneCut else { throw .dnameAtZoneCut(owner: owner) }
      tree.nodes[node].hasDNAME = true
    }
  }

  /// Beside a CNAME stands only what DNSSEC itself puts there (RFC 4034 §3, §4; RFC 3007 §3.1.1).
  private static let companions: Set<RecordType> = [
    .cname, .rrsig, .nsec, RecordType(rawValue: 24), RecordType(rawValue: 25),
  ]

  private func isAlone(_ node: Int) -> Bool {
    var index = tree.nodes[node].firstSet
    while index >= 0 {
      guard Self.companions.contains(sets[Int(index)].rrset.type) else { return false }
      index = sets[Int(index)].next
    }
    return true
  }

  private mutating func warn() {
    if let servers = rrset(.ns, at: NameTree.apex) {
      for target in servers.targets where target.isAtOrBelow(apex) && !hasAddress(target) {
        warnings.append("the name server \(target) of \(apex) has no address in the zone")
      }
    } else {
      warnings.append("no NS record at the zone apex \(apex)")
    }
    if hashedDenial {
      warnings.append("NSEC3 of \(apex) is left out: negative answers go without proof")
    }
    let occluded = occludedSets()
    if occluded > 0 {
      warnings.append("\(occluded) RRsets of \(apex) lie below a zone cut or a DNAME, out of reach")
    }
  }

  private func hasAddress(_ name: DomainName) -> Bool {
    guard let node = tree.node(of: name) else { return true }
    return rrset(.a, at: node) != nil || rrset(.aaaa, at: node) != nil
  }

  /// RRsets that no question can reach, not even as glue.
  private func occludedSets() -> Int {
    var count = 0
    var belowDNAME = [Bool](repeating: false, count: tree.nodes.count)
    var belowCut = belowDNAME
    // A parent stands before its children.
    for (index, node) in tree.nodes.enumerated().dropFirst() {
      let parent = Int(node.parent)
      belowDNAME[index] = belowDNAME[parent] || tree.nodes[parent].hasDNAME
      belowCut[index] = belowCut[parent] || tree.nodes[parent].isZoneCut
      var set = node.firstSet
      while set >= 0 {
        let type = sets[Int(set)].rrset.type
        let isGlue = type == .a || type == .aaaa
        if belowDNAME[index] || belowCut[index] && !isGlue { count += 1 }
        set = sets[Int(set)].next
      }
    }
    return count
  }
}

extension RecordType {
  /// QTYPEs and types of messages, never of zone data (RFC 6895 §3.1).
  var isMeta: Bool {
    rawValue == 0 || self == .opt || (128...255).contains(rawValue)
  }
}
