import Answering
import Cluster
import Config
import IO
import Kubernetes
import Telemetry
import Wire

/// The objects behind one or more `kubernetes` directives, followed on the control thread.
final class ClusterSource: ObjectSink {
  let index: ClusterIndex
  private let store: ClusterStore
  private let settings: KubernetesSettings
  private let loop: EventLoop
  private let log: Log
  private var manifests: ManifestSource?
  private var watching: Registration?
  private var isLoading = true

  init(
    _ settings: KubernetesSettings, epochs: Epochs, hash: NameHash, loop: EventLoop, log: Log
  ) {
    self.settings = settings
    self.loop = loop
    self.log = log
    index = ClusterIndex(settings, epochs: epochs, hash: hash)
    store = ClusterStore(index: index, options: StoreOptions(settings)) { log.warning($0) }
  }

  /// Reads all objects, then follows their changes.
  ///
  /// - Parameter directory: what relative paths are relative to.
  func start(in directory: String) {
    guard case .manifests(let paths) = settings.source else { return }
    let source = ManifestSource(
      paths: paths.map { $0.hasPrefix("/") ? $0 : directory + "/" + $0 }, loop: loop,
      keepsLabels: settings.labels != nil || settings.namespaceLabels != nil, sink: self
    ) { [log] text, severity in
      switch severity {
      case .warning: log.warning(text, plugin: "kubernetes")
      case .error: log.error(text, plugin: "kubernetes")
      }
    }
    manifests = source
    source.load()
    isLoading = false
    let newest = source.newestModification
    store.publish(
      candidate: UInt32(truncatingIfNeeded: newest > 0 ? Int64(newest) : Clock.unixSeconds))
    noteSynchronization()
    if !index.isSynchronized {
      watching = loop.every(.milliseconds(100)) { [unowned self] in noteSynchronization() }
    }
  }

  func apply(_ changes: [ObjectChange]) {
    for change in changes {
      switch change {
      case .upsert(let object): store.upsert(object)
      case .delete(let key): store.delete(key)
      }
    }
    // During the first load a service and its slices come apart: names are made once, at its end.
    if !isLoading { store.publish(candidate: UInt32(truncatingIfNeeded: Clock.unixSeconds)) }
  }

  private func noteSynchronization() {
    guard !index.isSynchronized, manifests?.isSynchronized == true else { return }
    store.setSynchronized(true)
    watching = nil
  }

  /// Whether everything has been read once.
  var isReady: Bool { index.isSynchronized }

  /// What is not served as it should be, a line each.
  var problems: [String] {
    manifests?.status.map { path, problem in
      problem.hasPrefix(path) ? problem : "\(path): \(problem)"
    } ?? []
  }
}
