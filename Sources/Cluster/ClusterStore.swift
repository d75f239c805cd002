import Synchronization
import Wire

/// The objects of a cluster, and the one writer of the ``ClusterIndex`` made from them.
///
/// A change recomputes the names of the service it touches and publishes what differs, so its cost
/// does not grow with the cluster. Belongs to the control thread.
public final class ClusterStore {
  public let index: ClusterIndex
  let options: StoreOptions
  let warn: (String) -> Void

  var namespaces: [String: NamespaceState] = [:]
  /// Namespace objects known; while there are none, a namespace exists when an object lives in it.
  var namespaceObjectCount = 0
  /// Whether a namespace still exists by what lives in it, see ``namespacesComplete()``.
  var areNamespacesComplete = false
  /// What has changed since the last ``publish(candidate:)``.
  var touched = Touched()
  /// What has changed but is not to be seen before ``releaseHeldBack(of:)``, by the kind of object
  /// that changed.
  var heldBack: [ObjectKey.Kind: Touched] = [:]
  /// Where the change in hand is noted; nil: it is not held back.
  private var holder: ObjectKey.Kind?
  /// Services, by namespace, that this ``publish(candidate:)`` hides for the lack of a Namespace.
  var unserved: [String: [String]] = [:]
  /// Names taken from addresses by this ``publish(candidate:)``, done after all additions: an
  /// address that goes from one service to another is never without a name.
  var removals = AddressRemovals()
  /// Those from addresses that no service is about to get, which may be done before.
  var earlyRemovals = AddressRemovals()
  /// Hashes of the addresses that the services in hand are about to have; nil where they are few.
  var expectedAddresses: Set<UInt32>?
  /// Of addresses with more names than are published, those left out.
  var omittedNames: [IPAddress: Set<AddressRecord.Entry>] = [:]
  /// Addresses that have got too many names in this ``publish(candidate:)``.
  var newlyCrowded: Set<IPAddress> = []
  /// Beginnings that this ``publish(candidate:)`` has left without an address, gone at its end unless
  /// they have got another.
  var emptiedPrefixes: Set<ReverseName.Prefix> = []
  var prefixCounts: [ReverseName.Prefix: Int] = [:]
  var podOwners: [IPAddress: [String: Int]] = [:]
  var hasChanged = false

  /// Of what the names are to be made again.
  struct Touched {
    var services: Set<ObjectName> = []
    var namespaces: Set<String> = []
    var podAddresses: Set<IPAddress> = []
  }

  /// What the store knows of one namespace.
  struct NamespaceState {
    var object: Namespace?
    var services: [String: ServiceState] = [:]
    /// The addresses of each Pod; none where no answer tells Pods apart.
    var pods: [String: [IPAddress]] = [:]

    var isEmpty: Bool { object == nil && services.isEmpty && pods.isEmpty }
  }

  /// A Service, and what belongs to it; either may be known before the other.
  struct ServiceState {
    var service: Service?
    var slices: [EndpointSlice] = []
    /// The subsets of the Endpoints object; nil without one.
    var endpoints: [EndpointSlice]?

    /// Endpoints count only for a service without slices.
    var effectiveSlices: [EndpointSlice] {
      // In the order of their names, so that replicas give the same answers.
      slices.isEmpty ? endpoints ?? [] : slices.sorted { $0.id.name < $1.id.name }
    }
    var isEmpty: Bool { service == nil && slices.isEmpty && endpoints == nil }
  }

  /// - Parameter warn: takes a sentence for the log.
  public init(index: ClusterIndex, options: StoreOptions, warn: @escaping (String) -> Void) {
    self.index = index
    self.options = options
    self.warn = warn
  }

  // MARK: - Changes

  /// Adds an object, or takes it in place of the one with its key. Nothing is seen of it before
  /// ``publish(candidate:)``; an object that is known as it is costs one comparison.
  ///
  /// - Parameter isHeldBack: nothing is seen of it before ``releaseHeldBack(of:)`` either, unless an
  ///   ordinary change touches the same service.
  public func upsert(_ object: ClusterObject, isHeldBack: Bool = false) {
    guard !has(object) else { return }
    if let labels = object.selectedLabels, !options.admits(labels) {
      return delete(object.key, isHeldBack: isHeldBack)
    }
    holder = isHeldBack ? object.key.kind : nil
    switch object {
    case .service(let service):
      update(service.id.namespace, service.id.name) { $0.service = service }
    case .slice(let slice):
      removeSlice(slice.id, unlessOf: slice.serviceName)
      update(slice.id.namespace, slice.serviceName) { state in
        if let at = state.slices.firstIndex(where: { $0.id == slice.id }) {
          state.slices[at] = slice
        } else {
          state.slices.append(slice)
        }
      }
      sliceOwners[slice.id] = slice.serviceName
    case .endpoints(let endpoints):
      update(endpoints.id.namespace, endpoints.id.name) { $0.endpoints = endpoints.subsets }
    case .namespace(let namespace):
      if namespaces[namespace.name]?.object == nil { changeNamespaceCount(1) }
      namespaces[namespace.name, default: NamespaceState()].object = namespace
      touchNamespace(namespace.name)
    case .pod(let pod):
      // Whatever Pods' names are, a namespace may exist by its Pods.
      setPod(pod.id, index.pods == .verified ? pod.addresses : [])
    }
  }

  /// Removes an object; unknown ones are passed over.
  ///
  /// - Parameter isHeldBack: as in ``upsert(_:isHeldBack:)``.
  public func delete(_ key: ObjectKey, isHeldBack: Bool = false) {
    holder = isHeldBack ? key.kind : nil
    let (namespace, name) = (key.id.namespace, key.id.name)
    switch key.kind {
    case .service:
      guard state(namespace, name)?.service != nil else { return }
      update(namespace, name) { $0.service = nil }
    case .slice: removeSlice(key.id, unlessOf: nil)
    case .endpoints:
      guard state(namespace, name)?.endpoints != nil else { return }
      update(namespace, name) { $0.endpoints = nil }
    case .namespace:
      guard namespaces[name]?.object != nil else { return }
      changeNamespaceCount(-1)
      namespaces[name]?.object = nil
      dropIfEmpty(name)
      touchNamespace(name)
    case .pod: setPod(key.id, nil)
    }
  }

  /// The service that a slice belongs to, since a deletion names the slice alone.
  var sliceOwners: [ObjectName: String] = [:]

  func state(_ namespace: String, _ name: String) -> ServiceState? {
    namespaces[namespace]?.services[name]
  }

  private func removeSlice(_ id: ObjectName, unlessOf owner: String?) {
    guard let old = sliceOwners[id], old != owner else { return }
    sliceOwners[id] = nil
    update(id.namespace, old) { $0.slices.removeAll { $0.id == id } }
  }

  private func update(
    _ namespace: String, _ name: String, _ change: (inout ServiceState) -> Void
  ) {
    noteResident(of: namespace)
    change(
      &namespaces[namespace, default: NamespaceState()].services[name, default: ServiceState()])
    if namespaces[namespace]?.services[name]?.isEmpty == true {
      namespaces[namespace]?.services[name] = nil
      dropIfEmpty(namespace)
    }
    touchService(ObjectName(namespace: namespace, name: name))
  }

  private func setPod(_ id: ObjectName, _ addresses: [IPAddress]?) {
    let old = namespaces[id.namespace]?.pods[id.name]
    guard old != addresses else { return }
    noteResident(of: id.namespace)
    namespaces[id.namespace, default: NamespaceState()].pods[id.name] = addresses
    for address in old ?? [] { countPod(address, id.namespace, -1) }
    for address in addresses ?? [] { countPod(address, id.namespace, 1) }
    dropIfEmpty(id.namespace)
  }

  private func countPod(_ address: IPAddress, _ namespace: String, _ step: Int) {
    let count = podOwners[address, default: [:]][namespace, default: 0] + step
    podOwners[address, default: [:]][namespace] = count > 0 ? count : nil
    if podOwners[address]?.isEmpty == true { podOwners[address] = nil }
    touchPodAddress(address)
  }

  private func dropIfEmpty(_ namespace: String) {
    guard namespaces[namespace]?.isEmpty == true else { return }
    namespaces[namespace] = nil
    touchNamespace(namespace)
  }

  /// The first Namespace object hides every namespace without one; the last one's end shows them.
  private func changeNamespaceCount(_ step: Int) {
    let wasZero = namespaceObjectCount == 0
    namespaceObjectCount += step
    guard !options.namespacesAreListed, wasZero != (namespaceObjectCount == 0) else { return }
    for name in namespaces.keys { touchNamespace(name) }
  }

  // MARK: - Notes

  private func touchService(_ id: ObjectName) {
    change { $0.services.insert(id) }
  }

  private func touchNamespace(_ name: String) {
    change { $0.namespaces.insert(name) }
  }

  private func touchPodAddress(_ address: IPAddress) {
    change { $0.podAddresses.insert(address) }
  }

  private func change(_ note: (inout Touched) -> Void) {
    if let holder { note(&heldBack[holder, default: Touched()]) } else { note(&touched) }
  }

  /// Before an object comes to a namespace, which may exist from now on, or for all to see if until
  /// now it did only by objects held back.
  private func noteResident(of namespace: String) {
    let isHeldBack =
      holder == nil && heldBack.values.contains { $0.namespaces.contains(namespace) }
    if namespaces[namespace] == nil || isHeldBack && !isPublished(namespace) {
      touchNamespace(namespace)
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
  /// Whether ``exposes`` looks at the labels, which are known with the Namespace object only.
  public var exposesByLabels = false
  /// Whether Namespace objects come one after the other until
  /// ``ClusterStore/namespacesComplete()``, as from an API server. Otherwise the first one says
  /// that all there are will be known.
  public var namespacesAreListed = false

  public init() {}
}
