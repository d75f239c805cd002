public import Wire

/// `cache [TTL] [ZONES…] { … }` with every option of CoreDNS 1.14.
public struct CacheSettings: Hashable, Sendable {
  /// `success` or `denial`.
  public struct Store: Hashable, Sendable {
    /// Answers; fewer than 1024 count as that.
    public var capacity = 9984
    /// Seconds.
    public var maxTTL: UInt32
    /// Seconds.
    public var minTTL: UInt32 = 5
    /// Names that are not cached, with all below them.
    public var disabled: [DomainName] = []

    public init(maxTTL: UInt32) {
      self.maxTTL = maxTTL
    }
  }

  /// `prefetch AMOUNT [DURATION [PERCENTAGE%]]`.
  public struct Prefetch: Hashable, Sendable {
    /// Queries that make a name popular, with no gap of ``duration`` between them; 0 is off.
    public var amount: Int
    public var duration: Duration = .seconds(60)
    /// Of the TTL, 10–90: what is left when the answer is fetched anew.
    public var percentage = 10

    public init(amount: Int) {
      self.amount = amount
    }
  }

  /// `serve_stale [DURATION [immediate | verify [TIMEOUT]] [RESPONSE_TTL [FAILURE_RECHECK]]]`.
  public struct ServeStale: Hashable, Sendable {
    public enum Mode: String, Hashable, Sendable {
      case immediate, verify
    }

    /// How long an answer is kept after its TTL.
    public var duration: Duration = .seconds(3600)
    public var mode: Mode = .immediate
    /// How long a verifying query is waited for; nil until it ends.
    public var verifyTimeout: Duration?
    /// The TTL of a stale answer.
    public var responseTTL: Duration = .zero
    /// How long after a failed refresh no other is tried.
    public var failureRecheck: Duration = .zero
    /// `serve_stale_policy prefer_positive`: an old address rather than a new denial.
    public var prefersPositive = false
    public init() {}
  }

  public var zones: [DomainName]
  public var success = Store(maxTTL: 3600)
  public var denial = Store(maxTTL: 1800)
  public var prefetch: Prefetch?
  public var serveStale: ServeStale?
  /// How long SERVFAIL is cached, at most 5 minutes.
  public var servfail: Duration = .seconds(5)
  /// Whether answers keep the TTL they came with.
  public var keepTTL = false
  /// martlet's own: whether a name that does not exist denies the names below it (RFC 8020).
  public var nxdomainCut = false

  public init(zones: [DomainName]) {
    self.zones = zones
  }
}
