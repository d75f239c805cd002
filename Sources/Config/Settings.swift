public import Wire

/// A whole configuration: the server blocks of a Corefile, checked, in the order of the file.
public struct Configuration: Hashable, Sendable {
  public var blocks: [ServerBlock]

  public init(blocks: [ServerBlock]) {
    self.blocks = blocks
  }
}

/// One server block: the zones it is asked for and what its plugins are to do.
///
/// A property is nil or empty where the block lacks the directive. Directives that may stand more
/// than once are arrays in the order of the file; no other order means anything.
public struct ServerBlock: Hashable, Sendable {
  public var keys: [ZoneKey]
  /// Where the block's first key stands, for messages.
  public var place: Place

  public var root: String?
  public var reload: ReloadSettings?
  public var bufsize: Int?
  public var bind: [BindSettings] = []
  public var debug = false
  public var ready: ReadySettings?
  public var health: HealthSettings?
  public var prometheus: [PrometheusSettings] = []
  public var errors: ErrorsSettings?
  public var log: [LogSettings] = []
  /// martlet's own: the family that addresses in replies are of; nil for both.
  public var families: AddressFamily?
  public var loadbalance: LoadbalanceSettings?
  public var cache: CacheSettings?
  public var files: [FileSettings] = []
  public var kubernetes: [KubernetesSettings] = []
  public var loop = false
  public var forwards: [ForwardSettings] = []
  public var whoami = false

  public init(keys: [ZoneKey], place: Place) {
    self.keys = keys
    self.place = place
  }
}

/// `families ipv4|ipv6`: the one kind of address that replies keep, A or AAAA.
public enum AddressFamily: String, Hashable, Sendable, CaseIterable {
  case ipv4, ipv6
}

/// Where something stands: file, line and column, both from 1, columns in characters.
public struct Place: Hashable, Sendable {
  public var file: String
  public var line: Int
  public var column: Int

  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }
}

/// A key of a server block, `dns://zone:port` with everything filled in.
public struct ZoneKey: Hashable, Sendable {
  public enum Transport: String, Hashable, Sendable {
    case dns, tls, https, https3, quic, grpc
  }

  public var transport: Transport
  /// Lower case; classless and CIDR keys are already reverse zones.
  public var zone: DomainName
  public var port: UInt16

  public init(transport: Transport = .dns, zone: DomainName, port: UInt16) {
    self.transport = transport
    self.zone = zone
    self.port = port
  }
}

/// A host and port of an HTTP listener, `:8080` having an empty host.
public struct ListenAddress: Hashable, Sendable {
  public var host: String
  public var port: UInt16

  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}

/// `reload [INTERVAL [JITTER]]`.
public struct ReloadSettings: Hashable, Sendable {
  public var interval: Duration = .seconds(30)
  public var jitter: Duration = .seconds(15)
  public init() {}
}

/// `bind ADDRESS|IFACE… { except ADDRESS|IFACE… }`.
public struct BindSettings: Hashable, Sendable {
  /// Addresses or interface names as written.
  public var addresses: [String]
  public var except: [String] = []
  public var place: Place

  public init(addresses: [String], place: Place) {
    self.addresses = addresses
    self.place = place
  }
}

/// `ready [ADDRESS] { monitor MODE }`.
public struct ReadySettings: Hashable, Sendable {
  public enum Monitor: String, Hashable, Sendable {
    case untilReady = "until-ready"
    case continuously
  }

  public var address = ListenAddress(host: "", port: 8181)
  public var monitor: Monitor = .untilReady
  public init() {}
}

/// `health [ADDRESS] { lameduck DURATION }`.
public struct HealthSettings: Hashable, Sendable {
  public var address = ListenAddress(host: "", port: 8080)
  public var lameduck: Duration = .zero
  public init() {}
}

/// `prometheus [ADDRESS]`.
public struct PrometheusSettings: Hashable, Sendable {
  public var address = ListenAddress(host: "localhost", port: 9153)
  public init() {}
}

/// `errors { consolidate DURATION "REGEXP" [LEVEL] [show_first] }`.
public struct ErrorsSettings: Hashable, Sendable {
  public enum Level: String, Hashable, Sendable {
    case warning, error, info, debug
  }

  public struct Consolidation: Hashable, Sendable {
    public var period: Duration
    /// As written, in RE2's syntax; whoever matches it says whether it can be read.
    public var pattern: String
    public var level: Level = .error
    public var showFirst = false
    public var place: Place

    public init(period: Duration, pattern: String, place: Place) {
      self.period = period
      self.pattern = pattern
      self.place = place
    }
  }

  public var consolidations: [Consolidation] = []
  public var stacktrace = false
  public init() {}
}

/// `log [NAMES…] [FORMAT] { class CLASS… }`.
public struct LogSettings: Hashable, Sendable {
  public enum ResponseClass: String, Hashable, Sendable {
    case success, denial, error, all
  }

  public static let commonFormat =
    "{remote}:{port} - {>id} \"{type} {class} {name} {proto} {size} {>do} {>bufsize}\" "
    + "{rcode} {>rflags} {rsize} {duration}"
  public static let combinedFormat = commonFormat + " \"{>opcode}\""

  /// Names at or below which queries are logged; the block's zones where none is given.
  public var names: [DomainName]
  public var format = LogSettings.commonFormat
  public var classes: Set<ResponseClass> = [.all]

  public init(names: [DomainName]) {
    self.names = names
  }
}

/// `loadbalance [POLICY]`.
public struct LoadbalanceSettings: Hashable, Sendable {
  public enum Policy: String, Hashable, Sendable {
    case roundRobin = "round_robin"
  }

  public var policy: Policy = .roundRobin
  public init() {}
}

/// `fallthrough [ZONES…]`.
public enum Fallthrough: Hashable, Sendable {
  case none
  case all
  case zones([DomainName])
}

/// `file DBFILE [ZONES…] { reload DURATION; fallthrough [ZONES…] }`.
public struct FileSettings: Hashable, Sendable {
  /// As written; relative to `root`, else to the Corefile's folder.
  public var path: String
  public var zones: [DomainName]
  public var reload: Duration = .seconds(60)
  public var fallThrough: Fallthrough = .none
  public var place: Place

  public init(path: String, zones: [DomainName], place: Place) {
    self.path = path
    self.zones = zones
    self.place = place
  }
}

/// `kubernetes [ZONES…] { … }`.
public struct KubernetesSettings: Hashable, Sendable {
  public enum Pods: String, Hashable, Sendable {
    case disabled, insecure, verified
  }

  /// Where objects come from.
  public enum Source: Hashable, Sendable {
    /// The cluster that the server runs in.
    case inCluster
    case kubeconfig(file: String, context: String?)
    case endpoints([String])
    /// martlet's own: files and folders of Kubernetes JSON or YAML, as written; relative to the
    /// Corefile's folder.
    case manifests([String])
  }

  public struct ClientCertificate: Hashable, Sendable {
    public var certificate: String
    public var key: String
    public var authority: String

    public init(certificate: String, key: String, authority: String) {
      self.certificate = certificate
      self.key = key
      self.authority = authority
    }
  }

  /// Forward and reverse zones, lower case; CIDRs are already reverse zones.
  public var zones: [DomainName]
  public var source: Source = .inCluster
  public var tls: ClientCertificate?
  /// martlet's own: the file that keeps the known objects over a restart, as written; relative to
  /// the Corefile's folder. Nil: none is kept. Never beside manifests.
  public var snapshot: String?
  public var namespaces: Set<String> = []
  public var namespaceLabels: LabelSelector?
  public var labels: LabelSelector?
  public var pods: Pods = .disabled
  public var endpointPodNames = false
  public var noEndpoints = false
  public var ignoreEmptyService = false
  /// Seconds, 0–3600.
  public var ttl: UInt32 = 5
  public var fallThrough: Fallthrough = .none
  public var startupTimeout: Duration = .seconds(5)
  public var apiserverQPS: Double?
  public var apiserverBurst: Int?
  public var apiserverMaxInflight: Int?
  public var place: Place
  /// Where the property that names the source stands; the directive's place when there is none.
  public var sourcePlace: Place

  public init(zones: [DomainName], place: Place) {
    self.zones = zones
    self.place = place
    sourcePlace = place
  }
}

/// A Kubernetes label selector, set-based requirements included; all must hold.
public struct LabelSelector: Hashable, Sendable {
  /// `equals` and `notEquals` have at least one value, which may be empty.
  public enum Requirement: Hashable, Sendable {
    case equals(key: String, values: Set<String>)
    case notEquals(key: String, values: Set<String>)
    case exists(key: String)
    case absent(key: String)
  }

  public var requirements: [Requirement]

  public init(requirements: [Requirement]) {
    self.requirements = requirements
  }

  /// Whether an object with these labels is selected. As in Kubernetes, an object without the key
  /// satisfies `!=` and `notin`.
  public func matches(_ labels: [String: String]) -> Bool {
    requirements.allSatisfy { requirement in
      switch requirement {
      case .equals(let key, let values): labels[key].map(values.contains) ?? false
      case .notEquals(let key, let values): labels[key].map { !values.contains($0) } ?? true
      case .exists(let key): labels[key] != nil
      case .absent(let key): labels[key] == nil
      }
    }
  }
}
