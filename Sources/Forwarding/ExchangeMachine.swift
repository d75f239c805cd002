public import Wire

/// The exchanges with upstreams that one thread has under way: octets and time go in, what is to
/// be done comes out.
///
/// An exchange is one question to one group; an attempt is one message of it to one upstream. The
/// driver owns sockets and connections and knows attempts by number; numbers are never used again
/// soon, so what comes late for one that has ended does nothing.
///
/// ```
/// start ─→ ask an upstream ─→ receive ─→ the reply? ─→ finish
///             │    ↑                        │ no: go on listening, beside it over a stream
///             │    └─ fail, silence: the next one; slower than usual: a second one beside it
///             └─ truncated, FORMERR, BADCOOKIE: the same one again, another way
/// ```
public struct ExchangeMachine {
  let random: () -> UInt64
  var exchanges: SlotTable<Exchange>
  var attempts: SlotTable<Attempt>
  /// Those that have ended, to be used again: to allocate and free them for each question takes as
  /// long as to read its answer.
  private var endedExchanges: [Exchange] = []
  private var endedAttempts: [Attempt] = []
  /// So many are kept of each.
  private static let endedKept = 256
  var outstanding = Outstanding()
  var wheel = TimerWheel()
  private var actions: [ExchangeAction?] = []
  /// Of the next exchange that was refused at once.
  private var refusedNumber = -1

  /// - Parameter random: 64 bits of a cryptographically secure generator.
  public init(random: @escaping () -> UInt64, limits: ExchangeLimits = ExchangeLimits()) {
    self.random = random
    exchanges = SlotTable(capacity: limits.exchanges)
    attempts = SlotTable(capacity: limits.attempts)
  }

  // MARK: - Events

  /// Starts one exchange, or gives the number of the one under way for the same question and
  /// group. Where it cannot begin, ``ExchangeAction/finish(exchange:result:)`` is
  /// among the actions at once.
  ///
  /// - Parameters:
  ///   - overStream: whether the client came by TCP.
  ///   - patience: nanoseconds until ``ExchangeAction/slow(exchange:)``; nil for never.
  public mutating func start(
    _ question: ForwardQuestion, of group: UpstreamGroup, overStream: Bool, patience: UInt64?,
    now: UInt64
  ) -> Int {
    let slowAt = patience.map { now &+ $0 } ?? .max
    if let slot = outstanding.find(question, group, in: exchanges) {
      if slowAt < exchanges[slot].slowAt {
        exchanges[slot].slowAt = slowAt
        arm(slot, now: now)
      }
      return exchanges.number(slot)
    }
    guard exchanges.count < exchanges.capacity else {
      let text = "\(exchanges.capacity) queries are under way"
      return refuse(ExchangeFailure(reason: .overload, text: text))
    }
    switch group.begin(now: now, random: random) {
    case .refused(let failure):
      return refuse(failure)
    case .ask(let choice, let most, let isTrial):
      guard
        let slot = insertExchange(
          question, of: group, kind: isTrial ? .trial : .query, overStream: overStream,
          mostAsked: most, now: now)
      else { preconditionFailure("there was room") }
      exchanges[slot].slowAt = slowAt
      let number = exchanges.number(slot)
      outstanding.insert(slot, in: &exchanges)
      ask(slot, choice, now: now)
      return number
    }
  }

  /// Probes an upstream of ``UpstreamGroup/dueProbes(now:)``. What comes of it goes to the group.
  public mutating func startProbe(of upstream: Upstream, in group: UpstreamGroup, now: UInt64) {
    guard exchanges.count < exchanges.capacity,
      let choice = group.probed(upstream, now: now, random: random)
    else { return }
    guard
      let slot = insertExchange(
        group.probeQuestion, of: group, kind: .probe, overStream: false, mostAsked: 1, now: now)
    else { return }
    ask(slot, choice, now: now)
  }

  /// A datagram came on an attempt's socket, or one message on its stream.
  public mutating func receive(_ octets: Octets, attempt number: Int, now: UInt64) {
    guard let slot = attempts.slot(number) else { return }
    receive(octets, slot, now: now)
  }

  /// An attempt came to nothing: an ICMP message, a refused connect, a stream that was closed or
  /// whose other side is not who it should be.
  ///
  /// - Parameters:
  ///   - reason: ``ExchangeFailure/Reason/overload`` where nothing was sent for want of something
  ///     here, which is not held against the upstream.
  ///   - text: what happened, without the upstream: `connection refused`.
  public mutating func fail(
    attempt number: Int, _ reason: ExchangeFailure.Reason, _ text: String, now: UInt64
  ) {
    guard let slot = attempts.slot(number) else { return }
    failed(slot, reason == .overload ? .notSent : .error, reason, text, now: now)
  }

  /// Does what is due; to be called at ``nextDeadline`` or when it suits.
  public mutating func tick(now: UInt64) {
    while let slot = wheel.expired(now: now) { due(slot, now: now) }
  }

  /// When ``tick(now:)`` has something to do.
  public var nextDeadline: UInt64? { wheel.next }

  // MARK: - What is to be done

  /// Exchanges what is to be done, oldest first, for an empty list; false where there is nothing. To be
  /// called after the calls above, before anything is waited for, until there is nothing.
  ///
  /// - Parameter list: in optionals, to be taken out without a copy.
  public mutating func takeActions(_ list: inout [ExchangeAction?]) -> Bool {
    list.removeAll(keepingCapacity: true)
    swap(&list, &actions)
    return !list.isEmpty
  }

  /// The number of the exchange under way for a question to a group; nil where there is none.
  ///
  /// Mutating, since the machine would be copied for the call otherwise.
  public mutating func exchange(for question: ForwardQuestion, of group: UpstreamGroup) -> Int? {
    outstanding.find(question, group, in: exchanges).map { exchanges.number($0) }
  }

  /// Exchanges under way, probes included.
  public var exchangeCount: Int { exchanges.count }
  /// Messages whose reply is waited for.
  public var attemptCount: Int { attempts.count }

  mutating func act(_ action: ExchangeAction) {
    actions.append(action)
  }

  // MARK: - Slots

  private mutating func insertExchange(
    _ question: ForwardQuestion, of group: UpstreamGroup, kind: Exchange.Kind, overStream: Bool,
    mostAsked: Int, now: UInt64
  ) -> Int? {
    let end = now + ExchangeLimits.patience
    guard let ended = endedExchanges.popLast() else {
      return exchanges.insert(
        Exchange(
          question, of: group, kind: kind, overStream: overStream, end: end, mostAsked: mostAsked))
    }
    ended.begin(
      question, of: group, kind: kind, overStream: overStream, end: end, mostAsked: mostAsked)
    return exchanges.insert(ended)
  }

  /// Takes an exchange out; what it has got is let go of.
  mutating func removeExchange(_ slot: Int) {
    exchanges[slot].letGo()
    if endedExchanges.count < Self.endedKept { endedExchanges.append(exchanges[slot]) }
    exchanges.remove(slot)
  }

  mutating func insertAttempt(
    exchange: Int, choice: UpstreamChoice, way: Attempt.Way, sent: UInt64, deadline: UInt64,
    next: Int32
  ) -> Int? {
    guard let ended = endedAttempts.popLast() else {
      return attempts.insert(
        Attempt(
          exchange: exchange, choice: choice, way: way, sent: sent, deadline: deadline, next: next))
    }
    ended.begin(
      exchange: exchange, choice: choice, way: way, sent: sent, deadline: deadline, next: next)
    return attempts.insert(ended)
  }

  /// Takes an attempt out. What is in it stays until another message is sent.
  mutating func removeAttempt(_ slot: Int) {
    if endedAttempts.count < Self.endedKept { endedAttempts.append(attempts[slot]) }
    attempts.remove(slot)
  }

  private mutating func refuse(_ failure: ExchangeFailure) -> Int {
    let number = refusedNumber
    refusedNumber = number == .min ? -1 : number - 1
    act(.finish(exchange: number, result: .failure(failure)))
    return number
  }
}
