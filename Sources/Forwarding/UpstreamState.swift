import Wire

/// What is known of one upstream.
struct UpstreamState: Sendable {
  /// How long what an upstream cannot do is remembered: nanoseconds of an hour.
  static let memory: UInt64 = 3_600_000_000_000
  /// What is not proven is asked again soon: a minute.
  static let shortMemory: UInt64 = 60_000_000_000
  /// Probes of an upstream that stays down are no further apart, or as far as `health_check` says.
  static let longestProbeInterval: UInt64 = 10_000_000_000
  /// After this a probe is taken for lost with the thread that had it.
  static let probePatience: UInt64 = 5_000_000_000

  /// Unique in its group: what exchanges call it, since places change.
  let number: Int
  let upstream: Upstream
  var latency = LatencyEstimate()
  var counters = UpstreamCounters()

  // MARK: Health

  /// Failures since the last reply.
  var failures: UInt32 = 0
  /// When the last of them was, and the last reply.
  var lastFailure: UInt64 = 0
  var lastReply: UInt64 = 0
  /// Nil while up.
  var downSince: UInt64?
  var reason: String?
  /// Why it is never asked: it is this server.
  var dropped: String?
  /// When to probe; nil for an upstream in no doubt.
  var probeAt: UInt64?
  var probeInterval: UInt64 = 0
  /// Under way since.
  var probing: UInt64?

  // MARK: Ways

  var noEDNSUntil: UInt64 = 0
  var foldsCaseUntil: UInt64 = 0
  /// It truncated an answer over UDP and was silent over TCP.
  var lacksStreamsUntil: UInt64 = 0
  /// The client cookie, 8 octets, then the server's where one is known.
  var cookie: [UInt8] = []

  init(number: Int, upstream: Upstream) {
    self.number = number
    self.upstream = upstream
  }

  var isUp: Bool { downSince == nil && dropped == nil }
  var isInDoubt: Bool { probeAt != nil }
  var speaksCookies: Bool { cookie.count > UpstreamState.clientCookieOctets }
  static let clientCookieOctets = 8

  var canBeProbed: Bool { dropped == nil && probeAt != nil }

  func isProbing(now: UInt64) -> Bool {
    probing.map { now < $0 + Self.probePatience } ?? false
  }

  // MARK: - Health

  /// A reply to a query that was sent: it is there, whatever the reply says.
  mutating func replied(now: UInt64) {
    lastReply = max(lastReply, now)
    failures = 0
    downSince = nil
    reason = nil
    probeAt = nil
  }

  /// Silent for the whole of its time. It counts unless something came meanwhile: upstreams are
  /// silent about names whose own servers are. Nor do queries count that were sent before it
  /// failed the last time: what began together fails together.
  mutating func wasSilent(since sent: UInt64, text: String, options: ForwardOptions, now: UInt64) {
    guard lastReply < sent, failures == 0 || lastFailure <= sent else { return }
    failed(text: text, options: options, now: now)
  }

  /// Silent, but no longer waited for: to be probed.
  mutating func mayBeSilent(since sent: UInt64, options: ForwardOptions, now: UInt64) {
    guard lastReply < sent, probeAt == nil, options.maxFails > 0 else { return }
    probeAt = now
    probeInterval = options.healthCheck.interval
  }

  /// A failure that counts. The first is asked after at once; an upstream that is down, after a
  /// while that doubles.
  mutating func failed(text: String, options: ForwardOptions, now: UInt64) {
    guard options.maxFails > 0 else { return }
    failures &+= 1
    lastFailure = now
    if downSince == nil {
      probeInterval = options.healthCheck.interval
      if failures < options.maxFails {
        probeAt = min(probeAt ?? now, now)
        return
      }
      downSince = now
      probeAt = now + probeInterval
    }
    reason = text
  }

  /// A probe came to nothing.
  mutating func probeFailed(text: String, options: ForwardOptions, now: UInt64) {
    counters.failedProbes += 1
    let wasDown = downSince != nil
    failed(text: text, options: options, now: now)
    if wasDown {
      // `health_check` may say longer.
      let longest = max(options.healthCheck.interval, Self.longestProbeInterval)
      probeInterval = min(probeInterval * 2, longest)
    }
    probeAt = now + probeInterval
  }
}
