/// How much an API server is asked at a time: `apiserver_qps`, `apiserver_burst`,
/// `apiserver_max_inflight`.
public struct RequestLimits: Hashable, Sendable {
  /// Requests a second over time; nil: no limit.
  public var perSecond: Double?
  /// Requests that may come at once when there were none before.
  public var burst: Int?
  /// Requests under way at a time; watches do not count once they have begun, as they never end.
  public var inFlight: Int?

  /// The burst that client-go has where none is said.
  static let usualBurst = 10

  public init(perSecond: Double? = nil, burst: Int? = nil, inFlight: Int? = nil) {
    self.perSecond = perSecond
    self.burst = burst
    self.inFlight = inFlight
  }
}

/// A token bucket over ``RequestLimits``.
struct RequestBucket {
  /// Nanoseconds after which is asked again, however small the rate is: 1e-300 is one.
  private static let longestWait: Double = 3_600e9
  private let limits: RequestLimits
  private var tokens: Double
  private var filledAt: UInt64?

  init(_ limits: RequestLimits) {
    self.limits = limits
    tokens = Double(limits.burst ?? RequestLimits.usualBurst)
  }

  /// Nanoseconds until a request may be sent; 0: now, and it counts as sent.
  mutating func take(_ now: UInt64) -> UInt64 {
    guard let rate = limits.perSecond else { return 0 }
    let most = Double(max(1, limits.burst ?? RequestLimits.usualBurst))
    if let filledAt { tokens = min(most, tokens + Double(now - filledAt) / 1e9 * rate) }
    filledAt = now
    if tokens >= 1 {
      tokens -= 1
      return 0
    }
    let wait = (1 - tokens) / rate * 1e9
    return wait < Self.longestWait ? UInt64(wait) + 1 : UInt64(Self.longestWait)
  }

  /// Whether one more request may be under way.
  func allows(inFlight: Int) -> Bool {
    limits.inFlight.map { inFlight < $0 } ?? true
  }
}
