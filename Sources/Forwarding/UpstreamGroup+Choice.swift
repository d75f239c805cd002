import Synchronization
import Wire

/// An upstream to ask, and how to ask it.
struct UpstreamChoice: Sendable {
  var number: Int
  var upstream: Upstream
  /// Nanoseconds until it is silent for longer than usual; nil where no second one is asked.
  var hedgeAfter: UInt64?
  var usesEDNS: Bool
  /// Whether it keeps a question's spelling.
  var keepsCase: Bool
  /// The client cookie, 8 octets, then the server's where one is known.
  var cookie: [UInt8]
  var speaksCookies: Bool

  /// Where it stands in a set of those already asked: no two of a group's upstreams share a place.
  var bit: UInt64 { 1 << UInt64(number & 63) }
}

/// Whether an exchange may begin.
enum Admission: Sendable {
  /// `isTrial`: every upstream is down, and this is the one query a second that finds out whether
  /// that is still so.
  case ask(UpstreamChoice, most: Int, isTrial: Bool)
  case refused(ExchangeFailure)
}

/// How long the first upstream may be silent before a second is asked.
enum HedgeDelay {
  /// 10 ms: a busy process is late by less.
  static let least: UInt64 = 10_000_000
  /// 1 s, or the whole read timeout.
  static let most: UInt64 = 1_000_000_000
  /// 400 ms while nothing is known: more than most answers that an upstream must look up itself.
  static let unknown: UInt64 = 400_000_000
  /// 100 ms before the same upstream is asked again: what it must look up may take that long.
  static let leastForSame: UInt64 = 100_000_000
}

extension UpstreamGroup {
  /// Counts an exchange in and chooses whom it asks first; ``ended()`` counts it out.
  ///
  /// - Parameter random: from a CSPRNG; chooses, and makes the client cookie on first use.
  func begin(now: UInt64, random: () -> UInt64) -> Admission {
    state.withLock { state in
      if options.maxConcurrent > 0, state.underWay >= options.maxConcurrent {
        state.counters.rejects += 1
        return .refused(
          ExchangeFailure(
            reason: .tooMany,
            text: "forward \(name): \(options.maxConcurrent) queries are under way"))
      }
      var isTrial = false
      var place = state.choose(options, tried: 0, begins: true, random: random)
      if place == nil, !options.failfastAllUnhealthy {
        place = state.trial(now: now)
        isTrial = place != nil
      }
      guard let place else { return .refused(state.refusal(name: name, now: now)) }
      state.underWay += 1
      state.counters.exchanges += 1
      state.hedgeCredit = min(state.hedgeCredit + 1, GroupState.mostHedgeCredit)
      let choice = state.choice(place, options, now: now, random: random)
      return .ask(choice, most: isTrial ? 1 : mostAsked(of: state), isTrial: isTrial)
    }
  }

  /// Counts an exchange out.
  func ended() {
    state.withLock { $0.underWay -= 1 }
  }

  /// The next upstream after one that failed: one not asked yet, else one that was and whose
  /// reply is not waited for; nil where there is none.
  func next(
    tried: UInt64, underWay: UInt64, onlyUntried: Bool, now: UInt64, random: () -> UInt64
  ) -> UpstreamChoice? {
    state.withLock { state in
      let place =
        state.choose(options, tried: tried, begins: false, random: random)
        ?? (onlyUntried
          ? nil : state.choose(options, tried: underWay, begins: false, random: random))
      return place.map { state.choice($0, options, now: now, random: random) }
    }
  }

  /// A second upstream beside a silent one: another that is up, else, for datagrams, the same
  /// once more. Nil where the share of hedged exchanges is used up.
  func hedge(tried: UInt64, silent: Int, overStream: Bool, now: UInt64, random: () -> UInt64)
    -> UpstreamChoice?
  {
    state.withLock { state in
      guard state.hedgeCredit >= GroupState.hedgeCost else { return nil }
      var place = state.choose(options, tried: tried, begins: false, random: random)
      if place == nil, !overStream, let same = state.place(of: silent), state.upstreams[same].isUp {
        place = same
        state.counters.resends += 1
      } else if place != nil {
        state.counters.hedges += 1
      }
      guard let place else { return nil }
      state.hedgeCredit -= GroupState.hedgeCost
      return state.choice(place, options, now: now, random: random)
    }
  }

  /// How the same upstream is asked now, with what its last reply taught; nil where it was
  /// replaced or dropped.
  func again(_ number: Int, isProbe: Bool = false, now: UInt64, random: () -> UInt64)
    -> UpstreamChoice?
  {
    state.withLock { state in
      guard let place = state.place(of: number), state.upstreams[place].dropped == nil
      else { return nil }
      if isProbe { state.upstreams[place].counters.queries &-= 1 }
      return state.choice(place, options, now: now, random: random)
    }
  }

  private func mostAsked(of state: borrowing GroupState) -> Int {
    let most = max(2, 2 * state.upstreams.count)
    return options.maxConnectAttempts == 0 ? most : min(most, Int(options.maxConnectAttempts))
  }
}

extension GroupState {
  /// By policy, among those that are up and not in `tried`: first those not in doubt.
  fileprivate mutating func choose(
    _ options: ForwardOptions, tried: UInt64, begins: Bool, random: () -> UInt64
  ) -> Int? {
    choose(options, begins: begins, random: random) {
      $0.isUp && !$0.isInDoubt && tried & $0.bit == 0
    } ?? choose(options, begins: begins, random: random) { $0.isUp && tried & $0.bit == 0 }
  }

  private mutating func choose(
    _ options: ForwardOptions, begins: Bool, random: () -> UInt64,
    among isCandidate: (borrowing UpstreamState) -> Bool
  ) -> Int? {
    var candidates = 0
    for index in upstreams.indices where isCandidate(upstreams[index]) { candidates += 1 }
    guard candidates > 0 else { return nil }
    var start = 0
    var skipped = 0
    switch options.policy {
    case .sequential: break
    case .random: skipped = candidates == 1 ? 0 : Int(random() % UInt64(candidates))
    case .roundRobin: start = rotation % upstreams.count
    }
    for step in 0..<upstreams.count {
      let place = (start + step) % upstreams.count
      guard isCandidate(upstreams[place]) else { continue }
      if skipped > 0 {
        skipped -= 1
        continue
      }
      if begins, options.policy == .roundRobin { rotation = place + 1 }
      return place
    }
    return nil
  }

  /// Everything is down: the upstream whose turn it is, at most once a second.
  mutating func trial(now: UInt64) -> Int? {
    guard now >= nextTrial, !upstreams.isEmpty else { return nil }
    for _ in upstreams.indices {
      let place = trialTurn % upstreams.count
      trialTurn = place + 1
      guard upstreams[place].dropped == nil, !upstreams[place].isProbing(now: now) else { continue }
      nextTrial = now + UpstreamGroup.trialInterval
      return place
    }
    // All are being probed: looks again when a probe may have ended.
    nextTrial = now + UpstreamGroup.trialInterval / 10
    return nil
  }

  fileprivate mutating func choice(
    _ place: Int, _ options: ForwardOptions, now: UInt64, random: () -> UInt64
  ) -> UpstreamChoice {
    if upstreams[place].cookie.isEmpty { upstreams[place].makeCookie(random()) }
    upstreams[place].counters.queries += 1
    let known = upstreams[place]
    return UpstreamChoice(
      number: known.number, upstream: known.upstream, hedgeAfter: hedgeDelay(known, options),
      usesEDNS: now >= known.noEDNSUntil, keepsCase: now >= known.foldsCaseUntil,
      cookie: known.cookie, speaksCookies: known.speaksCookies)
  }

  private func hedgeDelay(_ known: UpstreamState, _ options: ForwardOptions) -> UInt64? {
    let p95 = known.latency.p95
    let hasOther = upstreams.contains { $0.isUp && $0.number != known.number }
    let delay =
      hasOther
      ? min(max(p95 ?? HedgeDelay.unknown, HedgeDelay.least), HedgeDelay.most)
      : max(p95.map { 3 * $0 } ?? HedgeDelay.most, HedgeDelay.leastForSame)
    return delay < options.readTimeout ? delay : nil
  }

  fileprivate mutating func refusal(name: String, now: UInt64) -> ExchangeFailure {
    if upstreams.isEmpty {
      return ExchangeFailure(reason: .noUpstream, text: "forward \(name) has no upstream")
    }
    let isLoop = upstreams.allSatisfy { $0.dropped != nil }
    if !isLoop { counters.allDown += 1 }
    if let refusal, now < refusal.until { return refusal.failure }
    let states = upstreams.map {
      "\($0.upstream.description): \($0.dropped ?? $0.reason ?? "down")"
    }
    let failure = ExchangeFailure(
      reason: isLoop ? .loop : .allDown, text: states.joined(separator: "; "))
    refusal = (failure, now + UpstreamGroup.trialInterval / 10)
    return failure
  }
}

extension UpstreamState {
  /// See ``UpstreamChoice/bit``.
  fileprivate var bit: UInt64 { 1 << UInt64(number & 63) }

  /// A client cookie for this upstream alone (RFC 9018 §3): nobody else's answers have it.
  fileprivate mutating func makeCookie(_ random: UInt64) {
    cookie = (0..<UInt64(Self.clientCookieOctets)).map {
      UInt8(truncatingIfNeeded: random >> ($0 * 8))
    }
  }
}
