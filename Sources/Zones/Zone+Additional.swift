internal import Wire

extension Search {
  /// An answer with more addresses than this is truncated anyway.
  static let maximumAdditionalSets = 64

  /// A and AAAA of the targets in answer and authority, as far as the zone knows them
  /// (RFC 1034 §4.3.2 step 6).
  mutating func addAddresses() {
    addAddresses(for: answer.answer)
    addAddresses(for: answer.authority)
  }

  private mutating func addAddresses(for rrsets: [RRset]) {
    for rrset in rrsets where rrset.type.rdataLayout.hasAddressTarget {
      for target in rrset.targets {
        addAddresses(of: target, glueAllowed: rrset.type == .ns)
      }
    }
  }

  private mutating func addAddresses(of target: DomainName, glueAllowed: Bool) {
    guard answer.additional.count < Self.maximumAdditionalSets,
      target.isAtOrBelow(zone.apex),
      let node = addressNode(target, glueAllowed: glueAllowed)
    else { return }
    for type in [RecordType.a, .aaaa] {
      guard let rrset = zone.rrset(type, at: node), !isPresent(rrset) else { continue }
      answer.additional.append(rrset.at(target))
      // Glue has no signatures (RFC 4035 §2.2); none are found then.
      addSignatures(of: rrset.at(target), from: node, to: \.additional)
    }
  }

  /// The node whose addresses may be given: our own data, or glue for a referral.
  private func addressNode(_ target: DomainName, glueAllowed: Bool) -> Int? {
    switch zone.match(target, type: .a) {
    case .name(let node), .wildcard(let node): node
    case .zoneCut: glueAllowed ? zone.tree.node(of: target) : nil
    case .dname, .nothing: nil
    }
  }

  private func isPresent(_ rrset: RRset) -> Bool {
    (answer.answer + answer.additional).contains {
      $0.type == rrset.type && $0.owner.isSame(as: rrset.owner)
    }
  }
}
