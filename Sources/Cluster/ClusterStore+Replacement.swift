// A list read again replaces what was known without a gap: it is laid beside the old names piece by
// piece, and shown when it is whole.
extension ClusterStore {
  /// Lets the next ``publish(candidate:)`` show the changes to objects of a kind that were held back;
  /// nil: of all kinds.
  public func releaseHeldBack(of kind: ObjectKey.Kind? = nil) {
    for kind in kind.map({ [$0] }) ?? Array(heldBack.keys) {
      guard let released = heldBack.removeValue(forKey: kind) else { continue }
      if touched.services.isEmpty {
        touched.services = released.services
      } else {
        touched.services.formUnion(released.services)
      }
      touched.namespaces.formUnion(released.namespaces)
      touched.podAddresses.formUnion(released.podAddresses)
    }
  }

  /// Says that every Namespace has been listed once: from now on a namespace exists by its own
  /// object only. Seen with the next ``publish(candidate:)``; without
  /// ``StoreOptions/namespacesAreListed`` it changes nothing.
  public func namespacesComplete() {
    guard options.namespacesAreListed, !areNamespacesComplete else { return }
    areNamespacesComplete = true
    for (name, state) in namespaces where state.object == nil { touched.namespaces.insert(name) }
  }

  /// The objects of a kind that are known, held back or not, in no order: what a finished list
  /// lacks of them has gone.
  ///
  /// - Parameter namespace: nil for all. Namespaces themselves live in none.
  public func keys(of kind: ObjectKey.Kind, in namespace: String?) -> [ObjectKey] {
    guard let namespace else {
      if kind == .slice { return sliceOwners.keys.map { ObjectKey(kind: kind, id: $0) } }
      return namespaces.flatMap { keys(of: kind, $0, $1) }
    }
    guard kind != .namespace, let state = namespaces[namespace] else { return [] }
    return keys(of: kind, namespace, state)
  }

  private func keys(
    of kind: ObjectKey.Kind, _ namespace: String, _ state: NamespaceState
  ) -> [ObjectKey] {
    func key(_ name: String) -> ObjectKey {
      ObjectKey(kind: kind, id: ObjectName(namespace: namespace, name: name))
    }
    switch kind {
    case .service: return state.services.compactMap { $1.service == nil ? nil : key($0) }
    case .endpoints: return state.services.compactMap { $1.endpoints == nil ? nil : key($0) }
    case .slice:
      return state.services.values.flatMap { $0.slices.map { ObjectKey(kind: kind, id: $0.id) } }
    case .pod: return state.pods.keys.map(key)
    case .namespace:
      let id = ObjectName(namespace: "", name: namespace)
      return state.object == nil ? [] : [ObjectKey(kind: kind, id: id)]
    }
  }

  /// Whether a Service is headless; nil for one that is not known.
  public func isHeadless(_ namespace: String, _ name: String) -> Bool? {
    state(namespace, name)?.service.map { $0.kind == .headless }
  }

  /// Whether `object` is known and no different.
  func has(_ object: ClusterObject) -> Bool {
    switch object {
    case .service(let service):
      return state(service.id.namespace, service.id.name)?.service == service
    case .slice(let slice):
      let slices = state(slice.id.namespace, slice.serviceName)?.slices ?? []
      return slices.contains { $0.id.name == slice.id.name && $0 == slice }
    case .endpoints(let endpoints):
      return state(endpoints.id.namespace, endpoints.id.name)?.endpoints == endpoints.subsets
    case .namespace(let namespace): return namespaces[namespace.name]?.object == namespace
    // Only its addresses are kept, which setPod compares.
    case .pod: return false
    }
  }
}

extension ClusterObject {
  /// Labels that decide whether it is taken; nil where they do not.
  var selectedLabels: [String: String]? {
    switch self {
    case .service(let service): service.labels
    case .slice(let slice): slice.labels
    case .endpoints(let endpoints): endpoints.labels
    case .namespace: nil
    case .pod(let pod): pod.labels
    }
  }
}
