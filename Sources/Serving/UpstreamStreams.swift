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
      // The files have been tried: something else is missing here.
      failed(query.attempt, .overload, "\(error)")
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
    let client = try tls.makeClient()
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

extension UpstreamStreamFailure {
  /// - Parameter hasSource: whether there is a `source_address`, which this host may not have;
  ///   without one EADDRNOTAVAIL says that no port is free.
  func reason(hasSource: Bool) -> ExchangeFailure.Reason {
    switch self {
    case .tls: .encryption
    case .connect(EADDRNOTAVAIL) where !hasSource: .overload
    case .connect(let code) where IOError(errno: code, operation: "connect").isShortage: .overload
    case .connect, .lost, .closedByPeer: .unreachable
    case .tooShort, .unasked: .malformed
    }
  }

  /// The connection went for something else than the queries on it: the other side ended it between
  /// two messages, or sent more than it was asked for.
  fileprivate var isQuiet: Bool {
    switch self {
    case .closedByPeer(let inMessage): !inMessage
    case .lost, .unasked: true
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
    case .unasked: "messages that nobody asked for"
    }
  }
}
