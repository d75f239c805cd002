import Wire

/// Asking: messages out, time running, the end of an exchange.
extension ExchangeMachine {
  /// Asks an upstream for the first time, or again since all others failed.
  mutating func ask(_ slot: Int, _ choice: UpstreamChoice, now: UInt64) {
    exchanges[slot].tried |= choice.bit
    exchanges[slot].asked += 1
    exchanges[slot].lastAsked = choice.number
    let group = exchanges[slot].group
    let isProbe = exchanges[slot].kind == .probe
    let isStream =
      choice.upstream.transport == .tls || group.options.forceTCP
      || (exchanges[slot].overStream && !group.options.preferUDP)
    // A server that folds a probe's letters is there all the same.
    let way = Attempt.Way(
      isStream: isStream, usesEDNS: choice.usesEDNS, isSpelled: choice.keepsCase && !isProbe)
    exchanges[slot].hedgeAt = .max
    // Two at once are enough; a third would answer no sooner.
    if exchanges[slot].kind == .query, exchanges[slot].firstAttempt < 0,
      let delay = choice.hedgeAfter
    {
      exchanges[slot].hedgeAt = now + delay
      exchanges[slot].hedgePause = max(2 * delay, ExchangeLimits.hedgePause)
    }
    send(slot, choice, way, now: now)
  }

  /// Sends the question once more to an upstream that has answered, or may have, another way.
  /// False where that cannot be.
  @discardableResult
  mutating func followUp(
    _ slot: Int, _ number: Int, _ way: Attempt.Way, now: UInt64
  ) -> Bool {
    guard exchanges[slot].kind != .probe, exchanges[slot].followUps < ExchangeLimits.followUps,
      let choice = exchanges[slot].group.again(number, now: now, random: random)
    else { return false }
    exchanges[slot].followUps += 1
    if exchanges[slot].hedgeAt != .max {
      exchanges[slot].hedgeAt = max(exchanges[slot].hedgeAt, now + exchanges[slot].hedgePause)
    }
    var way = way
    if !choice.usesEDNS { way.usesEDNS = false }
    if !choice.keepsCase { way.isSpelled = false }
    send(slot, choice, way, now: now)
    return true
  }

  private mutating func send(_ slot: Int, _ choice: UpstreamChoice, _ way: Attempt.Way, now: UInt64)
  {
    let exchange = exchanges[slot]
    let group = exchange.group
    let timeout =
      exchange.kind == .probe && !way.isStream
      ? min(group.options.readTimeout, ExchangeLimits.probeTimeout) : group.options.readTimeout
    guard
      let attemptSlot = insertAttempt(
        exchange: slot, choice: choice, way: way, sent: now,
        deadline: min(now + timeout, exchange.end), next: exchange.firstAttempt)
    else {
      exchanges[slot].note(
        .overload, "\(attempts.capacity) messages are under way", of: choice)
      if exchange.firstAttempt < 0 { finish(slot, nil, now: now) }
      return
    }
    if way.isStream, way.hasWayBack {
      attempts[attemptSlot].wayBackAt = now + ExchangeLimits.streamPatience
    }
    exchanges[slot].firstAttempt = Int32(attemptSlot)
    let query = attempts[attemptSlot].writeQuery(
      for: exchange, id: UInt16(truncatingIfNeeded: random()),
      caseBits: way.isSpelled ? caseBits(exchange.question.name) : nil)
    let number = attempts.number(attemptSlot)
    act(
      way.isStream
        ? .sendStream(attempt: number, to: choice.upstream, of: group, octets: query)
        : .sendDatagram(
          attempt: number, to: choice.upstream, of: group, octets: query))
    arm(slot, now: now)
  }

  /// A random bit for each octet of the name; no more of the generator than that.
  private mutating func caseBits(_ name: DomainName) -> SIMD4<UInt64> {
    var bits = SIMD4<UInt64>()
    for word in 0..<((name.octets.count + 63) / 64) { bits[word] = random() }
    return bits
  }

  /// Takes an attempt out; what comes for it is late from here on.
  mutating func end(_ attemptSlot: Int) {
    let attempt = attempts[attemptSlot]
    var at = exchanges[attempt.exchange].firstAttempt
    if at == Int32(attemptSlot) {
      exchanges[attempt.exchange].firstAttempt = attempt.next
    } else {
      while at >= 0, attempts[Int(at)].next != Int32(attemptSlot) { at = attempts[Int(at)].next }
      if at >= 0 { attempts[Int(at)].next = attempt.next }
    }
    act(.endAttempt(attempts.number(attemptSlot)))
    removeAttempt(attemptSlot)
  }

  // MARK: - Time

  /// Sets the exchange's next deadline.
  mutating func arm(_ slot: Int, now: UInt64) {
    var first = min(exchanges[slot].end, exchanges[slot].slowAt, exchanges[slot].hedgeAt)
    var at = exchanges[slot].firstAttempt
    while at >= 0 {
      first = min(first, attempts[Int(at)].deadline, attempts[Int(at)].wayBackAt)
      at = attempts[Int(at)].next
    }
    wheel.set(slot, at: first, now: now)
  }

  /// An exchange's deadline has passed.
  mutating func due(_ slot: Int, now: UInt64) {
    let number = exchanges.number(slot)
    if now >= exchanges[slot].end {
      overdue(slot, now: now)
      return
    }
    if now >= exchanges[slot].slowAt {
      exchanges[slot].slowAt = .max
      act(.slow(exchange: number))
    }
    var silent: [Int] = []
    var slow: [Int] = []
    var at = exchanges[slot].firstAttempt
    while at >= 0 {
      if attempts[Int(at)].deadline <= now { silent.append(attempts.number(Int(at))) }
      if attempts[Int(at)].wayBackAt <= now { slow.append(Int(at)) }
      at = attempts[Int(at)].next
    }
    for attempt in slow { goBack(attempt, now: now) }
    for attempt in silent {
      guard let attemptSlot = attempts.slot(attempt) else { continue }
      guard !attempts[attemptSlot].isUnreadable else {
        failed(attemptSlot, .unreadable, .malformed, "unreadable reply", now: now)
        continue
      }
      let waited = now - attempts[attemptSlot].sent
      failed(
        attemptSlot, .silence, .timeout, "no reply in \(waited / 1_000_000) ms", now: now)
    }
    guard exchanges.slot(number) != nil else { return }
    if now >= exchanges[slot].hedgeAt { hedge(slot, now: now) }
    guard exchanges.slot(number) != nil else { return }
    arm(slot, now: now)
  }

  /// The whole time is over. Attempts that had theirs were silent; the others were not heard of
  /// for too short a time to say.
  private mutating func overdue(_ slot: Int, now: UInt64) {
    var at = exchanges[slot].firstAttempt
    let timeout = min(exchanges[slot].group.options.readTimeout, ExchangeLimits.patience)
    while at >= 0 {
      let attemptSlot = Int(at)
      let attempt = attempts[attemptSlot]
      at = attempt.next
      let upstream = attempt.choice.upstream.description
      if attempt.isUnreadable {
        exchanges[slot].note(.malformed, "\(upstream): unreadable reply", of: attempt.choice)
      } else {
        let waited = (now - attempt.sent) / 1_000_000
        exchanges[slot].note(
          .timeout, "\(upstream): no reply in \(waited) ms", of: attempt.choice)
      }
      guard now - attempt.sent >= timeout else { continue }
      exchanges[slot].group.failed(
        attempt.choice.number, attempt.isUnreadable ? .unreadable : .silence, text: "no reply",
        sent: attempt.sent, counts: attempt.countsForHealth, now: now)
      end(attemptSlot)
    }
    finish(slot, nil, now: now)
  }

  /// The upstream asked is silent for longer than usual: asks a second one beside it.
  private mutating func hedge(_ slot: Int, now: UInt64) {
    let exchange = exchanges[slot]
    exchanges[slot].hedgeAt = .max
    guard exchange.firstAttempt >= 0, exchange.asked < exchange.mostAsked else { return }
    let isStream = attempts[Int(exchange.firstAttempt)].way.isStream
    guard
      let choice = exchange.group.hedge(
        tried: exchange.tried, silent: exchange.lastAsked, overStream: isStream, now: now,
        random: random)
    else {
      exchanges[slot].hedgeAt = now + exchange.hedgePause
      return
    }
    ask(slot, choice, now: now)
  }

  // MARK: - The end

  /// Goes on to the next upstream; with none left, and nothing under way, the exchange is over.
  mutating func advance(_ slot: Int, now: UInt64) {
    let exchange = exchanges[slot]
    var underWay: UInt64 = 0
    var at = exchange.firstAttempt
    while at >= 0 {
      underWay |= attempts[Int(at)].choice.bit
      at = attempts[Int(at)].next
    }
    if exchange.kind == .query, exchange.asked < exchange.mostAsked,
      let choice = exchange.group.next(
        tried: exchange.tried, underWay: underWay, onlyUntried: exchange.hasFallback,
        now: now,
        random: random)
    {
      // All were asked: a second round.
      if exchange.tried & choice.bit != 0 { exchanges[slot].tried = underWay }
      ask(slot, choice, now: now)
    } else if underWay == 0 {
      finish(slot, nil, now: now)
    }
  }

  /// Ends an exchange with an answer, else with what it has.
  ///
  /// - Parameter isCounted: whether the group knows already that it ended.
  mutating func finish(
    _ slot: Int, _ answer: GivenAnswer?, isCounted: Bool = false,
    now: UInt64
  ) {
    let exchange = exchanges[slot]
    while exchanges[slot].firstAttempt >= 0 {
      let attemptSlot = Int(exchanges[slot].firstAttempt)
      let attempt = attempts[attemptSlot]
      exchange.group.failed(
        attempt.choice.number, .lost, text: "", sent: attempt.sent,
        counts: attempt.countsForHealth, now: now)
      end(attemptSlot)
    }
    wheel.cancel(slot)
    if exchange.kind == .probe {
      exchange.group.probeEnded(
        exchange.lastAsked, failure: answer == nil ? exchange.failure : nil, now: now)
      removeExchange(slot)
      return
    }
    if !isCounted { exchange.group.ended() }
    outstanding.remove(slot, in: &exchanges)
    act(.finish(exchange: exchanges.number(slot), result: exchange.result(answer)))
    removeExchange(slot)
  }
}

extension Exchange {
  /// Whether there is an answer to give if no better one comes: upstreams are asked once then.
  fileprivate var hasFallback: Bool { fallback != nil || part != nil }

  fileprivate func result(_ answer: GivenAnswer?) -> ExchangeResult {
    if let answer = answer ?? part ?? fallback { return .answer(answer) }
    return .failure(failure ?? ExchangeFailure(reason: .timeout, text: "nobody was asked"))
  }
}
