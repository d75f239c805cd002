import Config
import IO
import Telemetry

/// Takes another configuration in the place of the one that serves: when the file has changed, or a
/// signal asks for it.
///
/// The next ``Generation`` is made beside the one that serves, and objects that it alone has are
/// read first. Then it opens what is new, and only when all of that is there do workers take it.
/// What goes wrong before leaves everything as it was. At most one generation waits: a newer
/// configuration takes its place.
///
/// Belongs to the control thread.
final class Reloading {
  private unowned let server: Server
  private var candidate: Candidate?
  private var retiring: Retiring?
  private var lastNumber: Int
  private var timer: Registration?
  private let watch: ConfigurationWatch
  /// Addresses whose listeners have gone, and until when sockets may be left that wait to send the
  /// last replies.
  private var closing: [SocketAddress: UInt64] = [:]
  /// Of what serves.
  private var running: ConfigurationFingerprint
  /// Why the newest configuration does not serve; an older one may come to serve meanwhile.
  private var problem: String?
  private var failureCount = 0

  /// A configuration on its way.
  private struct Candidate {
    let generation: Generation
    let fingerprint: ConfigurationFingerprint
    /// When it was read: what it lacks has a time from then on.
    let since: UInt64
    /// ``failureCount`` when it was made: more since then are of newer ones.
    let failureCount: Int
  }

  /// What served before, until the last worker is done with it.
  private struct Retiring {
    let generation: Generation
    let successor: Int
    var workers: Int
  }

  init(_ server: Server) {
    self.server = server
    lastNumber = server.generation.number
    running = server.first.fingerprint
    watch = ConfigurationWatch(loop: server.loop, running: running)
  }

  /// How long a listener that goes may have sockets: its open exchanges over TCP, and queries that
  /// wait for upstreams, by 5 s each. Nanoseconds.
  private static let closingTime: UInt64 = 12_000_000_000
  /// How often objects are looked for that a new configuration waits for.
  private static let lookPeriod = Duration.milliseconds(50)

  /// Begins to look at the files where the configuration asks for it.
  func start() {
    watch.changed = { [unowned self] in take($0, isAsked: false) }
    watch.load = { [unowned self] in server.source.load() }
    watch.unchanged = { [unowned self] in forget() }
    announce()
  }

  /// Looks no more; what waits is given up.
  func end() {
    watch.schedule(nil)
    drop()
  }

  // MARK: - Reading

  /// Reads the configuration at once.
  ///
  /// - Parameter signal: who asked, for the log.
  func reload(askedBy signal: String) {
    let loaded = server.source.load()
    guard loaded.fingerprint != running else {
      forget()
      return server.log.info("\(signal): nothing has changed", plugin: "reload")
    }
    take(loaded, isAsked: true)
  }

  /// The files are again what serves.
  private func forget() {
    drop()
    problem = nil
  }

  private func take(_ loaded: LoadedConfiguration, isAsked: Bool) {
    guard loaded.fingerprint != candidate?.fingerprint else {
      // What was refused has been taken back.
      problem = nil
      return
    }
    guard let configuration = loaded.configuration else {
      return reject(loaded.complaint, isAsked: isAsked)
    }
    // A disk that was full leaves it, or an editor in the middle of its work; nothing would be served,
    // and with `reload` gone nothing looked at again.
    guard !configuration.blocks.isEmpty else {
      let file = loaded.sources.first ?? "the Corefile"
      return reject("\(file): error: it has no server block", isAsked: isAsked)
    }
    do {
      try prepare(configuration, loaded.fingerprint)
    } catch {
      return reject(error.description, isAsked: isAsked)
    }
    for diagnostic in loaded.diagnostics { server.log.warning(diagnostic.line, plugin: "reload") }
    advance()
    if candidate != nil, retiring == nil {
      server.log.info(
        "the new configuration waits for its kubernetes objects, or the addresses of upstreams",
        plugin: "reload")
    }
  }

  /// Everything that can be wrong shows here, but for who takes a port from now on.
  private func prepare(
    _ configuration: Configuration, _ fingerprint: ConfigurationFingerprint
  ) throws(StartError) {
    let serving = server.generation
    let next = try Generation(
      configuration, number: lastNumber + 1, parts: server.parts,
      after: [serving] + [candidate?.generation].compactMap { $0 })
    closing = closing.filter { Clock.monotonic < $0.value }
    let own = Set(serving.listeners.map(\.address)).union(closing.keys)
    try OpenListener.refuseShared(next.listeners.filter { !own.contains($0.address) }, own: own)
    lastNumber += 1
    next.start()
    candidate?.generation.drop(except: [serving, next])
    candidate = Candidate(
      generation: next, fingerprint: fingerprint, since: Clock.monotonic,
      failureCount: failureCount)
  }

  /// Errors are alerted on: each look at a bad file counts, but only a new one has lines, or one
  /// that somebody asked for.
  private func reject(_ text: String, isAsked: Bool) {
    failureCount += 1
    let isKnown = problem == text
    problem = text
    guard !isKnown || isAsked else { return }
    // The words of CoreDNS, which alerts look for.
    server.log.error("Restart failed: \(text)")
    server.log.error("Corefile changed but reload failed: \(text)", plugin: "reload")
  }

  // MARK: - Switching

  /// Lets the candidate serve as soon as it can.
  private func advance() {
    guard let candidate else { return }
    let waited = Duration.nanoseconds(Clock.monotonic &- candidate.since)
    let isDue = candidate.generation.isComplete(beside: server.generation, after: waited)
    // Workers take one generation after the other; their last word on the one before comes here.
    guard isDue, retiring == nil else {
      timer = server.loop.after(Self.lookPeriod) { [unowned self] in advance() }
      return
    }
    timer = nil
    self.candidate = nil
    do {
      try serve(candidate)
    } catch {
      candidate.generation.drop(except: [server.generation])
      reject(error.description, isAsked: false)
    }
  }

  private func serve(_ candidate: Candidate) throws(StartError) {
    let old = server.generation
    let next = candidate.generation
    let change = AddressChange(
      from: old.listeners.map(\.address), to: next.listeners.map(\.address))
    try server.status.open(for: next.configuration)
    let opened: [OpenListener]
    do {
      opened = try OpenListener.open(
        next.listeners.filter { change.opened.contains($0.address) },
        workers: server.parts.workerCount)
    } catch {
      server.status.forget()
      throw error
    }
    next.narrow(to: change.kept.union(opened.map(\.listener.address)))
    server.log.info("Reloading")
    retiring = Retiring(
      generation: old, successor: next.number, workers: server.parts.workerCount)
    for address in change.closed { closing[address] = Clock.monotonic + Self.closingTime }
    server.serve(next, opened: opened)
    old.retire(except: [next])
    running = candidate.fingerprint
    if candidate.failureCount == failureCount { problem = nil }
    announce()
  }

  /// A worker has taken a generation.
  func noteTaken(_ number: Int) {
    guard number == retiring?.successor else { return }
    retiring?.workers -= 1
    guard let retiring, retiring.workers == 0 else { return }
    self.retiring = nil
    retiring.generation.reporter.finish()
    retiring.generation.end(
      except: [server.generation] + [candidate?.generation].compactMap { $0 })
    server.log.info("Reloading complete")
    advance()
  }

  /// Gives up what waits.
  private func drop() {
    timer = nil
    candidate?.generation.drop(except: [server.generation])
    candidate = nil
  }

  /// Says which configuration serves, and looks at its files as it asks.
  private func announce() {
    let settings = server.generation.configuration.reload
    if settings != nil {
      server.log.info("Running configuration SHA512 = \(running.sha512)", plugin: "reload")
    }
    watch.note(running: running)
    watch.schedule(settings)
  }

  // MARK: - State

  /// What a person wants to know of a configuration that does not serve.
  var problems: [String] { problem.map { ["reload: \($0)"] } ?? [] }

  /// CoreDNS's two families.
  func addMetrics(to page: inout MetricsPage) {
    page.add(
      "coredns_reload_failed_total", .counter,
      help: "Counter of the number of failed reload attempts.", value: Double(failureCount))
    guard server.generation.configuration.reload != nil else { return }
    page.add(
      "coredns_reload_version_info", .gauge,
      help:
        "A metric with a constant '1' value labeled by hash, and value which type of hash generated.",
      labels: ["hash": "sha512", "value": running.sha512], value: 1)
  }
}

extension Configuration {
  /// The first `reload` of the file: there is one watch for all of it.
  var reload: ReloadSettings? { blocks.lazy.compactMap(\.reload).first }
}
