public import Wire

/// What one `forward` directive says about asking its upstreams; durations in nanoseconds.
public struct ForwardOptions: Hashable, Sendable {
  /// In which order upstreams that are up are asked.
  public enum Policy: Hashable, Sendable {
    case random
    /// Each query begins with the upstream behind the one that the last query began with.
    case roundRobin
    /// As written.
    case sequential
  }

  /// What is asked to learn whether an upstream is there.
  public struct HealthCheck: Hashable, Sendable {
    /// From a failure to the first probe of an upstream that is down; doubles from there.
    public var interval: UInt64 = 500_000_000
    public var recursionDesired = true
    /// Whose NS records are asked for, as CoreDNS does.
    public var domain = DomainName.root
    public init() {}
  }

  /// Streams only, whatever the client used.
  public var forceTCP = false
  /// Datagrams first, also for a client that came by TCP.
  public var preferUDP = false
  /// Failures in a row after which an upstream is down; 0 for never.
  public var maxFails: UInt32 = 2
  /// Upstreams asked for one question, one asked again included; 0 leaves only twice their number.
  public var maxConnectAttempts: UInt32 = 0
  public var policy = Policy.random
  public var healthCheck = HealthCheck()
  /// Exchanges under way at once in all threads; 0 is no limit.
  public var maxConcurrent = 0
  /// Response codes for which the next upstream is asked.
  public var failover: Set<ResponseCode> = []
  /// With every upstream down no client's query goes out, not even the one a second that would
  /// show that one is back.
  public var failfastAllUnhealthy = false
  /// How long one upstream may take for one query.
  public var readTimeout: UInt64 = 2_000_000_000
  /// Where queries come from, by the upstream's family; nil leaves it to the kernel.
  public var sourceV4: IPAddress?
  public var sourceV6: IPAddress?

  /// Of TCP and TLS.
  public var streams = StreamOptions()

  public init() {}

  /// The address that queries to `upstream` come from.
  public func source(for upstream: Upstream) -> IPAddress? {
    upstream.address.isV4 ? sourceV4 : sourceV6
  }
}

/// What connections to upstreams are kept by.
public struct StreamOptions: Hashable, Sendable {
  /// Files, PEM; what is nil comes from the system, or is not presented.
  public struct TLS: Hashable, Sendable {
    public var certificate: File?
    public var key: File?
    public var authority: File?

    public init() {}
  }

  /// A file as it was read once: whatever becomes of it, connections are made by this.
  public struct File: Hashable, Sendable {
    public let path: String
    /// Nil where it could not be read.
    public let octets: [UInt8]?

    public init(path: String, octets: [UInt8]?) {
      self.path = path
      self.octets = octets
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(path) }
  }

  /// Nanoseconds that an idle connection is kept.
  public var expire: UInt64 = 10_000_000_000
  /// Idle connections kept to one upstream; 0 is no limit.
  public var maxIdle = 0
  /// Nanoseconds after which a connection is given up, in use or not; 0 is never.
  public var maxAge: UInt64 = 0
  public var tls = TLS()

  public init() {}
}
