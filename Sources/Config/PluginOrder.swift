/// The plugins of a server block in the order in which a query meets them, whatever their order in
/// the Corefile: CoreDNS's `plugin.cfg`, and martlet's own `families`.
public enum PluginOrder {
  public struct Entry: Hashable, Sendable {
    public var name: String
    /// Whether this version of martlet has it.
    public var isSupported: Bool
    /// Whether queries come to it; the others only set the server up.
    public var isHandler = true
  }

  /// Every plugin of CoreDNS 1.14 and `families`, first to last.
  public static let entries: [Entry] = [
    sets("root"),
    lacks("metadata"),
    lacks("geoip"),
    lacks("cancel"),
    lacks("tls"),
    lacks("proxyproto"),
    lacks("quic"),
    lacks("grpc_server"),
    lacks("https"),
    lacks("https3"),
    lacks("timeouts"),
    lacks("multisocket"),
    sets("reload"),
    lacks("nsid"),
    has("bufsize"),
    sets("bind"),
    sets("debug"),
    lacks("trace"),
    sets("ready"),
    sets("health"),
    lacks("shed"),
    lacks("pprof"),
    has("prometheus"),
    has("errors"),
    has("log"),
    lacks("dnstap"),
    // martlet's own. On the way out it comes before the log, so that the log has what is sent, and
    // after the cache and dns64, which work with what was asked for.
    has("families"),
    lacks("local"),
    lacks("dns64"),
    lacks("any"),
    lacks("chaos"),
    has("loadbalance"),
    lacks("tsig"),
    lacks("rewrite"),
    lacks("acl"),
    has("cache"),
    lacks("header"),
    lacks("dnssec"),
    lacks("autopath"),
    lacks("minimal"),
    lacks("template"),
    lacks("transfer"),
    lacks("hosts"),
    lacks("route53"),
    lacks("azure"),
    lacks("clouddns"),
    lacks("k8s_external"),
    has("kubernetes"),
    has("file"),
    lacks("auto"),
    lacks("secondary"),
    lacks("etcd"),
    lacks("nomad"),
    has("loop"),
    has("forward"),
    lacks("grpc"),
    lacks("erratic"),
    has("whoami"),
    lacks("on"),
    lacks("sign"),
    lacks("view"),
  ]

  /// Plugins met in clusters that are built into CoreDNS from elsewhere.
  static let external = [
    "alternate", "fanout", "gslb", "k8s_gateway", "kubernetai", "multicluster",
    "ocp_dnsnameresolver", "rrl", "unbound", "wgsd",
  ]

  /// The names of the plugins that this version of martlet has, in order.
  public static var supported: [String] { entries.filter(\.isSupported).map(\.name) }

  private static func has(_ name: String) -> Entry { Entry(name: name, isSupported: true) }
  private static func sets(_ name: String) -> Entry {
    Entry(name: name, isSupported: true, isHandler: false)
  }
  private static func lacks(_ name: String) -> Entry { Entry(name: name, isSupported: false) }
}
