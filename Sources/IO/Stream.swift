import Glibc

/// One TCP connection: octets of a query that is not whole yet, and of replies not yet taken.
final class Stream {
  private let socket: Socket
  let remote: SocketAddress
  let local: SocketAddress
  var reading: Registration?
  var writing: Registration?
  /// Nanoseconds of the last query that was answered, or of the connection.
  private(set) var lastActive: UInt64
  /// Nanoseconds of the first octet of the query that is coming in.
  private var begun: UInt64?
  /// Nanoseconds since when replies have not moved.
  private(set) var stalled: UInt64?
  /// The client sends no more; what it asked is still answered.
  private(set) var isEnded = false
  private var input: [UInt8] = []
  private var output: [UInt8] = []
  private var written = 0

  /// Octets of a buffer that a connection keeps while it is idle.
  private static let keptOctets = 1_024

  init(socket: consuming Socket, remote: SocketAddress, local: SocketAddress, now: UInt64) {
    self.socket = socket
    self.remote = remote
    self.local = local
    lastActive = now
  }

  var descriptor: Int32 { socket.descriptor }
  var pendingCount: Int { output.count - written }
  var hasPending: Bool { pendingCount > 0 }
  var isIdle: Bool { !hasPending && input.isEmpty }

  /// Whether one of the time limits has passed.
  func isOverdue(_ limits: StreamLimits, now: UInt64) -> Bool {
    func passed(_ since: UInt64?, _ limit: Duration) -> Bool {
      guard let since else { return false }
      return now >= since + UInt64(limit / .nanoseconds(1))
    }
    return passed(stalled, limits.write) || passed(begun, limits.read)
      || isIdle && passed(lastActive, limits.idle)
  }

  /// Does what the socket allows; false where the connection is over.
  func advance(_ server: StreamServer, now: UInt64) -> Bool {
    guard flush(now: now) else { return false }
    // A client that does not read is not read from either.
    guard pendingCount < server.limits.pendingOctets else { return true }
    if !isEnded, messageLength(at: 0) == nil {
      guard fill(server) else { return false }
    }
    repeat {
      answerAll(server, now: now)
      guard flush(now: now) else { return false }
    } while messageLength(at: 0) != nil && pendingCount < server.limits.pendingOctets
    return !isEnded || hasPending
  }

  /// The length of the whole message that begins at `at` of the input, its length field aside.
  private func messageLength(at start: Int) -> Int? {
    guard let length = statedLength(at: start), length <= StreamLimits.messageOctets,
      input.count - start - 2 >= length
    else { return nil }
    return length
  }

  /// The length that the message beginning at `at` says it has.
  private func statedLength(at start: Int) -> Int? {
    guard input.count - start >= 2 else { return nil }
    return Int(input[start]) << 8 | Int(input[start + 1])
  }

  /// Reads once; false on an error.
  private func fill(_ server: StreamServer) -> Bool {
    let count = unsafe server.readBuffer.withUnsafeMutableBytes {
      unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
    }
    guard count > 0 else {
      if count == 0 { isEnded = true }
      return count == 0 || errno == EAGAIN || errno == EINTR
    }
    input += server.readBuffer[..<count]
    return true
  }

  /// Answers whole messages for as long as the client takes the replies.
  private func answerAll(_ server: StreamServer, now: UInt64) {
    var at = 0
    while pendingCount < server.limits.pendingOctets, let length = messageLength(at: at) {
      if answer(at + 2, length, server) { lastActive = now }
      at += 2 + length
    }
    // What follows a message that is too long could be found only by reading all of it.
    if let length = statedLength(at: at), length > StreamLimits.messageOctets {
      isEnded = true
      at = input.count
    }
    if at == input.count {
      begun = nil
      if input.capacity > Self.keptOctets {
        input = []
      } else {
        input.removeAll(keepingCapacity: true)
      }
      return
    }
    input.removeFirst(at)
    if messageLength(at: 0) != nil {
      begun = nil
    } else if at > 0 || begun == nil {
      begun = now
    }
  }

  /// Whether there is a reply.
  private func answer(_ start: Int, _ length: Int, _ server: StreamServer) -> Bool {
    let count = unsafe input.withUnsafeBytes { message in
      unsafe server.replyBuffer.withUnsafeMutableBytes { reply in
        unsafe server.handler(
          UnsafeRawBufferPointer(rebasing: message[start..<(start + length)]), remote, local, reply)
      }
    }
    guard count > 0 else { return false }
    output.append(UInt8(truncatingIfNeeded: count >> 8))
    output.append(UInt8(truncatingIfNeeded: count))
    output += server.replyBuffer[..<count]
    return true
  }

  /// Writes what the socket takes; false on an error.
  private func flush(now: UInt64) -> Bool {
    while hasPending {
      let count = unsafe output.withUnsafeBytes {
        unsafe send(descriptor, $0.baseAddress! + written, pendingCount, Int32(MSG_NOSIGNAL))
      }
      if count < 0 {
        if errno == EINTR { continue }
        guard errno == EAGAIN else { return false }
        stalled = stalled ?? now
        output.removeFirst(written)
        written = 0
        return true
      }
      stalled = nil
      written += count
    }
    if output.capacity > Self.keptOctets {
      output = []
    } else {
      output.removeAll(keepingCapacity: true)
    }
    written = 0
    stalled = nil
    return true
  }
}
