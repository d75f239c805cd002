import Cluster
import Config
import Glibc
import IO
import Telemetry
import Wire

// Where everything meets. The control thread reads the configuration, owns the objects and zones,
// publishes what it makes of them, and serves health, readiness and metrics; workers own sockets
// and answer:
//
//   Server (control thread) ─ Generation ─ ClusterSource, ZoneSource ─ publish ─▶ ClusterIndex, ZoneSlot
//     └─ Worker (a thread per CPU) ─ WorkerEndpoint (a listener) ─ Responder ─ Accounting
//
// A reload (Reloading) makes the next Generation; a WorkerGeneration is what workers get of it.

/// A running martlet.
public final class Server {
  let parts: LastingParts
  let loop = EventLoop()
  let log: Log
  /// What serves now.
  private(set) var generation: Generation
  private let isQuiet: Bool
  private let output: LogOutput
  private let taken = Mailbox<Int>()
  private var threads: [Thread] = []
  private var mailboxes: [Mailbox<Worker.Command>] = []
  private var registrations: [Registration] = []
  private var opened: [OpenListener] = []
  private var isStopping = false
  private(set) lazy var status = StatusPages(self, loop: loop)
  private(set) lazy var reloading = Reloading(self)
  /// What the running configuration was made from.
  let first: LoadedConfiguration
  let source: ConfigurationSource

  /// Makes a server; nothing is opened, and no objects or zones are read yet.
  ///
  /// - Parameters:
  ///   - loaded: what `source` has given.
  ///   - source: where a reload finds the configuration again.
  /// - Throws: where the configuration has errors, or asks for something that cannot be.
  public init(
    _ loaded: LoadedConfiguration, from source: ConfigurationSource, options: ServerOptions
  ) throws(StartError) {
    guard let configuration = loaded.configuration else {
      throw StartError("error: the configuration has errors")
    }
    first = loaded
    self.source = source
    isQuiet = options.isQuiet
    output = LogOutput(descriptor: STDOUT_FILENO)
    log = Log(output.queue)
    log.writesDebug = configuration.blocks.contains(where: \.debug)
    let workerCount = Clock.availableCPUs
    let hash = NameHash(seed: Clock.random)
    parts = LastingParts(
      directory: options.directory, loop: loop, log: log, hash: hash,
      epochs: Epochs(readers: workerCount), workerCount: workerCount,
      asks: OwnQuestions(loop: loop, hash: hash))
    generation = try Generation(configuration, number: 1, parts: parts, after: [])
  }

  /// Reads the data and opens every port; from its return on queries wait for ``serve()``.
  ///
  /// - Throws: where an address is not to be had. What was logged until then is written out.
  public func open() throws(StartError) {
    var isOpen = false
    defer { if !isOpen { output.finish() } }
    // A port that is taken shows before data is read, which may take a while. Left open it would
    // already take queries that nobody answers yet.
    try OpenListener.refuseShared(generation.listeners)
    // As early: a first process of a container gets no signal that it has no handler for
    // (pid_namespaces(7)).
    watchSignals()
    try status.open(for: generation.configuration)
    status.serve(generation.configuration)
    generation.start()
    // Again, for somebody may have come meanwhile.
    try OpenListener.refuseShared(generation.listeners)
    opened = try OpenListener.open(generation.listeners, workers: parts.workerCount)
    generation.narrow(to: Set(opened.map(\.listener.address)))
    isOpen = true
  }

  /// Answers until a signal ends it; once, after ``open()``.
  ///
  /// - Throws: where the system gives no more threads.
  public func serve() throws(StartError) {
    defer {
      generation.reporter.finish()
      output.finish()
    }
    output.start(on: loop)
    try startWorkers()
    configureWorkers(opened)
    opened = []
    announce(generation.listeners)
    if generation.configuration.blocks.isEmpty {
      log.warning("\(first.sources.first ?? "the Corefile") has no server block: nothing is served")
    }
    registrations.append(
      loop.every(.seconds(1)) { [unowned self] in
        generation.reporter.writeDue()
        parts.retired.look(now: Clock.monotonic)
      })
    registrations.append(taken.receive(on: loop) { [unowned self] in reloading.noteTaken($0) })
    reloading.start()
    loop.run()
    reloading.end()
    generation.drop(except: [])
    for thread in threads { thread.join() }
  }

  /// Whether a signal has come to end it.
  var isEnding: Bool { isStopping }

  /// What `/ready` names as not ready, plugin names as CoreDNS lists them.
  var notReady: [String] { isStopping ? ["Shutting down"] : generation.notReady }

  /// What a person wants to know of everything that is not as it should be.
  var problems: [String] { reloading.problems + generation.problems }

  // MARK: - Workers

  private func startWorkers() throws(StartError) {
    mailboxes = (0..<parts.workerCount).map { _ in Mailbox<Worker.Command>() }
    for number in 0..<parts.workerCount {
      let setup = WorkerSetup(
        number: number, mailboxes: mailboxes, taken: taken, outstanding: parts.outstanding,
        probes: parts.probes, epochs: parts.epochs, hash: parts.hash, log: log)
      do {
        threads.append(try Thread.start("worker-\(number)") { Worker(setup).run() })
      } catch {
        throw StartError("error: \(error)")
      }
    }
  }

  /// Serves `next` from now on; what it has not of the generation before ends when all workers have
  /// taken it, see ``Reloading``.
  ///
  /// - Parameter opened: the sockets of listeners that workers do not have yet.
  func serve(_ next: Generation, opened: [OpenListener]) {
    status.noteReadiness()
    generation = next
    log.writesDebug = next.configuration.blocks.contains(where: \.debug)
    status.serve(next.configuration)
    configureWorkers(opened)
  }

  private func configureWorkers(_ opened: [OpenListener]) {
    for (number, mailbox) in mailboxes.enumerated() {
      mailbox.post(.configure(generation.setup(worker: number, opened: opened)))
    }
    generation.begin()
  }

  // MARK: - Life

  private func announce(_ listeners: [Listener]) {
    guard !isQuiet else { return }
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
    for (number, name) in [(SIGUSR1, "SIGUSR1"), (SIGHUP, "SIGHUP")] {
      registrations.append(
        loop.onSignal(number) { [unowned self] in
          if !isStopping { reloading.reload(askedBy: name) }
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
    reloading.end()
    let lameduck = generation.configuration.blocks.compactMap { $0.health?.lameduck }.max()
    guard let lameduck, lameduck > .zero else { return stopWorkers() }
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

  /// Log lines that were dropped because nobody read them.
  var droppedLines: Int { Int(output.queue.droppedLines) }
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
