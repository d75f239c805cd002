/// Queries to upstreams over UDP, each from a port of its own that the kernel chooses at random
/// (RFC 5452 §9.2) from `net.ipv4.ip_local_port_range` and that is closed when its exchange ends.
///
/// Sockets are kept: `connect` to nobody gives the port up and the next `connect` takes another,
/// at half the cost of a new socket. One that waits for its next use has no port, and its queue was
/// seen to be empty: nothing of one exchange gets into another. What is seen costs nothing: a
/// socket that the next look at all of them does not tell has nothing.
///
/// Belongs to the loop's thread; the handlers run there, and may send and release.
@safe public final class UpstreamDatagrams {
  /// Takes what has come in for `token`, from the address that the query was sent to. The octets
  /// last until it returns.
  public typealias MessageHandler = (_ token: Int, _ octets: UnsafeRawBufferPointer) -> Void
  /// Takes the errno of an ICMP error (ECONNREFUSED, EHOSTUNREACH, ENETUNREACH). The exchange goes
  /// on until it is released.
  public typealias FailureHandler = (_ token: Int, _ errno: Int32) -> Void

  /// Octets of a message; more of it is cut off. Queries offer to take less.
  public static let messageOctets = UpstreamSockets.messageOctets
  /// Sockets of one worker: with every upstream silent for the 2 s of a read timeout some 2,000
  /// queries a second. A handle has 12 bits for it.
  public static let maximumSockets = 4096
  /// Sockets that wait for their next use, of one family and source: so many, or as many as are in
  /// use, since under load to close and open them again would cost as much as the queries. Of a burst
  /// no more are left.
  public static let idleSockets = 256
  /// Datagrams that an exchange gets; its port is closed then, and no more comes of it. Whoever
  /// sends so many is no upstream that answers, and would keep the thread from all else.
  static let datagramsOfExchange = 64

  private let loop: EventLoop
  private let onMessage: MessageHandler
  private let onFailure: FailureHandler
  private let onEnd: () -> Void
  private var sockets: UpstreamSockets
  private var waiting: Registration?

  /// - Parameters:
  ///   - limit: sockets at a time; see ``maximumSockets(of:)``.
  ///   - onEnd: runs when the handlers have got all that has come in: the place to do what follows
  ///     from it.
  public init(
    loop: EventLoop, limit: Int = UpstreamDatagrams.maximumSockets(of: 1),
    onMessage: @escaping MessageHandler, onFailure: @escaping FailureHandler,
    onEnd: @escaping () -> Void = {}
  ) {
    self.loop = loop
    sockets = UpstreamSockets(limit: min(limit, Self.maximumSockets))
    unsafe self.onMessage = onMessage
    self.onFailure = onFailure
    self.onEnd = onEnd
  }

  deinit {
    // Before the descriptor that it waits for is closed.
    waiting = nil
  }

  /// The share of each of `workers` in half of the descriptors that the process may have open,
  /// ``maximumSockets`` at most: the other half is for clients and files.
  public static func maximumSockets(of workers: Int) -> Int {
    min(maximumSockets, max(1, FileDescriptors.limit / 2 / max(1, workers)))
  }

  /// Sockets open now, in use or not.
  public var socketCount: Int { sockets.count }

  /// Sends a query from a fresh port and gives messages from `to` to that port to the handler,
  /// until the handle is released or 64 have come.
  ///
  /// A datagram that the kernel has no room for now is lost like any other.
  /// - Parameters:
  ///   - from: the address to send from, its port ignored; nil where routing chooses.
  ///   - sharer: whose query it is, of those who share the sockets.
  /// - Throws: EMFILE when ``maximumSockets`` are in use, or the sharer has its part of them;
  ///   what `socket`, `bind`, `connect` and `send` say, such as ENETUNREACH. There is nothing to
  ///   release then.
  public func send(
    _ octets: UnsafeRawBufferPointer, to: SocketAddress, from: SocketAddress?, sharer: Int = 0,
    token: Int
  ) throws(IOError) -> Int32 {
    let handle = try unsafe sockets.send(octets, to: to, from: from, sharer: sharer, token: token)
    if waiting == nil, let poller = sockets.poller {
      // Replies before new queries: a server that is asked more than it can do would else begin
      // ever more and finish nothing.
      waiting = loop.onReadable(poller.descriptor, first: true) { [unowned self] in turn() }
    }
    return handle
  }

  /// Ends an exchange: its port is closed when this returns; from a handler, when what has come in was
  /// handed out and `onEnd` has run. A handle that was released before is ignored.
  public func release(_ handle: Int32) {
    sockets.release(handle)
  }

  /// Takes in what all the sockets have; then hands it out; then closes the ports of those that are
  /// done: each is a loop over little code, which stays in the processor's caches.
  private func turn() {
    let (arrived, hasLooked) = sockets.look()
    for index in 0..<arrived {
      switch sockets.message(index) {
      case .octets(let octets, let token): unsafe onMessage(token, octets)
      case .failure(let errno, let token): onFailure(token, errno)
      case .nothing: break
      }
    }
    onEnd()
    sockets.endTurn(hasLooked: hasLooked)
  }
}
