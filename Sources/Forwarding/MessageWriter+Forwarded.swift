public import Wire

/// How the TTLs of an answer are given: its own, held between two bounds, less the seconds that it
/// has been kept.
public struct TTLRule: Hashable, Sendable {
  /// Seconds since the answer came.
  public var elapsed: UInt32
  public var least: UInt32
  public var most: UInt32

  @inlinable
  public init(elapsed: UInt32 = 0, least: UInt32 = 0, most: UInt32 = .max) {
    self.elapsed = elapsed
    self.least = least
    self.most = most
  }

  /// Every TTL is `seconds`.
  @inlinable
  public static func fixed(_ seconds: UInt32) -> TTLRule {
    TTLRule(least: seconds, most: seconds)
  }

  /// What a TTL is given as, at least 0.
  @inlinable @inline(__always)
  public func callAsFunction(_ ttl: UInt32) -> UInt32 {
    let held = max(least, min(most, ttl))
    return held > elapsed ? held &- elapsed : 0
  }
}

extension MessageWriter {
  /// Adds the records of a forwarded answer and counts them.
  ///
  /// Flags and RCODE are the caller's, ``AnswerHeader/flags`` and ``AnswerHeader/code`` among
  /// them; only TC is set here. Copies the records where the answer's question is the message's
  /// and nothing follows it; otherwise writes each anew, which allocates.
  ///
  /// - Parameters:
  ///   - place: where the answer's question stands uncompressed in the message: 12, or the target
  ///     of the last CNAME.
  ///   - rotation: a number whose remainder says with which address the set begins; nil to leave
  ///     the order as it is.
  /// - Returns: whether all records fit; if not, those before the first that did not are written
  ///   and TC is set (RFC 2181 §9: all that is kept of an answer is required).
  @discardableResult
  public mutating func put(
    _ view: AnswerView, ttl: TTLRule, name place: Int, rotation: UInt64?
  ) -> Bool {
    false
  }
}
