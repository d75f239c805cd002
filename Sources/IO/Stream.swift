import Glibc

/// One TCP connection: octets of a query that is not whole yet, and of replies not yet taken.
final class Stream {
  private let socket: Socket
  let remote: SocketAddress
  let local: SocketAddress
  var reading: Registration?
  var writing: Registration?
  /// Nanoseconds of the last query or accepted connection.
  private(set) var lastActive: UInt64
  /// Nanoseconds of the first octet of the query that is coming in.
  private var begun: UInt64?
  /// Nanoseconds since when replies have not moved.
  private var stalled: UInt64?
  /// The client sends no more; what it asked is still answered.
  private(set) var isEnded = false
  private var input: [UInt8] = []
  private var output: [UInt8] = []
  private var written = 0

  /// Octets taken from the socket at a time.
  private static let readOctets = 16_384

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
    guard pendingCount <= server.limits.pendingOctets else { return true }
    if !isEnded {
      guard fill() else { return false }
    }
    answerAll(server, now: now)
    guard flush(now: now) else { return false }
    return !isEnded || hasPending
  }

  /// Reads once; false on an error. The loop calls again while there is more.
  private func fill() -> Bool {
    let start = input.count
    input.append(contentsOf: repeatElement(0, count: Self.readOctets))
    let count = unsafe input.withUnsafeMutableBytes {
      unsafe recv(descriptor, $0.baseAddress! + start, Self.readOctets, 0)
    }
    let failure = errno
    input.removeLast(Self.readOctets - max(count, 0))
    if count == 0 { isEnded = true }
    return count >= 0 || failure == EAGAIN || failure == EINTR
  }

  private func answerAll(_ server: StreamServer, now: UInt64) {
    var at = 0
    while input.count - at >= 2 {
      let length = Int(input[at]) << 8 | Int(input[at + 1])
      guard input.count - at - 2 >= length else { break }
      answer(at + 2, length, server)
      at += 2 + length
      lastActive = now
    }
    input.removeFirst(at)
    if input.isEmpty {
      begun = nil
    } else if at > 0 || begun == nil {
      begun = now
    }
  }

  private func answer(_ start: Int, _ length: Int, _ server: StreamServer) {
    let count = unsafe input.withUnsafeBytes { message in
      unsafe server.replyBuffer.withUnsafeMutableBytes { reply in
        unsafe server.handler(
          UnsafeRawBufferPointer(rebasing: message[start..<(start + length)]), remote, local,
          UnsafeMutableRawBufferPointer(rebasing: reply[0..<65_535]))
      }
    }
    guard count > 0 else { return }
    output.append(UInt8(truncatingIfNeeded: count >> 8))
    output.append(UInt8(truncatingIfNeeded: count))
    output.append(contentsOf: server.replyBuffer[..<count])
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
        return true
      }
      stalled = nil
      written += count
    }
    output.removeAll(keepingCapacity: output.capacity <= 65_536)
    written = 0
    stalled = nil
    return true
  }
}
