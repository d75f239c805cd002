import CLinux
import Glibc

/// Waits for the answers that changes lead to, and says of each how long it took.
///
/// The test API server's write log names each change: when its event went to the socket, and the
/// address that the name's answer has from then on. The name is asked until the answer has it. All
/// changes are followed at once, those of a stall too: to follow one at a time would leave out just
/// the ones that wait longest.
struct LatencyClient {
  private let seconds: Int64
  private let log: Int32
  private let server: Int32
  private var line: [UInt8] = []
  private var pending: [PendingChange] = []
  private var nextID: UInt16 = 0
  /// 4,096: an answer without EDNS is far smaller, and so is a line of the log.
  private var buffer = [UInt8](repeating: 0, count: 4_096)

  /// A change that is not answered within this time is counted as missing: nanoseconds.
  private static let patience: Int64 = 5_000_000_000
  /// A reply that has not come by then is lost, and the question is asked again: nanoseconds.
  private static let replyWait: Int64 = 20_000_000
  /// Time between a reply with the old answer and the next question, nanoseconds: a figure is up to
  /// some twice this too large.
  private static let pause = 50_000
  /// Time between two looks at the log where nothing is awaited, nanoseconds. Shorter would take
  /// from the CPU that the others share.
  private static let idlePause = 200_000
  /// Changes followed at once; at 500 a second that is a stall of eight seconds.
  private static let limit = 4_096

  /// Prints, for each change, when its event went to the socket and the nanoseconds from then to
  /// the reply; -1 for one that was not answered in time.
  static func run(_ request: LatencyRequest) throws(SystemFailure) {
    let log = unsafe open(request.log, O_RDONLY | O_CLOEXEC)
    guard log >= 0 else { throw SystemFailure(subject: request.log, errno: errno) }
    defer { close(log) }
    // What has been written before is of no interest.
    lseek(log, 0, SEEK_END)
    let server = Kernel.connectedSocket(request.port)
    guard server >= 0 else { throw SystemFailure(subject: "socket", errno: errno) }
    defer { close(server) }
    var client = LatencyClient(seconds: request.seconds, log: log, server: server)
    client.follow()
  }

  private init(seconds: Int64, log: Int32, server: Int32) {
    self.seconds = seconds
    self.log = log
    self.server = server
  }

  private mutating func follow() {
    let end = Kernel.monotonic + seconds * 1_000_000_000
    while true {
      let now = Kernel.monotonic
      if now < end { readLog() }
      if now >= end, pending.isEmpty { return }
      ask(now)
      receive()
      giveUp(now)
      Kernel.sleep(nanoseconds: pending.isEmpty ? Self.idlePause : Self.pause)
    }
  }

  // MARK: - The log

  private mutating func readLog() {
    while pending.count < Self.limit {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe read(log, $0.baseAddress, $0.count)
      }
      guard count > 0 else { return }
      for octet in buffer[..<count] {
        if octet != UInt8(ascii: "\n") {
          line.append(octet)
          continue
        }
        if let change = PendingChange(line, id: nextID) {
          pending.append(change)
          nextID &+= 1
        }
        line.removeAll(keepingCapacity: true)
      }
    }
  }

  // MARK: - Questions and replies

  private mutating func ask(_ now: Int64) {
    for index in pending.indices where pending[index].askAt <= now {
      pending[index].askAt = now + Self.replyWait
      Kernel.send(server, pending[index].query)
    }
  }

  private mutating func receive() {
    while !pending.isEmpty {
      let count = Kernel.receive(server, &buffer)
      guard count >= 12 else { return }
      let now = Kernel.monotonic
      let id = UInt16(buffer[0]) << 8 | UInt16(buffer[1])
      guard let index = pending.firstIndex(where: { $0.id == id }) else { continue }
      if pending[index].isAnswered(by: buffer[..<count]) {
        let change = pending.remove(at: index)
        print(change.time, now - change.time)
      } else {
        pending[index].askAt = now
      }
    }
  }

  private mutating func giveUp(_ now: Int64) {
    while let first = pending.first, now - first.time > Self.patience {
      pending.removeFirst()
      print(first.time, -1)
    }
  }
}

/// What the command line asks for.
struct LatencyRequest {
  var log = ""
  var port: UInt16 = 0
  var seconds: Int64 = 0

  /// Nil for a word that is not understood, or one that is missing.
  init?(_ words: ArraySlice<String>) {
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { return nil }
      switch parts[0] {
      case "log": log = parts[1]
      case "port": port = UInt16(parts[1]) ?? 0
      case "seconds": seconds = Int64(parts[1]) ?? 0
      default: return nil
      }
    }
    guard !log.isEmpty, port > 0, (1...3_600).contains(seconds) else { return nil }
  }
}

/// A change whose answer has not been seen.
struct PendingChange {
  let id: UInt16
  /// When its event went to the socket, CLOCK_MONOTONIC in nanoseconds.
  let time: Int64
  let query: [UInt8]
  /// What the answer has from the change on: an RDATA of four octets behind its length.
  private let mark: [UInt8]
  /// When to ask next.
  var askAt: Int64 = 0

  /// Nil for a line of another kind: `NAMESPACE/SERVICE-x REVISION NANOSECONDS ADDRESS …`.
  init?(_ line: [UInt8], id: UInt16) {
    let words = line.split(separator: UInt8(ascii: " "))
    guard words.count >= 4, let time = Int64(String(decoding: words[2], as: UTF8.self)) else {
      return nil
    }
    let octets = words[3].split(separator: UInt8(ascii: ".")).compactMap {
      UInt8(String(decoding: $0, as: UTF8.self))
    }
    let key = words[0].split(separator: UInt8(ascii: "/"))
    guard octets.count == 4, key.count == 2, key[1].hasSuffix("-x") else { return nil }
    self.id = id
    self.time = time
    mark = [0, 4] + octets
    query = Self.query(id, key[1].dropLast(2), key[0])
  }

  /// Asks for the addresses of a Service (RFC 1035 §4.1).
  private static func query(
    _ id: UInt16, _ service: ArraySlice<UInt8>, _ namespace: ArraySlice<UInt8>
  ) -> [UInt8] {
    var query: [UInt8] = [UInt8(id >> 8), UInt8(id & 255), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    let labels = [service, namespace, Array("svc".utf8)[...]]
    for label in labels + ["cluster", "local"].map({ Array($0.utf8)[...] }) {
      query.append(UInt8(label.count))
      query += label
    }
    return query + [0, 0, 1, 0, 1]
  }

  func isAnswered(by reply: ArraySlice<UInt8>) -> Bool {
    guard reply.count >= query.count + mark.count else { return false }
    return (query.count...(reply.count - mark.count)).contains { start in
      reply[start..<(start + mark.count)].elementsEqual(mark)
    }
  }
}

extension ArraySlice<UInt8> {
  fileprivate func hasSuffix(_ text: String) -> Bool {
    suffix(text.utf8.count).elementsEqual(text.utf8)
  }
}
