import APIServerKit
import Cluster
import Kubernetes
import Testing

/// A ``ClusterWatch`` and the API server it follows, in virtual time: every run of a seed is the
/// same.
final class Simulation {
  let server: FaultyAPIServer
  let replica = Replica()
  let served: ServedCluster
  let watch: ClusterWatch
  private(set) var now: UInt64 = 0
  private(set) var log: [String] = []
  /// Called for each request before the server sees it.
  var onRequest: (APIRequest) -> Void = { _ in }
  /// Whether answers share a connection, as over HTTP/2.
  var isMultiplexed = true
  /// The longest piece in which octets arrive; nil: all that are due at once.
  var pieceOctets: ClosedRange<Int>?
  private var token = 1
  private var transfers: [Int: Transfer] = [:]
  private var renewalAt: UInt64?
  private var random: SeededRandom

  private struct Transfer {
    /// Nil: refused.
    var exchange: APIExchange?
    /// What happens is heard of from here on.
    var from: UInt64
    var hasHead = false
  }

  init(
    _ script: FaultScript = FaultScript(), scope: WatchScope = WatchScope(),
    settings: APIServerSettings = APIServerSettings(), servers: Int = 1,
    limits: RequestLimits = RequestLimits(), holdsFirstList: Bool = false, seed: UInt64 = 0
  ) {
    server = FaultyAPIServer(APIServerModel(settings), script)
    random = SeededRandom(seed: seed)
    served = ServedCluster(replica)
    var said: (String, Severity) -> Void = { _, _ in }
    watch = ClusterWatch(
      scope, servers: (0..<servers).map { "https://api-\($0)" }, limits: limits,
      holdsFirstList: holdsFirstList, seed: seed, metrics: WatchMetrics(),
      sink: served
    ) { said($0, $1) }
    said = { [unowned self] text, _ in log.append(text) }
  }

  // MARK: - Time

  /// Begins to watch.
  func start() {
    watch.start(now)
    act()
  }

  /// Lets time pass until `end`, doing everything that is due on the way.
  func run(until end: UInt64) {
    // Bounded: what is due is at least a nanosecond later each time, but a fault in either side
    // must end the test, not hang it.
    var turns = 0
    while turns < 200_000 {
      turns += 1
      deliver()
      let next = nextTime
      guard next <= end else { break }
      now = max(next, now)
      if let renewalAt, renewalAt <= now {
        self.renewalAt = nil
        token += 1
        watch.credentialsRenewed(now)
        act()
      }
      if let wake = watch.nextWake, wake <= now {
        watch.wake(now)
        let hasActed = act()
        let isLater = watch.nextWake.map { $0 > now } ?? true
        #expect(hasActed || isLater, "woken for nothing")
      }
    }
    precondition(turns < 200_000, "the simulation does not come to rest")
    now = max(now, end)
  }

  private var nextTime: UInt64 {
    var next = watch.nextWake ?? .max
    if let renewalAt { next = min(next, renewalAt) }
    for transfer in transfers.values {
      if transfer.from > now {
        next = min(next, transfer.from)
      } else if let exchange = transfer.exchange {
        next = min(next, UInt64(exchange.nextWake(Int64(now))))
      }
    }
    return max(next, now + 1)
  }

  // MARK: - Between the two

  /// Time from a request to the beginning of its answer, and from a change to its event.
  private static let latency: UInt64 = 1_000_000

  @discardableResult
  private func act() -> Bool {
    let actions = watch.takeActions()
    for action in actions {
      switch action {
      case .send(let number, let request, _):
        onRequest(request)
        let headers = [
          APIHeader("Accept", request.accept), APIHeader("Authorization", "Bearer \(token)"),
        ]
        let exchange = server.respond(
          to: APIRequestText("GET", request.path, headers: headers), now: Int64(now))
        transfers[number] = Transfer(exchange: exchange, from: now + Self.latency)
      case .cancel(let number): transfers[number] = nil
      case .closeConnections: break
      case .renewCredentials: renewalAt = now + 10 * Self.latency
      }
    }
    return !actions.isEmpty
  }

  /// Hands over everything that has arrived.
  func deliver() {
    for number in transfers.keys.sorted() {
      guard let transfer = transfers[number], transfer.from <= now else { continue }
      guard let exchange = transfer.exchange else {
        end(number, "Connection refused")
        continue
      }
      let octets = exchange.next(Int64(now))
      guard UInt64(exchange.respondsFrom) <= now else { continue }
      if !transfer.hasHead {
        transfers[number]?.hasHead = true
        receiveHead(number, exchange)
      }
      receive(number, octets, exchange.chunkLimit)
      switch exchange.end(Int64(now)) {
      case .open: break
      case .clean: end(number, nil)
      case .cut: end(number, "Connection reset by peer")
      }
    }
  }

  private func receiveHead(_ number: Int, _ exchange: APIExchange) {
    func value(_ name: String) -> String? { exchange.headers.first { $0.name == name }?.value }
    let head = APIResponseHead(
      status: exchange.status, isMultiplexed: isMultiplexed,
      retryAfter: value("Retry-After").flatMap { Int($0) }, location: value("Location"))
    watch.receive(number, head, now)
    act()
  }

  private func receive(_ number: Int, _ octets: [UInt8], _ limit: Int?) {
    var rest = octets[...]
    while !rest.isEmpty, transfers[number] != nil {
      var count = limit ?? rest.count
      if let pieceOctets { count = Int.random(in: pieceOctets, using: &random) }
      let piece = Array(rest.prefix(count))
      rest = rest.dropFirst(count)
      unsafe watch.receive(number, piece.span.bytes, now)
      act()
    }
  }

  private func end(_ number: Int, _ failure: String?) {
    guard transfers.removeValue(forKey: number) != nil else { return }
    watch.end(number, failure.map { APITransportFailure($0) }, now)
    act()
  }
}

/// A sink that keeps what it is told: what answers would be made of, and what is held back.
final class Replica: ReplicaSink {
  private(set) var visible: [ObjectKey: ClusterObject] = [:]
  private var known: [ObjectKey: ClusterObject] = [:]
  private(set) var areNamespacesComplete = false
  private(set) var triggers: [Double] = []
  /// Called for each object that can be seen no more.
  var onLoss: (ObjectKey) -> Void = { _ in }

  func apply(_ changes: [ObjectChange]) {
    for change in changes {
      take(change, in: &known)
      if case .delete(let key) = change, visible[key] != nil { onLoss(key) }
      take(change, in: &visible)
    }
  }

  func hold(_ changes: [ObjectChange]) {
    for change in changes { take(change, in: &known) }
  }

  func release(_ kind: ObjectKey.Kind) {
    for key in visible.keys where key.kind == kind && known[key] == nil { onLoss(key) }
    visible = visible.filter { $0.key.kind != kind }
    visible.merge(known.filter { $0.key.kind == kind }) { $1 }
  }

  func keys(of kind: ObjectKey.Kind, in namespace: String?) -> [ObjectKey] {
    known.keys.filter { $0.kind == kind && (namespace == nil || $0.id.namespace == namespace) }
  }

  func completeNamespaces() {
    areNamespacesComplete = true
  }

  func noteTrigger(_ time: Double, of slice: EndpointSlice) {
    triggers.append(time)
  }

  private func take(_ change: ObjectChange, in objects: inout [ObjectKey: ClusterObject]) {
    switch change {
    case .upsert(let object): objects[object.key] = object
    case .delete(let key): objects[key] = nil
    }
  }
}
