import Cluster
import Forwarding
import Telemetry
public import Wire

/// Answers the queries of one listener for one worker: header and question, plan, steps, reply.
///
/// Pure but for its counters: no clock, no socket. One responder belongs to one thread.
public struct Responder: ~Copyable {
  private let plans: [QueryPlan]
  private let zones: SuffixTable
  /// For each plan the labels of its zone, and the plan that the zone's parent lies in.
  private let parents: [(labelCount: Int, plan: Int?)]
  /// Where most queries are answered from, if the listener has cluster names at all.
  private let prefetched: PrefetchTarget?
  var name = QueryName()
  var random: RandomSource
  let hash: NameHash
  /// Monotonic nanoseconds, as of the query that is being answered.
  var now: UInt64 = 0
  /// What the query that is being answered has waited for.
  var resumption: Resumption?
  /// What the query answered last waits for.
  public private(set) var pending: PendingQuestion?
  /// What is to be asked though nobody waits for it.
  private var refreshes: [PendingQuestion] = []
  /// What ``Outcome/error`` says more.
  public private(set) var failure: String?
  private let probes: LoopProbes?

  /// - Parameters:
  ///   - plans: of the listener's zones, with the zone each is asked for.
  ///   - seed: of the rotation; nothing that must not be guessed depends on it.
  ///   - probes: queries of our own that upstreams must not bring back.
  public init(
    plans: [(zone: DomainName, plan: QueryPlan)], hash: NameHash, seed: UInt64,
    probes: LoopProbes? = nil
  ) {
    self.hash = hash
    self.probes = probes
    self.plans = plans.map(\.plan)
    zones = SuffixTable(plans.enumerated().map { ($1.zone, $0) }, hash: hash)
    parents = Self.parents(of: plans.map(\.zone), among: zones)
    prefetched = plans.lazy.compactMap { PrefetchTarget($0.plan) }.first
    random = RandomSource(seed: seed)
  }

  private static func parents(
    of zones: [DomainName], among table: SuffixTable
  ) -> [(labelCount: Int, plan: Int?)] {
    var name = QueryName()
    return zones.map { zone in
      guard let parent = zone.parent, parent.octets.withOctets({ name.read($0, at: 0) }) else {
        return (zone.labelCount, nil)
      }
      return (zone.labelCount, table.find(name))
    }
  }

  /// Seconds that a TCP connection stays open without a query, which the keepalive option tells
  /// clients (RFC 7828) and the listener keeps to.
  public static let idleSeconds: UInt16 = 10

  /// How a query was answered, for what sees the reply on its way out.
  public struct Outcome {
    public var query: Query?
    /// The plan that took it; nil where no zone of the listener did.
    public var plan: Int?
    public var code = ResponseCode.noError
    /// The plugin that answered, by ``Step/pluginIndex``.
    public var plugin = QueryCounters.noPlugin
    /// What `errors` reports; empty where ``Responder/failure`` says it all.
    public var error: StaticString?
    /// Nothing is to be sent yet: ``Responder/pending`` is to be asked first.
    public var isPending = false
    /// ``Responder/takeRefreshes()`` has something.
    public var refreshes = false
  }

  /// Writes the reply to `message` into `writer`; nil where there is to be none.
  ///
  /// The same for every transport, save that a UDP reply has a limit and only TCP has keepalive.
  ///
  /// - Parameters:
  ///   - now: monotonic nanoseconds.
  ///   - resumption: what the query has waited for; it is answered from the beginning.
  public mutating func respond(
    to message: Octets, from peer: Peer, into writer: inout MessageWriter, now: UInt64,
    resumption: Resumption? = nil
  ) -> Outcome? {
    self.now = now
    self.resumption = resumption
    switch Query.read(message, name: &name) {
    case .silence: return nil
    case .refusal(let code):
      writer.writeHeaderOnly(message, code)
      return Outcome(code: code)
    case .query(let query):
      return respond(to: query, message, from: peer, into: &writer)
    }
  }

  /// What the cache wants to have fetched anew since this was called last.
  public mutating func takeRefreshes() -> [PendingQuestion] {
    defer { refreshes = [] }
    return refreshes
  }

  /// Starts bringing nearer where the answer to `message` will be looked for; nil where nothing is
  /// known to. Done for all messages of a batch, then ``prefetchRecord(_:)`` for all, before the
  /// first is answered, it takes the waiting for memory out of most answers.
  public mutating func prefetchSlot(_ message: Octets) -> UInt64? {
    guard let prefetched, message.count > Query.headerOctets,
      name.read(message, at: Query.headerOctets)
    else { return nil }
    return prefetched.prefetchSlot(name)
  }

  /// The second step, for what ``prefetchSlot(_:)`` has given.
  public func prefetchRecord(_ hash: UInt64) { prefetched?.prefetchRecord(hash) }

  /// The plan of an outcome.
  public func plan(_ index: Int) -> QueryPlan { plans[index] }

  /// The name of the query answered last.
  public var queryName: DomainName { name.domainName }

  /// Whether the name of the query answered last lies in one of `zones`.
  public func selects(_ zones: SuffixTable) -> Bool { zones.find(name) != nil }

  private mutating func respond(
    to query: Query, _ message: Octets, from peer: Peer, into writer: inout MessageWriter
  ) -> Outcome {
    var reply = Reply(
      query: query, peer: peer, wantsAuthenticData: message.u16(2) & 0x0020 != 0)
    var outcome = Outcome(query: query)
    writer.begin(query, message)
    outcome.plan = planIndex(query.type)
    let plan = outcome.plan.map { plans[$0] }
    writer.limit = reply.limit(bufferSize: plan?.bufferSize ?? QueryPlan.defaultBufferSize)
    if let edns = query.edns, edns.version != 0 {
      reply.code = .badVersion
    } else if let refusal = refusal(of: query, plan) {
      reply.code = refusal
      reply.error = plan == nil ? Self.noBlock : Self.notServed
    } else if let plan {
      reply.leaveOut(plan.leftOut)
      run(plan, &reply, &writer, &outcome)
      if outcome.isPending { return outcome }
    }
    writer.setResponseCode(reply.code)
    reply.finish(&writer)
    outcome.code = reply.code
    return outcome
  }

  /// The plan of the longest zone that the name lies in. DS of a zone's apex is its parent's to
  /// answer where that is served, too (RFC 4035 §3.1.4.1).
  @inline(__always)
  private func planIndex(_ type: RecordType) -> Int? {
    guard let index = zones.find(name) else { return nil }
    guard type == .ds, parents[index].labelCount == name.labelCount else { return index }
    return parents[index].plan ?? index
  }

  /// What is refused before any plugin: no block for the name, a class or a kind of request that
  /// nothing here answers.
  @inline(__always)
  private func refusal(of query: Query, _ plan: QueryPlan?) -> ResponseCode? {
    guard let plan, plan.hasHandlers else { return .refused }
    // RFC 1996 §3.10: we are nobody's secondary.
    if query.opcode == Opcode.notify { return .notAuthoritative }
    if query.recordClass != Query.classIN, !plan.forwards { return .refused }
    if query.type == .axfr || query.type == .ixfr { return .refused }
    return nil
  }

  private mutating func run(
    _ plan: QueryPlan, _ reply: inout Reply, _ writer: inout MessageWriter, _ outcome: inout Outcome
  ) {
    reply.rotation = plan.rotates ? random.next() : 0
    // The type first: all workers share the probes, which no other query may count.
    if reply.query.type == .hinfo, let probes, probes.recognizes(name) {
      reply.code = .nameError
      return
    }
    guard let plugin = lookUp(plan, &reply, &writer, &outcome) else {
      reply.code = .serverFailure
      reply.error = ExtendedError(
        code: ExtendedError.other, text: "no plugin of the server block answers this name")
      outcome.error = "no next plugin found"
      return
    }
    outcome.plugin = plugin
    follow(&reply, &writer, &outcome)
  }

  private static let noBlock = ExtendedError(
    code: ExtendedError.notAuthoritative, text: "no server block is for this name")
  private static let notServed = ExtendedError(
    code: ExtendedError.notSupported, text: "the server block does not answer such queries")

  /// Takes the present name through the steps; the plugin that answered, nil where none did.
  private mutating func lookUp(
    _ plan: QueryPlan, _ reply: inout Reply, _ writer: inout MessageWriter, _ outcome: inout Outcome
  ) -> Int? {
    var passedOn: (step: Int, result: ExchangeResult)?
    for index in plan.steps.indices {
      switch plan.steps[index] {
      case .kubernetes(let step):
        guard reply.query.recordClass == Query.classIN || !step.owns(name) else {
          return refuseClass(&reply, index, plan)
        }
        guard step.answer(name, &reply, &writer) else { continue }
      case .file(let step):
        guard reply.query.recordClass == Query.classIN || !step.owns(name) else {
          return refuseClass(&reply, index, plan)
        }
        guard step.answer(name, &reply, &writer) else { continue }
      case .whoami:
        guard Whoami.answer(&reply, &writer) else { continue }
      case .cache(let step):
        guard answerFromCache(step, plan, &reply, &writer, &outcome) else { continue }
      case .forward(let step):
        switch step.answer(name, &reply, resumption) {
        case .passed: continue
        case .refused: break
        case .pending:
          pending = plan.pending(step, at: index, name, reply)
          outcome.isPending = true
        case .given(let result):
          give(result, of: step, plan, &reply, &writer, &outcome)
        case .passedOn(let result):
          passedOn = (index, result)
          continue
        }
      }
      return plan.steps[index].pluginIndex
    }
    guard let passedOn, case .forward(let step) = plan.steps[passedOn.step] else { return nil }
    give(passedOn.result, of: step, plan, &reply, &writer, &outcome)
    return plan.steps[passedOn.step].pluginIndex
  }

  /// Own zones have class IN alone; nobody else is asked for them.
  private func refuseClass(_ reply: inout Reply, _ index: Int, _ plan: QueryPlan) -> Int {
    reply.code = .refused
    reply.error = Self.notServed
    return plan.steps[index].pluginIndex
  }

  // MARK: - Upstreams

  private mutating func answerFromCache(
    _ step: CacheStep, _ plan: QueryPlan, _ reply: inout Reply, _ writer: inout MessageWriter,
    _ outcome: inout Outcome
  ) -> Bool {
    var reason = AnswerCache.Reason.first
    if let resumption {
      guard let again = resumption.reason(for: name) else { return false }
      reason = again
    }
    guard
      let refreshes = step.answer(
        name, hash: hash(name.octets), reason, &reply, &writer, now: now)
    else { return false }
    if resumption?.allowsStale == true { reply.error?.add(subject: "upstreams are slow") }
    guard refreshes || plan.forwardsLeaveOut, let forward = plan.firstForward(of: name) else {
      return true
    }
    reply.leaveOut(forward.step.leftOut)
    if refreshes {
      self.refreshes.append(plan.pending(forward.step, at: forward.index, name, reply))
      outcome.refreshes = true
    }
    return true
  }

  /// Writes what upstreams said; where they failed, what was so before.
  private mutating func give(
    _ result: ExchangeResult, of step: ForwardStep, _ plan: QueryPlan, _ reply: inout Reply,
    _ writer: inout MessageWriter, _ outcome: inout Outcome
  ) {
    reply.leaveOut(step.leftOut)
    let result = reply.peer.transport == .tcp ? result.whole : result
    if result.hasFailed, let cache = plan.cacheStep,
      cache.answer(
        name, hash: hash(name.octets), .staleAllowed, &reply, &writer, now: now) != nil
    {
      reply.error?.add(subject: result.failureText)
      return
    }
    switch result {
    case .answer(let given):
      given.answer.withView { reply.put($0, TTLRule(), keepsAuthority: true, &writer) }
      guard given.header.kind == .failure else { return }
      reply.error = ExtendedError(
        code: ExtendedError.noReachableAuthority, text: "forward: the upstream failed",
        subject: result.failureText)
    case .failure(let reason):
      reply.code = reason.reason == .tooMany ? .refused : .serverFailure
      reply.error = reason.extendedError
      outcome.error = ""
      failure = reason.text
    }
  }

  // MARK: - Alias targets

  /// CNAMEs after which no other is followed, in and out of all zones of the listener.
  static let maximumChainLength = 10

  /// Looks up the target of a CNAME that a step left open; the reply takes the RCODE of the last
  /// name (RFC 6604). A target outside all zones stays the client's to resolve.
  private mutating func follow(
    _ reply: inout Reply, _ writer: inout MessageWriter, _ outcome: inout Outcome
  ) {
    var isFollowing = false
    while let target = reply.alias, reply.aliasCount < Self.maximumChainLength {
      reply.alias = nil
      isFollowing = true
      guard name.read(writer.octets, at: target), !reply.hasVisited(name, writer) else { break }
      reply.visit(target)
      guard let index = zones.find(name) else { break }
      let plan = plans[index]
      reply.leaveOut(plan.leftOut)
      _ = lookUp(plan, &reply, &writer, &outcome)
    }
    if isFollowing { _ = name.read(writer.octets, at: Query.headerOctets) }
  }
}

extension QueryPlan {
  /// The largest UDP payload that passes every path unfragmented (DNS flag day 2020), octets.
  public static let defaultBufferSize: UInt16 = 1232
}

/// Where a query came from and by what.
public struct Peer {
  public enum Transport: Int, Sendable { case udp = 0, tcp = 1 }

  public var transport: Transport
  public var address: IPAddress
  public var port: UInt16
  /// Where the query was sent to.
  public var localAddress: IPAddress
  public var localPort: UInt16

  public init(
    transport: Transport, address: IPAddress, port: UInt16, localAddress: IPAddress,
    localPort: UInt16
  ) {
    self.transport = transport
    self.address = address
    self.port = port
    self.localAddress = localAddress
    self.localPort = localPort
  }
}

/// Which record of a set of addresses comes first under `loadbalance`.
enum Rotation {
  /// A place below `count`, each as likely as every other for a random `number`.
  @inline(__always)
  static func first(of count: Int, _ number: UInt64) -> Int {
    count > 1 ? Int(truncatingIfNeeded: number.multipliedFullWidth(by: UInt64(count)).high) : 0
  }
}

/// Pseudorandom numbers for spreading load (wyrand): never for anything that must not be guessed.
struct RandomSource {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0xA076_1D64_78BD_642F
    let product = state.multipliedFullWidth(by: state ^ 0xE703_7ED1_A0B4_28DB)
    return product.high ^ product.low
  }
}
