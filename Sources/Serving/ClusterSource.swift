import Answering
import Cluster
import Config
import IO
import Kubernetes
import Telemetry
import Wire

/// The objects behind one or more `kubernetes` directives, followed on the control thread.
final class ClusterSource {
  let index: ClusterIndex
  let settings: KubernetesSettings
  let loop: EventLoop
  let log: Log
  let metrics: WatchMetrics
  private let store: ClusterStore
  private var manifests: ManifestSource?
  private var server: APISource?
  private var snapshot: SnapshotKeeper?
  /// What was read of the snapshot at the start: why not, or how old it is.
  private var snapshotNote: String?
  private var hasSnapshot = false
  private var isLoading = true
  private var timers: [Registration] = []
  private var trimming: Registration?

  init(
    _ settings: KubernetesSettings, epochs: Epochs, hash: NameHash, loop: EventLoop, log: Log,
    metrics: WatchMetrics
  ) {
    self.settings = settings
    self.loop = loop
    self.log = log
    self.metrics = metrics
    index = ClusterIndex(settings, epochs: epochs, hash: hash)
    store = ClusterStore(index: index, options: StoreOptions(settings)) { log.warning($0) }
  }

  /// Reads all objects, then follows their changes. Those of an API server come later, on the loop.
  ///
  /// - Parameter directory: what relative paths are relative to.
  func start(in directory: String) {
    func absolute(_ path: String) -> String {
      path.hasPrefix("/") ? path : directory + "/" + path
    }
    switch settings.source {
    case .manifests(let paths): readManifests(paths.map(absolute))
    case .inCluster, .kubeconfig, .endpoints:
      if let path = settings.snapshot { readSnapshot(absolute(path)) }
      follow(settings.origin(absolute))
    }
    updateState()
  }

  // MARK: - Manifests

  private func readManifests(_ paths: [String]) {
    let source = ManifestSource(
      paths: paths, loop: loop,
      decoder: ObjectDecoder(
        keepsLabels: settings.labels != nil || settings.namespaceLabels != nil,
        keepsPodNames: settings.endpointPodNames), sink: self
    ) { [log] in log.say($0, $1) }
    manifests = source
    source.load()
    isLoading = false
    let newest = source.newestModification
    store.publish(
      candidate: UInt32(truncatingIfNeeded: newest > 0 ? Int64(newest) : Clock.unixSeconds))
    updateState()
    if !index.isSynchronized {
      timers.append(loop.every(.milliseconds(100)) { [unowned self] in updateState() })
    }
  }

  // MARK: - API server

  private func follow(_ origin: AccessSource.Origin) {
    isLoading = false
    let source = APISource(
      APISettings(
        origin: origin, scope: settings.scope, limits: settings.limits,
        holdsFirstList: hasSnapshot), loop: loop, metrics: metrics, sink: self
    ) { [log] in log.say($0, $1) }
    server = source
    source.start()
    // Whether the server has been away for too long shows in time alone.
    timers.append(loop.every(.seconds(1)) { [unowned self] in updateState() })
    timers.append(
      loop.after(settings.startupTimeout) { [unowned self] in
        guard !source.isSynchronized else { return }
        // The beginning is CoreDNS's, which alerts look for.
        log.warning(
          "starting server with unsynced Kubernetes API: waiting for "
            + source.missing.joined(separator: ", ")
            + (source.faults.isEmpty ? "" : ": " + source.faults.joined(separator: "; ")),
          plugin: "kubernetes")
      })
  }

  // MARK: - Snapshot

  private func readSnapshot(_ path: String) {
    let selection = settings.selection
    switch SnapshotFile.read(
      path, selection: selection,
      { [store] objects in for object in objects { store.upsert(object) } })
    {
    case .missing: break
    case .ignored(let reason):
      forgetSnapshot()
      snapshotNote = reason
      log.warning(reason, plugin: "kubernetes")
    case .loaded(let loaded):
      hasSnapshot = true
      let age = max(0, Clock.unixSeconds - loaded.written)
      let text =
        "\(loaded.objectCount) objects from snapshot \(path), \(age) s old, until the API server"
        + " has been heard"
      log.info(text, plugin: "kubernetes")
      if let problem = loaded.problem { log.warning(problem, plugin: "kubernetes") }
      snapshotNote = "answering from " + text
      store.namespacesComplete()
      store.publish(candidate: UInt32(truncatingIfNeeded: loaded.written))
    }
    snapshot = SnapshotKeeper(
      path: path, selection: selection, loop: loop,
      contents: { [unowned store] in
        var contents = store.contents()
        return { contents.next() }
      }, report: { [log] in log.say($0, $1) })
  }

  /// A file that could not be read to its end has given objects all the same.
  private func forgetSnapshot() {
    for kind in [ObjectKey.Kind.service, .slice, .endpoints, .pod, .namespace] {
      for key in store.keys(of: kind, in: nil) { store.delete(key) }
    }
  }

  /// Ends what goes on outside this process, such as a credential plugin.
  func stop() {
    timers = []
    server = nil
  }

  // MARK: - State

  /// Says whether the names are complete and up to date.
  private func updateState() {
    let state: ClusterIndex.State
    if let manifests {
      state = index.isSynchronized || manifests.isSynchronized ? .live : .loading
      if state == .live { timers = [] }
    } else if let server, server.isSynchronized {
      if snapshotNote != nil || index.state == .loading { noteSynchronization() }
      state = server.isLost ? .stale : .live
    } else {
      state = hasSnapshot ? .stale : .loading
    }
    guard state != index.state else { return }
    if index.state == .live, state == .stale {
      log.warning(
        "the API server is lost: answering from the last known state", plugin: "kubernetes")
    }
    store.setState(state)
  }

  private func noteSynchronization() {
    snapshotNote = nil
    hasSnapshot = false
    snapshot?.noteSynchronization()
    log.info("synchronised with the API server", plugin: "kubernetes")
  }

  /// Whether everything has been read once.
  var isReady: Bool { index.isSynchronized }

  /// Whether everything is known and changes are followed.
  var isLive: Bool { index.state == .live }

  /// What is not served as it should be, a line each.
  var problems: [String] {
    if let manifests {
      return manifests.status.map { path, problem in
        problem.hasPrefix(path) ? problem : "\(path): \(problem)"
      }
    }
    guard let server else { return [] }
    var lines = server.faults.map { "kubernetes: \($0)" }
    if !server.isSynchronized {
      lines.append("kubernetes: not listed yet: " + server.missing.joined(separator: ", "))
    }
    if index.state == .stale {
      lines.append("kubernetes: answers are from the last known state")
    }
    if let snapshotNote { lines.append("kubernetes: \(snapshotNote)") }
    if let problem = snapshot?.status.problem { lines.append("kubernetes: \(problem)") }
    return lines
  }

  /// What `/metrics` shows of it.
  ///
  /// - Parameter zone: tells it from other sources.
  func addMetrics(to page: inout MetricsPage, zone: String) {
    page.add(
      "martlet_kubernetes_synchronized", .gauge,
      help: "Whether all objects have been read once.", labels: ["zone": zone],
      value: index.isSynchronized ? 1 : 0)
    page.add(
      "martlet_kubernetes_stale", .gauge,
      help: "Whether answers are from the last known state, the API server being lost.",
      labels: ["zone": zone], value: index.state == .stale ? 1 : 0)
    for (resource, seconds) in server?.eventAges ?? [] {
      page.add(
        "martlet_kubernetes_last_event_age_seconds", .gauge,
        help: "Seconds since the watch last said anything, bookmarks included.",
        labels: ["zone": zone, "resource": resource], value: seconds)
    }
    guard let status = snapshot?.status else { return }
    addMetrics(of: status, zone, to: &page)
  }

  private func addMetrics(of status: SnapshotStatus, _ zone: String, to page: inout MetricsPage) {
    page.add(
      "martlet_kubernetes_snapshot_failures_total", .counter,
      help: "Snapshots that could not be written.", labels: ["zone": zone],
      value: Double(status.failureCount))
    guard let written = status.written else { return }
    page.add(
      "martlet_kubernetes_snapshot_timestamp_seconds", .gauge,
      help: "When the last snapshot was written, Unix time.", labels: ["zone": zone],
      value: Double(written))
    page.add(
      "martlet_kubernetes_snapshot_size_bytes", .gauge, help: "Size of the last snapshot.",
      labels: ["zone": zone], value: Double(status.octets))
    page.add(
      "martlet_kubernetes_snapshot_duration_seconds", .gauge,
      help: "Time that writing the last snapshot took.", labels: ["zone": zone],
      value: Double(status.duration) / 1e9)
  }
}

// MARK: - Objects

extension ClusterSource: ReplicaSink {
  func apply(_ changes: [ObjectChange]) {
    take(changes, isHeldBack: false)
    // During the first load a service and its slices come apart: names are made once, at its end.
    if !isLoading { publish() }
  }

  func hold(_ changes: [ObjectChange]) {
    take(changes, isHeldBack: true)
  }

  func release(_ kind: ObjectKey.Kind) {
    store.releaseHeldBack(of: kind)
    publish()
    updateState()
    // Once for lists that come one after the other.
    trimming = loop.after(Self.trimDelay) { HeapPages.release() }
  }

  /// What a list leaves free is given back when nothing has been listed for this long.
  private static let trimDelay = Duration.seconds(1)

  func keys(of kind: ObjectKey.Kind, in namespace: String?) -> [ObjectKey] {
    store.keys(of: kind, in: namespace)
  }

  func completeNamespaces() {
    store.namespacesComplete()
    publish()
  }

  func noteTrigger(_ time: Double, of slice: EndpointSlice) {
    guard let isHeadless = store.isHeadless(slice.id.namespace, slice.serviceName) else { return }
    metrics.observeProgramming(
      max(0, Clock.unixTime - time), kind: isHeadless ? "headless_with_selector" : "cluster_ip")
  }

  private func take(_ changes: [ObjectChange], isHeldBack: Bool) {
    for change in changes {
      switch change {
      case .upsert(let object): store.upsert(object, isHeldBack: isHeldBack)
      case .delete(let key): store.delete(key, isHeldBack: isHeldBack)
      }
    }
    snapshot?.noteChange()
  }

  private func publish() {
    store.publish(candidate: UInt32(truncatingIfNeeded: Clock.unixSeconds))
  }
}

extension Log {
  /// Writes a sentence of a source.
  fileprivate func say(_ text: String, _ severity: Severity) {
    switch severity {
    case .info: info(text, plugin: "kubernetes")
    case .warning: warning(text, plugin: "kubernetes")
    case .error: error(text, plugin: "kubernetes")
    }
  }
}
