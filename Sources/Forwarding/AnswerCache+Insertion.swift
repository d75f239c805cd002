import Wire

extension AnswerCache {
  /// Keeps an answer if it may be kept; nothing for a name that is not cached.
  ///
  /// - Returns: the answer with the TTLs that it is kept with, or would be: its first client is to see
  ///   what later ones will.
  @discardableResult
  public func insert(
    _ given: GivenAnswer, for question: ForwardQuestion, now: UInt64
  ) -> (answer: GivenAnswer, insertion: Insertion) {
    question.name.octets.withOctets { name in
      guard settings.covers(name) else { return (given, .notKept) }
      let key = CacheKey(name: name, question)
      guard given.header.kind == .failure else {
        let answer = clamped(given)
        return (answer, insert(answer.answer, key, question.hash, now: now))
      }
      let text = "\(given.upstream.description): \(given.answer.reason)"
      let insertion = insertFailure(
        .failure(given.header.code, flags: given.header.flags), text, key, now: now,
        lifetime: lifetime(given.header, name))
      return (given, insertion)
    }
  }

  /// Remembers that upstreams gave no answer (RFC 9520), where they were asked: what this server
  /// knows without asking is known again at no cost, and may change at once.
  @discardableResult
  public func insertFailure(
    _ failure: ExchangeFailure, for question: ForwardQuestion, now: UInt64
  ) -> Insertion {
    question.name.octets.withOctets { name in
      guard settings.covers(name) else { return .notKept }
      return insertFailure(
        .failure(.serverFailure, flags: 0), failure.text, CacheKey(name: name, question), now: now,
        lifetime: failure.reason.isKept ? settings.servfailNanoseconds : 0)
    }
  }

  private func insertFailure(
    _ header: AnswerHeader, _ text: String, _ key: CacheKey, now: UInt64, lifetime: UInt64
  ) -> Insertion {
    let entry =
      lifetime == 0
      ? nil : CacheEntry.make(header, text: text, key: key, now: now, lifetime: lifetime)
    return settle(entry, as: .failure, key, now: now, lifetime: lifetime)
  }

  /// The answer with TTLs as the settings have them: itself where they are so, as most are.
  private func clamped(_ given: GivenAnswer) -> GivenAnswer {
    let header = given.header
    let isDenial = header.kind == .noData || header.kind == .nameError
    let limits = isDenial ? settings.denial : settings.success
    let isClamped = given.answer.withView { (view: AnswerView) -> Bool in
      for index in 0..<Int(header.ttlCount) {
        let ttl = view.octets.u32(view.ttlPlace(index))
        guard limits.clamped(ttl) == ttl else { return false }
      }
      return limits.clamped(header.ttl) == header.ttl
    }
    guard !isClamped else { return given }
    var answer = given.answer
    for index in 0..<Int(header.ttlCount) {
      let place = answer.withView { $0.ttlPlace(index) }
      let ttl = limits.clamped(answer.octets.withOctets { $0.u32(place) })
      for octet in 0..<4 {
        answer.octets[place + octet] = UInt8(truncatingIfNeeded: ttl >> UInt32(24 - 8 * octet))
      }
    }
    answer.header.ttl = limits.clamped(header.ttl)
    return GivenAnswer(answer, from: given.upstream)
  }

  private func insert(
    _ answer: ForwardedAnswer, _ key: CacheKey, _ nameHash: UInt64, now: UInt64
  ) -> Insertion {
    let kind = CacheEntry.Kind(answer.header)
    let lifetime = lifetime(answer.header, key.name)
    let size = CacheEntry.octetCount(name: key.name.count, octets: answer.octets.count)
    let fits = size <= (kind == .positive ? successEntryLimit : denialEntryLimit)
    if !fits { withShard(key) { $0.countDrop() } }
    let isKept = lifetime > 0 && fits
    let window = settings.staleWindow
    func entry(_ key: CacheKey) -> CacheEntry? {
      isKept ? .make(answer, key: key, now: now, lifetime: lifetime, window: window) : nil
    }
    if rules.cuts, kind != .failure {
      let cut = CacheKey(cutAt: key.name, hash: nameHash, detail: key.detail)
      let isCut = answer.header.kind == .nameError && answer.header.aliasCount == 0
      // Any other answer says that the name exists.
      _ = settle(isCut ? entry(cut) : nil, as: .denial, cut, now: now, lifetime: 0)
    }
    return settle(entry(key), as: kind, key, now: now, lifetime: 0)
  }

  private func settle(
    _ entry: CacheEntry?, as kind: CacheEntry.Kind, _ key: CacheKey, now: UInt64, lifetime: UInt64
  ) -> Insertion {
    let positiveGoesFirst = withShard(key) {
      $0.settle(entry, as: kind, key, now: now, failureLifetime: lifetime)
    }
    return positiveGoesFirst ? .positivePreferred : entry == nil ? .notKept : .kept
  }

  /// How long an answer is kept, nanoseconds.
  private func lifetime(_ header: AnswerHeader, _ name: Octets) -> UInt64 {
    guard header.mayBeKept else { return 0 }
    return switch header.kind {
    case .positive:
      settings.success.disables(name) ? 0 : UInt64(header.ttl) * 1_000_000_000
    case .noData, .nameError:
      settings.denial.disables(name) ? 0 : UInt64(header.ttl) * 1_000_000_000
    case .failure:
      header.code.isKept && !settings.denial.disables(name) ? settings.servfailNanoseconds : 0
    case .incomplete:
      0
    }
  }
}

extension CacheKey {
  init(name: Octets, _ question: ForwardQuestion) {
    self.init(
      name: name, hash: question.hash, type: question.type, recordClass: question.recordClass,
      dnssecOK: question.dnssecOK, checkingDisabled: question.checkingDisabled)
  }
}

extension AnswerHeader {
  /// A failure, which has no records.
  fileprivate static func failure(_ code: ResponseCode, flags: UInt16) -> AnswerHeader {
    AnswerHeader(
      kind: .failure, code: code, flags: flags, answerCount: 0, authorityCount: 0,
      recordOctets: 0, ttlCount: 0, aliasCount: 0, ttl: 0)
  }
}

extension ResponseCode {
  /// Whether a failure with this code is remembered (RFC 9520 §3.1).
  fileprivate var isKept: Bool { self == .serverFailure || self == .notImplemented }
}

extension CacheEntry.Kind {
  /// An incomplete answer says no more than that a refresh brought nothing.
  init(_ header: AnswerHeader) {
    switch header.kind {
    case .positive: self = header.mayBeKept ? .positive : .failure
    case .noData, .nameError: self = .denial
    case .failure, .incomplete: self = .failure
    }
  }
}

extension ExchangeFailure.Reason {
  /// Whether upstreams had to be asked, in vain, to know it.
  var isKept: Bool {
    switch self {
    case .timeout, .unreachable, .encryption, .malformed: true
    case .allDown, .loop, .noUpstream, .tooMany, .overload: false
    }
  }
}
