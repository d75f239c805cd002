import Answering
import Cluster
import Config
import Forwarding
import Testing
import Wire
import ZoneFiles
import Zones

/// A server whose upstreams say what a row has them say, in virtual time.
///
/// Does with queries that have to wait what the server's workers do: asks, keeps what came of it in
/// the cache, and has the reply made anew.
@safe final class ForwardWorld {
  /// What became of a query.
  struct Reply {
    var message: ReplyMessage
    var octetCount: Int
    /// The plugin by name; nil where none answered.
    var plugin: String?
    /// Upstreams asked for it, as `address name TYPE`, in order.
    var asked: [String]
    /// Asked without anybody waiting.
    var refreshed: [String]
    /// What `errors` reports.
    var report: String?
  }

  private let blocks: [ForwardBlock]
  private var responder: Responder
  private var said: [String: Said] = [:]
  private let buffer: UnsafeMutableRawPointer
  private static let capacity = 65_535
  /// As many as the server asks for one query.
  var maximumQuestions = 32
  static let hash = NameHash(seed: 7)

  init(_ setup: ForwardSetup, probes: LoopProbes? = nil) throws {
    let loaded = CorefileLoader.load(text: setup.corefile)
    let configuration = try #require(loaded.configuration, "\(loaded.diagnostics)")
    let index = try setup.makeIndex(configuration)
    var number = 0
    blocks = configuration.blocks.map { block in
      defer { number += block.forwards.count }
      return ForwardBlock(block, firstGroup: number)
    }
    let slot = ZoneSlot()
    slot.publish(try ForwardSetup.fileZone())
    let plans = zip(configuration.blocks, blocks).enumerated().flatMap { number, pair in
      pair.1.plans(pair.0, number: number, index: index, slot: slot)
    }
    responder = Responder(plans: plans, hash: Self.hash, seed: 1, probes: probes)
    unsafe buffer = .allocate(byteCount: Self.capacity, alignment: 8)
  }

  deinit { unsafe buffer.deallocate() }

  /// Has upstreams say `new` from now on.
  func hear(_ new: [String: Said]) { said.merge(new) { $1 } }

  /// Asks, and has upstreams asked until there is a reply; then what is to be fetched anew.
  func ask(
    _ query: [UInt8], _ transport: Peer.Transport = .udp, second: UInt64 = 0
  ) throws -> Reply? {
    // No clock begins at nought.
    let now = (1000 + second) * 1_000_000_000
    var asked: [PendingQuestion] = []
    var resumption: Resumption?
    var made = make(query, transport, now, nil)
    while made?.outcome.isPending == true {
      let wanted = responder.pending
      let pending = try #require(wanted)
      let waiting = resumption ?? Resumption()
      resumption = waiting
      guard asked.count < maximumQuestions else {
        try #require(waiting.count < 2 * maximumQuestions, "without end")
        waiting.add(.failure(ExchangeFailure(reason: .overload, text: "")), of: pending)
        made = make(query, transport, now, waiting)
        continue
      }
      #expect(!asked.contains { $0 == pending }, "\(describe(pending)) twice")
      asked.append(pending)
      let result = try hear(pending)
      if result.isSlow {
        waiting.allowsStale = true
        made = make(query, transport, now, waiting)
        guard made?.outcome.isPending == true else { break }
      }
      let outcome = keep(result.result, of: pending, now)
      waiting.add(outcome.result, of: pending, prefersOlder: outcome.prefersOlder)
      made = make(query, transport, now, waiting)
    }
    guard let made else { return nil }
    let failure = responder.failure ?? ""
    var reply = Reply(
      message: try ReplyMessage(made.octets), octetCount: made.octets.count,
      plugin: Step.pluginNames.indices.contains(made.outcome.plugin)
        ? Step.pluginNames[made.outcome.plugin] : nil,
      asked: asked.map(describe), refreshed: [],
      report: made.outcome.error.map { "\($0)".isEmpty ? failure : "\($0)" })
    for first in responder.takeRefreshes() {
      var wanted: PendingQuestion? = first
      while let pending = wanted {
        reply.refreshed.append(describe(pending))
        let result = try hear(pending).result
        _ = keep(result, of: pending, now)
        wanted = pending.passesOn(result) ? pending.following : nil
      }
    }
    return reply
  }

  private func make(
    _ query: [UInt8], _ transport: Peer.Transport, _ now: UInt64, _ resumption: Resumption?
  ) -> (outcome: Responder.Outcome, octets: [UInt8])? {
    let peer = Peer(
      transport: transport, address: IPAddress(v4: 0xC633_6401), port: 40_212,
      localAddress: IPAddress(v4: 0xC000_020A), localPort: 53)
    var writer = unsafe MessageWriter(base: buffer, capacity: Self.capacity)
    let outcome = query.withOctets {
      responder.respond(to: $0, from: peer, into: &writer, now: now, resumption: resumption)
    }
    return outcome.map { ($0, writer.octets.array) }
  }

  // MARK: - Upstreams

  private func hear(_ pending: PendingQuestion) throws -> (result: ExchangeResult, isSlow: Bool) {
    let question = "\(pending.question.name) \(pending.question.type)"
    let found = said[describe(pending)] ?? said[question]
    let said = try #require(found, "nothing is said to \(describe(pending))")
    return (try said.result(pending.question, from: upstream(pending)), said.isSlow)
  }

  private func keep(
    _ result: ExchangeResult, of pending: PendingQuestion, _ now: UInt64
  ) -> (result: ExchangeResult, prefersOlder: Bool) {
    guard let cache = pending.target.cache, !pending.passesOn(result) else {
      return (result, false)
    }
    switch result {
    case .answer(let given):
      let (kept, insertion) = cache.insert(given, for: pending.question, now: now)
      return (.answer(kept), insertion == .positivePreferred)
    case .failure(let failure):
      cache.insertFailure(failure, for: pending.question, now: now)
      return (result, false)
    }
  }

  private func upstream(_ pending: PendingQuestion) -> Upstream {
    let found = blocks.lazy.flatMap(\.upstreams).first { $0.group == pending.target.group.number }
    return found?.upstream ?? Upstream(address: IPAddress(v4: 0))
  }

  private func describe(_ pending: PendingQuestion) -> String {
    "\(upstream(pending).address) \(pending.question.name) \(pending.question.type)"
  }
}

private func == (one: PendingQuestion, other: PendingQuestion) -> Bool {
  one.target.group.number == other.target.group.number && one.question == other.question
}

/// What a server block forwards to.
struct ForwardBlock {
  let upstreams: [(group: Int, upstream: Upstream)]
  private let cache: AnswerCache?
  private let targets: [ForwardTarget]

  init(_ block: ServerBlock, firstGroup: Int) {
    let cache = block.cache.map {
      AnswerCache(settings: AnswerCache.Settings($0), hash: ForwardWorld.hash)
    }
    self.cache = cache
    let upstreams = block.forwards.enumerated().map { index, settings in
      (group: firstGroup + index, upstream: Upstream(settings))
    }
    self.upstreams = upstreams
    targets = zip(block.forwards, upstreams).enumerated().map { place, pair in
      let group = UpstreamGroup(
        number: pair.1.group, name: pair.0.from.description, options: ForwardOptions(),
        upstreams: [pair.1.upstream])
      return ForwardTarget(group: group, cache: cache, settings: pair.0, place: place)
    }
  }

  /// The block's plan for each of its zones, as the server makes it.
  func plans(
    _ block: ServerBlock, number: Int, index: ClusterIndex, slot: ZoneSlot
  ) -> [(zone: DomainName, plan: QueryPlan)] {
    let hash = ForwardWorld.hash
    var steps: [Step] = []
    for settings in block.kubernetes {
      let step = KubernetesStep(index: index, settings: settings, ownAddresses: [], hash: hash)
      steps.append(.kubernetes(step))
    }
    for settings in block.files {
      steps.append(.file(FileStep(slots: [slot], settings: settings, hash: hash)))
    }
    if let cache, !targets.isEmpty { steps.append(.cache(CacheStep(cache))) }
    for (settings, target) in zip(block.forwards, targets) {
      steps.append(.forward(ForwardStep(target: target, settings: settings, hash: hash)))
    }
    if block.whoami { steps.append(.whoami) }
    return block.keys.map { key in
      (
        key.zone,
        QueryPlan(
          zone: key.zone, block: number, steps: steps, hasHandlers: block.hasHandlers,
          rotates: block.loadbalance != nil, reportsErrors: block.errors != nil, logs: [],
          counters: nil, bufferSize: QueryPlan.defaultBufferSize,
          leftOut: block.families?.otherType)
      )
    }
  }
}

extension Upstream {
  fileprivate convenience init(_ settings: ForwardSettings) {
    var found = IPAddress(v4: 0)
    if case .address(let address, _) = settings.upstreams.first?.target { found = address }
    self.init(address: found)
  }
}

extension AnswerCache.Settings {
  fileprivate init(_ settings: CacheSettings) {
    self.init()
    zones = settings.zones
    prefetch = settings.prefetch.map { Prefetch(amount: $0.amount) }
    serveStale = settings.serveStale.map { asked in
      var stale = ServeStale()
      stale.mode = asked.mode == .immediate ? .immediate : .verify(timeoutNanoseconds: nil)
      stale.prefersPositive = asked.prefersPositive
      return stale
    }
    nxdomainCut = settings.nxdomainCut
  }
}
