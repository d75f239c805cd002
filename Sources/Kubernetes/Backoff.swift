/// How long to wait after a failure: twice as long each time, and never two clients in step.
struct Backoff {
  /// Nanoseconds of the first wait.
  static let first: UInt64 = 250_000_000
  private(set) var failures = 0

  /// The wait before the next try, nanoseconds.
  ///
  /// - Parameters:
  ///   - most: the longest wait.
  ///   - random: a number for the jitter of ± 25 %.
  mutating func next(most: UInt64, random: UInt64) -> UInt64 {
    let doublings = UInt64(min(failures, 16))
    failures += 1
    let wait = min(Self.first << doublings, most)
    return wait / 4 * 3 + random % (wait / 2 + 1)
  }

  mutating func reset() {
    failures = 0
  }
}

/// The same numbers for the same seed (SplitMix64); for waits, not for secrets.
struct Jitter {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
