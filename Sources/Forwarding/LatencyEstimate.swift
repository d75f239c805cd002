/// What an upstream's latency is taken to be: a smoothed mean and the 95th percentile, both of
/// the last few hundred answers.
struct LatencyEstimate: Sendable {
  /// Four buckets to a doubling: an estimate is at most a fifth too long.
  private static let bucketsPerDoubling = 4
  private static let bucketCount = 96
  /// Below: 2¹⁶ ns, 65 µs. The last bucket begins at 925 s.
  private static let firstExponent = 16
  /// Samples at which all counts are halved, so that a change shows within as many answers.
  private static let window: UInt32 = 256
  /// Samples before anything is said.
  private static let enough: UInt32 = 8

  private var counts = [UInt16](repeating: 0, count: Self.bucketCount)
  private var total: UInt32 = 0
  private var untilNext: UInt32 = 0

  /// Nanoseconds, each new answer weighing an eighth, as TCP does it (RFC 6298 §2); 0 before any.
  private(set) var smoothed: UInt64 = 0
  /// Nanoseconds within which 95 of 100 answers came; nil while too few are known.
  private(set) var p95: UInt64?

  /// Takes an answer's latency, or how long no answer had come when it was no longer waited for.
  mutating func record(_ nanoseconds: UInt64) {
    let sample = min(nanoseconds, 60_000_000_000)
    smoothed = smoothed == 0 ? sample : smoothed - smoothed / 8 + sample / 8
    counts[Self.bucket(sample)] += 1
    total += 1
    if total >= Self.window { halve() }
    if untilNext > 0 {
      untilNext -= 1
    } else if total >= Self.enough {
      p95 = percentile
      untilNext = 7
    }
  }

  /// Takes an answer that had not come within the 95th percentile, when it was no longer waited
  /// for. It counts as having come then: were it left out the percentile would sink, and with what
  /// was waited for it would rise with every datagram lost.
  mutating func recordLate() {
    if let p95 { record(p95 - 1) }
  }

  private mutating func halve() {
    total = 0
    for index in counts.indices {
      counts[index] /= 2
      total += UInt32(counts[index])
    }
  }

  private var percentile: UInt64 {
    var above = total / 20
    var index = Self.bucketCount - 1
    while index > 0, UInt32(counts[index]) <= above {
      above -= UInt32(counts[index])
      index -= 1
    }
    return Self.upperBound(index)
  }

  /// Index 0 is all below the first exponent; then a power of two and the two bits behind its
  /// first one.
  private static func bucket(_ value: UInt64) -> Int {
    guard value >> UInt64(firstExponent) > 0 else { return 0 }
    let exponent = 63 - value.leadingZeroBitCount
    let quarter = Int(value >> UInt64(exponent - 2)) & 3
    return min((exponent - firstExponent) * bucketsPerDoubling + quarter + 1, bucketCount - 1)
  }

  private static func upperBound(_ bucket: Int) -> UInt64 {
    guard bucket > 0 else { return 1 << UInt64(firstExponent) }
    let exponent = UInt64(firstExponent + (bucket - 1) / bucketsPerDoubling)
    let quarter = UInt64((bucket - 1) % bucketsPerDoubling)
    return (5 + quarter) << (exponent - 2)
  }
}
