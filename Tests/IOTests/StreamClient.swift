import Glibc
import Testing

@testable import IO

/// A TCP server whose clock the test moves, and clients of it on loopback.
///
/// It answers a message by its octets with the order of the octets turned round; one that begins
/// with `?` by silence, with `n` by ``largeReply`` octets, with `L` later (``waiting``), with `I`
/// later but at once all the same; `A` has everything answered that waits.
final class StreamBench {
  let loop = EventLoop()
  let address: SocketAddress
  private(set) var server: StreamServer?
  private let clock = VirtualClock()
  private let seen = Seen()

  static let largeReply = 60_000

  private final class VirtualClock { var now: UInt64 = 1_000_000_000 }
  private final class Seen {
    var messages: [[UInt8]] = []
    var waiting: [(client: StreamServer.Client, octets: [UInt8])] = []
    var replies: ((StreamServer.Client, [UInt8]) -> Void)?
  }

  init(_ change: (inout StreamLimits) -> Void = { _ in }) throws {
    var limits = StreamLimits()
    change(&limits)
    let listener = try Socket.bound(
      to: SocketAddress(isV4: true, high: 0, low: 0xFFFF_7F00_0001, port: 0), .stream,
      shares: false)
    let bound = listener.localAddress
    address = try #require(bound)
    server = unsafe StreamServer(
      loop: loop, listener: listener, limits: limits, now: { [clock] in clock.now }
    ) { [seen] message, _, _, client, reply in
      seen.messages.append(unsafe Array(message))
      switch unsafe message.first {
      case UInt8(ascii: "?"), nil: return .none
      case UInt8(ascii: "n"): return .written(Self.largeReply)
      case UInt8(ascii: "L"):
        unsafe seen.waiting.append((client, Array(message)))
        return .later
      case UInt8(ascii: "I"):
        unsafe seen.replies?(client, Array(message))
        return .later
      case UInt8(ascii: "A"):
        for (client, octets) in seen.waiting.drain() { seen.replies?(client, octets) }
        return .none
      default:
        unsafe reply.copyBytes(from: message.reversed())
        return .written(message.count)
      }
    }
    seen.replies = { [unowned self] in reply(to: $0, $1) }
  }

  /// Queries that were put off.
  var waiting: [(client: StreamServer.Client, octets: [UInt8])] { seen.waiting }

  /// Replies to the first `count` of those that were put off.
  func replyToWaiting(_ count: Int) {
    for (client, octets) in seen.waiting.drain(count) { reply(to: client, octets) }
  }

  func reply(to client: StreamServer.Client, _ octets: [UInt8]) {
    unsafe octets.withUnsafeBytes { unsafe server?.reply(to: client, $0) }
  }

  var count: Int { server?.count ?? 0 }
  var messages: [[UInt8]] { seen.messages }
  var pending: Int { server?.pendingInAll ?? 0 }

  /// Lets time pass, and the server act on it.
  func pass(_ time: Duration) {
    run()
    clock.now += UInt64(time / .nanoseconds(1))
    server?.sweep()
    run()
  }

  /// Loopback delivers before send(2) returns, so a few turns settle everything.
  func run() {
    for _ in 0..<4 { loop.runReady() }
  }

  func stopListening() { server?.stopListening() }
  func closeIdle() { server?.closeIdle() }

  func connect(receiveBuffer: Int32? = nil) throws -> StreamClient {
    let client = try StreamClient(address, receiveBuffer: receiveBuffer)
    run()
    return client
  }
}

extension Array {
  /// Takes the first elements out.
  fileprivate mutating func drain(_ limit: Int = .max) -> [Element] {
    let taken = Array(prefix(limit))
    removeFirst(taken.count)
    return taken
  }
}

/// One client's socket; nothing here waits.
final class StreamClient {
  private var socket: Socket?
  private let descriptor: Int32

  init(_ address: SocketAddress, receiveBuffer: Int32? = nil) throws {
    let opened = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    socket = Socket(owning: opened)
    descriptor = opened
    var on: Int32 = 1
    // Else a second octet waits for the server's delayed ACK of the first.
    _ = unsafe setsockopt(opened, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    if var receiveBuffer {
      _ = unsafe setsockopt(opened, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4)
    }
    let result = unsafe address.withSockaddr { unsafe Glibc.connect(opened, $0, $1) }
    guard result == 0 else { throw IOError(errno: errno, operation: "connect") }
    _ = fcntl(opened, F_SETFL, O_NONBLOCK)
  }

  static func frame(_ text: String) -> [UInt8] {
    [UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 255)] + Array(text.utf8)
  }

  /// Octets that the kernel took.
  @discardableResult
  func send(_ octets: some Collection<UInt8>) -> Int {
    let octets = Array(octets)
    return unsafe octets.withUnsafeBytes {
      unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }

  func shutDownWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends the connection by a reset instead of a FIN (SO_LINGER of 0 s).
  func reset() {
    var value = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  func close() { socket = nil }

  /// What has arrived; nil where the server has closed and everything was read.
  func receive(_ limit: Int = 1 << 20) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: limit)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
    }
    if count < 0 { return errno == EAGAIN ? [] : nil }
    return count == 0 ? nil : Array(buffer[..<count])
  }

  /// Whether the server has ended the connection.
  var isClosed: Bool { receive() == nil }
}
