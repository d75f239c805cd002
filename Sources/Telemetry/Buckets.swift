/// Histogram bounds as CoreDNS has them, and the bucket of a value without a search.
///
/// A bucket's index counts the bounds below the value; one more bucket than bounds, for +Inf.
public enum Buckets {
  /// 0.00025 · 2ⁿ seconds, n = 0…15: 0.25 ms to 8.192 s.
  public static let seconds: [Double] = (0..<16).map { 0.00025 * Double(1 << $0) }

  /// Message sizes in octets.
  public static let octets: [Double] = [
    0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000,
  ]

  /// Buckets with the one for +Inf.
  @inlinable static var secondsCount: Int { 17 }
  @inlinable static var octetsCount: Int { 15 }

  /// The bucket of a duration among ``seconds``.
  ///
  /// d ≤ 250 µs · 2ⁿ holds exactly when ⌊(d − 1) / 250 µs⌋ has at most n bits.
  @inlinable
  public static func index(nanoseconds: UInt64) -> Int {
    let steps = (max(nanoseconds, 1) &- 1) / 250_000
    return min(64 &- steps.leadingZeroBitCount, secondsCount &- 1)
  }

  /// The bucket of a size among ``octets``; a negative size counts as 0.
  @inlinable
  public static func index(octets size: Int) -> Int {
    if size <= 511 { return min((max(size, 0) &+ 99) / 100, 5) }
    // 1023, 2047 and 4095 are the largest numbers of 10, 11 and 12 bits.
    if size <= 4095 { return 60 &- size.leadingZeroBitCount }
    return indexOfLarge(octets: size)
  }

  @usableFromInline
  static func indexOfLarge(octets size: Int) -> Int {
    if size <= 8291 { return 9 }
    if size <= 16_000 { return 10 }
    if size <= 32_000 { return 11 }
    if size <= 48_000 { return 12 }
    return size <= 64_000 ? 13 : 14
  }
}
