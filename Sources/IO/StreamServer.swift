import CLinux
import Glibc

/// Limits of a TCP listener, for each worker.
public struct StreamLimits: Sendable {
  /// Connections at a time; a new one beyond closes the one that has been idle longest.
  public var connections = 5_000
  /// Connections of one client address, so that none can use up all.
  public var connectionsPerClient = 200
  /// A connection without a query for this long is closed (RFC 7766 §6.2.3).
  public var idle: Duration = .seconds(10)
  /// A query must be whole this long after its first octet.
  public var read: Duration = .seconds(3)
  /// Replies must move on within this time, or the client has stopped reading.
  public var write: Duration = .seconds(5)
  /// Octets of replies that wait for a client before no more of its queries are read.
  public var pendingOctets = 262_144

  public init() {}
}

/// DNS over TCP on one listener (RFC 7766): accepts, cuts the stream into messages by their length,
/// answers each as it comes, pipelined or not, and keeps to ``StreamLimits``.
@safe public final class StreamServer {
  /// Answers one message: octets, sender, destination, and where the reply goes (65,535 octets);
  /// its count, or 0 for none.
  public typealias Handler = (
    UnsafeRawBufferPointer, SocketAddress, SocketAddress, UnsafeMutableRawBufferPointer
  ) -> Int

  private let loop: EventLoop
  private let listener: Socket
  let limits: StreamLimits
  private let now: () -> UInt64
  let handler: Handler
  private var accepting: Registration?
  private var sweeping: Registration?
  private var streams: [Int32: Stream] = [:]
  private var perClient: [ClientAddress: Int] = [:]
  /// Where every reply of this worker is written first.
  var replyBuffer = [UInt8](repeating: 0, count: 65_537)

  private struct ClientAddress: Hashable {
    let high: UInt64
    let low: UInt64
  }

  /// - Parameter now: nanoseconds, monotonic.
  public init(
    loop: EventLoop, listener: consuming Socket, limits: StreamLimits = StreamLimits(),
    now: @escaping () -> UInt64, handler: @escaping Handler
  ) {
    self.loop = loop
    self.listener = listener
    self.limits = limits
    self.now = now
    unsafe self.handler = handler
    accepting = loop.onReadable(self.listener.descriptor) { [unowned self] in accept() }
    sweeping = loop.every(.seconds(1)) { [unowned self] in sweep() }
  }

  /// Connections open now.
  public var count: Int { streams.count }

  /// Takes no new connections; those that are open go on.
  public func stopAccepting() {
    accepting?.cancel()
    accepting = nil
  }

  /// Closes connections that have nothing under way: all that matters at the end of the process.
  public func closeIdle() {
    for stream in streams.values where stream.isIdle { close(stream) }
  }

  private func accept() {
    // A bounded number, so that a flood of connections does not stop the answers.
    for _ in 0..<64 {
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let descriptor = unsafe withUnsafeMutablePointer(to: &storage) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe clinux_accept(listener.descriptor, $0, &length)
        }
      }
      if descriptor == -EMFILE || descriptor == -ENFILE {
        closeIdlest { _ in true }
        return
      }
      guard descriptor >= 0 else { return }
      let socket = Socket(owning: descriptor)
      guard let remote = unsafe withUnsafePointer(to: &storage, { unsafe SocketAddress($0) }),
        let local = socket.localAddress
      else { continue }
      admit(Stream(socket: socket, remote: remote, local: local, now: now()))
    }
  }

  private func admit(_ stream: Stream) {
    let client = ClientAddress(high: stream.remote.high, low: stream.remote.low)
    if perClient[client, default: 0] >= limits.connectionsPerClient {
      closeIdlest { $0.remote.high == client.high && $0.remote.low == client.low }
    }
    if streams.count >= limits.connections { closeIdlest { _ in true } }
    streams[stream.descriptor] = stream
    perClient[client, default: 0] += 1
    stream.reading = loop.onReadable(stream.descriptor) { [unowned self, unowned stream] in
      run(stream)
    }
  }

  private func closeIdlest(_ isCandidate: (Stream) -> Bool) {
    let idlest = streams.values.filter(isCandidate).min { $0.lastActive < $1.lastActive }
    if let idlest { close(idlest) }
  }

  func close(_ stream: Stream) {
    stream.reading = nil
    stream.writing = nil
    guard streams.removeValue(forKey: stream.descriptor) != nil else { return }
    let client = ClientAddress(high: stream.remote.high, low: stream.remote.low)
    let left = perClient[client, default: 1] - 1
    perClient[client] = left > 0 ? left : nil
  }

  /// Reads, answers and writes as far as the socket goes.
  private func run(_ stream: Stream) {
    // Handlers run with the stream held: closing it drops the server's reference.
    let isOpen = withExtendedLifetime(stream) { stream.advance(self, now: now()) }
    guard isOpen else { return close(stream) }
    if stream.hasPending, stream.writing == nil {
      stream.writing = loop.onWritable(stream.descriptor) { [unowned self, unowned stream] in
        run(stream)
      }
    } else if !stream.hasPending {
      stream.writing = nil
    }
    if stream.pendingCount > limits.pendingOctets {
      stream.reading = nil
    } else if stream.reading == nil, !stream.isEnded {
      stream.reading = loop.onReadable(stream.descriptor) { [unowned self, unowned stream] in
        run(stream)
      }
    }
  }

  private func sweep() {
    let now = now()
    for stream in streams.values where stream.isOverdue(limits, now: now) { close(stream) }
  }
}
