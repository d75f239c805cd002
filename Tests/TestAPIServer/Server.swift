import APIServerKit
import Glibc

/// The loop: listener, stdin and connections in one `poll`.
final class Server {
  let model: APIServerModel
  let faulty: FaultyAPIServer
  let port: UInt16
  let writeLog: WriteLog?
  private(set) lazy var control = Control(self)
  private(set) var counts: [String: Int] = [:]
  var churn: Churn?
  private(set) var connections: [Connection] = []
  private var listener: Int32
  private var connectionCount = 0
  private let start: Nanoseconds
  private var stdin: [UInt8]? = []
  private let endsWithStdin: Bool
  private(set) var isEnding = false
  private var drainEnd: Nanoseconds?

  init(_ options: Options) throws(Failure) {
    start = Kernel.monotonic
    var settings = options.settings
    settings.epoch = Kernel.wallTime.seconds
    model = APIServerModel(settings)
    faulty = FaultyAPIServer(model)
    if !options.tokens.isEmpty { faulty.acceptedTokens = options.tokens }
    writeLog = try options.writeLog.map { path throws(Failure) in try WriteLog(path) }
    endsWithStdin = options.endsWithStdin
    (listener, port) = try Kernel.listen(options.port)
  }

  /// Nanoseconds since the server began: the model's time.
  var now: Nanoseconds { Kernel.monotonic - start }

  func run() {
    while !isEnding {
      turn()
      writeLog?.flush()
    }
  }

  func end() { isEnding = true }

  /// Ends as a real server does after SIGTERM: no connection is taken from now on, and watches stay
  /// until `time`, when they end properly.
  func drain(until time: Nanoseconds) { drainEnd = time }

  /// Closes every connection, in the middle of whatever is sent.
  func cutAll() {
    for connection in connections { connection.close() }
  }

  // MARK: - Requests

  func respond(to request: APIRequestText, _ now: Nanoseconds) -> APIExchange? {
    let exchange = faulty.respond(to: request, now: now)
    let path = request.target.prefix { $0 != "?" }
    let kind = request.isWatch ? "WATCH" : request.method
    count("\(kind) \(path) \(exchange.map { "\($0.status)" } ?? "lost")")
    return exchange
  }

  func count(_ what: String) { counts[what, default: 0] += 1 }

  // MARK: - The loop

  private func turn() {
    let input = stdin == nil ? -1 : STDIN_FILENO
    var descriptors = [
      pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
      pollfd(fd: input, events: Int16(POLLIN), revents: 0),
    ]
    let polled = connections
    descriptors += polled.map { pollfd(fd: $0.descriptor, events: $0.interest, revents: 0) }
    Kernel.wait(&descriptors, timeout(now))
    let now = now
    if descriptors[1].revents != 0 { readCommands(now) }
    for (connection, state) in zip(polled, descriptors.dropFirst(2)) {
      if state.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 { connection.receive(now) }
    }
    // The state first, then everyone is told of it.
    churn?.run(self, now)
    if churn?.isOver == true { churn = nil }
    for connection in connections where !connection.isClosed { connection.serve(now) }
    if descriptors[0].revents != 0 { accept() }
    connections.removeAll { $0.isClosed }
    followFaults(now)
  }

  /// Milliseconds until something is due, rounded up: a loop that wakes early would spin.
  private func timeout(_ now: Nanoseconds) -> Int32 {
    var wake = connections.reduce(Nanoseconds.max) {
      min($0, $1.exchange?.nextWake(now) ?? .max)
    }
    wake = min(wake, faulty.nextChange(now) ?? .max, churn?.next ?? .max, drainEnd ?? .max)
    guard wake != .max else { return -1 }
    let milliseconds = (max(0, wake - now) + 999_999) / 1_000_000
    // A minute at most, in case a wake was computed wrongly.
    return Int32(min(milliseconds, 60_000))
  }

  private func accept() {
    while let descriptor = Kernel.accept(listener) {
      connectionCount += 1
      connections.append(Connection(descriptor, number: connectionCount, server: self))
    }
  }

  /// A server that is down has no listener, so that connections are refused.
  private func followFaults(_ now: Nanoseconds) {
    if let drainEnd {
      if listener >= 0 { close(listener) }
      listener = -1
      guard now >= drainEnd else { return }
      for connection in connections { connection.endWatch() }
      return end()
    }
    let isDown = faulty.isDown(now)
    if isDown, listener >= 0 {
      close(listener)
      listener = -1
      cutAll()
    } else if !isDown, listener < 0, let again = try? Kernel.listen(port) {
      listener = again.descriptor
    }
  }

  private func readCommands(_ now: Nanoseconds) {
    guard var text = stdin else { return }
    switch Kernel.read(STDIN_FILENO, into: &text) {
    case .octets: break
    case .wouldBlock: return
    case .closed:
      stdin = nil
      if endsWithStdin { end() }
      return
    }
    while let newline = text.firstIndex(of: 10) {
      let line = String(decoding: text[..<newline], as: UTF8.self)
      text.removeFirst(newline + 1)
      for reply in control.run(line, now).split(separator: "\n") { say(String(reply)) }
    }
    stdin = text
  }
}

/// A line for each event that went to a socket: `KEY REVISION NANOSECONDS NOTE CONNECTION`, the time
/// being CLOCK_MONOTONIC just before the write and the note what a churn put in, or `-`.
final class WriteLog {
  private let descriptor: Int32
  private var lines: [UInt8] = []
  /// By ResourceVersion; taken out when no longer wanted would cost more than it holds.
  var notes: [UInt64: String] = [:]

  init(_ path: String) throws(Failure) {
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("opening \(path)") }
  }

  func note(_ mark: APIExchange.Mark, _ time: Nanoseconds, connection: Int) {
    let note = notes[mark.revision] ?? "-"
    lines += "\(mark.key) \(mark.revision) \(time) \(note) \(connection)\n".utf8
  }

  func flush() {
    guard !lines.isEmpty else { return }
    _ = Kernel.write(descriptor, lines, from: 0)
    lines.removeAll(keepingCapacity: true)
  }
}

/// The `Date` header.
enum DateText {
  static var now: String {
    let seconds = Kernel.wallTime.seconds
    let text = Array(TimeText.text(seconds).utf8)
    func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let month = months[((Int(part(5..<7)) ?? 1) - 1) % 12]
    let day = days[Int(seconds / 86400 % 7)]
    return "\(day), \(part(8..<10)) \(month) \(part(0..<4)) \(part(11..<19)) GMT"
  }
}
