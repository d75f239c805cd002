import Synchronization
import Wire

// From objects to records: what changed since the last time is named again, and what then differs
// is published.
extension ClusterStore {
  /// Says how far what is published can be trusted from now on; to be called after the
  /// ``publish(candidate:)`` that makes it so.
  public func setState(_ state: ClusterIndex.State) {
    index.publishedState.store(state, ordering: .releasing)
  }

  /// Makes all changes since the last call visible. Where a record changed, the serial becomes
  /// `candidate` if that is greater by RFC 1982 §3.2, else the next number.
  public func publish(candidate: UInt32) {
    for name in touched.namespaces { publishNamespace(name) }
    expectAddresses()
    for id in touched.services {
      publishService(id)
      if earlyRemovals.count >= Self.removalsAtOnce { takeRemovals(&earlyRemovals) }
    }
    expectedAddresses = nil
    for address in touched.podAddresses { publishPods(address) }
    touched = Touched()
    warnOfUnserved()
    takeRemovals()
    if hasChanged {
      let serial = index.serial
      let isGreater = serial == 0 || candidate != serial && candidate &- serial < 0x8000_0000
      index.serialNumber.store(isGreater ? candidate : serial &+ 1, ordering: .relaxed)
      hasChanged = false
    }
    index.epochs.collect()
  }

  private func exists(_ namespace: String) -> Bool {
    guard let state = namespaces[namespace] else { return false }
    if state.object != nil { return true }
    return options.namespacesAreListed ? !areNamespacesComplete : namespaceObjectCount == 0
  }

  private func isExposed(_ namespace: String) -> Bool {
    guard exists(namespace) else { return false }
    let object = namespaces[namespace]?.object
    // What is to be hidden must not show until its labels come.
    if object == nil, options.exposesByLabels, options.namespacesAreListed { return false }
    return options.exposes(namespace, object?.labels ?? [:])
  }

  func isPublished(_ namespace: String) -> Bool {
    ServiceRecord.label(namespace).withOctets { index.namespaces.find($0) } != nil
  }

  private func publishNamespace(_ name: String) {
    let isExposed = isExposed(name)
    guard isExposed != isPublished(name) else { return }
    let key = ServiceRecord.label(name)
    if isExposed {
      index.namespaces.insert(RecordBuilder(key: key).record(flags: 0))
    } else {
      key.withOctets { index.namespaces.remove($0) }
    }
    hasChanged = true
    for service in (namespaces[name]?.services ?? [:]).keys {
      touched.services.insert(ObjectName(namespace: name, name: service))
    }
  }

  /// Services that a warning names; of more it says how many.
  private static let maximumNamedServices = 8

  private func warnOfUnserved() {
    for (namespace, services) in unserved.sorted(by: { $0.key < $1.key }) {
      let named = services.sorted().prefix(Self.maximumNamedServices).joined(separator: ", ")
      let more = services.count - Self.maximumNamedServices
      warn(
        "plugin/kubernetes: namespace '\(namespace)' does not exist: services not served: \(named)"
          + (more > 0 ? " and \(more) more" : ""))
    }
    unserved.removeAll()
  }

  private func publishService(_ id: ObjectName) {
    let key = ServiceRecord.key(id)
    let old = key.withOctets { index.services.find($0) }
    guard let state = namespaces[id.namespace]?.services[id.name], let service = state.service
    else {
      guard let old else { return }
      for (address, entry) in ServiceRecord(record: old).addressEntries {
        remove(entry, from: address)
      }
      key.withOctets { index.services.remove($0) }
      hasChanged = true
      return
    }
    let wasHidden = old.map { ServiceRecord(record: $0).isHidden } ?? false
    // An API server lets no object live in a namespace that does not exist; its Namespace is on
    // the way, or not among those asked for.
    if !wasHidden, !options.namespacesAreListed, !exists(id.namespace) {
      unserved[id.namespace, default: []].append(id.name)
    }
    let new = ServiceRecord.make(
      service, slices: state.effectiveSlices, isHidden: !isPublished(id.namespace),
      options: options.naming)
    if let old, old.isEqual(to: new) {
      unsafe new.base.deallocate()
      return
    }
    let hadNoAddress = old.map { ServiceRecord(record: $0).hasNoAddress } ?? false
    if case .clusterIP(let addresses) = service.kind, addresses.isEmpty, !hadNoAddress {
      warn("plugin/kubernetes: service \(id.namespace)/\(id.name) has no address yet")
    }
    changeAddresses(from: old.map { ServiceRecord(record: $0) }, to: ServiceRecord(record: new))
    index.services.insert(new)
    hasChanged = true
  }

  private func publishPods(_ address: IPAddress) {
    let key = AddressKey(address).array
    let old = key.withOctets { index.podAddresses.find($0) }
    guard let owners = podOwners[address] else {
      guard old != nil else { return }
      key.withOctets { index.podAddresses.remove($0) }
      hasChanged = true
      return
    }
    let new = PodAddressRecord.make(key: key, namespaces: Set(owners.keys))
    if let old, old.isEqual(to: new) {
      unsafe new.base.deallocate()
      return
    }
    index.podAddresses.insert(new)
    hasChanged = true
  }
}

extension Record {
  /// Whether both hold the same octets, key and flags included.
  fileprivate func isEqual(to other: Record) -> Bool { octets.equals(other.octets) }
}
