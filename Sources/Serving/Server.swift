import Answering
import Cluster
public import Config
import Glibc
import IO
import Kubernetes
import Synchronization
import Telemetry
import Wire

// Where everything meets. The control thread reads the configuration, owns the objects and zones,
// publishes what it makes of them, and serves health, readiness and metrics; workers own sockets
// and answer:
//
//   Server (control thread) ─ ClusterSource, ZoneSource ─ publish ─▶ ClusterIndex, ZoneSlot
//     └─ Worker (a thread per CPU) ─ WorkerEndpoint (a listener) ─ Responder ─ Accounting

/// A running martlet.
public final class Server {
  private let configuration: Configuration
  private let options: ServerOptions
  private let loop = EventLoop()
  private let log: Log
  private let output: LogOutput
  private let hash = NameHash(seed: Clock.random)
  private let epochs: Epochs
  private let workerCount: Int
  private let reporter: ErrorReporter
  private let registry = QueryCounterRegistry(plugins: Step.pluginNames)
  private var sources: [ClusterSource] = []
  private var blockSources: [[ClusterSource]] = []
  private var zoneSources: [[ZoneSource]] = []
  private var threads: [Thread] = []
  private var mailboxes: [Mailbox<Worker.Command>] = []
  private var registrations: [Registration] = []
  private var status: StatusPages?
  private var listening: [OpenListener] = []
  private var isStopping = false
  private var enabledPlugins: [QueryLabels: [String]] = [:]
  private let watchMetrics = WatchMetrics()

  /// Makes a server; nothing is opened or read yet.
  ///
  /// - Throws: where the configuration asks for something that cannot be.
  public init(_ configuration: Configuration, options: ServerOptions) throws(StartError) {
    self.configuration = configuration
    self.options = options
    workerCount = Clock.availableCPUs
    epochs = Epochs(readers: workerCount)
    output = LogOutput(descriptor: STDOUT_FILENO)
    log = Log(output.queue)
    log.writesDebug = configuration.blocks.contains(where: \.debug)
    reporter = try ErrorReporter(log: log, blocks: configuration.blocks)
  }

  /// Reads the data and opens every port; from its return on queries wait for ``serve()``.
  ///
  /// - Throws: where an address is not to be had. What was logged until then is written out.
  public func open() throws(StartError) {
    var isOpen = false
    defer { if !isOpen { output.finish() } }
    let listeners = try Listener.all(configuration, interfaces: InterfaceAddress.all())
    enabledPlugins = enabledPlugins(of: listeners)
    // A port that is taken shows before data is read, which may take a while. Left open it would
    // already take queries that nobody answers yet.
    try OpenListener.refuseShared(listeners)
    // As early: a first process of a container gets no signal that it has no handler for
    // (pid_namespaces(7)).
    watchSignals()
    let status = StatusPages(configuration, log: log)
    self.status = status
    try status.open(on: loop, server: self)
    readData()
    // Again, for somebody may have come meanwhile.
    try OpenListener.refuseShared(listeners)
    listening = try OpenListener.open(listeners, workers: workerCount)
    isOpen = true
  }

  /// Answers until a signal ends it; once, after ``open()``.
  ///
  /// - Throws: where the system gives no more threads.
  public func serve() throws(StartError) {
    defer {
      reporter.finish()
      output.finish()
    }
    output.start(on: loop)
    try startWorkers(listening)
    announce(listening.map(\.listener))
    for plugin in Server.inertPlugins(in: configuration) {
      log.warning("does nothing in this version: \(plugin.effect)", plugin: plugin.name)
    }
    registrations.append(loop.every(.seconds(1)) { [reporter] in reporter.writeDue() })
    status?.startProbe(on: loop)
    loop.run()
    for source in sources { source.stop() }
    for thread in threads { thread.join() }
  }

  // MARK: - Data

  /// Reads objects and zones. Directives that differ only in their zones share the objects.
  private func readData() {
    var shared: [KubernetesSettings: ClusterSource] = [:]
    for block in configuration.blocks {
      blockSources.append(
        block.kubernetes.map { settings in
          let key = settings.withoutZones
          if let known = shared[key] { return known }
          let source = ClusterSource(
            settings, epochs: epochs, hash: hash, loop: loop, log: log, metrics: watchMetrics)
          shared[key] = source
          sources.append(source)
          return source
        })
      let directory = block.root ?? options.directory
      let absolute = directory.hasPrefix("/") ? directory : options.directory + "/" + directory
      zoneSources.append(block.files.map { ZoneSource($0, in: absolute, log: log) })
    }
    for source in sources { source.start(in: options.directory) }
    for source in zoneSources.joined() { source.start(on: loop) }
  }

  /// Whether a signal has come to end it.
  var isEnding: Bool { isStopping }

  /// What `/ready` names as not ready, plugin names as CoreDNS lists them.
  var notReady: [String] {
    if isStopping { return ["Shutting down"] }
    var waiting: [String] = []
    if !zoneSources.joined().allSatisfy(\.isReady) { waiting.append("file") }
    if !sources.allSatisfy(\.isReady) { waiting.append("kubernetes") }
    return waiting
  }

  /// What a person wants to know of everything that is not as it should be.
  var problems: [String] {
    sources.flatMap(\.problems) + zoneSources.joined().compactMap(\.problem)
  }

  // MARK: - Workers

  private func startWorkers(_ opened: [OpenListener]) throws(StartError) {
    var formats: [String] = []
    for block in configuration.blocks {
      for log in block.log where !formats.contains(log.format) { formats.append(log.format) }
    }
    var limits = StreamLimits().divided(by: workerCount * opened.count)
    limits.idle = .seconds(Int(Responder.idleSeconds))
    for number in 0..<workerCount {
      let mailbox = Mailbox<Worker.Command>()
      mailboxes.append(mailbox)
      let setup = WorkerSetup(
        number: number,
        listeners: opened.map { open in
          WorkerSetup.ListenerSetup(
            listener: open.listener, datagrams: open.sockets[number].datagrams,
            streams: open.sockets[number].streams,
            plans: open.listener.blocks.map { plan($0, open.listener, number, formats) },
            dropped: droppedCounters(open.listener, number))
        }, commands: mailbox, epochs: epochs, hash: hash, log: log, reporter: reporter,
        streamLimits: limits, logFormats: formats.map { QueryLogFormat($0) })
      do {
        threads.append(try Thread.start("worker-\(number)") { Worker(setup).run() })
      } catch {
        throw StartError("error: \(error)")
      }
    }
  }

  private func plan(
    _ bound: Listener.BoundBlock, _ listener: Listener, _ worker: Int, _ formats: [String]
  ) -> PlanSetup {
    let block = configuration.blocks[bound.block]
    let labels = QueryLabels(server: listener.label, zone: bound.zone.description)
    return PlanSetup(
      zone: bound.zone, block: bound.block, settings: block, ownAddresses: bound.ownAddresses,
      indexes: blockSources[bound.block].map(\.index),
      zoneSlots: zoneSources[bound.block].map(\.slots),
      counters: block.prometheus.isEmpty ? nil : registry.counters(for: labels, worker: worker),
      logFormats: block.log.map { log in formats.firstIndex(of: log.format) ?? 0 })
  }

  private func enabledPlugins(of listeners: [Listener]) -> [QueryLabels: [String]] {
    var plugins: [QueryLabels: [String]] = [:]
    for listener in listeners {
      for bound in listener.blocks where !configuration.blocks[bound.block].prometheus.isEmpty {
        let labels = QueryLabels(server: listener.label, zone: bound.zone.description)
        plugins[labels] = configuration.blocks[bound.block].plugins
      }
    }
    return plugins
  }

  private func droppedCounters(_ listener: Listener, _ worker: Int) -> QueryCounters? {
    let counts = listener.blocks.contains { !configuration.blocks[$0.block].prometheus.isEmpty }
    let labels = QueryLabels(server: listener.label, zone: QueryLabels.dropped)
    return counts ? registry.counters(for: labels, worker: worker) : nil
  }

  // MARK: - Life

  private func announce(_ listeners: [Listener]) {
    guard !options.isQuiet else { return }
    var said: Set<String> = []
    for listener in listeners {
      for block in listener.blocks {
        let on =
          listener.address.isUnspecified
          ? "" : " on \(IPAddress(listener.address))"
        let line = "\(block.zone):\(listener.address.port)\(on)"
        if said.insert(line).inserted { log.plain(line) }
      }
    }
    for line in Version.lines { log.plain(line) }
  }

  private func watchSignals() {
    // The words of CoreDNS, which alerts look for.
    let signals = [
      (SIGTERM, "SIGTERM: Shutting down servers then terminating"),
      (SIGINT, "SIGINT: Shutting down"),
    ]
    for (number, words) in signals {
      registrations.append(
        loop.onSignal(number) { [unowned self] in
          log.info(words)
          stop()
        })
    }
  }

  /// The first signal: unready at once, answering through `lameduck`, then the end. The second
  /// ends it now.
  private func stop() {
    if isStopping {
      // Workers go on reading what belongs to the server until the process is gone.
      _ = unsafe Unmanaged.passRetained(self)
      threads = []
      return loop.stop()
    }
    isStopping = true
    let lameduck = configuration.blocks.compactMap { $0.health?.lameduck }.max() ?? .zero
    guard lameduck > .zero else { return stopWorkers() }
    log.info("Going into lameduck mode for \(Self.text(lameduck))", plugin: "health")
    registrations.append(loop.after(lameduck) { [unowned self] in stopWorkers() })
  }

  private static func text(_ duration: Duration) -> String {
    DecimalText.duration(nanoseconds: UInt64(duration / .nanoseconds(1)))
  }

  private func stopWorkers() {
    for mailbox in mailboxes { mailbox.post(.stop) }
    // Workers take at most their grace; the control thread stays reachable until they are done.
    let threads = threads
    let done = Mailbox<Bool>()
    registrations.append(done.receive(on: loop) { [loop] _ in loop.stop() })
    let ending = try? Thread.start("ending") {
      for thread in threads { thread.join() }
      done.post(true)
    }
    guard let ending else { return loop.stop() }
    self.threads = [ending]
  }

  // MARK: - Metrics

  /// What `/metrics` shows.
  func addMetrics(to page: inout MetricsPage) {
    page.addBuild(version: Version.number, revision: Version.revision, swift: Version.swift)
    page.addPanics()
    for (labels, plugins) in enabledPlugins {
      for plugin in plugins { page.addEnabled(plugin: plugin, in: labels) }
    }
    page.add(queries: registry.all)
    self.status?.addMetrics(to: &page)
    watchMetrics.add(to: &page)
    // Sources of one zone on several ports are numbered: a page has each series once.
    var zones: [String: Int] = [:]
    for source in sources {
      let zone = source.settings.zones.first?.description ?? "."
      let number = zones[zone, default: 0] + 1
      zones[zone] = number
      source.addMetrics(to: &page, zone: number == 1 ? zone : "\(zone) #\(number)")
    }
    page.add(
      "martlet_log_lines_dropped_total", .counter,
      help: "Log lines dropped because standard output was not read fast enough.",
      value: Double(output.queue.droppedLines))
    page.add(
      "martlet_dns_replies_lost_total", .counter,
      help: "UDP replies that the kernel did not take.",
      value: Double(reporter.lostReplies.load(ordering: .relaxed)))
    if let status = try? ProcessStatus.current() {
      page.add(
        process: ProcessFigures(
          cpuSeconds: status.cpuSeconds, residentOctets: status.residentOctets,
          virtualOctets: status.virtualOctets, startTime: status.startTime,
          openDescriptors: status.openDescriptors, maximumDescriptors: status.maximumDescriptors))
    }
  }
}

/// How the server is to run, from the command line.
public struct ServerOptions: Sendable {
  /// What relative paths of the Corefile are relative to.
  public var directory: String
  /// Nothing is said about the start.
  public var isQuiet: Bool

  public init(directory: String, isQuiet: Bool = false) {
    self.directory = directory
    self.isQuiet = isQuiet
  }
}
