public import Wire

extension Zone {
  /// Answers one question from this zone's data (RFC 1034 §4.3.2, RFC 4592, RFC 6672).
  ///
  /// - Parameters:
  ///   - name: as asked; its spelling is kept in the answer. Outside the zone it is REFUSED.
  ///   - type: ANY gives one RRset (RFC 8482 §4.1). Transfers are the caller's.
  ///   - dnssecOK: the DO bit: add RRSIG, DS and NSEC where the zone has them (RFC 4035 §3.1).
  public func lookup(_ name: DomainName, type: RecordType, dnssecOK: Bool = false) -> ZoneAnswer {
    guard name.isAtOrBelow(apex) else {
      return ZoneAnswer(kind: .nodata, rcode: .refused, isAuthoritative: false)
    }
    var search = Search(zone: self, type: type, dnssecOK: dnssecOK)
    search.run(name)
    return search.answer
  }

  /// Where the walk down from the apex ends.
  enum Match {
    case zoneCut(Int)
    case dname(Int)
    case name(Int)
    /// The wildcard of the closest encloser stands in.
    case wildcard(Int)
    case nothing(closestEncloser: Int)
  }

  func match(_ name: DomainName, type: RecordType) -> Match {
    let starts = tree.labelStarts(of: name)
    var node = NameTree.apex
    for depth in 0..<starts.count {
      if tree.nodes[node].isZoneCut { return .zoneCut(node) }
      if tree.nodes[node].hasDNAME { return .dname(node) }
      guard let child = tree.child(of: node, label: starts[depth], of: name.octets) else {
        return tree.wildcard(below: node).map { .wildcard($0) } ?? .nothing(closestEncloser: node)
      }
      node = child
    }
    // DS belongs to the parent's side of the cut (RFC 4035 §3.1.4.1).
    if tree.nodes[node].isZoneCut, type != .ds { return .zoneCut(node) }
    return .name(node)
  }
}

/// One question on its way through the zone.
struct Search {
  let zone: Zone
  let type: RecordType
  let dnssecOK: Bool
  var answer = ZoneAnswer(kind: .alias)

  mutating func run(_ name: DomainName) {
    var next: DomainName? = name
    var aliases = 0
    while let name = next {
      guard aliases <= Zone.maximumChainLength, name.isAtOrBelow(zone.apex) else {
        answer.unresolvedTarget = name
        break
      }
      guard !isVisited(name) else { break }
      next = step(name)
      aliases += 1
    }
    addAddresses()
  }

  /// Answers for one name of the chain; returns the next where it is an alias.
  private mutating func step(_ name: DomainName) -> DomainName? {
    switch zone.match(name, type: type) {
    case .zoneCut(let node):
      delegation(at: node, for: name)
    case .dname(let node):
      return substitute(name, at: node)
    case .name(let node):
      return data(at: node, for: name, isWildcard: false)
    case .wildcard(let node):
      return data(at: node, for: name, isWildcard: true)
    case .nothing(let closestEncloser):
      nameError(name, closestEncloser)
    }
    return nil
  }

  /// Whether the chain has come round to this name.
  private func isVisited(_ name: DomainName) -> Bool {
    answer.answer.contains { $0.type == .cname && $0.owner.isSame(as: name) }
  }
}

// MARK: - Outcomes

extension Search {
  private mutating func data(
    at node: Int, for name: DomainName, isWildcard: Bool
  ) -> DomainName? {
    if let rrset = type == .any ? anyRRset(at: node) : zone.rrset(type, at: node) {
      append(rrset.at(name), signedAt: node)
      answer.kind = .data
    } else if let cname = zone.rrset(.cname, at: node) {
      append(cname.at(name), signedAt: node)
      if isWildcard { denyCloserMatch(of: name) }
      return cname.targets.first
    } else {
      nodata(name, node, isWildcard: isWildcard)
      return nil
    }
    if isWildcard { denyCloserMatch(of: name) }
    return nil
  }

  /// RFC 8482 §4.1: one RRset, preferably not one that only serves DNSSEC.
  private func anyRRset(at node: Int) -> RRset? {
    let types = zone.types(at: node)
    let type = types.first { $0 != .rrsig && $0 != .nsec } ?? types.first
    return type.flatMap { zone.rrset($0, at: node) }
  }

  private mutating func nodata(_ name: DomainName, _ node: Int, isWildcard: Bool) {
    answer.kind = .nodata
    addSOA()
    denyType(of: name, at: node, isWildcard: isWildcard)
  }

  private mutating func nameError(_ name: DomainName, _ closestEncloser: Int) {
    answer.kind = .nameError
    answer.rcode = .nameError
    addSOA()
    denyName(name, closestEncloser: closestEncloser)
  }

  /// A referral, without AA unless an alias of ours leads to it.
  private mutating func delegation(at node: Int, for name: DomainName) {
    if answer.answer.isEmpty {
      answer.kind = .delegation
      answer.isAuthoritative = false
    } else {
      answer.unresolvedTarget = name
    }
    guard let servers = zone.rrset(.ns, at: node) else { return }
    answer.authority.append(servers)
    if dnssecOK { secureDelegation(at: node) }
  }

  private mutating func addSOA() {
    answer.authority.append(zone.negativeSOA)
    addSignatures(of: zone.negativeSOA, from: NameTree.apex, to: \.authority)
  }

  /// Puts an RRset into the answer, with DO its signatures behind it.
  private mutating func append(_ rrset: RRset, signedAt node: Int) {
    answer.answer.append(rrset)
    addSignatures(of: rrset, from: node, to: \.answer)
  }
}

// MARK: - DNAME

extension Search {
  /// RFC 6672 §3.2 C: the DNAME, the CNAME made of it, and on with the new name; YXDOMAIN where
  /// that is too long.
  private mutating func substitute(_ name: DomainName, at node: Int) -> DomainName? {
    guard let dname = zone.rrset(.dname, at: node), let target = dname.targets.first else {
      return nil
    }
    if !answer.answer.contains(dname) { append(dname, signedAt: node) }
    let prefix = name.octets.dropLast(dname.owner.octets.count)
    guard let new = DomainName(wire: prefix + target.octets) else {
      answer.kind = .data
      answer.rcode = .substitutedNameTooLong
      return nil
    }
    // The TTL is the DNAME's; the CNAME has no signature (RFC 6672 §3.1, §5.3.1).
    answer.answer.append(RRset(owner: name, type: .cname, ttl: dname.ttl, rdata: [new.octets]))
    return new
  }
}

extension ResponseCode {
  /// YXDOMAIN (RFC 6672 §2.2).
  static let substitutedNameTooLong = ResponseCode(rawValue: 6)
}
