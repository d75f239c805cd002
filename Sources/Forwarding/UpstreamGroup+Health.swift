import Synchronization
import Wire

/// What a reply tells of the upstream beside its answer.
struct UpstreamLesson: Sendable {
  /// Its reply had this cookie: the client's part is known to be ours.
  var cookie: [UInt8]?
  /// It answered over a stream without one, so it speaks none (any more).
  var forgetsCookie = false
  /// It answered what it had not when it was asked with EDNS.
  var lacksEDNS = false
  /// It answered over a stream in another spelling.
  var foldsCase = false
  /// It answered over a stream.
  var hasStreams = false
  /// It answered a datagram in small letters, and before that, it seems, in another spelling.
  var seemsToFoldCase = false
}

/// How an attempt came to nothing.
enum AttemptEnd: Sendable {
  /// No reply within the read timeout.
  case silence
  /// Ended before that, since there was an answer from elsewhere or the exchange's time was over.
  case lost
  /// Refused, reset, not reached, something else than a reply on a stream.
  case error
  /// It replied, but what cannot be read; no other reply came.
  case unreadable
  /// This process had no socket or connection for it.
  case notSent
}

extension UpstreamGroup {
  /// With all down: one query or probe in this many nanoseconds.
  static let trialInterval: UInt64 = 1_000_000_000

  /// A reply came to a query sent at `sent`.
  ///
  /// - Parameter ends: whether its exchange ends with it.
  func replied(
    _ number: Int, code: ResponseCode, sent: UInt64, lesson: UpstreamLesson, ends: Bool,
    now: UInt64
  ) {
    state.withLock { state in
      if ends { state.underWay -= 1 }
      guard let place = state.place(of: number) else { return }
      state.upstreams[place].replied(now: now)
      state.upstreams[place].latency.record(now - sent)
      state.upstreams[place].counters.answered(code, after: now - sent)
      state.upstreams[place].learn(lesson, now: now)
    }
  }

  /// An attempt came to nothing.
  ///
  /// - Parameter counts: false where the upstream's health is not in question: it has answered
  ///   over UDP, and the stream was for the rest.
  func failed(
    _ number: Int, _ end: AttemptEnd, text: String, sent: UInt64, counts: Bool, now: UInt64
  ) {
    state.withLock { state in
      guard let place = state.place(of: number) else { return }
      switch end {
      case .silence:
        state.upstreams[place].counters.timeouts += 1
        state.noticingBreak(options: options, now: now) { state in
          guard counts else { return }
          state.upstreams[place].wasSilent(since: sent, text: text, options: options, now: now)
        }
      case .error:
        state.upstreams[place].counters.errors += 1
        state.noticingBreak(options: options, now: now) { state in
          guard counts else { return }
          state.upstreams[place].failed(text: text, options: options, now: now)
        }
      case .unreadable:
        state.upstreams[place].counters.errors += 1
      case .notSent:
        state.upstreams[place].counters.queries &-= 1
      case .lost:
        let usual = state.upstreams[place].latency.p95 ?? HedgeDelay.unknown
        guard counts, now - sent >= usual else { return }
        state.upstreams[place].latency.recordLate()
        state.upstreams[place].mayBeSilent(since: sent, options: options, now: now)
      }
    }
  }

  /// A datagram came that was not the reply.
  func wasWrong(_ number: Int) {
    state.withLock { state in
      if let place = state.place(of: number) {
        state.upstreams[place].counters.wrongDatagrams += 1
      }
    }
  }

  /// Takes the upstream for one that speaks no cookies, until it sends one again.
  func forgetCookie(_ number: Int) {
    state.withLock { state in
      if let place = state.place(of: number) { state.upstreams[place].forgetCookie() }
    }
  }

  /// Takes the upstream for one whose TCP is dropped on the way, until it answers over it or for a
  /// minute.
  func streamWasSilent(_ number: Int, now: UInt64) {
    state.withLock { state in
      guard let place = state.place(of: number) else { return }
      state.upstreams[place].lacksStreamsUntil = now + UpstreamState.shortMemory
    }
  }

  func lacksStreams(_ number: Int, now: UInt64) -> Bool {
    state.withLock { state in
      state.place(of: number).map { now < state.upstreams[$0].lacksStreamsUntil } ?? false
    }
  }

  func count(_ counter: any WritableKeyPath<GroupCounters, UInt64> & Sendable) {
    state.withLock { $0.counters[keyPath: counter] += 1 }
  }

  // MARK: - Probes

  /// Those to be probed now, each by ``ExchangeMachine/startProbe(of:in:now:)``; they count as
  /// being probed from now on. With all down it is one at a time, at most one a second.
  public func dueProbes(now: UInt64) -> [Upstream] {
    state.withLock { state in
      guard state.upstreams.contains(where: { $0.canBeProbed }) else { return [] }
      guard state.upstreams.contains(where: \.isUp) else {
        guard let place = state.trial(now: now) else { return [] }
        state.upstreams[place].probing = now
        return [state.upstreams[place].upstream]
      }
      var due: [Upstream] = []
      for place in state.upstreams.indices {
        let known = state.upstreams[place]
        guard known.canBeProbed, let at = known.probeAt, at <= now, !known.isProbing(now: now)
        else { continue }
        state.upstreams[place].probing = now
        due.append(known.upstream)
      }
      return due
    }
  }

  /// When ``dueProbes(now:)`` may have something to say; nil with nothing in doubt.
  public var nextProbe: UInt64? {
    state.withLock { state in
      let inDoubt = state.upstreams.filter { $0.canBeProbed }
      guard !inDoubt.isEmpty else { return nil }
      guard state.upstreams.contains(where: \.isUp) else { return state.nextTrial }
      return inDoubt.compactMap { known in
        known.probing.map { $0 + UpstreamState.probePatience } ?? known.probeAt
      }.min()
    }
  }

  /// How the upstream is probed; nil where it was replaced.
  func probed(_ upstream: Upstream, now: UInt64, random: () -> UInt64) -> UpstreamChoice? {
    let number = state.withLock { state in
      state.upstreams.first { $0.upstream == upstream }?.number
    }
    return number.flatMap { again($0, isProbe: true, now: now, random: random) }
  }

  /// A probe ended, with the reason where it came to nothing.
  func probeEnded(_ number: Int, failure: ExchangeFailure?, now: UInt64) {
    state.withLock { state in
      guard let place = state.place(of: number) else { return }
      state.upstreams[place].probing = nil
      guard let failure else {
        state.upstreams[place].replied(now: now)
        return
      }
      guard failure.reason != .overload else {
        state.upstreams[place].probeAt =
          now
          + max(
            state.upstreams[place].probeInterval, options.healthCheck.interval)
        return
      }
      state.noticingBreak(options: options, now: now) {
        $0.upstreams[place].probeFailed(text: failure.text, options: options, now: now)
      }
    }
  }
}

extension GroupState {
  /// Counts when `body` took down the last upstream that was up; the first trial waits as long as
  /// the first probe, and no longer than the next would.
  fileprivate mutating func noticingBreak(
    options: ForwardOptions, now: UInt64, _ body: (inout GroupState) -> Void
  ) {
    let wasUp = upstreams.contains(where: \.isUp)
    body(&self)
    guard wasUp, !upstreams.contains(where: \.isUp) else { return }
    counters.broken += 1
    let pause = min(options.healthCheck.interval, UpstreamGroup.trialInterval)
    nextTrial = max(nextTrial, now + pause)
  }
}

extension UpstreamState {
  fileprivate mutating func learn(_ lesson: UpstreamLesson, now: UInt64) {
    if let cookie = lesson.cookie { self.cookie = cookie }
    if lesson.hasStreams { lacksStreamsUntil = 0 }
    if lesson.forgetsCookie { forgetCookie() }
    if lesson.lacksEDNS { noEDNSUntil = now + Self.memory }
    if lesson.foldsCase { foldsCaseUntil = now + Self.memory }
    if lesson.seemsToFoldCase { foldsCaseUntil = max(foldsCaseUntil, now + Self.shortMemory) }
  }

  fileprivate mutating func forgetCookie() {
    if speaksCookies { cookie.removeLast(cookie.count - Self.clientCookieOctets) }
  }
}
