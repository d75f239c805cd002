import Glibc
import Testing

@testable import IO

/// A server that says what a test tells it, octet by octet, on the loop of the client: in each turn
/// the client reads what the turn before has sent.
final class OctetServer {
  /// What is sent for a request.
  struct Reply {
    /// Sent in a turn each.
    var pieces: AnyIterator<[UInt8]>
    /// Whether the connection ends after it.
    var closes = false

    init(_ pieces: [[UInt8]], closes: Bool = false) {
      self.init(AnyIterator(pieces.makeIterator()), closes: closes)
    }

    init(_ pieces: AnyIterator<[UInt8]>, closes: Bool = false) {
      self.pieces = pieces
      self.closes = closes
    }

    init(_ text: String, closes: Bool = false) {
      self.init([Array(text.utf8)], closes: closes)
    }

    static func ok(_ body: String, _ headers: String = "") -> Reply {
      Reply("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
    }
  }

  /// A request as it came, and a way to answer it, at once or later.
  struct Request {
    var head: String
    var path: String
    var answer: (Reply) -> Void
  }

  let port: UInt16
  private(set) var accepted = 0
  private(set) var heads: [String] = []
  /// Connections that have not been closed by the client, nor by the server.
  var open: Int { peers.count }

  private let loop: EventLoop
  private let listener: Socket
  private var accepting: Registration?
  private var peers: [Int32: Peer] = [:]
  private let greeting: String?
  private let respond: (Request) -> Void

  /// - Parameter greeting: said to whatever comes first, before any request is whole.
  init(
    _ loop: EventLoop, greeting: String? = nil,
    _ respond: @escaping (Request) -> Void = { _ in }
  ) throws {
    self.loop = loop
    self.greeting = greeting
    self.respond = respond
    let loopback = SocketAddress(isV4: true, high: 0, low: 0xFFFF_7F00_0001, port: 0)
    listener = try Socket.bound(to: loopback, .stream, shares: false)
    port = listener.localAddress?.port ?? 0
    let descriptor = listener.descriptor
    accepting = loop.onReadable(descriptor) { [weak self] in self?.accept(descriptor) }
  }

  private func accept(_ listener: Int32) {
    let descriptor = Glibc.accept(listener, nil, nil)
    guard descriptor >= 0 else { return }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    accepted += 1
    peers[descriptor] = Peer(
      loop, Socket(owning: descriptor), greeting, onRequest: { [weak self] in self?.received($0) },
      onEnd: { [weak self] in self?.peers[descriptor] = nil })
  }

  private func received(_ request: Request) {
    heads.append(request.head)
    respond(request)
  }
}

/// One connection of an ``OctetServer``.
private final class Peer {
  private let loop: EventLoop
  private let socket: Socket
  private let greeting: String?
  private let onRequest: (OctetServer.Request) -> Void
  private let onEnd: () -> Void
  private var registration: Registration?
  private var received: [UInt8] = []
  private var sending: OctetServer.Reply?
  private var rest: ArraySlice<UInt8> = []

  init(
    _ loop: EventLoop, _ socket: consuming Socket, _ greeting: String?,
    onRequest: @escaping (OctetServer.Request) -> Void, onEnd: @escaping () -> Void
  ) {
    self.loop = loop
    self.socket = socket
    self.greeting = greeting
    self.onRequest = onRequest
    self.onEnd = onEnd
    listen()
  }

  private func listen() {
    registration = loop.onReadable(socket.descriptor) { [weak self] in self?.read() }
  }

  private func read() {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe recv(socket.descriptor, $0.baseAddress, $0.count, 0)
    }
    guard count > 0 else { return end() }
    if let greeting { return send(OctetServer.Reply(greeting, closes: true)) }
    received += buffer[..<count]
    guard received.suffix(4) == [13, 10, 13, 10] else { return }
    let head = String(decoding: received, as: UTF8.self)
    received = []
    onRequest(
      OctetServer.Request(
        head: head, path: head.split(separator: " ").dropFirst().first.map(String.init) ?? "",
        answer: { [weak self] in self?.send($0) }))
  }

  private func send(_ reply: OctetServer.Reply) {
    sending = reply
    rest = []
    sendPiece()
  }

  private func sendPiece() {
    if rest.isEmpty {
      guard let next = sending?.pieces.next() else {
        if sending?.closes == true { end() } else { listen() }
        return
      }
      rest = next[...]
    }
    let count = unsafe rest.withUnsafeBytes {
      unsafe Glibc.send(socket.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    guard count >= 0 || errno == EAGAIN else { return end() }
    rest = rest.dropFirst(max(count, 0))
    if rest.isEmpty {
      // Timers come after sockets: the client has read this piece before the next one is sent.
      registration = loop.after(.zero) { [weak self] in self?.sendPiece() }
    } else {
      registration = loop.onWritable(socket.descriptor) { [weak self] in self?.sendPiece() }
    }
  }

  private func end() {
    registration = nil
    onEnd()
  }
}
