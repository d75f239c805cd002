import Synchronization
import Wire

/// The objects of a cluster, and the one writer of the ``ClusterIndex`` made from them.
///
/// A change recomputes the names of the service it touches and publishes what differs, so its cost
/// does not grow with the cluster. Belongs to the control thread.
public final class ClusterStore {
  public let index: ClusterIndex
  let options: StoreOptions
  private let warn: (String) -> Void

  var namespaces: [String: NamespaceState] = [:]
  /// Namespace objects known; while there are none, a namespace exists when an object lives in it.
  private var namespaceObjectCount = 0
  /// Services touched since the last ``publish(candidate:)``.
  private var touched: Set<ObjectName> = []
  private var touchedNamespaces: Set<String> = []
  private var addressChanges: [IPAddress: AddressChange] = [:]
  private var prefixCounts: [[UInt8]: Int] = [:]
  private var podOwners: [IPAddress: [String: Int]] = [:]
  private var hasChanged = false

  /// What the store knows of one namespace.
  struct NamespaceState {
    var object: Namespace?
    var services: [String: ServiceState] = [:]
    var pods: [String: Pod] = [:]

    var isEmpty: Bool { object == nil && services.isEmpty && pods.isEmpty }
  }

  /// A Service, and what belongs to it; either may be known before the other.
  struct ServiceState {
    var service: Service?
    var slices: [EndpointSlice] = []
    var endpoints: EndpointSlice?

    /// Endpoints count only for a service without slices.
    var effectiveSlices: [EndpointSlice] {
      // In the order of their names, so that replicas give the same answers.
      slices.isEmpty ? endpoints.map { [$0] } ?? [] : slices.sorted { $0.id.name < $1.id.name }
    }
    var isEmpty: Bool { service == nil && slices.isEmpty && endpoints == nil }
  }

  private struct AddressChange {
    var removed: [AddressRecord.Entry] = []
    var added: [AddressRecord.Entry] = []
  }

  /// - Parameter warn: takes a sentence for the log.
  public init(index: ClusterIndex, options: StoreOptions, warn: @escaping (String) -> Void) {
    self.index = index
    self.options = options
    self.warn = warn
  }

  // MARK: - Changes

  /// Adds an object, or takes it in place of the one with its key. Nothing is seen of it before
  /// ``publish(candidate:)``.
  public func upsert(_ object: ClusterObject) {
    switch object {
    case .service(let service):
      guard options.admits(service.labels) else { return delete(object.key) }
      update(service.id.namespace, service.id.name) { $0.service = service }
    case .slice(let slice):
      guard options.admits(slice.labels) else { return delete(object.key) }
      if slice.isFromEndpoints {
        update(slice.id.namespace, slice.serviceName) { $0.endpoints = slice }
      } else {
        removeSlice(slice.id, unlessOf: slice.serviceName)
        update(slice.id.namespace, slice.serviceName) { state in
          if let at = state.slices.firstIndex(where: { $0.id == slice.id }) {
            state.slices[at] = slice
          } else {
            state.slices.append(slice)
          }
        }
        sliceOwners[slice.id] = slice.serviceName
      }
    case .namespace(let namespace):
      if namespaces[namespace.name]?.object == nil { changeNamespaceCount(1) }
      namespaces[namespace.name, default: NamespaceState()].object = namespace
      touchedNamespaces.insert(namespace.name)
    case .pod(let pod):
      guard index.pods == .verified else { return }
      guard options.admits(pod.labels) else { return delete(object.key) }
      setPod(pod.id, pod)
    }
  }

  /// Removes an object; unknown ones are passed over.
  public func delete(_ key: ObjectKey) {
    switch key.kind {
    case .service: update(key.id.namespace, key.id.name, creates: false) { $0.service = nil }
    case .slice: removeSlice(key.id, unlessOf: nil)
    case .endpoints: update(key.id.namespace, key.id.name, creates: false) { $0.endpoints = nil }
    case .namespace:
      guard namespaces[key.id.name]?.object != nil else { return }
      changeNamespaceCount(-1)
      namespaces[key.id.name]?.object = nil
      dropIfEmpty(key.id.name)
      touchedNamespaces.insert(key.id.name)
    case .pod: setPod(key.id, nil)
    }
  }

  /// The service that a slice belongs to, since a deletion names the slice alone.
  private var sliceOwners: [ObjectName: String] = [:]

  private func removeSlice(_ id: ObjectName, unlessOf owner: String?) {
    guard let old = sliceOwners[id], old != owner else { return }
    sliceOwners[id] = nil
    update(id.namespace, old, creates: false) { $0.slices.removeAll { $0.id == id } }
  }

  private func update(
    _ namespace: String, _ name: String, creates: Bool = true,
    _ change: (inout ServiceState) -> Void
  ) {
    if namespaces[namespace]?.services[name] == nil {
      guard creates else { return }
      if namespaces[namespace] == nil { touchedNamespaces.insert(namespace) }
    }
    change(
      &namespaces[namespace, default: NamespaceState()].services[name, default: ServiceState()])
    if namespaces[namespace]?.services[name]?.isEmpty == true {
      namespaces[namespace]?.services[name] = nil
      dropIfEmpty(namespace)
    }
    touched.insert(ObjectName(namespace: namespace, name: name))
  }

  private func setPod(_ id: ObjectName, _ pod: Pod?) {
    let old = namespaces[id.namespace]?.pods[id.name]
    guard old?.addresses != pod?.addresses else { return }
    if namespaces[id.namespace] == nil { touchedNamespaces.insert(id.namespace) }
    namespaces[id.namespace, default: NamespaceState()].pods[id.name] = pod
    for address in old?.addresses ?? [] { countPod(address, id.namespace, -1) }
    for address in pod?.addresses ?? [] { countPod(address, id.namespace, 1) }
    dropIfEmpty(id.namespace)
    hasChanged = true
  }

  private func countPod(_ address: IPAddress, _ namespace: String, _ step: Int) {
    let count = podOwners[address, default: [:]][namespace, default: 0] + step
    podOwners[address, default: [:]][namespace] = count > 0 ? count : nil
    let key = AddressKey(address).array
    guard let owners = podOwners[address], !owners.isEmpty else {
      podOwners[address] = nil
      key.withOctets { index.podAddresses.remove($0) }
      return
    }
    index.podAddresses.insert(PodAddressRecord.make(key: key, namespaces: Set(owners.keys)))
  }

  private func dropIfEmpty(_ namespace: String) {
    guard namespaces[namespace]?.isEmpty == true else { return }
    namespaces[namespace] = nil
    touchedNamespaces.insert(namespace)
  }

  /// The first Namespace object hides every namespace without one; the last one's end shows them.
  private func changeNamespaceCount(_ step: Int) {
    let wasZero = namespaceObjectCount == 0
    namespaceObjectCount += step
    if wasZero != (namespaceObjectCount == 0) { touchedNamespaces.formUnion(namespaces.keys) }
  }

  // MARK: - Publishing

  /// Says that everything has been read: from now on a miss means that the name does not exist.
  public func setSynchronized(_ value: Bool) {
    index.synchronized.store(value, ordering: .releasing)
  }

  /// Makes all changes since the last call visible. Where a record changed, the serial becomes
  /// `candidate` if that is greater by RFC 1982 §3.2, else the next number.
  public func publish(candidate: UInt32) {
    for name in touchedNamespaces { publishNamespace(name) }
    touchedNamespaces.removeAll()
    for id in touched { publishService(id) }
    touched.removeAll()
    for (address, change) in addressChanges { publishAddress(address, change) }
    addressChanges.removeAll()
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
    return state.object != nil || namespaceObjectCount == 0
  }

  private func isExposed(_ namespace: String) -> Bool {
    exists(namespace)
      && options.exposes(namespace, namespaces[namespace]?.object?.labels ?? [:])
  }

  private func publishNamespace(_ name: String) {
    let key = ServiceRecord.label(name)
    let isPublished = key.withOctets { index.namespaces.find($0) } != nil
    let isExposed = isExposed(name)
    if isExposed != isPublished {
      if isExposed {
        index.namespaces.insert(RecordBuilder(key: key).record(flags: 0))
      } else {
        key.withOctets { index.namespaces.remove($0) }
      }
      hasChanged = true
    }
    guard let state = namespaces[name] else { return }
    for service in state.services.keys {
      touched.insert(ObjectName(namespace: name, name: service))
    }
    if !exists(name), !state.services.isEmpty {
      warn(
        "plugin/kubernetes: namespace '\(name)' does not exist: its \(state.services.count) "
          + "service(s) are not served")
    }
  }

  private func publishService(_ id: ObjectName) {
    let key = ServiceRecord.key(id)
    let old = key.withOctets { index.services.find($0) }
    guard let state = namespaces[id.namespace]?.services[id.name], let service = state.service
    else {
      guard let old else { return }
      changeAddresses(from: AddressNames.of(ServiceRecord(record: old)), to: [:])
      key.withOctets { index.services.remove($0) }
      hasChanged = true
      return
    }
    let new = ServiceRecord.make(
      service, slices: state.effectiveSlices, isHidden: !isExposed(id.namespace),
      options: options.naming)
    if let old, old.isEqual(to: new) {
      unsafe new.base.deallocate()
      return
    }
    let hadNoAddress = old.map { ServiceRecord(record: $0).hasNoAddress } ?? false
    if case .clusterIP(let addresses) = service.kind, addresses.isEmpty, !hadNoAddress {
      warn("plugin/kubernetes: service \(id.namespace)/\(id.name) has no address yet")
    }
    changeAddresses(
      from: old.map { AddressNames.of(ServiceRecord(record: $0)) } ?? [:],
      to: AddressNames.of(ServiceRecord(record: new)))
    index.services.insert(new)
    hasChanged = true
  }

  private func changeAddresses(
    from old: [IPAddress: [AddressRecord.Entry]], to new: [IPAddress: [AddressRecord.Entry]]
  ) {
    for (address, entries) in old where new[address] != entries {
      addressChanges[address, default: AddressChange()].removed += entries
    }
    for (address, entries) in new where old[address] != entries {
      addressChanges[address, default: AddressChange()].added += entries
    }
  }

  private func publishAddress(_ address: IPAddress, _ change: AddressChange) {
    let key = AddressKey(address).array
    let old = key.withOctets { index.addresses.find($0) }.map { AddressRecord(record: $0).entries }
    let wasSeen = old?.contains { !$0.isHidden } ?? false
    let removed = Set(change.removed)
    var entries = (old ?? []).filter { !removed.contains($0) }
    entries += change.added
    if entries.count > AddressRecord.maximumNames {
      warn(
        "plugin/kubernetes: \(address) belongs to more than \(AddressRecord.maximumNames) names; "
          + "PTR gives the first")
      entries.removeLast(entries.count - AddressRecord.maximumNames)
    }
    entries.sort(by: AddressRecord.Entry.precedes)
    if entries.isEmpty {
      guard old != nil else { return }
      key.withOctets { index.addresses.remove($0) }
    } else {
      index.addresses.insert(AddressRecord.make(key: key, entries))
    }
    // What only hidden names have leaves no empty non-terminals either.
    let isSeen = entries.contains { !$0.isHidden }
    if isSeen != wasSeen { countPrefixes(address, isSeen ? 1 : -1) }
  }

  private func countPrefixes(_ address: IPAddress, _ step: Int) {
    for (prefix, bits) in ReverseName.prefixes(of: address).reversed() {
      let key = AddressKey(prefix, bits: bits).array
      let count = prefixCounts[key, default: 0] + step
      prefixCounts[key] = count > 0 ? count : nil
      // A prefix counts its longer ones, not addresses: most changes end at the first.
      if step > 0, count > 1 { return }
      if step < 0, count > 0 { return }
      if step > 0 {
        index.prefixes.insert(RecordBuilder(key: key).record(flags: 0))
      } else {
        key.withOctets { index.prefixes.remove($0) }
      }
    }
  }
}

/// What a store does with the objects it is given.
public struct StoreOptions {
  public var naming = NamingOptions()
  /// Whether an object with these labels is taken.
  public var admits: ([String: String]) -> Bool = { _ in true }
  /// Whether a namespace of this name with these labels is served.
  public var exposes: (String, [String: String]) -> Bool = { _, _ in true }

  public init() {}
}

/// The reverse side of a service's record.
private enum AddressNames {
  static func of(_ service: ServiceRecord) -> [IPAddress: [AddressRecord.Entry]] {
    var names: [IPAddress: [AddressRecord.Entry]] = [:]
    func add(_ records: AddressRecords, _ owner: AddressRecord.Entry.Owner, _ name: [UInt8]) {
      for index in 0..<records.count {
        guard let address = IPAddress(octets: records.address(index).array) else { continue }
        names[address, default: []].append(
          AddressRecord.Entry(owner: owner, isHidden: service.isHidden, name: name))
      }
    }
    guard !service.isAbsent else { return names }
    let key = service.labels.array
    for family in [AddressFamily.ipv4, .ipv6] {
      if !service.isHeadless { add(service.addresses(family), .service, key) }
      for index in 0..<service.endpointCount {
        let endpoint = service.endpoint(index)
        let label = endpoint.label
        add(endpoint.addresses(family), .endpoint, [UInt8(label.count)] + label.array + key)
      }
    }
    return names
  }
}

extension Record {
  /// Whether both hold the same octets, key and flags included.
  fileprivate func isEqual(to other: Record) -> Bool { octets.equals(other.octets) }
}
