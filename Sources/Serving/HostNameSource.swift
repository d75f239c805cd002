import Config
import Forwarding
import IO
import Telemetry
import Wire

/// The addresses of an upstream that is given by name, looked up at the start and again when their
/// TTL is over.
final class HostNameSource {
  private let host: String
  private let wanted: ForwardSettings.Upstream
  private let settings: ForwardSettings
  private let loop: EventLoop
  private let log: Log
  private let asks: OwnQuestions
  private let group: UpstreamGroup
  private let system: ResolverFileSource?
  private var addresses: [IPAddress] = []
  private var timer: Registration?
  private var retry = HostNameSource.firstRetry
  private var changed: () -> Void = {}
  /// Why it has no address.
  private(set) var problem: String?

  /// Seconds between lookups: TTLs are taken within these, failures are tried again sooner.
  private static let shortest: UInt32 = 30
  private static let longest: UInt32 = 3600
  private static let firstRetry: UInt32 = 1

  /// - Parameter resolvers: who is asked; the system's name servers where empty.
  init(
    _ host: String, upstream: ForwardSettings.Upstream, settings: ForwardSettings,
    resolvers: [Upstream], loop: EventLoop, log: Log, asks: OwnQuestions
  ) {
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

  private func lookUp() {
    guard let name = DomainName(host) else { return }
    if let system, system.read() { group.replace(system.upstreams) }
    var found: [IPAddress] = []
    var ttl = Self.longest
    var failures: [String] = []
    var left = 2
    for type in [RecordType.a, .aaaa] {
      asks.ask(name, type, of: group) { [weak self] result in
        switch result {
        case .answer(let answer, let upstream):
          let addresses = answer.addresses
          found += addresses
          if !addresses.isEmpty { ttl = min(ttl, answer.header.ttl) }
          if answer.header.code != .noError {
            failures.append("\(upstream.description): \(answer.header.code)")
          }
        case .failure(let failure): failures.append(failure.text)
        }
        left -= 1
        if left == 0 { self?.take(found, ttl, failures) }
      }
    }
  }

  private func take(_ found: [IPAddress], _ ttl: UInt32, _ failures: [String]) {
    guard !found.isEmpty else {
      let text = "\(host) has no address: \(failures.first ?? "no A and no AAAA record")"
      if problem != text { log.warning(text, plugin: "forward") }
      problem = text
      schedule(retry)
      retry = min(retry * 2, Self.shortest)
      return
    }
    problem = nil
    retry = Self.firstRetry
    schedule(min(max(ttl, Self.shortest), Self.longest))
    guard Set(found) != Set(addresses) else { return }
    addresses = found
    log.info(
      "\(host) is \(found.map(\.description).joined(separator: ", "))", plugin: "forward")
    changed()
  }

  private func schedule(_ seconds: UInt32) {
    timer = loop.after(.seconds(Int(seconds))) { [unowned self] in lookUp() }
  }
}
