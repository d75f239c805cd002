import CLinux
import Glibc

/// Limits of DNS over TCP.
public struct StreamLimits: Sendable {
  /// Octets of a query, as many as over UDP; one that says it is longer ends its connection.
  public static let messageOctets = DatagramBatch.receiveOctets
  /// Connections at a time; a new one beyond closes the one that has been idle longest.
  public var connections = 5_000
  /// Connections of one client, so that none can use up all: of an IPv4 address, or of an IPv6 /64,
  /// of which any host has all addresses.
  public var connectionsPerClient = 200
  /// A connection without a query for this long is closed (RFC 7766 §6.2.3).
  public var idle: Duration = .seconds(10)
  /// A query must be whole this long after its first octet.
  public var read: Duration = .seconds(3)
  /// Replies must move on within this time, or the client has stopped reading.
  public var write: Duration = .seconds(5)
  /// Octets of replies that wait for a client before no more of its queries are answered or read.
  public var pendingOctets = 131_072
  /// Queries of a client that are answered later before no more of its queries are read: so many
  /// it may have under way, as resolvers that pipeline do.
  public var outstandingAnswers = 128
  /// Octets of replies that wait for all clients; beyond, who has not read for longest is closed.
  public var pendingOctetsInAll = 16 << 20

  public init() {}

  /// The same within a quarter of `descriptors`, and no client with more than a quarter of that.
  public func fitting(descriptors: Int) -> StreamLimits {
    var fitting = self
    fitting.connections = min(connections, max(1, descriptors / 4))
    fitting.connectionsPerClient = min(connectionsPerClient, max(1, fitting.connections / 4))
    return fitting
  }

  /// Connections of a client that every share allows: the kernel deals them out unevenly.
  private static let leastPerClient = 4

  /// The share of one of `count` servers that hold these limits together.
  ///
  /// No share is so small that it could not serve: with very many, the sum is above the limit.
  public func divided(by count: Int) -> StreamLimits {
    var share = self
    share.connectionsPerClient = max(
      min(connectionsPerClient, Self.leastPerClient), connectionsPerClient / max(1, count))
    share.connections = max(share.connectionsPerClient, connections / max(1, count))
    // What one client alone may come to: the limit, and one reply that goes beyond it.
    share.pendingOctetsInAll = max(pendingOctets + 65_537, pendingOctetsInAll / max(1, count))
    return share
  }
}

/// What a query over TCP comes to.
public enum StreamReply {
  /// It gets no reply.
  case none
  /// Its reply is so many octets of the buffer.
  case written(Int)
  /// Its reply comes by ``StreamServer/reply(to:_:)``. Who says so sees to it that it comes, or that
  /// an empty one does, in a time of his own: until then the connection waits.
  case later
}

/// DNS over TCP on one listener (RFC 7766): accepts, cuts the stream into messages by their length,
/// answers each as it comes, pipelined or not, and keeps to ``StreamLimits``.
@safe public final class StreamServer {
  /// Answers one message: octets, sender, destination, the connection for a later reply, and where
  /// one that is ready now is written (65,535 octets).
  public typealias Handler = (
    UnsafeRawBufferPointer, SocketAddress, SocketAddress, Client, UnsafeMutableRawBufferPointer
  ) -> StreamReply

  /// A connection, for as long as it is: none that comes after has the same value.
  public struct Client: Hashable, Sendable {
    public var index: Int32
    public var generation: UInt32

    public init(index: Int32, generation: UInt32) {
      self.index = index
      self.generation = generation
    }
  }

  private let loop: EventLoop
  private var listener: Socket?
  /// What is held to; connections that are open beyond a lower limit go on.
  public var limits: StreamLimits
  private let now: () -> UInt64
  let handler: Handler
  private var accepting: Registration?
  private var streams: [Int32: Stream] = [:]
  private var generation: UInt32 = 0
  /// Whether a handler may be running.
  private var isAnswering = false
  /// Connections that got a reply meanwhile.
  private var resumed: [Client] = []
  private var perClient: [IdleOrder.ClientAddress: Int] = [:]
  private var order = IdleOrder()
  /// Octets of replies that wait for all clients.
  private(set) var pendingInAll = 0
  /// Where every reply of this worker is written first, and what sockets give is read to: held
  /// once, so that an idle connection costs no buffers.
  var replyBuffer = [UInt8](repeating: 0, count: 65_535)
  var readBuffer = [UInt8](repeating: 0, count: 16_384)

  /// Whoever owns the server calls ``sweep()`` about every second.
  ///
  /// - Parameter now: nanoseconds, monotonic.
  public init(
    loop: EventLoop, listener: consuming Socket, limits: StreamLimits = StreamLimits(),
    now: @escaping () -> UInt64, handler: @escaping Handler
  ) {
    self.loop = loop
    self.listener = consume listener
    self.limits = limits
    self.now = now
    unsafe self.handler = handler
    startAccepting()
  }

  /// Connections open now.
  public var count: Int { streams.count }

  /// Sends the reply to a query that was to be answered later, as far as the socket goes; the rest
  /// follows. An empty one ends the waiting without a reply. Ignored where the connection is gone, or
  /// no reply is outstanding.
  ///
  /// - Parameter octets: 65,535 at most.
  public func reply(to client: Client, _ octets: UnsafeRawBufferPointer) {
    guard let stream = streams[client.index], stream.client == client,
      unsafe stream.take(octets, limits, now: now())
    else { return }
    // Inside a handler the reply buffer is taken, and streams that resume each other would nest.
    guard !isAnswering else { return resumed.append(client) }
    run(stream, reads: false)
  }

  /// Closes connections whose time is up, and accepts again where descriptors had run out.
  public func sweep() {
    let now = now()
    for stream in streams.values where stream.isOverdue(limits, now: now) { close(stream) }
    startAccepting()
  }

  /// Takes what has connected so far, then closes the listener; open connections go on.
  public func stopListening() {
    if accepting != nil { accept() }
    accepting = nil
    listener = nil
  }

  /// Answers what has arrived, then closes connections that have nothing under way: all that
  /// matters at the end of the process.
  public func closeIdle() {
    // One may close another.
    for stream in streams.values where streams[stream.descriptor] === stream {
      run(stream)
      if stream.isIdle { close(stream) }
    }
  }

  // MARK: - Accepting

  private func startAccepting() {
    guard accepting == nil, let descriptor = listener?.descriptor else { return }
    accepting = loop.onReadable(descriptor) { [unowned self] in accept() }
  }

  /// Accepted in one turn: a flood of connections must not stop the answers.
  private static let acceptsInTurn = 64

  private func accept() {
    guard let listening = listener?.descriptor else { return }
    for _ in 0..<Self.acceptsInTurn {
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let descriptor = unsafe withUnsafeMutablePointer(to: &storage) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe clinux_accept(listening, $0, &length)
        }
      }
      switch descriptor {
      case 0...: break
      case -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM: return makeRoom()
      case -EAGAIN: return
      // The connection ended before it was taken, or a signal came (accept(2)): the next one.
      default: continue
      }
      let socket = Socket(owning: descriptor)
      guard let remote = unsafe withUnsafePointer(to: &storage, { unsafe SocketAddress($0) }),
        let local = socket.localAddress
      else { continue }
      generation &+= 1
      let client = Client(index: descriptor, generation: generation)
      admit(Stream(socket: socket, client, remote: remote, local: local, now: now()))
    }
  }

  /// Descriptors have run out. With nothing to close, the listener would only wake the loop again
  /// and again: the next sweep takes it up.
  private func makeRoom() {
    if !close(order.idlest) { accepting = nil }
  }

  private func admit(_ stream: Stream) {
    let client = IdleOrder.ClientAddress(stream.remote)
    if perClient[client, default: 0] >= limits.connectionsPerClient {
      close(order.idlest(of: client))
    }
    if streams.count >= limits.connections { close(order.idlest) }
    streams[stream.descriptor] = stream
    perClient[client, default: 0] += 1
    order.add(stream.descriptor, client)
    wait(for: stream)
  }

  // MARK: - Closing

  /// Whether there was such a connection.
  @discardableResult
  private func close(_ descriptor: Int32) -> Bool {
    guard let stream = streams[descriptor] else { return false }
    close(stream)
    return true
  }

  private func close(_ stream: Stream) {
    stream.reading = nil
    stream.writing = nil
    guard streams.removeValue(forKey: stream.descriptor) != nil else { return }
    pendingInAll -= stream.countedOctets
    order.remove(stream.descriptor)
    let client = IdleOrder.ClientAddress(stream.remote)
    let left = perClient[client, default: 1] - 1
    perClient[client] = left > 0 ? left : nil
  }

  /// Holds ``StreamLimits/pendingOctetsInAll``.
  private func closeStalled() {
    while pendingInAll > limits.pendingOctetsInAll {
      let stalled = streams.values.min { ($0.stalled ?? .max) < ($1.stalled ?? .max) }
      guard let stalled else { return }
      close(stalled)
    }
  }

  // MARK: - Running

  /// Reads, answers and writes as far as the socket goes, then does so for those that the handlers
  /// have replied to.
  ///
  /// - Parameter reads: whether there may be something to read.
  private func run(_ stream: Stream, reads: Bool = true) {
    advance(stream, reads: reads)
    while let client = resumed.popLast() {
      if let stream = streams[client.index], stream.client == client {
        advance(stream, reads: false)
      }
    }
  }

  private func advance(_ stream: Stream, reads: Bool) {
    let pending = stream.countedOctets
    let answered = stream.lastActive
    isAnswering = true
    let isOpen = stream.advance(self, now: now(), reads: reads)
    isAnswering = false
    stream.countedOctets = stream.pendingCount
    pendingInAll += stream.countedOctets - pending
    guard isOpen else { return close(stream) }
    if stream.lastActive != answered { order.touch(stream.descriptor) }
    wait(for: stream)
    if pendingInAll > limits.pendingOctetsInAll { closeStalled() }
  }

  /// Waits for whatever lets the stream go on.
  private func wait(for stream: Stream) {
    if !stream.hasPending {
      stream.writing = nil
    } else if stream.writing == nil {
      stream.writing = loop.onWritable(stream.descriptor) { [unowned self, unowned stream] in
        run(stream)
      }
    }
    // At its end a socket is readable for ever.
    if stream.isEnded || !stream.takesQueries(limits) {
      stream.reading = nil
    } else if stream.reading == nil {
      stream.reading = loop.onReadable(stream.descriptor) { [unowned self, unowned stream] in
        run(stream)
      }
    }
  }
}
