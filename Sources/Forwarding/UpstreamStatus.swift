public import Wire

/// What is known of one upstream: for metrics, and for people who ask why.
public struct UpstreamStatus: Sendable {
  public var upstream: Upstream
  public var isUp = true
  /// Why it is down, or not asked at all: `connection refused`; nil where it is up.
  public var reason: String?
  /// Nanoseconds; nil before the first answer.
  public var smoothedLatency: UInt64?
  public var counters = UpstreamCounters()

  init(upstream: Upstream) {
    self.upstream = upstream
  }
}

/// What was counted for one upstream since it was first heard of.
public struct UpstreamCounters: Sendable {
  /// Messages sent, probes aside.
  public var queries: UInt64 = 0
  /// Answers by response code, nil for all that have no name together, with how long they took:
  /// an upstream may make up 4,000 codes.
  public private(set) var answers: [(code: ResponseCode?, latency: LatencyHistogram)] = []
  /// Queries without an answer in time.
  public var timeouts: UInt64 = 0
  /// Refused, reset, not reached, unreadable.
  public var errors: UInt64 = 0
  /// Probes that failed.
  public var failedProbes: UInt64 = 0
  /// Queries sent over a connection that was open, and those that one was opened for.
  public var streamsReused: UInt64 = 0
  public var streamsOpened: UInt64 = 0
  /// Datagrams that were not the reply they were taken for a moment to be.
  public var wrongDatagrams: UInt64 = 0

  /// Nobody sends more than a few codes; a list is searched faster than a table is hashed.
  mutating func answered(_ code: ResponseCode, after nanoseconds: UInt64) {
    let code = Self.isNamed(code) ? code : nil
    var index = 0
    while index < answers.count, answers[index].code != code { index += 1 }
    if index == answers.count { answers.append((code, LatencyHistogram())) }
    answers[index].latency.record(nanoseconds)
  }

  /// RFC 6895 §2.3: 0 to 10 and 16 to 23 have a name, DSOTYPENI (11) is of another opcode.
  private static func isNamed(_ code: ResponseCode) -> Bool {
    code.rawValue <= 10 || (16...23).contains(code.rawValue)
  }
}

/// Latencies in the buckets of CoreDNS: 0.25 ms · 2ⁿ, n = 0…15, and one for all above.
public struct LatencyHistogram: Sendable {
  public private(set) var counts = [UInt64](repeating: 0, count: 17)
  /// Nanoseconds.
  public private(set) var sum: UInt64 = 0

  init() {}

  /// d ≤ 250 µs · 2ⁿ holds exactly when ⌊(d − 1) / 250 µs⌋ has at most n bits.
  mutating func record(_ nanoseconds: UInt64) {
    let steps = (max(nanoseconds, 1) - 1) / 250_000
    counts[min(64 - steps.leadingZeroBitCount, 16)] += 1
    sum &+= nanoseconds
  }
}

/// What was counted for one `forward` directive.
public struct GroupCounters: Hashable, Sendable {
  public init() {}

  /// Exchanges begun, refused ones aside.
  public var exchanges: UInt64 = 0
  /// Refused by `max_concurrent`.
  public var rejects: UInt64 = 0
  /// Ended at once since every upstream is down.
  public var allDown: UInt64 = 0
  /// Times when the last upstream that was up went down.
  public var broken: UInt64 = 0
  /// A second upstream asked since the first was silent for longer than usual.
  public var hedges: UInt64 = 0
  /// The same upstream asked again before its time was over: a datagram may be lost.
  public var resends: UInt64 = 0
  /// Asked again over a stream: truncated, or not to be believed.
  public var streamRetries: UInt64 = 0
  /// Asked again without EDNS.
  public var ednsRetries: UInt64 = 0
  /// Asked again with a spelling of small letters.
  public var caseRetries: UInt64 = 0
  /// Asked again with a new cookie.
  public var cookieRetries: UInt64 = 0

  /// Adds those of another directive.
  public mutating func add(_ other: GroupCounters) {
    exchanges += other.exchanges
    rejects += other.rejects
    allDown += other.allDown
    broken += other.broken
    hedges += other.hedges
    resends += other.resends
    streamRetries += other.streamRetries
    ednsRetries += other.ednsRetries
    caseRetries += other.caseRetries
    cookieRetries += other.cookieRetries
  }
}
