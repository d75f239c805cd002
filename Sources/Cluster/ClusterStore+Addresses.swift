import Wire

// The reverse side of what is published: the names of each address, and the beginnings of
// addresses, which are names, too.
extension ClusterStore {
  func changeAddresses(from old: ServiceRecord?, to new: ServiceRecord) {
    guard let old else {
      for (address, entry) in new.addressEntries { add(entry, to: address) }
      return
    }
    let before = Set(old.addressEntries.map(AddressName.init))
    let after = Set(new.addressEntries.map(AddressName.init))
    for name in after.subtracting(before) { add(name.entry, to: name.address) }
    for name in before.subtracting(after) { remove(name.entry, from: name.address) }
  }

  private struct AddressName: Hashable {
    let address: IPAddress
    let entry: AddressRecord.Entry

    init(_ pair: (address: IPAddress, entry: AddressRecord.Entry)) {
      (address, entry) = pair
    }
  }

  private func add(_ entry: AddressRecord.Entry, to address: IPAddress) {
    change(address) { entries in
      let place = entries.firstIndex { AddressRecord.Entry.precedes(entry, $0) } ?? entries.count
      entries.insert(entry, at: place)
      guard entries.count > AddressRecord.maximumNames, let last = entries.popLast() else { return }
      if omittedNames[address] == nil { newlyCrowded.insert(address) }
      omittedNames[address, default: []].insert(last)
    }
  }

  func remove(_ entry: AddressRecord.Entry, from address: IPAddress) {
    if expectedAddresses?.contains(Self.hash(address)) ?? true {
      removals.append(entry, of: address)
    } else {
      earlyRemovals.append(entry, of: address)
    }
  }

  /// Services published at once from which on names are removed before the end: where a whole
  /// cluster changes, old and new names together would take half as much memory again.
  private static let manyServices = 256
  /// Names removed at once before the end.
  static let removalsAtOnce = 4_096

  /// Notes which addresses the touched services are about to have, if those are many.
  func expectAddresses() {
    guard touched.services.count >= Self.manyServices else { return }
    var expected: Set<UInt32> = []
    for id in touched.services {
      guard let state = state(id.namespace, id.name) else { continue }
      if case .clusterIP(let addresses) = state.service?.kind {
        for address in addresses { expected.insert(Self.hash(address)) }
      }
      for slice in state.effectiveSlices {
        slice.endpoints.forEachAddress { address, _, _ in expected.insert(Self.hash(address)) }
      }
    }
    expectedAddresses = expected
  }

  private static func hash(_ address: IPAddress) -> UInt32 {
    UInt32(truncatingIfNeeded: address.hashValue)
  }

  /// Takes what is left to be removed from its addresses.
  func takeRemovals() {
    takeRemovals(&earlyRemovals)
    takeRemovals(&removals)
    for prefix in emptiedPrefixes where prefixCounts[prefix] == nil {
      AddressKey(prefix.address, bits: prefix.bits).withOctets { index.prefixes.remove($0) }
    }
    emptiedPrefixes.removeAll()
    for address in newlyCrowded where omittedNames[address] != nil {
      warn(
        "plugin/kubernetes: \(address) belongs to more than \(AddressRecord.maximumNames) names; "
          + "PTR gives the first")
    }
    newlyCrowded.removeAll()
  }

  /// Takes names from their addresses; those that were left out come in where there is room.
  func takeRemovals(_ removals: inout AddressRemovals) {
    let taken = removals
    removals = AddressRemovals()
    taken.forEachAddress { address, gone in
      change(address) { entries in
        entries.removeAll(where: gone.contains)
        guard let omitted = omittedNames[address]?.subtracting(gone) else { return }
        // All of them come behind those that were not left out.
        let returning = omitted.sorted(by: AddressRecord.Entry.precedes)
          .prefix(AddressRecord.maximumNames - entries.count)
        entries += returning
        omittedNames[address] =
          returning.count < omitted.count ? omitted.subtracting(returning) : nil
      }
    }
  }

  private func change(_ address: IPAddress, _ change: (inout [AddressRecord.Entry]) -> Void) {
    let key = AddressKey(address)
    let old = key.withOctets { index.addresses.find($0) }
    let before = old.map { AddressRecord(record: $0).entries } ?? []
    var entries = before
    change(&entries)
    guard entries != before else { return }
    if entries.isEmpty {
      key.withOctets { index.addresses.remove($0) }
    } else {
      index.addresses.insert(AddressRecord.make(key: key.array, entries))
    }
    // Hidden addresses leave no empty non-terminals above them.
    let wasSeen = before.contains { !$0.isHidden }
    let isSeen = entries.contains { !$0.isHidden }
    if isSeen != wasSeen { countPrefixes(address, isSeen ? 1 : -1) }
  }

  private func countPrefixes(_ address: IPAddress, _ step: Int) {
    for prefix in ReverseName.prefixes(of: address) {
      let count = prefixCounts[prefix, default: 0] + step
      prefixCounts[prefix] = count > 0 ? count : nil
      // A prefix counts its longer ones, not addresses: most changes end at the first.
      if step > 0, count > 1 { return }
      if step < 0, count > 0 { return }
      if step > 0 {
        let key = AddressKey(prefix.address, bits: prefix.bits).array
        index.prefixes.insert(RecordBuilder(key: key).record(flags: 0))
      } else {
        emptiedPrefixes.insert(prefix)
      }
    }
  }
}

extension ServiceRecord {
  /// The reverse side of the service: its addresses and the names they are to give.
  var addressEntries: [(address: IPAddress, entry: AddressRecord.Entry)] {
    guard !isAbsent else { return [] }
    var found: [(address: IPAddress, entry: AddressRecord.Entry)] = []
    func add(_ records: AddressRecords, _ owner: AddressRecord.Entry.Owner, _ name: [UInt8]) {
      for index in 0..<records.count {
        found.append(
          (
            IPAddress(records.address(index)),
            AddressRecord.Entry(owner: owner, isHidden: isHidden, name: name)
          ))
      }
    }
    let key = labels.array
    for family in [AddressFamily.ipv4, .ipv6] where !isHeadless {
      add(addresses(family), .service, key)
    }
    for index in 0..<endpointCount {
      let endpoint = endpoint(index)
      let label = endpoint.label
      let name = [UInt8(label.count)] + label.array + key
      for family in [AddressFamily.ipv4, .ipv6] { add(endpoint.addresses(family), .endpoint, name) }
    }
    return found
  }
}
