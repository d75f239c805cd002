import Synchronization
import Testing
import Wire

@testable import Forwarding

/// The same numbers for the same seed (SplitMix64).
struct SeededNumbers {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

/// A machine, a group whose upstreams are called a, b, c… and what they say to each other in
/// virtual time, as lines: `400 udp b`, `405 NOERROR from b`.
final class ExchangeRun {
  struct Message {
    var attempt: Int
    var to: Upstream
    var isStream: Bool
    var octets: [UInt8]
  }

  static let millisecond: UInt64 = 1_000_000
  /// Not 0: times before the start are times too.
  static let start: UInt64 = 100_000 * millisecond

  var machine: ExchangeMachine
  let group: UpstreamGroup
  private(set) var now = ExchangeRun.start
  private(set) var messages: [Message] = []
  private(set) var log: [String] = []
  private(set) var finished: [Int: ExchangeResult] = [:]
  /// Attempts that did not end yet.
  private(set) var live: Set<Int> = []
  /// Whether probes that are due are made.
  var probes = false

  init(
    _ options: ForwardOptions = ForwardOptions(), upstreams: [Upstream],
    limits: ExchangeLimits = ExchangeLimits(), seed: UInt64 = 1
  ) {
    var numbers = SeededNumbers(seed: seed)
    machine = ExchangeMachine(random: { numbers.next() }, limits: limits)
    group = UpstreamGroup(number: 1, name: ".", options: options, upstreams: upstreams)
  }

  static func upstream(_ letter: Character, tls: Bool = false) -> Upstream {
    let number = UInt32(letter.asciiValue ?? 0) - 0x60
    return Upstream(
      transport: tls ? .tls : .dns, address: IPAddress(v4: 0x0A00_0000 + number))
  }

  static func letter(_ upstream: Upstream) -> String {
    String(UnicodeScalar(UInt8(upstream.address.v4Bits & 0xFF) + 0x60))
  }

  /// Milliseconds from the start, a multiple of 5: deadlines are told up to one late.
  private var time: UInt64 { (now - Self.start) / Self.millisecond / 5 * 5 }

  // MARK: - Events

  @discardableResult
  func ask(
    _ name: String, _ type: RecordType = .a, overStream: Bool = false, dnssecOK: Bool = false,
    patience: UInt64? = nil
  ) throws -> Int {
    let question = try ForwardQuestionTests.question(name, type, dnssecOK: dnssecOK)
    let exchange = machine.start(
      question, of: group, overStream: overStream,
      patience: patience.map { $0 * Self.millisecond }, now: now)
    drain()
    return exchange
  }

  /// Lets time pass until so many milliseconds from the start.
  func wait(until milliseconds: UInt64) {
    let end = Self.start + milliseconds * Self.millisecond
    while true {
      let probe = probes ? group.nextProbe : nil
      guard let next = [machine.nextDeadline, probe].compactMap({ $0 }).min(), next <= end
      else { break }
      now = max(now, next)
      machine.tick(now: now)
      if probe != nil { self.probe(group.dueProbes(now: now)) }
      drain()
    }
    now = max(now, end)
  }

  func probe(_ upstreams: [Upstream]) {
    for upstream in upstreams {
      log.append("\(time) probe \(Self.letter(upstream))")
      machine.startProbe(of: upstream, in: group, now: now)
      drain()
    }
  }

  func receive(_ octets: [UInt8], for message: Int) {
    octets.withOctets {
      machine.receive($0, attempt: messages[message].attempt, now: now)
    }
    drain()
  }

  func fail(_ message: Int, _ reason: ExchangeFailure.Reason, _ text: String) {
    machine.fail(attempt: messages[message].attempt, reason, text, now: now)
    drain()
  }

  // MARK: - Actions

  private func drain() {
    var actions: [ExchangeAction?] = []
    while machine.takeActions(&actions) { actions.forEach(perform) }
  }

  private func perform(_ action: ExchangeAction?) {
    switch action {
    case .sendDatagram(let attempt, let upstream, _, let octets):
      sent(Message(attempt: attempt, to: upstream, isStream: false, octets: octets))
    case .sendStream(let attempt, let upstream, _, let octets):
      sent(Message(attempt: attempt, to: upstream, isStream: true, octets: octets))
    case .endAttempt(let attempt):
      #expect(live.remove(attempt) != nil)
    case .slow:
      log.append("\(time) slow")
    case .finish(let exchange, let result):
      #expect(finished.updateValue(result, forKey: exchange) == nil)
      log.append("\(time) \(Self.text(result))")
    case nil: Issue.record("no action")
    }
  }

  private func sent(_ message: Message) {
    messages.append(message)
    #expect(live.insert(message.attempt).inserted)
    let query = SentQuery(message.octets)
    var line = "\(time) \(message.isStream ? "stream" : "udp") \(Self.letter(message.to))"
    if !query.hasEDNS { line += " -edns" }
    if query.isLowerCase { line += " -case" }
    if query.cookie.count > 8 { line += " +cookie" }
    log.append(line)
  }

  static func text(_ result: ExchangeResult) -> String {
    switch result {
    case .answer(let given):
      "\(given.header.code)\(given.header.isTruncated ? " TC" : "") from \(letter(given.upstream))"
    case .failure(let failure): "failure \(failure.reason)"
    }
  }
}

extension UpstreamGroup {
  /// Exchanges counted in and not out.
  var underWay: Int { state.withLock { $0.underWay } }
}
