import Config
import Forwarding
import IO
import Telemetry
import Wire

/// The addresses of an upstream that is given by name, looked up at the start and again when their
/// TTL is over. A name of the cluster is looked up in what this server itself knows, unless a
/// `resolver` is written.
final class HostNameSource {
  private let host: String
  private let wanted: ForwardSettings.Upstream
  private let settings: ForwardSettings
  private let loop: EventLoop
  private let log: Log
  private let asks: OwnQuestions
  private let group: UpstreamGroup
  private let system: ResolverFileSource?
  private let known: KnownUpstreams
  private let key: KnownUpstreams.Host
  private var addresses: [IPAddress]
  private var timer: Registration?
  private var retry = HostNameSource.firstRetry
  private var changed: () -> Void = {}
  /// Why it has no address.
  private(set) var problem: String?

  /// From the first failure until the next lookup; doubles up to ``HostLookUp/shortest``.
  private static let firstRetry = Duration.milliseconds(250)
  /// Objects change at any time, and to look at them costs next to nothing.
  private static let clusterPeriod = Duration.seconds(1)

  /// - Parameter resolvers: who is asked; the system's name servers where empty.
  init(
    _ host: String, upstream: ForwardSettings.Upstream, settings: ForwardSettings,
    resolvers: [Upstream], loop: EventLoop, log: Log, asks: OwnQuestions, known: KnownUpstreams
  ) {
    self.known = known
    key = KnownUpstreams.Host(name: host, resolvers: resolvers)
    addresses = known[key]
    self.host = host
    wanted = upstream
    self.settings = settings
    self.loop = loop
    self.log = log
    self.asks = asks
    system =
      resolvers.isEmpty ? ResolverFileSource(path: "/etc/resolv.conf", port: 53, log: log) : nil
    group = asks.makeGroup(host, upstreams: resolvers)
  }

  var upstreams: [Upstream] {
    addresses.map { address in
      Upstream(
        transport: wanted.transport.upstream, address: address, port: wanted.port,
        serverName: wanted.transport == .tls
          ? wanted.serverName ?? settings.tlsServerName ?? host : nil)
    }
  }

  /// Looks it up; `changed` is called whenever other addresses have been found.
  func start(_ changed: @escaping () -> Void) {
    self.changed = changed
    lookUp()
  }

  /// Looks it up no more.
  func stop() {
    timer = nil
    changed = {}
  }

  /// Whether it has an address.
  var isKnown: Bool { !addresses.isEmpty }

  /// The cluster's names. Those of the configuration before may have been looked up elsewhere.
  var names = ClusterNames() {
    didSet {
      guard timer != nil, let name = DomainName(host) else { return }
      if names.covers(name) != oldValue.covers(name) { schedule(.zero) }
    }
  }

  private func lookUp() {
    guard let name = DomainName(host) else { return }
    guard system != nil else { return ask(name) }
    switch names.addresses(of: name) {
    case .addresses(let found): take(found, every: Self.clusterPeriod)
    case .none(let reason): fail(reason, retry: Self.clusterPeriod)
    case .notYet:
      problem = "\(host) has no address: the names of the cluster are not read yet"
      schedule(Self.clusterPeriod)
    case .elsewhere(let name): ask(name)
    }
  }

  private func ask(_ name: DomainName) {
    if let system, system.read() { group.replace(system.upstreams) }
    var lookUp = HostLookUp(known: addresses)
    var left = 2
    for type in [RecordType.a, .aaaa] {
      asks.ask(name, type, of: group) { [weak self] result in
        lookUp.take(result, isV4: type == .a)
        left -= 1
        if left == 0 { self?.take(lookUp) }
      }
    }
  }

  private func take(_ lookUp: HostLookUp) {
    if let reason = lookUp.failure {
      fail(reason, retry: retry)
    } else {
      take(lookUp.found, every: lookUp.isWhole ? .seconds(Int(lookUp.lifetime)) : retry)
    }
    retry = lookUp.isWhole ? Self.firstRetry : min(retry * 2, .seconds(Int(HostLookUp.shortest)))
  }

  private func take(_ found: [IPAddress], every period: Duration) {
    problem = nil
    known[key] = found
    schedule(period)
    guard Set(found) != Set(addresses) else { return }
    addresses = found
    log.info(
      "\(host) is \(found.map(\.description).joined(separator: ", "))", plugin: "forward")
    changed()
  }

  /// Addresses that are known stay.
  private func fail(_ reason: String, retry delay: Duration) {
    let text =
      addresses.isEmpty
      ? "\(host) has no address: \(reason)"
      : "\(host) cannot be looked up, what it was is asked on: \(reason)"
    if problem != text { log.warning(text, plugin: "forward") }
    problem = text
    schedule(delay)
  }

  private func schedule(_ delay: Duration) {
    timer = loop.after(delay) { [unowned self] in lookUp() }
  }
}
