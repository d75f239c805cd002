import Wire

extension CacheEntry {
  /// An entry for `answer`, of use for `lifetime` and, as a stale answer, for `window` more.
  static func make(
    _ answer: ForwardedAnswer, key: CacheKey, now: UInt64, lifetime: UInt64, window: UInt64
  ) -> CacheEntry {
    make(answer.header, answer.octets, key: key, now: now, lifetime: lifetime, window: window)
  }

  /// An entry for a failure: nothing to be given but the header.
  ///
  /// - Parameter text: who failed, and how.
  static func make(
    _ header: AnswerHeader, text: String, key: CacheKey, now: UInt64, lifetime: UInt64
  ) -> CacheEntry {
    let octets = Array(text.utf8.prefix(maximumFailureText))
    return make(header, octets, key: key, now: now, lifetime: lifetime, window: 0)
  }

  private static func make(
    _ header: AnswerHeader, _ octets: [UInt8], key: CacheKey, now: UInt64, lifetime: UInt64,
    window: UInt64
  ) -> CacheEntry {
    let expires = now.saturatingSum(lifetime)
    let fields = Fields(
      hash: key.hash, detail: key.detail, stored: now, expires: expires,
      useless: expires.saturatingSum(window), octetCount: 0, kind: Kind(header), nameCount: 0,
      header: header)
    return make(fields, key: key, octets: octets)
  }

  /// What is given to a client.
  @inline(__always)
  var view: AnswerView {
    let octets = octets
    return AnswerView(
      header: fields.header, octets: fields.header.kind == .failure ? octets[0..<0] : octets)
  }

  /// Of a failure, who failed and how.
  var failureText: Octets? { fields.header.kind == .failure ? octets : nil }
}

extension UInt64 {
  /// A window without end is no more than the end of time.
  func saturatingSum(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
