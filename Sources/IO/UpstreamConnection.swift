import CLinux
import Glibc

/// What an ``UpstreamStream`` stands for: it outlives its handlers where one of them releases the
/// stream, and is closed then.
@safe final class UpstreamConnection {
  /// Octets received in a turn, so that a fast upstream does not hold up the clients.
  private static let octetsInTurn = 131_072

  /// Octets of a handshake: a chain of certificates has ten thousand, and records without a message
  /// would come for ever.
  static let handshakeOctets = 65_536

  private enum State { case connecting, handshake, open, closed }

  private let loop: EventLoop
  private let onMessage: UpstreamStream.MessageHandler
  private let onClose: (UpstreamStreamFailure) -> Void
  private var state = State.connecting
  private var socket: Socket?
  private var descriptor: Int32 { socket?.descriptor ?? -1 }
  private var tls: TLSConnection?
  private var reading: Registration?
  private var writing: Registration?
  private var failing: Registration?
  private let input = MessageInput()
  /// Received before TLS was open.
  private var handshakeReceived = 0
  /// Messages to be encrypted once TLS is open.
  private var early: [UInt8] = []
  /// What the socket has not taken yet, from `written` on.
  private var output: [UInt8] = []
  private var written = 0

  init(
    loop: EventLoop, to address: SocketAddress, from source: SocketAddress?, tls: TLSClient?,
    serverName: String?, onMessage: @escaping UpstreamStream.MessageHandler,
    onClose: @escaping (UpstreamStreamFailure) -> Void
  ) {
    self.loop = loop
    unsafe self.onMessage = onMessage
    self.onClose = onClose
    do {
      if let tls { self.tls = try TLSConnection(tls, to: address, name: serverName) }
      try connect(to: address, from: source)
    } catch let error as TLSError {
      failLater(.tls(error.description))
    } catch {
      failLater(.connect(errno: (error as? IOError)?.errno ?? EIO))
    }
  }

  var isOpen: Bool { state == .open && failing == nil }

  var outstandingOctets: Int { early.count + outputCount }

  func send(_ octets: UnsafeRawBufferPointer) -> Bool {
    guard state != .closed, failing == nil, octets.count <= 65_535,
      outstandingOctets + octets.count + 2 <= UpstreamStream.queuedOctets
    else { return false }
    let length = [UInt8(octets.count >> 8), UInt8(octets.count & 255)]
    if tls != nil {
      early += length
      unsafe early.append(contentsOf: octets)
    } else {
      output += length
      unsafe output.append(contentsOf: octets)
    }
    guard state == .open else { return true }
    if let failure = encryptEarly() ?? flush() { failLater(failure) }
    return true
  }

  func close() {
    guard state != .closed else { return }
    if let tls, state == .open {
      tls.end()
      tls.takeOutput(&output)
      _ = push()
    }
    state = .closed
    reading = nil
    writing = nil
    failing = nil
    socket = nil
    tls = nil
  }

  // MARK: - Connecting

  private func connect(
    to address: SocketAddress, from source: SocketAddress?
  ) throws(IOError) {
    let kind =
      Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let opened = Glibc.socket(address.isV4 ? AF_INET : AF_INET6, kind, 0)
    guard opened >= 0 else { throw IOError(errno: errno, operation: "socket for upstreams") }
    socket = Socket(owning: opened)
    var on: Int32 = 1
    // Else the second of two queries waits for the ACK of the first.
    _ = unsafe setsockopt(opened, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    if var source {
      source.port = 0
      // The port is chosen at connecting, where many may share one (ip(7)).
      _ = unsafe setsockopt(opened, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, &on, 4)
      guard unsafe source.withSockaddr({ unsafe bind(opened, $0, $1) }) == 0 else {
        throw IOError(errno: errno, operation: "bind to source address \(source)")
      }
    }
    let result = unsafe address.withSockaddr { unsafe Glibc.connect(opened, $0, $1) }
    guard result == 0 || errno == EINPROGRESS || errno == EINTR else {
      throw IOError(errno: errno, operation: "connect to tcp \(address)")
    }
    writing = loop.onWritable(opened) { [unowned self] in
      withExtendedLifetime(self) { becameWritable() }
    }
  }

  private func becameWritable() {
    guard state == .connecting else { return fail(flush()) }
    var error: Int32 = 0
    var length = socklen_t(4)
    _ = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
    guard error == 0 else { return fail(.connect(errno: error)) }
    writing = nil
    reading = loop.onReadable(descriptor) { [unowned self] in
      withExtendedLifetime(self) { fail(receive()) }
    }
    if tls == nil { return open() }
    state = .handshake
    fail(shakeHands())
  }

  private func open() {
    state = .open
    fail(encryptEarly() ?? flush())
  }

  /// - Parameter count: octets that were received.
  private func shakeHands(after count: Int = 0) -> UpstreamStreamFailure? {
    guard let tls else { return nil }
    handshakeReceived += count
    var fault: UpstreamStreamFailure?
    do throws(TLSError) {
      try tls.handshake()
    } catch {
      fault = .tls(error.description)
    }
    // An alert too, which tells the other side what was wrong.
    tls.takeOutput(&output)
    let lost = flush()
    if let failure = fault ?? lost { return failure }
    if tls.isOpen {
      open()
    } else if handshakeReceived > Self.handshakeOctets {
      return .tls("a handshake of more than 64 KiB")
    }
    return nil
  }

  // MARK: - Receiving

  private func receive() -> UpstreamStreamFailure? {
    var left = Self.octetsInTurn
    while left > 0, state != .closed {
      let room = unsafe input.room
      let count = unsafe recv(descriptor, room.baseAddress, room.count, 0)
      if count == 0 { return ended() }
      if count < 0 { return errno == EAGAIN || errno == EINTR ? nil : broken(errno) }
      left -= count
      guard tls != nil else {
        input.received(count)
        if let failure = deliver() { return failure }
        continue
      }
      // The room of the messages serves for what is encrypted too: `tls` takes a copy.
      unsafe tls?.receive(UnsafeRawBufferPointer(rebasing: room[..<count]))
      if state == .handshake, let failure = shakeHands(after: count) { return failure }
      if state == .open, let failure = decrypt() { return failure }
    }
    return nil
  }

  /// Reads and delivers what TLS has.
  private func decrypt() -> UpstreamStreamFailure? {
    while state == .open, let tls {
      do throws(TLSError) {
        switch try unsafe tls.read(into: input.room) {
        case .octets(let count): input.received(count)
        case .nothing:
          // Such as the answer to a change of keys.
          tls.takeOutput(&output)
          return flush()
        case .end: return ended()
        }
      } catch {
        tls.takeOutput(&output)
        _ = flush()
        return .tls(error.description)
      }
      if let failure = deliver() { return failure }
    }
    return nil
  }

  private func deliver() -> UpstreamStreamFailure? {
    while state != .closed {
      switch input.next() {
      case .message(let octets): unsafe onMessage(octets)
      case .tooShort(let octets): return .tooShort(octets: octets)
      case .nothing: return nil
      }
    }
    return nil
  }

  private func ended() -> UpstreamStreamFailure {
    state == .handshake
      ? .tls("the server has closed the connection in the handshake")
      : .closedByPeer(inMessage: input.isInMessage)
  }

  private func broken(_ errno: Int32) -> UpstreamStreamFailure {
    errno == ECONNRESET || errno == EPIPE ? ended() : .lost(errno: errno)
  }

  // MARK: - Sending

  private func encryptEarly() -> UpstreamStreamFailure? {
    guard let tls, !early.isEmpty else { return nil }
    do throws(TLSError) {
      try tls.write(early)
    } catch {
      return .tls(error.description)
    }
    early.removeAll(keepingCapacity: true)
    tls.takeOutput(&output)
    return nil
  }

  /// Writes what the socket takes, and waits for the rest.
  private func flush() -> UpstreamStreamFailure? {
    if let errno = push() { return broken(errno) }
    if outputCount == 0 {
      writing = nil
    } else if writing == nil {
      writing = loop.onWritable(descriptor) { [unowned self] in
        withExtendedLifetime(self) { becameWritable() }
      }
    }
    return nil
  }

  private var outputCount: Int { output.count - written }

  /// Writes what the socket takes; an errno where it takes nothing any more.
  private func push() -> Int32? {
    while outputCount > 0 {
      let count = unsafe output.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress! + written, outputCount, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 {
        written += count
      } else if errno == EAGAIN {
        break
      } else if errno != EINTR {
        return errno
      }
    }
    output.removeFirst(written)
    written = 0
    return nil
  }

  // MARK: - The end

  private func fail(_ failure: UpstreamStreamFailure?) {
    guard let failure, state != .closed else { return }
    close()
    onClose(failure)
  }

  /// Where the owner may be in the middle of something.
  private func failLater(_ failure: UpstreamStreamFailure) {
    guard failing == nil else { return }
    reading = nil
    writing = nil
    failing = loop.after(.zero) { [unowned self] in
      withExtendedLifetime(self) { fail(failure) }
    }
  }
}
