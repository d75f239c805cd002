public import Cluster
public import Config
public import Wire

// What a `kubernetes` directive means for the names made of objects.

extension ClusterIndex {
  /// An index for the names of one directive, or of several that differ only in their zones.
  public convenience init(_ settings: KubernetesSettings, epochs: Epochs, hash: NameHash) {
    let pods: PodNames =
      switch settings.pods {
      case .disabled: .disabled
      case .insecure: .insecure
      case .verified: .verified
      }
    self.init(epochs: epochs, hash: hash, ttl: settings.ttl, pods: pods)
  }
}

extension StoreOptions {
  /// How objects are named, and which are taken and shown.
  public init(_ settings: KubernetesSettings) {
    self.init()
    naming.ttl = settings.ttl
    naming.endpointPodNames = settings.endpointPodNames
    naming.noEndpoints = settings.noEndpoints
    naming.ignoresEmptyServices = settings.ignoreEmptyService
    if !settings.namespaces.isEmpty {
      exposes = { name, _ in settings.namespaces.contains(name) }
    }
    guard case .manifests = settings.source else {
      // An API server selects by labels itself; what it does not give is not there.
      namespacesAreListed = true
      exposesByLabels = settings.namespaceLabels != nil
      return
    }
    if let selector = settings.labels { admits = { selector.matches($0) } }
    if let selector = settings.namespaceLabels {
      exposes = { _, labels in selector.matches(labels) }
      exposesByLabels = true
    }
  }
}
