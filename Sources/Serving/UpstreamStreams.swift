import Forwarding
import Glibc
import IO
import Wire

/// One thread's TCP and TLS connections to upstreams, kept and shared by many queries (RFC 7766
/// §6.2.1).
final class UpstreamStreams {
  private let loop: EventLoop
  private let received: (Int, [UInt8]) -> Void
  private let failed: (Int, ExchangeFailure.Reason, String) -> Void
  private var pools: [PoolKey: [PooledStream]] = [:]
  private var users: [Int: PooledStream] = [:]
  private var clients: [StreamOptions.TLS: TLSClient] = [:]
  private var sweeping: Registration?

  struct PoolKey: Hashable {
    let group: Int
    let upstream: Upstream
  }

  /// Queries under way on one connection before another is opened: more would wait behind each
  /// other's loss.
  private static let maximumPipelined = 64
  /// Connections to one upstream in one thread: 1,024 queries under way.
  private static let maximumStreams = 16

  /// - Parameters:
  ///   - received: gets each reply with the ID that its query had, and whose it is.
  ///   - failed: hears that an attempt's connection is gone.
  init(
    loop: EventLoop, received: @escaping (Int, [UInt8]) -> Void,
    failed: @escaping (Int, ExchangeFailure.Reason, String) -> Void
  ) {
    self.loop = loop
    self.received = received
    self.failed = failed
  }

  /// Sends a query on a connection that is open, else on a new one.
  func send(_ octets: [UInt8], attempt: Int, to upstream: Upstream, of group: UpstreamGroup) {
    send(
      StreamQuery(attempt: attempt, octets: octets), to: upstream, of: group,
      canReuse: true)
  }

  private func send(
    _ query: StreamQuery, to upstream: Upstream, of group: UpstreamGroup, canReuse: Bool
  ) {
    let key = PoolKey(group: group.number, upstream: upstream)
    let now = Clock.monotonic
    let pool = pools[key] ?? []
    let usable = canReuse ? pool.filter { $0.takesMore(now, Self.maximumPipelined) } : []
    if let stream = usable.min(by: { $0.count < $1.count }) {
      group.noteStream(to: upstream, isReused: true)
      return hand(query, to: stream)
    }
    guard pool.count < Self.maximumStreams else {
      return failed(query.attempt, .overload, "all connections are busy")
    }
    do {
      let stream = try open(to: upstream, of: group, key)
      group.noteStream(to: upstream, isReused: false)
      hand(query, to: stream)
    } catch {
      failed(query.attempt, .encryption, "\(error)")
    }
  }

  private func hand(_ query: StreamQuery, to stream: PooledStream) {
    users[query.attempt] = stream
    stream.send(query)
  }

  private func open(
    to upstream: Upstream, of group: UpstreamGroup, _ key: PoolKey
  ) throws(TLSError) -> PooledStream {
    let options = group.options.streams
    let tls = upstream.transport == .tls ? try client(for: options.tls) : nil
    let source = upstream.address.isV4 ? group.options.sourceV4 : group.options.sourceV6
    let stream = PooledStream(
      loop: loop, to: upstream, from: source, tls: tls, options: options,
      received: { [unowned self] query, octets in
        users[query.attempt] = nil
        received(query.attempt, octets)
      },
      closed: { [unowned self] stream, queries, failure in
        let reason = failure.reason(hasSource: source != nil)
        close(stream, queries, failure, reason, group, key)
      })
    pools[key, default: []].append(stream)
    if sweeping == nil {
      sweeping = loop.every(.seconds(1)) { [unowned self] in sweep() }
    }
    return stream
  }

  /// One for each `tls` setting, so that sessions are resumed; the latest of its files' contents.
  private func client(for tls: StreamOptions.TLS) throws(TLSError) -> TLSClient {
    if let known = clients[tls] { return known }
    clients = clients.filter { !$0.key.isOfSameFiles(as: tls) }
    let client = try TLSClient(
      certificate: tls.certificate, key: tls.key, authority: tls.authority)
    clients[tls] = client
    return client
  }

  /// An upstream may close an idle connection just when a query is on its way: that one is asked
  /// once more, on a connection of its own.
  private func close(
    _ stream: PooledStream, _ queries: [StreamQuery], _ failure: UpstreamStreamFailure,
    _ reason: ExchangeFailure.Reason, _ group: UpstreamGroup, _ key: PoolKey
  ) {
    pools[key]?.removeAll { $0 === stream }
    if pools[key]?.isEmpty == true { pools[key] = nil }
    for var query in queries {
      users[query.attempt] = nil
      if stream.hasAnswered, !query.isRepeated, failure.isQuiet {
        query.isRepeated = true
        send(query, to: key.upstream, of: group, canReuse: false)
      } else {
        failed(query.attempt, reason, failure.text)
      }
    }
  }

  /// Nothing more is wanted of an attempt.
  func end(_ attempt: Int) {
    users.removeValue(forKey: attempt)?.forget(attempt)
  }

  private func sweep() {
    let now = Clock.monotonic
    for (key, pool) in pools {
      // The longest idle go first, beyond what may be kept.
      let idle = pool.filter(\.isIdle).sorted { $0.lastUse > $1.lastUse }
      for (index, stream) in idle.enumerated() {
        let options = stream.options
        let isSurplus = options.maxIdle > 0 && index >= options.maxIdle
        if isSurplus || stream.isOver(now) {
          stream.close()
          pools[key]?.removeAll { $0 === stream }
        }
      }
      if pools[key]?.isEmpty == true { pools[key] = nil }
    }
    if pools.isEmpty { sweeping = nil }
  }
}

/// A query on a connection.
struct StreamQuery {
  let attempt: Int
  var octets: [UInt8]
  /// It has been sent on another connection before.
  var isRepeated = false
  /// Monotonic nanoseconds.
  let sent = Clock.monotonic
}

/// One connection, with the queries under way on it by the ID that they have there.
final class PooledStream {
  let options: StreamOptions
  private var stream: UpstreamStream?
  private var queries: [UInt16: StreamQuery] = [:]
  private var nextID = UInt16(truncatingIfNeeded: Clock.random)
  private(set) var lastUse = Clock.monotonic
  private let opened = Clock.monotonic
  private(set) var hasAnswered = false
  /// A query was given up after a long wait: the connection may hang, and gets no more.
  private var isDoubtful = false

  init(
    loop: EventLoop, to upstream: Upstream, from source: IPAddress?, tls: TLSClient?,
    options: StreamOptions, received: @escaping (StreamQuery, [UInt8]) -> Void,
    closed: @escaping (PooledStream, [StreamQuery], UpstreamStreamFailure) -> Void
  ) {
    self.options = options
    stream = unsafe UpstreamStream(
      loop: loop, to: upstream.socketAddress, from: source.map { SocketAddress($0) }, tls: tls,
      serverName: upstream.serverName,
      onMessage: { [unowned self] raw in
        guard let reply = unsafe take(raw) else { return }
        received(reply.query, reply.octets)
      },
      onClose: { [unowned self] failure in
        let left = Array(queries.values)
        queries = [:]
        stream = nil
        closed(self, left, failure)
      })
  }

  var count: Int { queries.count }
  var isIdle: Bool { queries.isEmpty }

  func takesMore(_ now: UInt64, _ maximum: Int) -> Bool {
    !isDoubtful && queries.count < maximum && !isOver(now)
  }

  /// Idle for too long, or too old.
  func isOver(_ now: UInt64) -> Bool {
    if isDoubtful && isIdle { return true }
    if isIdle, now &- lastUse > options.expire { return true }
    return options.maxAge > 0 && now &- opened > options.maxAge
  }

  /// Sends with an ID that no other query on the connection has.
  func send(_ query: StreamQuery) {
    // At most maximumPipelined are taken.
    while queries[nextID] != nil { nextID &+= 1 }
    let id = nextID
    nextID = UInt16(truncatingIfNeeded: Clock.random)
    queries[id] = query
    lastUse = Clock.monotonic
    var octets = query.octets
    octets[0] = UInt8(id >> 8)
    octets[1] = UInt8(id & 255)
    _ = unsafe octets.withUnsafeBytes { unsafe stream?.send($0) }
  }

  /// The query that a message answers, and the message with that query's own ID.
  private func take(_ raw: UnsafeRawBufferPointer) -> (query: StreamQuery, octets: [UInt8])? {
    guard raw.count >= 12 else { return nil }
    let id = UInt16(unsafe raw[0]) << 8 | UInt16(unsafe raw[1])
    guard let query = queries.removeValue(forKey: id) else { return nil }
    hasAnswered = true
    lastUse = Clock.monotonic
    var octets = unsafe Array(raw)
    octets[0] = query.octets[0]
    octets[1] = query.octets[1]
    return (query, octets)
  }

  func forget(_ attempt: Int) {
    guard let (id, query) = queries.first(where: { $0.value.attempt == attempt }) else { return }
    queries[id] = nil
    // Another upstream may just have been quicker.
    if Clock.monotonic &- query.sent > Self.patience { isDoubtful = true }
  }

  /// Nanoseconds without an answer after which a connection is not trusted any more.
  private static let patience: UInt64 = 1_000_000_000

  func close() {
    stream?.close()
    stream = nil
  }
}

extension StreamOptions.TLS {
  fileprivate func isOfSameFiles(as other: Self) -> Bool {
    certificate == other.certificate && key == other.key && authority == other.authority
  }
}

extension UpstreamStreamFailure {
  /// - Parameter hasSource: whether there is a `source_address`, which this host may not have;
  ///   without one EADDRNOTAVAIL says that no port is free.
  func reason(hasSource: Bool) -> ExchangeFailure.Reason {
    switch self {
    case .tls: .encryption
    case .connect(EADDRNOTAVAIL) where !hasSource: .overload
    case .connect(let code) where IOError(errno: code, operation: "connect").isShortage: .overload
    case .connect, .lost, .closedByPeer: .unreachable
    case .tooShort: .malformed
    }
  }

  /// The other side ended the connection between two messages.
  fileprivate var isQuiet: Bool {
    switch self {
    case .closedByPeer(let inMessage): !inMessage
    case .lost: true
    default: false
    }
  }

  fileprivate var text: String {
    switch self {
    case .connect(let code), .lost(let code): IOError.text(code)
    case .tls(let text): text
    case .closedByPeer(let inMessage):
      inMessage ? "connection closed in the middle of a message" : "connection closed"
    case .tooShort(let octets): "a message of \(octets) octets"
    }
  }
}
