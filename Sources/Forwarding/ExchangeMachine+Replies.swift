import Wire

/// What comes back: the reply, or something else, or nothing.
extension ExchangeMachine {
  mutating func receive(_ octets: Octets, _ slot: Int, now: UInt64) {
    guard attempts[slot].unreadableMessages < ExchangeLimits.unreadableDatagrams else { return }
    let exchange = attempts[slot].exchange
    let reply = ReplyReader.read(
      octets, sent: attempts[slot].query, question: exchanges[exchange].question,
      overStream: attempts[slot].way.isStream || exchanges[exchange].kind == .probe)
    switch reply {
    case .answer(let answer, let details):
      replied(slot, answer, details, UpstreamLesson(), now: now)
    case .wrong(.bareError) where attempts[slot].way.usesEDNS:
      // A server older than EDNS may say so, and anybody who guesses the ID.
      wrongDatagram(slot, leaves: .bareError, now: now)
    case .wrong(.otherCase) where !attempts[slot].way.isStream:
      wrongDatagram(slot, leaves: .spelling, now: now)
    case .wrong(.unreadable):
      unreadable(slot, now: now)
    case .wrong where !attempts[slot].way.isStream:
      wrongDatagram(slot, leaves: nil, now: now)
    case .wrong(.otherCase):
      otherwiseSpelled(octets, slot, now: now)
    case .wrong:
      failed(slot, .error, .malformed, "not a reply to the query, on a stream", now: now)
    }
  }

  // MARK: - Replies

  private mutating func replied(
    _ slot: Int, _ answer: ForwardedAnswer, _ details: ReplyDetails,
    _ lesson: UpstreamLesson, now: UInt64
  ) {
    let attempt = attempts[slot]
    let exchange = attempt.exchange
    var lesson = lesson
    guard exchanges[exchange].kind != .probe else {
      finish(
        exchange, GivenAnswer(answer, from: attempt.choice.upstream), now: now)
      return
    }
    guard takesCookie(slot, details.cookie, &lesson, now: now) else { return }
    let code = details.code
    lesson.lacksEDNS = attempt.way.isPlainRetry && !code.doubtsEDNS
    lesson.seemsToFoldCase = attempt.way.isSmallRetry
    var answer = answer
    // It has no signatures, which those with EDNS may have.
    if exchanges[exchange].question.dnssecOK, !attempt.way.usesEDNS {
      answer.header.mayBeKept = false
    }
    if code == .badCookie || (attempt.way.usesEDNS && details.lacksEDNS) || details.isTruncated {
      note(slot, code, lesson, ends: false, now: now)
      if details.isTruncated, answer.header.answerCount > 0, !exchanges[exchange].overStream {
        exchanges[exchange].part = GivenAnswer(answer, from: attempt.choice.upstream)
      }
      another(slot, code, details, now: now)
      return
    }
    let isFallback = exchanges[exchange].group.options.failover.contains(code)
    note(slot, code, lesson, ends: !isFallback, now: now)
    end(slot)
    if isFallback {
      exchanges[exchange].fallback = GivenAnswer(answer, from: attempt.choice.upstream)
      advance(exchange, now: now)
    } else {
      finish(
        exchange, GivenAnswer(answer, from: attempt.choice.upstream), isCounted: true,
        now: now)
    }
  }

  private mutating func note(
    _ slot: Int, _ code: ResponseCode, _ lesson: UpstreamLesson, ends: Bool, now: UInt64
  ) {
    var lesson = lesson
    lesson.hasStreams = attempts[slot].way.isStream
    exchanges[attempts[slot].exchange].group.replied(
      attempts[slot].choice.number, code: code, sent: attempts[slot].sent, lesson: lesson,
      ends: ends, now: now)
  }

  /// Whether the reply's cookie is as it must be (RFC 7873 §5.3). Over UDP, a wrong client cookie
  /// is a wrong datagram; none at all from an upstream that speaks cookies may be one, so that it
  /// is asked over a stream.
  private mutating func takesCookie(
    _ slot: Int, _ cookie: [UInt8]?, _ lesson: inout UpstreamLesson, now: UInt64
  ) -> Bool {
    let attempt = attempts[slot]
    guard attempt.way.usesEDNS else { return true }
    let clientOctets = UpstreamState.clientCookieOctets
    if let cookie {
      if cookie.prefix(clientOctets) == attempt.choice.cookie.prefix(clientOctets) {
        if cookie.count > clientOctets { lesson.cookie = cookie }
      } else if !attempt.way.isStream {
        wrongDatagram(slot, leaves: nil, now: now)
        return false
      }
    } else if attempt.way.isStream {
      lesson.forgetsCookie = true
    } else if attempt.choice.speaksCookies {
      wrongDatagram(slot, leaves: .cookie, now: now)
      return false
    }
    return true
  }

  /// The upstream answered, but wants to be asked another way.
  private mutating func another(
    _ slot: Int, _ code: ResponseCode, _ details: ReplyDetails, now: UInt64
  ) {
    let attempt = attempts[slot]
    let exchange = attempt.exchange
    let group = exchanges[exchange].group
    var way = attempt.way
    var problem = ""
    if code == .badCookie {
      problem = "BADCOOKIE"
      if !way.hasRetriedCookie {
        way.hasRetriedCookie = true
        group.count(\.cookieRetries)
      } else if !way.isStream {
        way.isStream = true
        way.reason = .cookie
        group.count(\.streamRetries)
      } else {
        failed(slot, .error, .malformed, "BADCOOKIE over a stream", now: now)
        return
      }
    } else if way.usesEDNS, details.lacksEDNS {
      problem = "\(code) without EDNS"
      way.usesEDNS = false
      way.isPlainRetry = true
      group.count(\.ednsRetries)
    } else if way.isStream {
      failed(slot, .error, .malformed, "truncated over a stream", now: now)
      return
    } else if exchanges[exchange].part != nil, group.lacksStreams(attempt.choice.number, now: now) {
      end(slot)
      advance(exchange, now: now)
      return
    } else {
      problem = Attempt.StreamReason.truncated.rawValue
      way.isStream = true
      way.reason = .truncated
      group.count(\.streamRetries)
    }
    let number = attempt.choice.number
    end(slot)
    let upstream = attempt.choice.upstream.description
    exchanges[exchange].note(.malformed, "\(upstream): \(problem)", of: attempt.choice)
    if !followUp(exchange, number, way, now: now) { advance(exchange, now: now) }
  }

  // MARK: - What is not the reply

  /// Somebody else's datagram, or a broken one: goes on listening. It is no error, and says
  /// nothing of the upstream.
  ///
  /// - Parameter doubt: why it may be the reply all the same, which a stream is to settle.
  private mutating func wrongDatagram(_ slot: Int, leaves doubt: Attempt.StreamReason?, now: UInt64)
  {
    let exchange = attempts[slot].exchange
    attempts[slot].wrongDatagrams += 1
    exchanges[exchange].group.wasWrong(attempts[slot].choice.number)
    if let doubt {
      attempts[slot].mayBeAnswered = true
      stream(beside: slot, doubt, now: now)
    } else if attempts[slot].wrongDatagrams >= ExchangeLimits.wrongDatagrams {
      stream(beside: slot, .wrongDatagrams, now: now)
    }
  }

  /// Asks the same upstream over a stream while a datagram is still waited for.
  private mutating func stream(beside slot: Int, _ reason: Attempt.StreamReason, now: UInt64) {
    let attempt = attempts[slot]
    guard !attempt.hasStream, exchanges[attempt.exchange].kind != .probe else { return }
    attempts[slot].hasStream = true
    exchanges[attempt.exchange].group.count(\.streamRetries)
    var way = attempt.way
    way.isStream = true
    way.reason = reason
    followUp(attempt.exchange, attempt.choice.number, way, now: now)
  }

  /// A stream's reply in another spelling: that upstream does not keep it, and nobody guessed a
  /// stream.
  private mutating func otherwiseSpelled(_ octets: Octets, _ slot: Int, now: UInt64) {
    let exchange = attempts[slot].exchange
    let question = exchanges[exchange].question
    var query = attempts[slot].query
    let name = Query.headerOctets..<Query.headerOctets + question.name.octets.count
    query.replaceSubrange(name, with: octets[name].array)
    let reply = ReplyReader.read(octets, sent: query, question: question, overStream: true)
    guard case .answer(let answer, let details) = reply else { return unreadable(slot, now: now) }
    var lesson = UpstreamLesson()
    lesson.foldsCase = true
    replied(slot, answer, details, lesson, now: now)
  }

  /// The question as it was sent, and behind it what cannot be read: an upstream's answer for this
  /// one name, and nothing against the upstream. One datagram may be forged and ends nothing; the
  /// same over a stream, or once more in a datagram from another port, is how the upstream sees it.
  private mutating func unreadable(_ slot: Int, now: UInt64) {
    attempts[slot].unreadableMessages += 1
    guard attempts[slot].way.isStream || attempts[slot].way.isUnreadableRetry else {
      return wrongDatagram(slot, leaves: .unreadable, now: now)
    }
    let number = attempts[slot].choice.number
    var at = exchanges[attempts[slot].exchange].firstAttempt
    while at >= 0 {
      let other = Int(at)
      at = attempts[other].next
      if other != slot, attempts[other].choice.number == number { end(other) }
    }
    failed(slot, .unreadable, .malformed, "unreadable reply", now: now)
  }

  // MARK: - Failures

  /// An attempt came to nothing: goes on with the next one at once.
  mutating func failed(
    _ slot: Int, _ end: AttemptEnd, _ reason: ExchangeFailure.Reason, _ text: String, now: UInt64
  ) {
    let attempt = attempts[slot]
    let exchange = attempt.exchange
    let group = exchanges[exchange].group
    let upstream = attempt.choice.upstream.description
    let note = attempt.before.map { "\($0.rawValue), then " } ?? ""
    let isProbe = exchanges[exchange].kind == .probe
    exchanges[exchange].note(
      reason, isProbe ? text : "\(upstream): \(note)\(text)", of: attempt.choice)
    if isProbe {
      self.end(slot)
      finish(exchange, nil, now: now)
      return
    }
    let isFirst = end != .error || exchanges[exchange].blamed & attempt.choice.bit == 0
    if end == .error { exchanges[exchange].blamed |= attempt.choice.bit }
    group.failed(
      attempt.choice.number, end, text: text, sent: attempt.sent,
      counts: attempt.countsForHealth && isFirst, now: now)
    if end == .silence, attempt.way.reason == .truncated {
      group.streamWasSilent(attempt.choice.number, now: now)
    }
    self.end(slot)
    if end != .unreadable, let way = wayBack(attempt, group),
      followUp(exchange, attempt.choice.number, way, now: now)
    {
      return
    }
    advance(exchange, now: now)
  }

  /// A stream takes long that was to settle what a datagram left in doubt: asks by datagram, too.
  mutating func goBack(_ slot: Int, now: UInt64) {
    let attempt = attempts[slot]
    let way = wayBack(attempt, exchanges[attempt.exchange].group)
    attempts[slot].wayBackAt = .max
    if let way { followUp(attempt.exchange, attempt.choice.number, way, now: now) }
  }

  /// A stream failed that was to settle what a datagram left in doubt: how to ask by datagram
  /// without that doubt. An upstream with no TCP is asked with less protection, not never.
  ///
  /// Nothing is learned of it but that an upstream seems to fold letters, for a while: the
  /// datagram in doubt is listened for meanwhile, and would have been answered first.
  private mutating func wayBack(_ attempt: Attempt, _ group: UpstreamGroup) -> Attempt.Way? {
    var way = attempt.way
    way.isStream = false
    way.reason = nil
    switch attempt.way.reason {
    case .spelling where attempt.wayBackAt != .max:
      way.isSpelled = false
      way.isSmallRetry = true
      group.count(\.caseRetries)
    case .bareError where attempt.wayBackAt != .max:
      way.usesEDNS = false
      group.count(\.ednsRetries)
    case .unreadable where attempt.wayBackAt != .max:
      way.isUnreadableRetry = true
    case .cookie where !way.hasRetriedCookie:
      group.forgetCookie(attempt.choice.number)
    default: return nil
    }
    return way
  }
}

extension ResponseCode {
  fileprivate static let badCookie = ResponseCode(rawValue: 23)

  /// Whether a server that does not know EDNS answers so (RFC 6891 §7).
  fileprivate var doubtsEDNS: Bool {
    self == .formatError || self == .notImplemented || self == .badVersion
  }
}

extension ReplyDetails {
  /// Whether the reply says that the query's OPT was not understood.
  fileprivate var lacksEDNS: Bool {
    code == .badVersion || (code.doubtsEDNS && !hasEDNS)
  }
}
