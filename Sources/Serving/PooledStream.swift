import Forwarding
import IO
import Wire

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
  /// Messages without a query that may still come before the connection is closed.
  private var unaskedLeft = PooledStream.maximumUnasked

  /// A server that sends more than it was asked for would keep a thread busy. Replies to queries
  /// that were given up are not counted.
  static let maximumUnasked = 64

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
        if let reply = unsafe take(raw) { return received(reply.query, reply.octets) }
        unaskedLeft -= 1
        guard unaskedLeft < 0 else { return }
        stream?.close()
        closed(self, giveUp(), .unasked)
      },
      onClose: { [unowned self] failure in closed(self, giveUp(), failure) })
  }

  /// The queries that get no reply here.
  private func giveUp() -> [StreamQuery] {
    let left = Array(queries.values)
    queries = [:]
    stream = nil
    return left
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
    // Its reply may still come.
    unaskedLeft += 1
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
