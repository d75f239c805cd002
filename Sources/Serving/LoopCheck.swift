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

  init(
    group: UpstreamGroup, zone: DomainName, log: Log, asks: OwnQuestions, probes: LoopProbes
  ) {
    self.group = group
    self.zone = zone
    self.log = log
    self.asks = asks
    self.probes = probes
  }

  /// Asks each of `upstreams`.
  func check(_ upstreams: [Upstream]) {
    for upstream in upstreams {
      guard let name = Self.name(in: zone) else { continue }
      probes.expect(name)
      let alone = asks.makeGroup(group.name, options: group.options, upstreams: [upstream])
      asks.ask(name, .hinfo, of: alone) { [self] _ in finish(name, upstream) }
    }
  }

  private func finish(_ name: DomainName, _ upstream: Upstream) {
    guard probes.finish(name) else { return }
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
