public import IO
internal import Telemetry

/// The objects of a cluster, followed through its API server: what ``ClusterWatch`` decides, done
/// with HTTP on the event loop.
///
/// Belongs to the loop's thread.
public final class APISource {
  private let settings: APISettings
  private let loop: EventLoop
  private let metrics: WatchMetrics
  private let sink: any ReplicaSink
  private let log: (String, Severity) -> Void
  private let accessSource: AccessSource
  private var access: ClusterAccess?
  private var accessProblem: String?
  private var watch: ClusterWatch?
  private var client: HTTPClient?
  /// By number; a request keeps the client that it began with.
  private var transfers: [Int: HTTPClient] = [:]
  private var timer: Registration?
  private var timerAt = UInt64.max
  private var retry: Registration?
  private var accessBackoff = Backoff()
  private var jitter = Jitter(seed: Clock.random)
  private var hasBeenSynchronized = false

  /// - Parameters:
  ///   - metrics: shared by all sources of the process.
  ///   - log: takes sentences for the operator.
  public init(
    _ settings: APISettings, loop: EventLoop, metrics: WatchMetrics, sink: any ReplicaSink,
    log: @escaping (String, Severity) -> Void
  ) {
    self.settings = settings
    self.loop = loop
    self.metrics = metrics
    self.sink = sink
    self.log = log
    accessSource = AccessSource(settings.origin, loop: loop) {
      log($0, .warning)
    }
  }

  /// Begins; what goes wrong shows in ``faults``.
  public func start() {
    accessSource.onChange = { [unowned self] access in
      use(access)
      watch?.credentialsRenewed(Clock.monotonic)
      act()
    }
    accessSource.load { [unowned self] in take($0) }
  }

  // MARK: - What it says

  /// Whether every kind of object has been listed whole, once.
  public var isSynchronized: Bool { hasBeenSynchronized || watch?.isSynchronized == true }

  /// Whether nothing has been followed for so long that answers count as old.
  public var isLost: Bool {
    guard let watch else { return true }
    return (watch.downtime(Clock.monotonic) ?? 0) >= ClusterWatch.lostAfter
  }

  /// What is wrong, a sentence each.
  public var faults: [String] { [accessProblem].compactMap { $0 } + (watch?.faults ?? []) }

  /// Kinds of objects that have not been listed yet.
  public var missing: [String] { watch?.missing ?? settings.scope.resources.map(\.title) }

  /// Of each kind of object, seconds since its watch last said anything.
  public var eventAges: [(resource: String, seconds: Double)] {
    watch?.eventAges(Clock.monotonic) ?? []
  }

  // MARK: - Credentials

  /// The longest wait before credentials are tried again that could not be read, nanoseconds.
  private static let longestWait: UInt64 = 10_000_000_000

  private func take(_ result: Result<ClusterAccess, AccessError>) {
    switch result {
    case .success(let access):
      if accessProblem != nil { log("credentials can be read again", .info) }
      accessProblem = nil
      accessBackoff.reset()
      use(access)
      watch?.credentialsRenewed(Clock.monotonic)
    case .failure(let error):
      let text = "\(error)"
      if accessProblem != text { log("\(text)", .error) }
      accessProblem = text
      let wait = accessBackoff.next(most: Self.longestWait, random: jitter.next())
      retry = loop.after(.nanoseconds(wait)) { [unowned self] in
        accessSource.refresh { [unowned self] in take($0) }
      }
      // What is left of the old ones may still do.
      watch?.credentialsRenewed(Clock.monotonic)
    }
    act()
  }

  private func use(_ new: ClusterAccess) {
    let old = access
    access = new
    if client == nil || old.map(HTTPClientConfiguration.init) != HTTPClientConfiguration(new) {
      client = HTTPClient(on: loop, HTTPClientConfiguration(new))
    }
    if watch == nil || old?.servers != new.servers { begin(new) }
    watch?.credential = new.credential
    act()
  }

  /// Begins to watch, or begins anew with other servers.
  private func begin(_ access: ClusterAccess) {
    for (number, client) in transfers { client.cancel(number) }
    transfers = [:]
    // libcurl 7.88 does not tell a server of HTTP/2 that a transfer was dropped, so servers that
    // are left would go on with their watches.
    if watch != nil { client?.closeAll() }
    hasBeenSynchronized = isSynchronized
    let watch = ClusterWatch(
      settings.scope, servers: access.servers, limits: settings.limits,
      holdsFirstList: settings.holdsFirstList || hasBeenSynchronized, seed: Clock.random,
      metrics: metrics, sink: sink, log: log)
    self.watch = watch
    watch.start(Clock.monotonic)
  }

  // MARK: - Doing

  /// Does what the watch wants done, and waits until it wants to be woken.
  private func act() {
    guard let watch else { return }
    for action in watch.takeActions() {
      switch action {
      case .send(let number, let request, let server): send(number, request, server)
      case .cancel(let number): transfers.removeValue(forKey: number)?.cancel(number)
      case .closeConnections: client?.closeAll()
      case .renewCredentials: accessSource.refresh { [unowned self] in take($0) }
      }
    }
    guard let next = watch.nextWake, next < timerAt else { return }
    timerAt = next
    let now = Clock.monotonic
    timer = loop.after(.nanoseconds(next > now ? next - now : 0)) { [unowned self] in
      timerAt = .max
      self.watch?.wake(Clock.monotonic)
      act()
    }
  }

  private func send(_ number: Int, _ request: APIRequest, _ server: Int) {
    guard let access, let client, access.servers.indices.contains(server) else { return }
    let base = access.servers[server]
    var headers = access.extraHeaders
    headers.append(("Accept", request.accept))
    // What is sent in clear anyone can take.
    if let token = access.token, base.hasPrefix("https://") {
      headers.append(("Authorization", "Bearer \(token)"))
    }
    transfers[number] = client
    client.get(
      number,
      HTTPClientRequest(
        base + request.path, headers: headers, acceptsGzip: request.acceptsGzip,
        needsConnection: request.needsConnection), self)
  }
}

/// How an ``APISource`` finds and asks its server.
public struct APISettings {
  public var origin: AccessSource.Origin
  public var scope: WatchScope
  public var limits: RequestLimits
  /// There are objects from before, to answer from until the lists are complete.
  public var holdsFirstList: Bool

  public init(
    origin: AccessSource.Origin, scope: WatchScope, limits: RequestLimits,
    holdsFirstList: Bool = false
  ) {
    self.origin = origin
    self.scope = scope
    self.limits = limits
    self.holdsFirstList = holdsFirstList
  }
}

extension APISource: HTTPTransferDelegate {
  /// Hands a head to the watch.
  public func transfer(_ id: Int, received head: HTTPResponseHead) {
    watch?.receive(
      id,
      APIResponseHead(
        status: head.status, isMultiplexed: head.version == .http2,
        retryAfter: head.value(of: "Retry-After").flatMap { Int($0) },
        location: head.value(of: "Location")), Clock.monotonic)
    act()
  }

  /// Hands octets of a body to the watch.
  public func transfer(_ id: Int, received octets: RawSpan) {
    watch?.receive(id, octets, Clock.monotonic)
    act()
  }

  /// Hands the end of an answer to the watch.
  public func transfer(_ id: Int, ended failure: HTTPClientFailure?) {
    transfers[id] = nil
    watch?.end(id, failure.map { APITransportFailure($0.text) }, Clock.monotonic)
    act()
  }
}

extension HTTPClientConfiguration {
  fileprivate init(_ access: ClusterAccess) {
    self.init(
      authority: access.authority.map { .pem($0) } ?? .system, certificate: access.certificate,
      key: access.key, serverName: access.serverName, proxy: access.proxy)
  }
}
