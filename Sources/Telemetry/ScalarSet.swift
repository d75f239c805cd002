/// Unicode scalars by ranges, for character classes.
struct ScalarSet: Sendable {
  private var ranges: [ClosedRange<UInt32>] = []

  static let last: UInt32 = 0x10_FFFF
  static let everything = ScalarSet([0...last])
  static let digit = ScalarSet([0x30...0x39])
  /// ASCII alone, as in RE2.
  static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  /// Without vertical tab, as RE2's `\s`.
  static let space = ScalarSet([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])

  /// The names within `[:…:]`.
  static let named: [String: ScalarSet] = [
    "alnum": ScalarSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A]),
    "alpha": ScalarSet([0x41...0x5A, 0x61...0x7A]),
    "ascii": ScalarSet([0x00...0x7F]),
    "blank": ScalarSet([0x09...0x09, 0x20...0x20]),
    "cntrl": ScalarSet([0x00...0x1F, 0x7F...0x7F]),
    "digit": digit,
    "graph": ScalarSet([0x21...0x7E]),
    "lower": ScalarSet([0x61...0x7A]),
    "print": ScalarSet([0x20...0x7E]),
    "punct": ScalarSet([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
    "space": ScalarSet([0x09...0x0D, 0x20...0x20]),
    "upper": ScalarSet([0x41...0x5A]),
    "word": word,
    "xdigit": ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66]),
  ]

  init(_ ranges: [ClosedRange<UInt32>] = []) {
    self.ranges = ranges
  }

  func contains(_ scalar: UInt32) -> Bool {
    ranges.contains { $0.contains(scalar) }
  }

  mutating func insert(_ range: ClosedRange<UInt32>) {
    ranges.append(range)
  }

  mutating func formUnion(_ other: ScalarSet) {
    ranges += other.ranges
  }

  var inverted: ScalarSet {
    var result = ScalarSet()
    var next: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > next { result.insert(next...(range.lowerBound - 1)) }
      next = max(next, range.upperBound + 1)
    }
    if next <= Self.last { result.insert(next...Self.last) }
    return result
  }

  /// With the other case of every ASCII letter in it.
  var caseFolded: ScalarSet {
    var result = self
    let (upper, lower): (ClosedRange<UInt32>, ClosedRange<UInt32>) = (0x41...0x5A, 0x61...0x7A)
    for range in ranges {
      if range.overlaps(upper) {
        let part = range.clamped(to: upper)
        result.insert((part.lowerBound + 32)...(part.upperBound + 32))
      }
      if range.overlaps(lower) {
        let part = range.clamped(to: lower)
        result.insert((part.lowerBound - 32)...(part.upperBound - 32))
      }
    }
    return result
  }
}
