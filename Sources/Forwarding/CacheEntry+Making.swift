import Wire

extension CacheEntry {
  /// An entry for `answer`, of use for `lifetime` and, as a stale answer, for `window` more.
  static func make(
    _ answer: ForwardedAnswer, key: CacheKey, now: UInt64, lifetime: UInt64, window: UInt64
  ) -> CacheEntry {
    make(
      fields(
        key, answer.header, Kind(answer.header), now: now, lifetime: lifetime, window: window),
      key: key, octets: answer.octets)
  }

  /// An entry for a failure of an exchange.
  static func make(
    _ failure: ExchangeFailure, key: CacheKey, now: UInt64, lifetime: UInt64
  ) -> CacheEntry {
    let header = AnswerHeader(
      kind: .failure, code: .serverFailure, flags: 0, answerCount: 0, authorityCount: 0,
      recordOctets: 0, ttlCount: 0, aliasCount: 0, ttl: 0)
    var fields = fields(key, header, .failure, now: now, lifetime: lifetime, window: 0)
    fields.failureReason = failure.reason
    return make(fields, key: key, octets: Array(failure.text.utf8.prefix(maximumFailureText)))
  }

  private static func fields(
    _ key: CacheKey, _ header: AnswerHeader, _ kind: Kind, now: UInt64, lifetime: UInt64,
    window: UInt64
  ) -> Fields {
    let expires = now.saturatingSum(lifetime)
    return Fields(
      hash: key.hash, detail: key.detail, stored: now, expires: expires,
      useless: expires.saturatingSum(window), octetCount: 0, kind: kind, nameCount: 0,
      header: header)
  }

  /// What is given to a client.
  @inline(__always)
  var view: AnswerView {
    let octets = octets
    return AnswerView(
      header: fields.header, octets: fields.failureReason == nil ? octets : octets[0..<0])
  }

  /// The failure of an exchange, where the entry is one.
  var exchangeFailure: AnswerCache.CachedFailure? {
    fields.failureReason.map { AnswerCache.CachedFailure(reason: $0, text: octets) }
  }
}

extension UInt64 {
  /// A window without end is no more than the end of time.
  func saturatingSum(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
