internal import Telemetry

// Where objects come from: the API server of a cluster.
//
//   APISource (event loop, HTTP) ─ ClusterWatch ─ Reflector (one for each kind) ─ ReplicaSink
//                                      └ Exchange (a request under way), RequestBucket, Comparison
//
// Below APISource there are values and functions: time is an argument, what is to be sent comes out
// as actions.

/// Follows all the objects that DNS needs of one cluster: decides what is asked of which API server
/// and when, takes the answers, and knows what is wrong.
///
/// Times are nanoseconds of a clock that never goes back. After every call, ``takeActions()`` says
/// what to do and ``nextWake`` when to call ``wake(_:)``.
public final class ClusterWatch {
  let servers: [String]
  let reflectors: [Reflector]
  var comparisons: [Int: Comparison] = [:]
  var exchanges: [Int: Exchange] = [:]
  /// Of each reflector when it may ask next, and how it has fared.
  var schedules: [Schedule]
  var bucket: RequestBucket
  var jitter: Jitter
  /// The server that is asked now.
  var server = 0
  /// Servers tried one after the other without an answer.
  var unreachable = 0
  /// Whose list is under way: one at a time, so that no two fill the memory.
  var lister: Int?
  /// When the connection last gave an octet, and whether requests share it.
  var lastOctets: [UInt64]
  /// What proves who asks, for messages: ``ClusterAccess/credential``.
  public var credential: String?
  /// Set while new credentials are awaited.
  var awaitsCredentials = false
  /// When they were last read again.
  var credentialsAt: UInt64?
  /// When the last watch that is needed went down; nil while all are up.
  var downSince: UInt64?
  var problems = ProblemList()
  let metrics: WatchMetrics
  let sink: any ReplicaSink
  private var lastNumber = 0
  private var actions: [APIAction] = []
  private var limitedUntil: UInt64 = 0
  private var latest: UInt64 = 0

  /// What is known of one reflector's asking.
  struct Schedule {
    /// It does not ask before.
    var notBefore: UInt64 = 0
    /// It waits since, for the limits only.
    var wantsSince: UInt64?
    var backoff = Backoff()
    /// When what is known is next compared with the server.
    var compareAt: UInt64 = .max
    /// When a comparison last began.
    var comparedAt: UInt64?
    /// When anything was last heard of it; nil: never.
    var lastEvent: UInt64?
    /// The next request is not to use a connection that there is.
    var needsConnection = false
    /// The wait is for a server that could not be reached.
    var waitsForServer = false
    /// The wait is for credentials that are taken.
    var waitsForCredentials = false
    /// Answers in a row that were a server's error.
    var serverErrors = 0
  }

  /// - Parameters:
  ///   - servers: how the operator knows them, for messages: their URLs.
  ///   - holdsFirstList: there are objects from before, to answer from until the lists are complete.
  ///   - seed: of the jitter of waits.
  ///   - log: takes sentences for the operator.
  public init(
    _ scope: WatchScope, servers: [String], limits: RequestLimits = RequestLimits(),
    holdsFirstList: Bool, seed: UInt64, metrics: WatchMetrics,
    sink: any ReplicaSink, log: @escaping (String, Severity) -> Void
  ) {
    precondition(!servers.isEmpty, "no server to ask")
    self.servers = servers
    self.metrics = metrics
    self.sink = sink
    bucket = RequestBucket(limits)
    jitter = Jitter(seed: seed)
    problems.log = log
    reflectors = scope.resources.map { resource in
      Reflector(
        resource, keepsPodNames: scope.needsPodNames, holdsFirstList: holdsFirstList, sink: sink
      ) {
        log($0, .warning)
      }
    }
    schedules = reflectors.map { _ in Schedule() }
    lastOctets = servers.map { _ in 0 }
  }

  // MARK: - What it says

  /// Whether every kind of object has been listed whole, once.
  public var isSynchronized: Bool { reflectors.allSatisfy(\.isSynchronized) }

  /// Nanoseconds since when not everything is followed any more (or not yet); nil: all is.
  public func downtime(_ now: UInt64) -> UInt64? {
    isUp ? nil : downSince.map { now > $0 ? now - $0 : 0 }
  }

  /// What is wrong, a sentence each.
  public var faults: [String] { problems.current }

  /// The kinds of objects that have not been listed yet: `services`.
  public var missing: [String] {
    reflectors.filter { !$0.isSynchronized }.map(\.resource.title)
  }

  /// Of each kind of object, seconds since its watch last said anything.
  public func eventAges(_ now: UInt64) -> [(resource: String, seconds: Double)] {
    zip(reflectors, schedules).compactMap { reflector, schedule in
      schedule.lastEvent.map { (reflector.resource.title, Double(now - $0) / 1e9) }
    }
  }

  // MARK: - What it is told

  /// Begins.
  public func start(_ now: UInt64) {
    downSince = now
    lastOctets = servers.map { _ in now }
    advance(now)
  }

  /// A time that ``nextWake`` named has come.
  public func wake(_ now: UInt64) {
    watchOverExchanges(now)
    advance(now)
  }

  /// New credentials are in use, or there are none to be had.
  public func credentialsRenewed(_ now: UInt64) {
    awaitsCredentials = false
    credentialsAt = now
    for index in schedules.indices where schedules[index].waitsForCredentials {
      schedules[index].waitsForCredentials = false
      schedules[index].notBefore = now
    }
    advance(now)
  }

  /// The head of an answer has come.
  public func receive(_ number: Int, _ head: APIResponseHead, _ now: UInt64) {
    guard var exchange = exchanges[number] else { return }
    exchange.head = head
    exchange.lastOctet = now
    lastOctets[exchange.server] = now
    exchanges[number] = exchange
    let host = host(exchange.server)
    metrics.durations(exchange.request.verb, host).observe(Double(now - exchange.sentAt) / 1e9)
    metrics.requests(String(head.status), "GET", host).add()
    unreachable = 0
    problems.end(.server)
    if head.status == 200, let owner = exchange.owner {
      problems.end(.resource(owner))
      schedules[owner].serverErrors = 0
      callWaiting(now)
    }
    advance(now)
  }

  /// Octets of the body of an answer have come.
  public func receive(_ number: Int, _ octets: RawSpan, _ now: UInt64) {
    guard var exchange = exchanges[number], let head = exchange.head else { return }
    exchange.lastOctet = now
    lastOctets[exchange.server] = now
    if head.status != 200 {
      exchange.keep(octets)
      exchanges[number] = exchange
      return
    }
    exchanges[number] = exchange
    guard let owner = exchange.owner else { return }
    if exchange.request.purpose == .comparison {
      receiveComparison(number, owner, octets, now)
    } else {
      schedules[owner].lastEvent = now
      let reflector = reflectors[owner]
      let count = reflector.eventCount
      take(reflector.receive(octets), number, owner, now)
      metrics.events(reflector.resource.name).add(reflector.eventCount - count)
    }
    advance(now)
  }

  /// An answer is at its end, or will not come any more.
  public func end(_ number: Int, _ failure: APITransportFailure?, _ now: UInt64) {
    guard let exchange = exchanges.removeValue(forKey: number) else { return }
    if let failure {
      lose(exchange, failure.text, now)
    } else if let head = exchange.head, head.status != 200 {
      refuse(exchange, head, now)
    } else if let owner = exchange.owner {
      if exchange.request.purpose == .comparison {
        endComparison(owner, now)
      } else {
        let verdict = reflectors[owner].end()
        conclude(verdict, exchange, owner, now)
      }
    }
    advance(now)
  }

  /// What to do now, in order.
  public func takeActions() -> [APIAction] {
    defer { actions.removeAll() }
    return actions
  }

  // MARK: - Asking

  /// Sends whatever is due.
  func advance(_ now: UInt64) {
    latest = now
    noteDowntime(now)
    guard !awaitsCredentials, now >= limitedUntil else { return }
    for index in reflectors.indices {
      guard now >= schedules[index].notBefore, !isBusy(index) else { continue }
      if reflectors[index].listReason != nil {
        guard lister == nil || lister == index else { continue }
      }
      guard mayAsk(now, index) else { return }
      if reflectors[index].listReason != nil { lister = index }
      var request = reflectors[index].nextRequest(Self.watchSeconds(&jitter))
      request.needsConnection = schedules[index].needsConnection
      schedules[index].needsConnection = false
      send(request, index, isListing: reflectors[index].listReason != nil, now)
    }
    for index in reflectors.indices where isComparisonDue(index, now) {
      guard lister == nil, mayAsk(now, index) else { return }
      compare(index, now)
    }
  }

  /// Whether a request of its own is under way, comparisons aside.
  private func isBusy(_ index: Int) -> Bool {
    exchanges.values.contains { $0.owner == index && $0.request.purpose != .comparison }
  }

  /// How long a server is to keep a watch open: as client-go, so that watches come to an end one by
  /// one and spread over the servers again.
  private static func watchSeconds(_ jitter: inout Jitter) -> UInt64 { 300 + jitter.next() % 301 }

  /// Whether the limits let a request be sent now, for a list or watch of a kind of object.
  private func mayAsk(_ now: UInt64, _ index: Int) -> Bool {
    let inFlight = exchanges.values.count { !$0.isEstablishedWatch }
    let since = schedules[index].wantsSince ?? now
    schedules[index].wantsSince = since
    guard bucket.allows(inFlight: inFlight) else { return false }
    let wait = bucket.take(now)
    guard wait == 0 else {
      limitedUntil = now + wait
      return false
    }
    limitedUntil = 0
    let verb = reflectors[index].listReason == nil ? "watch" : "list"
    metrics.waits(verb, host(server)).observe(Double(now - since) / 1e9)
    schedules[index].wantsSince = nil
    return true
  }

  /// - Parameter server: nil for the one that is asked now.
  func send(
    _ request: APIRequest, _ owner: Int?, isListing: Bool = false, to server: Int? = nil,
    _ now: UInt64
  ) {
    let server = server ?? self.server
    lastNumber += 1
    exchanges[lastNumber] = Exchange(
      request: request, owner: owner, server: server, sentAt: now, isListing: isListing)
    actions.append(.send(lastNumber, request, server: server))
  }

  /// A server as metrics name it: `10.96.0.1:443`.
  func host(_ server: Int) -> String {
    let url = servers[server]
    guard let scheme = url.firstRange(of: "://") else { return url }
    return String(url[scheme.upperBound...].prefix { $0 != "/" })
  }

  func cancel(_ number: Int) {
    guard exchanges.removeValue(forKey: number) != nil else { return }
    actions.append(.cancel(number))
  }

  func act(_ action: APIAction) {
    actions.append(action)
  }

  /// When ``wake(_:)`` is to be called next; nil: not before something is heard.
  public var nextWake: UInt64? {
    var times: [UInt64] = [limitedUntil]
    for index in reflectors.indices where !isBusy(index) {
      times.append(schedules[index].notBefore)
    }
    times += schedules.map(\.compareAt)
    if let downSince { times.append(downSince + Self.lostAfter) }
    // What was due already waits for something else.
    times.removeAll { $0 <= latest || $0 == .max }
    times += exchanges.values.map { deadline($0) } + comparisons.values.compactMap(\.dueAt)
    if let nextProbe { times.append(nextProbe.time) }
    return times.min()
  }
}
