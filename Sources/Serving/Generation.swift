import Answering
import Cluster
import Config
import Forwarding
import IO
import Kubernetes
import Telemetry
import Wire

/// What every generation of the configuration has in common; lives as long as the server.
struct LastingParts {
  /// What relative paths of the Corefile are relative to.
  let directory: String
  let loop: EventLoop
  let log: Log
  let hash: NameHash
  let epochs: Epochs
  let workerCount: Int
  /// Kept by their labels, so that no total falls.
  let counters = QueryCounterRegistry(plugins: Step.pluginNames)
  let watchMetrics = WatchMetrics()
  let lostReplies = LostReplies()
  let outstanding = OutstandingQuestions()
  let probes = LoopProbes()
  let retired = RetiredParts()
  let rounds = UpstreamRounds()
  let known = KnownUpstreams()
  let asks: OwnQuestions
}

/// One configuration put together: listeners, and the data behind each block. What an earlier
/// generation has and this one asks for alike is the same object in both, see ``Kept``.
///
/// Belongs to the control thread; workers get what they need of it by ``WorkerGeneration``.
final class Generation {
  let number: Int
  let configuration: Configuration
  /// Each address once. Until ``narrow(to:)`` also those that this host cannot have.
  private(set) var listeners: [Listener]
  let reporter: ErrorReporter
  let enabledPlugins: [QueryLabels: [String]]
  private(set) var clusters = Kept<KubernetesSettings, ClusterSource>()
  private(set) var zones = Kept<ZoneSource.Key, ZoneSource>()
  private(set) var upstreams = Kept<UpstreamKey, UpstreamSource>()
  private var caches = Kept<CacheKey, AnswerCache>()
  private var blockForwardings: [BlockForwarding] = []
  private var blockClusters: [[ClusterSource]] = []
  private var blockZones: [[ZoneSource]] = []
  private let parts: LastingParts
  private let formats: [String]

  /// Reads and opens nothing yet.
  ///
  /// - Parameter earlier: generations to take objects over from, those that serve first.
  /// - Throws: where the configuration asks for something that cannot be.
  init(
    _ configuration: Configuration, number: Int, parts: LastingParts, after earlier: [Generation]
  ) throws(StartError) {
    self.configuration = configuration
    self.number = number
    self.parts = parts
    listeners = try Listener.all(configuration, interfaces: InterfaceAddress.all())
    reporter = try ErrorReporter(
      log: parts.log, blocks: configuration.blocks, lostReplies: parts.lostReplies)
    enabledPlugins = Self.enabledPlugins(configuration, listeners)
    var formats: [String] = []
    for log in configuration.blocks.flatMap(\.log) where !formats.contains(log.format) {
      formats.append(log.format)
    }
    self.formats = formats
    for block in configuration.blocks {
      addData(of: block, earlier)
      try addForwarding(of: block, earlier)
    }
  }

  /// Directives that differ only in their zones share the objects.
  private func addData(of block: ServerBlock, _ earlier: [Generation]) {
    blockClusters.append(
      block.kubernetes.map { settings in
        clusters.object(for: settings.sourceKey, from: earlier.map(\.clusters)) {
          ClusterSource(
            settings, epochs: parts.epochs, hash: parts.hash, loop: parts.loop, log: parts.log,
            metrics: parts.watchMetrics)
        }
      })
    let folder = block.folder(in: parts.directory)
    blockZones.append(
      block.files.map { settings in
        let key = ZoneSource.Key(settings, in: folder)
        return zones.object(for: key, from: earlier.map(\.zones)) {
          ZoneSource(key, log: parts.log)
        }
      })
  }

  private func addForwarding(
    of block: ServerBlock, _ earlier: [Generation]
  ) throws(StartError) {
    let cache = CacheKey(block, in: configuration).map { key in
      caches.object(for: key, from: earlier.map(\.caches)) {
        AnswerCache(settings: key.settings, hash: parts.hash)
      }
    }
    var sources: [UpstreamSource] = []
    for (index, settings) in block.forwards.enumerated() {
      let key = UpstreamKey(settings, index, of: block, in: parts.directory)
      sources.append(
        try upstreams.object(for: key, from: earlier.map(\.upstreams)) { () throws(StartError) in
          try UpstreamSource(settings, key, parts)
        })
    }
    blockForwardings.append(BlockForwarding(cache: cache, sources: sources, block: block))
  }

  /// Reads the objects and zones that no earlier generation has, and follows them. Objects of an
  /// API server come later.
  func start() {
    for source in clusters.made { source.start(in: parts.directory) }
    for source in zones.made { source.start(on: parts.loop) }
    for source in upstreams.made {
      source.names = clusterNames
      source.start()
    }
  }

  /// It serves from now on. Upstreams may have been made by a generation that never did.
  func begin() {
    for source in upstreams.all {
      source.names = clusterNames
      source.checkLoops()
    }
  }

  /// The names of all its clusters, for its own needs.
  var clusterNames: ClusterNames {
    ClusterNames(
      zip(configuration.blocks, blockClusters).flatMap { block, sources in
        zip(block.kubernetes, sources).map { ($0, $1.index) }
      })
  }

  /// How long the hosts of upstreams may take to be looked up; objects have their `startup_timeout`.
  private static let lookUpPatience = Duration.seconds(2)

  /// Whether objects that the serving generation lacks are complete and up to date, and the hosts of
  /// upstreams looked up, or have had their time.
  func isComplete(beside serving: Generation, after waited: Duration) -> Bool {
    clusters.missing(in: [serving.clusters]).allSatisfy {
      $0.isLive || waited >= $0.settings.startupTimeout
    }
      && upstreams.missing(in: [serving.upstreams]).allSatisfy {
        $0.isKnown || waited >= Self.lookUpPatience
      }
  }

  /// Ends all that none of `others` has, at once.
  func drop(except others: [Generation]) {
    retire(except: others)
    end(except: others)
  }

  /// Ends the objects that none of `others` has, when no worker answers from them any more.
  func end(except others: [Generation]) {
    for source in clusters.missing(in: others.map(\.clusters)) { source.stop() }
  }

  /// Hands over what none of `others` has of upstreams and caches: it serves no more, and what it
  /// has counted goes on.
  func retire(except others: [Generation]) {
    for source in upstreams.missing(in: others.map(\.upstreams)) {
      source.stop()
      parts.retired.take(source.group)
    }
    let ended = caches.missing(in: others.map(\.caches))
    for (cache, labels) in cacheLabels where ended.contains(where: { $0 === cache }) {
      parts.retired.take(cache, labels)
    }
  }

  /// Leaves out listeners that could not be opened on this host.
  func narrow(to open: Set<SocketAddress>) {
    listeners.removeAll { !open.contains($0.address) }
  }

  // MARK: - State

  /// Plugins that have not read everything once, named as CoreDNS does.
  var notReady: [String] {
    var waiting: [String] = []
    if !zones.all.allSatisfy(\.isReady) { waiting.append("file") }
    if !clusters.all.allSatisfy(\.isReady) { waiting.append("kubernetes") }
    return waiting
  }

  /// What a person wants to know of everything that is not as it should be.
  var problems: [String] {
    clusters.all.flatMap(\.problems) + zones.all.compactMap(\.problem)
      + upstreams.all.flatMap(\.problems)
  }

  /// For each source of objects the first zone of a directive that is answered from it.
  var clusterZones: [(zone: DomainName, source: ClusterSource)] {
    let named = zip(configuration.blocks, blockClusters).flatMap { block, sources in
      zip(block.kubernetes, sources).map { ($0.zones.first ?? .root, $1) }
    }
    return clusters.all.map { source in
      (named.first { $0.1 === source }?.0 ?? .root, source)
    }
  }

  /// The caches, each once, with the listener and the zones that metrics name.
  var cacheLabels: [(cache: AnswerCache, labels: CacheLabels)] {
    caches.all.map { cache in
      let block = blockForwardings.firstIndex { $0.cache === cache } ?? 0
      let server = listeners.first { $0.blocks.contains { $0.block == block } }?.label ?? ""
      let zones = cache.settings.zones.map(\.description)
      return (cache, CacheLabels(server: server, zones: zones.joined(separator: ",")))
    }
  }

  private static func enabledPlugins(
    _ configuration: Configuration, _ listeners: [Listener]
  ) -> [QueryLabels: [String]] {
    var plugins: [QueryLabels: [String]] = [:]
    for listener in listeners {
      for bound in listener.blocks where !configuration.blocks[bound.block].prometheus.isEmpty {
        let labels = QueryLabels(server: listener.label, zone: bound.zone.description)
        plugins[labels] = configuration.blocks[bound.block].plugins
      }
    }
    return plugins
  }

  // MARK: - For workers

  /// What a worker answers by.
  ///
  /// - Parameter opened: the sockets of listeners that it does not have yet.
  func setup(worker: Int, opened: [OpenListener]) -> WorkerGeneration {
    var limits = StreamLimits().fitting(descriptors: FileDescriptors.limit)
      .divided(by: parts.workerCount * listeners.count)
    limits.idle = .seconds(Int(Responder.idleSeconds))
    return WorkerGeneration(
      number: number,
      listeners: listeners.map { listener in
        WorkerGeneration.ListenerSetup(
          address: listener.address,
          sockets: opened.first { $0.listener.address == listener.address }?.sockets[worker],
          plans: listener.blocks.map { plan($0, listener, worker) },
          dropped: droppedCounters(listener, worker))
      }, reporter: reporter, logFormats: formats.map { QueryLogFormat($0) },
      streamLimits: limits)
  }

  private func plan(
    _ bound: Listener.BoundBlock, _ listener: Listener, _ worker: Int
  ) -> PlanSetup {
    let block = configuration.blocks[bound.block]
    let labels = QueryLabels(server: listener.label, zone: bound.zone.description)
    return PlanSetup(
      zone: bound.zone, block: bound.block, settings: block, ownAddresses: bound.ownAddresses,
      indexes: blockClusters[bound.block].map(\.index),
      zoneSlots: blockZones[bound.block].map(\.slots),
      targets: blockForwardings[bound.block].targets,
      counters: block.prometheus.isEmpty
        ? nil : parts.counters.counters(for: labels, worker: worker),
      logFormats: block.log.map { log in formats.firstIndex(of: log.format) ?? 0 })
  }

  private func droppedCounters(_ listener: Listener, _ worker: Int) -> QueryCounters? {
    let counts = listener.blocks.contains { !configuration.blocks[$0.block].prometheus.isEmpty }
    let labels = QueryLabels(server: listener.label, zone: QueryLabels.dropped)
    return counts ? parts.counters.counters(for: labels, worker: worker) : nil
  }
}

extension KubernetesSettings {
  /// What objects and their names depend on. Neither where the directive stands nor how long a
  /// start waits for it is a reason to list anything again.
  var sourceKey: KubernetesSettings {
    var key = withoutZones
    key.startupTimeout = .zero
    return key
  }
}
