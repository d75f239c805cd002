extension ClusterStore {
  /// All objects, for going through them in portions while changes go on between these.
  ///
  /// Each object is as it was when it was handed out. One that is there all the time comes once;
  /// one that appears, goes or changes meanwhile comes or not, before its change or after it. Copies
  /// no more at a time than the names of one namespace's services and Pods. Objects that are held
  /// back come, too.
  ///
  /// Pods and Endpoints have no labels: the store does not keep them. Pods without an address that
  /// is kept (``ClusterIndex/pods``) are left out.
  public func contents() -> Contents {
    Contents(self)
  }

  /// See ``contents()``. Belongs to the control thread, as the store does.
  public struct Contents: IteratorProtocol {
    private let store: ClusterStore
    // Of each what is still to come, the next at the end.
    private var namespaces: [String]
    private var namespace = ""
    private var services: [String] = []
    private var pods: [String] = []
    /// Of one service: taken at once, so that its slices fit one another.
    private var objects: [ClusterObject] = []

    fileprivate init(_ store: ClusterStore) {
      self.store = store
      namespaces = Array(store.namespaces.keys)
    }

    public mutating func next() -> ClusterObject? {
      while true {
        if let object = objects.popLast() { return object }
        if let service = services.popLast() {
          take(service)
        } else if let pod = pods.popLast() {
          if let object = self.pod(pod) { return object }
        } else {
          guard let next = namespaces.popLast() else { return nil }
          if let object = enter(next) { return object }
        }
      }
    }

    private mutating func enter(_ name: String) -> ClusterObject? {
      guard let state = store.namespaces[name] else { return nil }
      namespace = name
      services = Array(state.services.keys)
      pods = Array(state.pods.keys)
      return state.object.map { .namespace($0) }
    }

    private mutating func take(_ name: String) {
      guard let state = store.namespaces[namespace]?.services[name] else { return }
      if let subsets = state.endpoints {
        let id = ObjectName(namespace: namespace, name: name)
        objects.append(.endpoints(Endpoints(id: id, subsets: subsets)))
      }
      for slice in state.slices.reversed() { objects.append(.slice(slice)) }
      if let service = state.service { objects.append(.service(service)) }
    }

    private func pod(_ name: String) -> ClusterObject? {
      guard let addresses = store.namespaces[namespace]?.pods[name], !addresses.isEmpty else {
        return nil
      }
      return .pod(Pod(id: ObjectName(namespace: namespace, name: name), addresses: addresses))
    }
  }
}
