import Forwarding
import Testing
import Wire

/// Two threads' machines that share a group, and a network that loses, delays, doubles, reorders
/// and forges. Everything follows from the seed.
final class SeededExchange {
  private enum Event {
    case ask
    case toggle(Int)
    case deliver(Key, [UInt8])
    case refuse(Key)
  }

  private struct Key: Hashable {
    var machine: Int
    var attempt: Int
  }

  private struct Asked {
    var name: [UInt8]
    var at: UInt64
  }

  static let millisecond: UInt64 = 1_000_000
  private static let start: UInt64 = 50_000 * millisecond
  /// Everything is dead from here on.
  private static let death = start + 30_000 * millisecond
  /// By now that is known: two read timeouts for a group's first ones, the same for its last ones,
  /// and a probe.
  private static let deathIsKnown = death + 10_000 * millisecond
  private static let lastAsk = death + 20_000 * millisecond
  private static let names = 12

  private var numbers: SeededNumbers
  private var machines: [ExchangeMachine] = []
  let group: UpstreamGroup
  private var upstreams: [Upstream: ModelUpstream] = [:]
  private var addresses: [Upstream] = []
  private var now = SeededExchange.start
  private var events: [(at: UInt64, order: Int, event: Event)] = []
  private var order = 0

  private var asked: [[Int: Asked]] = [[:], [:]]
  private var live: [Set<Int>] = [[], []]
  /// What upstreams truly said of each name.
  private var given: [[UInt8]: Set<UInt32>] = [:]
  private var nextAddress: UInt32 = 0xC000_0000
  private var lastToDead: UInt64?
  private(set) var problems: [String] = []
  private(set) var log: [String] = []
  /// Whether results are written down, which takes longer than all else.
  var keepsLog = false
  private(set) var answers = 0
  private(set) var failures = 0

  init(seed: UInt64) {
    numbers = SeededNumbers(seed: seed)
    var options = ForwardOptions()
    options.policy = [.random, .roundRobin, .sequential][Int(numbers.next() % 3)]
    options.maxFails = UInt32(1 + numbers.next() % 2)
    options.maxConcurrent = numbers.next() % 5 == 0 ? 3 : 0
    options.failfastAllUnhealthy = numbers.next() % 3 == 0
    options.forceTCP = numbers.next() % 8 == 0
    options.failover = numbers.next() % 3 == 0 ? [.nameError] : []
    for index in 0..<(1 + numbers.next() % 4) {
      let upstream = Upstream(address: IPAddress(v4: 0x0A00_0001 + UInt32(index)))
      addresses.append(upstream)
      upstreams[upstream] = ModelUpstream.random(&numbers)
    }
    group = UpstreamGroup(number: 1, name: ".", options: options, upstreams: addresses)
    for index in 0..<2 {
      var secrets = SeededNumbers(seed: seed &* 2 &+ UInt64(index) ^ 0x5EC2_E75E)
      machines.append(ExchangeMachine(random: { secrets.next() }))
    }
  }

  // MARK: - Time

  func play() {
    plan(in: 0, .ask)
    for index in addresses.indices { plan(in: numbers.next() % 10_000, .toggle(index)) }
    while step() {}
    for (index, machine) in machines.enumerated() {
      if machine.exchangeCount != 0 || machine.attemptCount != 0 || !live[index].isEmpty {
        problem("machine \(index) keeps exchanges or attempts")
      }
      if !asked[index].isEmpty { problem("exchanges never finished") }
    }
    if group.underWay != 0 { problem("the group counts \(group.underWay) exchanges") }
  }

  /// Goes to whatever is next; false when the last query is long over.
  private func step() -> Bool {
    let probe = group.nextProbe
    let deadlines = machines.map(\.nextDeadline) + [probe, events.last?.at]
    guard let next = deadlines.compactMap({ $0 }).min(),
      next < Self.lastAsk + 12_000 * Self.millisecond
    else { return false }
    now = max(now, next)
    for index in machines.indices {
      machines[index].tick(now: now)
      drain(index)
    }
    if let probe, probe <= now, now < Self.lastAsk + 5_000 * Self.millisecond {
      for upstream in group.dueProbes(now: now) {
        let index = Int(numbers.next() % 2)
        machines[index].startProbe(of: upstream, in: group, now: now)
        drain(index)
      }
    } else if let probe, probe <= now {
      return machines.contains { $0.exchangeCount > 0 } && skipProbes()
    }
    while let event = events.last, event.at <= now {
      events.removeLast()
      happen(event.event)
    }
    return true
  }

  /// Near the end nothing is probed any more: goes from deadline to deadline.
  private func skipProbes() -> Bool {
    guard let next = machines.compactMap(\.nextDeadline).min() else { return false }
    now = max(now, next)
    for index in machines.indices {
      machines[index].tick(now: now)
      drain(index)
    }
    return true
  }

  private func plan(in milliseconds: UInt64, _ event: Event) {
    let at = now + milliseconds * Self.millisecond
    order += 1
    let place = events.firstIndex { $0.at <= at } ?? events.endIndex
    events.insert((at, order, event), at: place)
  }

  private func happen(_ event: Event) {
    switch event {
    case .ask:
      ask()
      if now < Self.lastAsk { plan(in: numbers.next() % (now < Self.death ? 200 : 400), .ask) }
    case .toggle(let index):
      let states: [ModelUpstream.State] = [.up, .up, .up, .up, .silent, .refusing]
      upstreams[addresses[index]]?.state = states[Int(numbers.next() % 6)]
      if now < Self.death { plan(in: 500 + numbers.next() % 6_000, .toggle(index)) }
    case .deliver(let key, let octets):
      octets.withOctets { machines[key.machine].receive($0, attempt: key.attempt, now: now) }
      drain(key.machine)
    case .refuse(let key):
      machines[key.machine].fail(attempt: key.attempt, .unreachable, "refused", now: now)
      drain(key.machine)
    }
  }

  private func ask() {
    let index = Int(numbers.next() % 2)
    let number = numbers.next() % UInt64(Self.names)
    guard let question = try? ForwardQuestionTests.question("some-name-\(number).example.")
    else { return }
    let exchange = machines[index].start(
      question, of: group, overStream: numbers.next() % 6 == 0, patience: nil, now: now)
    let asked = asked[index][exchange] ?? Asked(name: question.name.octets, at: now)
    if asked.name != question.name.octets { problem("exchange \(exchange) is of another question") }
    self.asked[index][exchange] = asked
    drain(index)
  }

  // MARK: - Actions

  private func drain(_ index: Int) {
    var actions: [ExchangeAction?] = []
    while machines[index].takeActions(&actions) {
      for action in actions { perform(index, action) }
    }
    if machines[index].attemptCount != live[index].count { problem("attempts are lost") }
  }

  private func perform(_ index: Int, _ action: ExchangeAction?) {
    switch action {
    case .sendDatagram(let attempt, let upstream, _, let octets):
      sent(Key(machine: index, attempt: attempt), upstream, octets, isStream: false)
    case .sendStream(let attempt, let upstream, _, let octets):
      sent(Key(machine: index, attempt: attempt), upstream, octets, isStream: true)
    case .endAttempt(let attempt):
      if live[index].remove(attempt) == nil { problem("attempt \(attempt) ended twice") }
    case .slow: problem("nobody is impatient")
    case .finish(let exchange, let result): finished(index, exchange, result)
    case nil: problem("no action")
    }
  }

  private func finished(_ index: Int, _ exchange: Int, _ result: ExchangeResult) {
    if keepsLog { log.append("\(now) \(exchange) \(result)") }
    guard let asked = asked[index].removeValue(forKey: exchange) else {
      problem("exchange \(exchange) finished twice, or was never begun")
      return
    }
    if now > asked.at + 5_002 * Self.millisecond { problem("it took longer than 5 s") }
    switch result {
    case .failure: failures += 1
    case .answer(let found):
      let answer = found.answer
      answers += 1
      guard answer.header.code == .noError else { return }
      let records = Int(answer.header.recordOctets)
      let address = answer.octets[(records - 4)..<records].reduce(UInt32(0)) {
        $0 << 8 | UInt32($1)
      }
      if !(given[asked.name]?.contains(address) ?? false) { problem("nobody said \(address)") }
    }
  }

  // MARK: - Network

  private func sent(_ key: Key, _ to: Upstream, _ octets: [UInt8], isStream: Bool) {
    if !live[key.machine].insert(key.attempt).inserted { problem("an attempt begun twice") }
    let query = SentQuery(octets)
    if now > Self.deathIsKnown {
      if let last = lastToDead, now - last < 900 * Self.millisecond {
        problem("\((now - last) / Self.millisecond) ms between two to a dead group")
      }
      lastToDead = now
    }
    guard var upstream = upstreams[to] else { return }
    if now >= Self.death { upstream.state = .silent }
    if !isStream { forge(key, query, upstream) }
    let away = upstream.delay + numbers.next() % (upstream.jitter + 1)
    if upstream.state == .refusing || (isStream && !upstream.hasTCP && upstream.state == .up) {
      plan(in: away, .refuse(key))
      return
    }
    guard upstream.state == .up else { return }
    if !isStream, numbers.next() % 1_000 < upstream.loss { return }
    let name = query.name.map(ASCII.folded)
    // Name 0 is one about which nobody says anything.
    guard !name.starts(with: Array("\u{0B}some-name-0".utf8)) else { return }
    nextAddress += 1
    var reply = upstream.reply(
      to: query, isStream: isStream, address: nextAddress, &numbers)
    if name.count == 1 { reply.code = 5 }
    if reply.code == 0, numbers.next() % 10 == 0 { reply.code = 3 }
    given[name, default: []].insert(nextAddress)
    let deliveries = !isStream && numbers.next() % 1_000 < upstream.duplication ? 2 : 1
    for _ in 0..<deliveries {
      let back = upstream.delay + numbers.next() % (upstream.jitter + 1)
      plan(in: away + back, .deliver(key, reply.octets(to: query.octets)))
    }
  }

  /// Somebody who does not see the query guesses all of it but one part.
  private func forge(_ key: Key, _ query: SentQuery, _ upstream: ModelUpstream) {
    guard numbers.next() % 4 == 0 else { return }
    let count = numbers.next() % 10 == 0 ? 20 : 1 + numbers.next() % 3
    for _ in 0..<count {
      var reply = Reply(address: 0x0606_0606)
      switch numbers.next() % 5 {
      case 0: reply.hasOtherID = true
      case 1: reply.hasOtherQuestion = true
      case 2 where query.name != query.name.map(ASCII.folded): reply.isFolded = true
      case 3 where query.cookie.count > 8:
        if numbers.next() % 2 == 0 { reply.cookie = .wrong }
      // For a probe any error says that somebody is there.
      case 4 where query.name.count > 1:
        reply.code = 1
        reply.lacksQuestion = true
      default: reply.isCut = true
      }
      plan(in: numbers.next() % 50, .deliver(key, reply.octets(to: query.octets)))
    }
  }

  private func problem(_ text: String) {
    problems.append("\((now - Self.start) / Self.millisecond) ms: \(text)")
  }
}
