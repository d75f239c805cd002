internal import Wire

// What DO adds from a zone that was signed beforehand (RFC 4035 §3.1). Without signatures in the
// zone every function here adds nothing.

enum RRSIG {
  /// The first field of RRSIG RDATA (RFC 4034 §3.1.1).
  static func typeCovered(_ rdata: [UInt8]) -> RecordType? {
    rdata.count < 2 ? nil : RecordType(rawValue: UInt16(rdata[0]) << 8 | UInt16(rdata[1]))
  }
}

// MARK: - Signatures

extension Search {
  /// The signatures of `rrset`, made at `node`, under the RRset's owner name and TTL
  /// (RFC 4034 §3).
  mutating func addSignatures(
    of rrset: RRset, from node: Int, to section: WritableKeyPath<ZoneAnswer, [RRset]>
  ) {
    guard dnssecOK, rrset.type != .rrsig, let all = zone.rrset(.rrsig, at: node) else { return }
    let signatures = all.rdata.filter { RRSIG.typeCovered($0) == rrset.type }
    guard !signatures.isEmpty else { return }
    answer[keyPath: section].append(
      RRset(owner: rrset.owner, type: .rrsig, ttl: rrset.ttl, rdata: signatures))
  }

  /// DS of the child, or the proof that it has none (RFC 4035 §3.1.4).
  mutating func secureDelegation(at node: Int) {
    if let ds = zone.rrset(.ds, at: node) {
      answer.authority.append(ds)
      addSignatures(of: ds, from: node, to: \.authority)
    } else {
      addNSEC(at: node)
    }
  }
}

// MARK: - NSEC

extension Search {
  /// RFC 4035 §3.1.3.1 and, for wildcards, §3.1.3.4.
  mutating func denyType(of name: DomainName, at node: Int, isWildcard: Bool) {
    guard dnssecOK else { return }
    // An empty non-terminal has no NSEC: the one before it spans the name.
    addNSEC(coveringOrAt: zone.tree.nodes[node].owner)
    if isWildcard { addNSEC(coveringOrAt: name) }
  }

  /// RFC 4035 §3.1.3.2: neither the name nor a wildcard for it.
  mutating func denyName(_ name: DomainName, closestEncloser: Int) {
    guard dnssecOK else { return }
    addNSEC(coveringOrAt: name)
    let encloser = zone.tree.nodes[closestEncloser].owner
    if let wildcard = DomainName(wire: [1, UInt8(ascii: "*")] + encloser.octets) {
      addNSEC(coveringOrAt: wildcard)
    }
  }

  /// RFC 4035 §3.1.3.3: a wildcard was right to answer.
  mutating func denyCloserMatch(of name: DomainName) {
    if dnssecOK { addNSEC(coveringOrAt: name) }
  }

  /// The NSEC at the name or the last one before it.
  private mutating func addNSEC(coveringOrAt name: DomainName) {
    let chain = zone.denialChain
    let key = CanonicalKey(name)
    var low = 0
    var high = chain.count
    while low < high {
      let middle = (low + high) / 2
      if key < CanonicalKey(zone.tree.nodes[Int(chain[middle])].owner) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    if low > 0 { addNSEC(at: Int(chain[low - 1])) }
  }

  private mutating func addNSEC(at node: Int) {
    guard let nsec = zone.rrset(.nsec, at: node), !answer.authority.contains(nsec) else { return }
    answer.authority.append(nsec)
    addSignatures(of: nsec, from: node, to: \.authority)
  }
}
