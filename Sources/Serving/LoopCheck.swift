import Answering
import Forwarding
import IO
import Telemetry
import Wire

/// `loop`: asks each upstream a question that only this server knows. When it comes back as a
/// query, asking that upstream would never end: it is asked no more, and all else is served on.
final class LoopCheck {
  private let group: UpstreamGroup
  private let zone: DomainName
  private let log: Log
  private let asks: OwnQuestions
  private let probes: LoopProbes
  private var upstreams: [Upstream] = []
  /// One for each upstream that is asked: a connection to it is used again.
  private var alone: [Upstream: UpstreamGroup] = [:]
  /// Those that are this server.
  private var found: Set<Upstream> = []
  private var schedule = LoopSchedule()
  /// Whether queries can come back.
  private var isServing = false

  init(
    group: UpstreamGroup, zone: DomainName, log: Log, asks: OwnQuestions, probes: LoopProbes
  ) {
    self.group = group
    self.zone = zone
    self.log = log
    self.asks = asks
    self.probes = probes
  }

  /// Takes other upstreams; each is asked, those that were found included.
  func replace(_ upstreams: [Upstream]) {
    self.upstreams = upstreams
    alone = alone.filter { upstreams.contains($0.key) }
    found = []
    if isServing { begin() }
  }

  /// Queries can come back now, or by other listeners than before: asks each upstream.
  func begin() {
    isServing = true
    schedule.begin(upstreams.filter { !found.contains($0) }, now: Clock.monotonic)
    look()
  }

  /// Asks those whose time has come; called about every second.
  func look() {
    for upstream in schedule.due(now: Clock.monotonic) { ask(upstream) }
  }

  /// Looks no more.
  func stop() {
    schedule = LoopSchedule()
    upstreams = []
    alone = [:]
  }

  private func ask(_ upstream: Upstream) {
    guard let name = Self.name(in: zone) else {
      return schedule.ended(upstream, isProved: true, now: Clock.monotonic)
    }
    probes.expect(name)
    asks.ask(name, .hinfo, of: group(of: upstream)) { [self] result in
      finish(name, upstream, result)
    }
  }

  private func group(of upstream: Upstream) -> UpstreamGroup {
    if let known = alone[upstream] { return known }
    var options = group.options
    // Each try is to reach it, whatever came of the last.
    options.maxFails = 0
    options.maxConcurrent = 0
    let new = asks.makeGroup(group.name, options: options, upstreams: [upstream])
    alone[upstream] = new
    return new
  }

  private func finish(_ name: DomainName, _ upstream: Upstream, _ result: ExchangeResult) {
    let isLoop = probes.finish(name)
    schedule.ended(upstream, isProved: isLoop || result.isProof, now: Clock.monotonic)
    guard isLoop, upstreams.contains(upstream) else { return }
    found.insert(upstream)
    group.drop(upstream, because: "queries to it come back to this server")
    // The beginning is CoreDNS's, which alerts look for.
    log.error(
      "Loop (\(upstream.description)) detected for zone \"\(zone)\": queries to it come back to "
        + "this server; it is not asked any more, all else is served. Query: \"HINFO \(name)\"",
      plugin: "loop")
  }

  /// 128 bits that nobody can guess, as two labels below the zone.
  private static func name(in zone: DomainName) -> DomainName? {
    DomainName(
      String(Clock.random, radix: 36) + "." + String(Clock.random, radix: 36) + ".")?
      .appending(zone)
  }
}

extension ExchangeResult {
  /// Whether the question would have come back by now. SERVFAIL is no proof: whom the upstream
  /// asks may be this server, which it does not reach yet.
  fileprivate var isProof: Bool {
    switch self {
    case .answer(let given): given.header.code != .serverFailure
    case .failure: false
    }
  }
}
