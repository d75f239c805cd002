public import Wire

/// `forward FROM TO… { … }` with every option of CoreDNS 1.14 but DNS over HTTPS.
public struct ForwardSettings: Hashable, Sendable {
  /// Destinations of one `forward`, as in CoreDNS; those of a `resolv.conf` count when it is read.
  public static let maximumUpstreams = 15
  /// Those of one block that may be asked for one name: more questions are not asked for a query.
  public static let maximumRun = 32

  public enum Transport: String, Hashable, Sendable {
    case dns, tls
  }

  /// One TO.
  public struct Upstream: Hashable, Sendable {
    public enum Target: Hashable, Sendable {
      /// The zone index is an interface's name or number, of `fe80::1%eth0`.
      case address(IPAddress, zoneIndex: String?)
      /// Looked up at the start, and again when the TTL of its addresses is over.
      case hostName(String)
      /// The `nameserver` lines of a file such as `/etc/resolv.conf`, path as written.
      case resolverFile(String)
    }

    public var transport: Transport
    public var target: Target
    public var port: UInt16
    /// The name that the certificate must have, of `tls://9.9.9.9%dns.quad9.net`.
    public var serverName: String?

    public init(
      transport: Transport = .dns, target: Target, port: UInt16, serverName: String? = nil
    ) {
      self.transport = transport
      self.target = target
      self.port = port
      self.serverName = serverName
    }
  }

  public enum Policy: String, Hashable, Sendable {
    case random
    case roundRobin = "round_robin"
    case sequential
  }

  /// `tls [CERT KEY] [CA]`; what is nil comes from the system, or is not presented.
  public struct TLS: Hashable, Sendable {
    public var certificate: String?
    public var key: String?
    public var authority: String?
    public init() {}
  }

  public struct HealthCheck: Hashable, Sendable {
    public var interval: Duration = .milliseconds(500)
    public var recursionDesired = true
    public var domain: DomainName = .root
    public init() {}
  }

  public struct Endpoint: Hashable, Sendable {
    public var address: IPAddress
    public var port: UInt16

    public init(address: IPAddress, port: UInt16) {
      self.address = address
      self.port = port
    }
  }

  public var from: DomainName
  public var upstreams: [Upstream] = []
  /// Names that are passed on to the next plugin, with all below them.
  public var except: [DomainName] = []
  public var forceTCP = false
  public var preferUDP = false
  /// How long an idle connection is kept.
  public var expire: Duration = .seconds(10)
  /// Idle connections kept for each upstream; 0 is no limit.
  public var maxIdleConnections = 0
  /// How old a connection may become, in use or not; zero is no limit.
  public var maxAge: Duration = .zero
  /// Failures in a row, of queries or probes, after which an upstream is down; 0 is never.
  public var maxFails: UInt32 = 2
  /// Upstreams asked for one question; 0 is no limit of its own.
  public var maxConnectAttempts: UInt32 = 0
  public var tls: TLS?
  public var tlsServerName: String?
  public var policy: Policy = .random
  public var healthCheck = HealthCheck()
  /// Queries under way at once, REFUSED above; 0 is no limit.
  public var maxConcurrent = 0
  /// Response codes for which the next `forward` is asked.
  public var next: Set<ResponseCode> = []
  public var nextOnNoData = false
  public var failfastAllUnhealthyUpstreams = false
  /// Response codes for which the next upstream is asked.
  public var failover: Set<ResponseCode> = []
  /// Who is asked for upstreams given by name; the system's resolvers where empty.
  public var resolvers: [Endpoint] = []
  public var readTimeout: Duration = .seconds(2)
  /// At most one of each family.
  public var sourceAddresses: [IPAddress] = []
  /// martlet's own: the family that addresses in forwarded replies are of; nil for both.
  public var families: AddressFamily?
  public var place: Place

  public init(from: DomainName, place: Place) {
    self.from = from
    self.place = place
  }
}
