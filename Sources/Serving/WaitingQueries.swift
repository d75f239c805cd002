import Answering
import Forwarding
import IO
import Wire

/// What came of a question.
struct QuestionOutcome: Sendable {
  var result: ExchangeResult
  /// `prefer_positive`: the cache has an older answer that goes before it.
  var prefersOlder = false
}

/// The queries of one worker that wait for upstreams.
@safe final class WaitingQueries {
  private typealias Key = OutstandingQuestions.Key

  /// What this worker asks, or waits for another to have asked.
  private final class Asking {
    let pending: PendingQuestion
    var first: WaitingQuery?
    /// Workers that wait for it, too.
    var others: Set<Int> = []
    /// Its patience is over: whoever comes from now on gets a stale answer at once, if there is one.
    var isSlow = false

    init(_ pending: PendingQuestion) {
      self.pending = pending
    }
  }

  /// What workers tell each other.
  enum Message: Sendable {
    case join(PendingQuestion, worker: Int)
    case result(QuestionOutcome, of: PendingQuestion)
    case slow(PendingQuestion)
    /// It had been answered before the other worker could join.
    case missed(PendingQuestion)
  }

  /// Queries that wait at once: some seconds of misses while upstreams are silent, at a kilobyte
  /// each. What comes above fails at once, or is answered stale.
  static let maximumCount = 8192
  /// Of these, what one client may have once half are taken: one that asks by the thousand must not
  /// make all others fail.
  static let maximumPerClient = 512
  /// No question is asked any more for a query that has waited this long: its client has given up,
  /// and reloads, chains and `next` must not keep it for good. Nanoseconds.
  static let patience: UInt64 = 5_000_000_000
  /// Replies made in a row until UDP has a turn: an upstream sends them by the thousand over TCP.
  /// Four times what the turn takes in at most, so that less is begun than is finished.
  static let repliesInTurn = 256
  /// Questions asked for one query: each name of a chain, by each `forward` of its block.
  static let maximumQuestions = 32

  private let worker: Int
  private let outstanding: OutstandingQuestions
  private let mailboxes: [Mailbox<Worker.Command>]
  private let hash: NameHash
  private let loop: EventLoop
  private lazy var driver = ExchangeDriver(
    loop: loop, finished: { [unowned self] in finish($0) },
    slow: { [unowned self] in noteSlow($0) })
  private var asked = ExchangeValues<Asking>()
  private var joined: [Key: Asking] = [:]
  /// Those that have their reply, to be used again.
  private var spareQueries: [WaitingQuery] = []
  /// So many are kept.
  private static let spareKept = 256
  /// By a hash of the client's address; the few that share a place share what they may have.
  private var perClient = [UInt16](repeating: 0, count: 4096)
  /// Lets the worker's UDP sockets have their turn.
  var yield: () -> Void = {}
  private var isYielding = false
  /// Lists of those that wait are being gone through: none may join them.
  private(set) var isDelivering = false
  private var resumed = 0
  /// How many wait.
  private(set) var count = 0
  /// Where late replies are written: 65,535 octets.
  let scratch = UnsafeMutableRawPointer.allocate(byteCount: 65_535, alignment: 8)

  init(
    worker: Int, loop: EventLoop, outstanding: OutstandingQuestions,
    mailboxes: [Mailbox<Worker.Command>], hash: NameHash
  ) {
    self.hash = hash
    self.worker = worker
    self.outstanding = outstanding
    self.mailboxes = mailboxes
    self.loop = loop
  }

  deinit { unsafe scratch.deallocate() }

  // MARK: - Clients

  /// A query that is to wait.
  func query(
    _ message: Octets, _ peer: Peer, _ client: WaitingQuery.Client, _ endpoint: WorkerEndpoint,
    received: UInt64
  ) -> WaitingQuery {
    guard let spare = spareQueries.popLast() else {
      return WaitingQuery(message, peer, client, endpoint, received)
    }
    spare.begin(message, peer, client, endpoint, received)
    return spare
  }

  /// A query has its reply; nobody has it any more but the caller.
  private func end(_ query: WaitingQuery) {
    query.end()
    guard spareQueries.count < Self.spareKept, query.peer.transport == .udp else { return }
    spareQueries.append(query)
  }

  /// Has `pending` asked for a query; its endpoint hears of the result by `resume`. ``send()`` is to
  /// follow.
  func wait(_ query: WaitingQuery, for pending: PendingQuestion) {
    if let limit = limit(of: query) {
      query.resumption.add(.failure(ExchangeFailure(reason: .overload, text: limit)), of: pending)
      return resume(query)
    }
    count += 1
    perClient[place(of: query.peer.address)] += 1
    ask(pending, for: query)
  }

  /// Has `pending` asked with nobody waiting for it, unless it is being asked already. ``send()`` is
  /// to follow.
  func refresh(_ pending: PendingQuestion) {
    if isAlone {
      guard exchange(pending) == nil else { return }
    } else {
      guard case .own(isNew: true) = outstanding.claim(key(pending), by: worker) else { return }
    }
    start(pending, for: nil, overStream: false)
  }

  /// Sends what is to be asked: all of a batch one behind the other.
  func send() {
    driver.perform()
  }

  /// What a query that has just come is answered with where it may not wait: nothing is kept for it,
  /// lest under a flood the refusals take the time of the answers.
  func refusal(of peer: Peer) -> Resumption? {
    guard let limit = limit(of: peer.address) else { return nil }
    let refusal = Resumption()
    refusal.refusal = ExchangeFailure(reason: .overload, text: limit)
    return refusal
  }

  /// Which limit a query is at, as its reply says it; nil where it may wait (on).
  private func limit(of query: WaitingQuery) -> String? {
    let asked = query.resumption.count
    if asked >= Self.maximumQuestions { return "\(Self.maximumQuestions) questions for one query" }
    if asked > 0, Clock.monotonic &- query.received > Self.patience {
      return "it has waited for long"
    }
    return limit(of: query.peer.address)
  }

  private func limit(of client: IPAddress) -> String? {
    if count >= Self.maximumCount { return "\(count) queries wait" }
    guard count >= Self.maximumCount / 2 else { return nil }
    let ofClient = perClient[place(of: client)]
    return ofClient < Self.maximumPerClient ? nil : "\(ofClient) queries of this client wait"
  }

  private func place(of client: IPAddress) -> Int {
    Int(truncatingIfNeeded: hash(client.high ^ client.low)) & (perClient.count - 1)
  }

  private func ask(_ pending: PendingQuestion, for query: WaitingQuery) {
    let overStream = query.peer.transport == .tcp
    if isAlone { return start(pending, for: query, overStream: overStream) }
    let key = key(pending)
    switch outstanding.claim(key, by: worker) {
    case .own:
      start(pending, for: query, overStream: overStream)
    case .other(let owner):
      if let asking = joined[key] { return add(query, to: asking) }
      let asking = Asking(pending)
      asking.first = query
      joined[key] = asking
      mailboxes[owner].post(.forwarding(.join(pending, worker: worker)))
    }
  }

  private func start(_ pending: PendingQuestion, for query: WaitingQuery?, overStream: Bool) {
    let target = pending.target
    let exchange = driver.start(
      pending.question, of: target.group, overStream: overStream, patience: target.patience)
    let asking = asked[exchange] ?? begin(pending, exchange)
    if let query { add(query, to: asking) }
  }

  private func add(_ query: WaitingQuery, to asking: Asking) {
    guard !asking.isSlow || !isAnsweredStale(query) else { return }
    query.next = asking.first
    asking.first = query
  }

  private func begin(_ pending: PendingQuestion, _ exchange: Int) -> Asking {
    let asking = Asking(pending)
    asked[exchange] = asking
    return asking
  }

  /// This worker's exchange for a question.
  private func exchange(_ pending: PendingQuestion) -> Int? {
    driver.exchange(for: pending.question, of: pending.target.group)
  }

  /// Whether there is no other worker that might ask the same.
  private var isAlone: Bool { mailboxes.count == 1 }

  private func key(_ pending: PendingQuestion) -> Key {
    Key(group: pending.target.group.number, question: pending.question)
  }

  // MARK: - Results

  private func finish(_ finished: ExchangeDriver.Finished) {
    guard let asking = asked.remove(finished.exchange) else { return }
    let pending = asking.pending
    let outcome = keep(finished.result, of: pending)
    // Kept first: who asks from now on finds it.
    // Another exchange may have begun for it meanwhile.
    if !isAlone, exchange(pending) == nil { outstanding.release(key(pending), by: worker) }
    for other in asking.others {
      mailboxes[other].post(.forwarding(.result(outcome, of: pending)))
    }
    let nobodyWaits = asking.first == nil && asking.others.isEmpty
    // A client's query goes on to the next `forward` by itself.
    if nobodyWaits, pending.passesOn(finished.result), let following = pending.following {
      return refresh(following)
    }
    deliver(outcome, of: pending, to: asking.first)
  }

  /// Puts the result into the cache, whose limits of TTLs count for the first reply, too.
  private func keep(_ result: ExchangeResult, of pending: PendingQuestion) -> QuestionOutcome {
    guard let cache = pending.target.cache, !pending.passesOn(result) else {
      return QuestionOutcome(result: result)
    }
    switch result {
    case .answer(let given):
      let (kept, insertion) = cache.insert(given, for: pending.question, now: Clock.monotonic)
      return QuestionOutcome(
        result: .answer(kept), prefersOlder: insertion == .positivePreferred)
    case .failure(let failure):
      _ = cache.insertFailure(failure, for: pending.question, now: Clock.monotonic)
      return QuestionOutcome(result: result)
    }
  }

  private func deliver(
    _ outcome: QuestionOutcome, of pending: PendingQuestion, to first: WaitingQuery?
  ) {
    goThrough(first) { query in
      leave(query)
      query.resumption.add(outcome.result, of: pending, prefersOlder: outcome.prefersOlder)
      resume(query)
    }
  }

  /// A reply over TCP makes room for more queries of its connection, and these are taken in at once:
  /// they wait apart until all of a list have had theirs.
  private func goThrough(_ first: WaitingQuery?, _ body: (WaitingQuery) -> Void) {
    undisturbed {
      var rest = first
      while let query = rest {
        rest = query.next
        body(query)
      }
    }
  }

  private func undisturbed(_ body: () -> Void) {
    let wasDelivering = isDelivering
    isDelivering = true
    body()
    isDelivering = wasDelivering
  }

  /// Makes the reply anew; it may turn out to need another question.
  private func resume(_ query: WaitingQuery) {
    if let pending = query.endpoint?.resume(query) { wait(query, for: pending) } else { end(query) }
    resumed &+= 1
    guard resumed % Self.repliesInTurn == 0, !isYielding else { return }
    isYielding = true
    yield()
    isYielding = false
  }

  private func leave(_ query: WaitingQuery) {
    query.next = nil
    count -= 1
    perClient[place(of: query.peer.address)] -= 1
  }

  /// Whoever can be answered with what was so before, is.
  private func noteSlow(_ exchange: Int) {
    guard let asking = asked[exchange] else { return }
    answerStale(asking)
    for other in asking.others { mailboxes[other].post(.forwarding(.slow(asking.pending))) }
  }

  private func answerStale(_ asking: Asking) {
    asking.isSlow = true
    var left: WaitingQuery?
    goThrough(asking.first) { query in
      guard !isAnsweredStale(query) else { return }
      query.next = left
      left = query
    }
    asking.first = left
  }

  /// Gives a query what was so before; false where there is nothing, and it waits on.
  private func isAnsweredStale(_ query: WaitingQuery) -> Bool {
    query.resumption.allowsStale = true
    var isAnswered = false
    undisturbed { isAnswered = query.endpoint?.resume(query) == nil }
    guard isAnswered else { return false }
    leave(query)
    end(query)
    return true
  }

  // MARK: - Other workers

  func receive(_ message: Message) {
    switch message {
    case .join(let pending, let other):
      guard let asking = exchange(pending).flatMap({ asked[$0] }) else {
        return mailboxes[other].post(.forwarding(.missed(pending)))
      }
      asking.others.insert(other)
      if asking.isSlow { mailboxes[other].post(.forwarding(.slow(pending))) }
    case .result(let outcome, let pending):
      guard let asking = joined.removeValue(forKey: key(pending)) else { return }
      deliver(outcome, of: pending, to: asking.first)
    case .slow(let pending):
      if let asking = joined[key(pending)] { answerStale(asking) }
    case .missed(let pending):
      guard let asking = joined.removeValue(forKey: key(pending)) else { return }
      goThrough(asking.first) { query in
        leave(query)
        resume(query)
      }
    }
    driver.perform()
  }
}
