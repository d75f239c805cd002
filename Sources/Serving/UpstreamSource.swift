import Answering
import Config
import Forwarding
import IO
import Telemetry
import Wire

/// The upstreams of one `forward` directive: where they come from, and whether they are there.
/// Belongs to the control thread.
final class UpstreamSource {
  let group: UpstreamGroup
  let settings: ForwardSettings
  private let log: Log
  private let loop: EventLoop
  private let asks: OwnQuestions
  private let files: [ResolverFileSource]
  private let hosts: [HostNameSource]
  private let retired: RetiredParts
  private var loops: LoopCheck?
  private let rounds: UpstreamRounds
  private var rereading: Registration?
  private var current: [Upstream] = []
  /// Those that have been told of as down.
  private var down: Set<Upstream> = []

  /// How often it is looked whether a resolver file has changed.
  private static let rereading = Duration.seconds(5)

  /// - Parameter key: of `settings`.
  init(
    _ settings: ForwardSettings, _ key: UpstreamKey, _ parts: LastingParts
  ) throws(StartError) {
    self.settings = settings
    loop = parts.loop
    log = parts.log
    asks = parts.asks
    retired = parts.retired
    rounds = parts.rounds
    try Self.check(key.tls, of: settings)
    group = UpstreamGroup(
      number: asks.makeGroupNumber(), name: key.zone.description,
      options: ForwardOptions(settings, tls: key.tls), upstreams: [])
    files = settings.upstreams.compactMap { upstream in
      guard case .resolverFile(let path) = upstream.target else { return nil }
      return ResolverFileSource(
        path: path.hasPrefix("/") ? path : parts.directory + "/" + path, port: upstream.port,
        log: parts.log, known: parts.known)
    }
    let resolvers = settings.resolvers.map {
      Upstream(address: $0.address, port: $0.port)
    }
    hosts = settings.upstreams.compactMap { upstream in
      guard case .hostName(let host) = upstream.target else { return nil }
      return HostNameSource(
        host, upstream: upstream, settings: settings, resolvers: resolvers, loop: parts.loop,
        log: parts.log, asks: parts.asks, known: parts.known)
    }
    if key.detectsLoops {
      loops = LoopCheck(
        group: group, zone: key.zone, log: log, asks: asks, probes: parts.probes)
    }
  }

  /// Files that cannot be used are known before anybody waits for an upstream behind them.
  private static func check(
    _ tls: StreamOptions.TLS, of settings: ForwardSettings
  ) throws(StartError) {
    guard settings.upstreams.contains(where: { $0.transport == .tls }) else { return }
    do {
      _ = try tls.makeClient()
    } catch {
      throw StartError("\(settings.place): error: forward: \(error)")
    }
  }

  /// Reads files; from then on watches them, looks up names and probes what is down.
  func start() {
    checkSources()
    for file in files { _ = file.read() }
    settle()
    for host in hosts {
      host.start { [unowned self] in settle() }
    }
    if !files.isEmpty {
      rereading = loop.every(Self.rereading) { [unowned self] in
        let changed = files.map { $0.read() }
        if changed.contains(true) { settle() }
      }
    }
    rounds.add(self, on: loop)
  }

  /// Nothing reaches an upstream from an address that this host does not have.
  private func checkSources() {
    for source in settings.sourceAddresses {
      do {
        _ = try Socket.bound(to: SocketAddress(source, port: 0), .datagram, shares: false)
      } catch {
        log.warning(
          "source_address \(source) cannot be used, for \(group.name): \(IOError.text(error.errno))",
          plugin: "forward")
      }
    }
  }

  /// Looks after them no more.
  func stop() {
    rereading = nil
    rounds.remove(self)
    for host in hosts { host.stop() }
    loops?.stop()
  }

  /// Whether each host has an address.
  var isKnown: Bool { hosts.allSatisfy(\.isKnown) }

  /// The cluster's names, for upstreams that are given by one.
  var names = ClusterNames() {
    didSet { for host in hosts { host.names = names } }
  }

  /// Looks for a loop, now that queries can come back.
  func checkLoops() {
    loops?.begin()
  }

  /// Asks upstreams that are down and due; called every tenth of a second.
  func probe() {
    let now = Clock.monotonic
    guard let next = group.nextProbe, next <= now else { return }
    for upstream in group.dueProbes(now: now) { asks.driver.probe(upstream, in: group) }
  }

  /// Says what has gone down and what is back, and looks for loops; called every second.
  func tell() {
    loops?.look()
    guard !(group.isUp && down.isEmpty && group.nextProbe == nil) else { return }
    for status in group.status() {
      let name = status.upstream.description
      if status.isUp {
        if down.remove(status.upstream) != nil {
          log.info("\(name) is up again, for \(group.name)", plugin: "forward")
        }
      } else if down.insert(status.upstream).inserted {
        log.warning(
          "\(name) is down, for \(group.name)\(status.reason.map { ": " + $0 } ?? "")",
          plugin: "forward")
      }
    }
  }

  /// Puts together the upstreams in the order of the directive, each once.
  private func settle() {
    var upstreams: [Upstream] = []
    var files = files.makeIterator()
    var hosts = hosts.makeIterator()
    for wanted in settings.upstreams {
      let found: [Upstream] =
        switch wanted.target {
        case .address(let address, let zoneIndex):
          [
            Upstream(
              transport: wanted.transport.upstream, address: address, port: wanted.port,
              scope: zoneIndex.map { InterfaceAddress.index(of: $0) } ?? 0,
              serverName: wanted.serverName ?? settings.tlsServerName)
          ]
        case .resolverFile: files.next()?.upstreams ?? []
        case .hostName: hosts.next()?.upstreams ?? []
        }
      for upstream in found where !upstreams.contains(upstream) { upstreams.append(upstream) }
    }
    upstreams = Array(upstreams.prefix(ForwardSettings.maximumUpstreams))
    guard upstreams != current else { return }
    current = upstreams
    down.formIntersection(upstreams)
    retired.add(
      group.status().filter { !upstreams.contains($0.upstream) })
    group.replace(upstreams)
    loops?.replace(upstreams)
  }

  /// What is not as it should be, a line each.
  var problems: [String] {
    var lines = files.compactMap(\.problem) + hosts.compactMap(\.problem)
    for status in group.status() where !status.isUp {
      lines.append(
        "forward \(group.name): \(status.upstream.description) is down: \(status.reason ?? "")")
    }
    if current.isEmpty { lines.append("forward \(group.name): no upstream is known") }
    return lines
  }
}

extension ForwardSettings.Transport {
  /// DNS over HTTPS is refused when the configuration is read.
  var upstream: Upstream.Transport { self == .tls ? .tls : .dns }
}
