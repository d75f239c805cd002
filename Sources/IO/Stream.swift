import Glibc

/// One TCP connection: octets of a query that is not whole yet, and of replies not yet taken.
final class Stream {
  private let socket: Socket
  let client: StreamServer.Client
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
  /// Queries whose replies come later.
  private var outstanding = 0
  /// What the server has counted of ``pendingCount``.
  var countedOctets = 0

  /// Octets of a buffer that a connection keeps while it is idle.
  private static let keptOctets = 1_024

  init(
    socket: consuming Socket, _ client: StreamServer.Client, remote: SocketAddress,
    local: SocketAddress, now: UInt64
  ) {
    self.socket = socket
    self.client = client
    self.remote = remote
    self.local = local
    lastActive = now
  }

  var descriptor: Int32 { socket.descriptor }
  var pendingCount: Int { output.count - written }
  var hasPending: Bool { pendingCount > 0 }
  var isIdle: Bool { !hasPending && input.isEmpty && outstanding == 0 }

  /// Whether it may ask more: a client that does not read is not read from either.
  func takesQueries(_ limits: StreamLimits) -> Bool {
    pendingCount < limits.pendingOctets && outstanding < limits.outstandingAnswers
  }

  /// Whether one of the time limits has passed.
  func isOverdue(_ limits: StreamLimits, now: UInt64) -> Bool {
    func passed(_ since: UInt64?, _ limit: Duration) -> Bool {
      guard let since else { return false }
      return now >= since + UInt64(limit / .nanoseconds(1))
    }
    // Who is not read from cannot finish a query.
    return passed(stalled, limits.write)
      || outstanding < limits.outstandingAnswers && passed(begun, limits.read)
      || isIdle && passed(lastActive, limits.idle)
  }

  /// Takes a reply that was outstanding; false where none is.
  func take(_ reply: UnsafeRawBufferPointer, _ limits: StreamLimits, now: UInt64) -> Bool {
    guard outstanding > 0 else { return false }
    // The time in which a query must come in begins anew where nothing was read.
    if outstanding >= limits.outstandingAnswers, begun != nil { begun = now }
    outstanding -= 1
    if unsafe !reply.isEmpty {
      unsafe append(reply)
      lastActive = now
    }
    return true
  }

  /// Does what the socket allows; false where the connection is over.
  func advance(_ server: StreamServer, now: UInt64, reads: Bool) -> Bool {
    guard flush(now: now) else { return false }
    let limits = server.limits
    if reads, takesQueries(limits), !isEnded, messageLength(at: 0) == nil {
      guard fill(server) else { return false }
    }
    while takesQueries(limits), reads || messageLength(at: 0) != nil {
      answerAll(server, now: now)
      guard flush(now: now) else { return false }
      if messageLength(at: 0) == nil { break }
    }
    return !isEnded || hasPending || outstanding > 0
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
    while takesQueries(server.limits), let length = messageLength(at: at) {
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

  /// Whether there is a reply, or will be.
  private func answer(_ start: Int, _ length: Int, _ server: StreamServer) -> Bool {
    let reply = unsafe input.withUnsafeBytes { message in
      unsafe server.replyBuffer.withUnsafeMutableBytes { reply in
        // Before the handler: it may reply at once all the same.
        outstanding += 1
        return unsafe server.handler(
          UnsafeRawBufferPointer(rebasing: message[start..<(start + length)]), remote, local,
          client, reply)
      }
    }
    if case .later = reply { return true }
    outstanding = max(0, outstanding - 1)
    guard case .written(let count) = reply, count > 0 else { return false }
    unsafe server.replyBuffer.withUnsafeBytes {
      unsafe append(UnsafeRawBufferPointer(rebasing: $0[..<count]))
    }
    return true
  }

  private func append(_ reply: UnsafeRawBufferPointer) {
    output.append(UInt8(truncatingIfNeeded: reply.count >> 8))
    output.append(UInt8(truncatingIfNeeded: reply.count))
    unsafe output.append(contentsOf: reply)
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
