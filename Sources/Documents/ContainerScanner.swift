/// Finds the end of a JSON object, array or string, eight octets at a time; nearly every octet of
/// a dump passes here and nowhere else.
struct ContainerScanner {
  var depth = 0
  var isInString = false
  /// The next octet of the string stands behind a backslash.
  var isEscaped = false
  private(set) var isTooDeep = false

  init(depth: Int = 0, isInString: Bool = false) {
    self.depth = depth
    self.isInString = isInString
  }

  /// Goes on from `at`. True: it ended, `at` is behind it. False: `at` is the end of the chunk, or
  /// the limit of depth is passed.
  mutating func skip(_ chunk: RawSpan, _ at: inout Int) -> Bool {
    let count = chunk.byteCount
    if isEscaped, at < count {
      isEscaped = false
      at += 1
    }
    while true {
      at = isInString ? Self.stringOctet(chunk, at) : Self.structureOctet(chunk, at)
      guard at < count else { return false }
      let octet = chunk[octet: at]
      at += 1
      switch octet {
      case UInt8(ascii: "\""):
        isInString.toggle()
        if !isInString, depth == 0 { return true }
      case UInt8(ascii: "\\"):
        guard at < count else {
          isEscaped = true
          return false
        }
        at += 1
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        guard depth <= ItemCutter.maximumDepth else {
          isTooDeep = true
          return false
        }
      default:
        depth -= 1
        if depth == 0 { return true }
      }
    }
  }

  /// The next quote or backslash.
  private static func stringOctet(_ chunk: RawSpan, _ from: Int) -> Int {
    let quote = each(UInt8(ascii: "\""))
    let backslash = each(UInt8(ascii: "\\"))
    var at = from
    while at <= chunk.byteCount - 8 {
      let word = chunk[word: at]
      let hits = zeros(word ^ quote) | zeros(word ^ backslash)
      if hits != 0 { return at + hits.trailingZeroBitCount >> 3 }
      at += 8
    }
    while at < chunk.byteCount {
      let octet = chunk[octet: at]
      if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") { return at }
      at += 1
    }
    return at
  }

  /// The next quote, brace or bracket.
  private static func structureOctet(_ chunk: RawSpan, _ from: Int) -> Int {
    let quote = each(UInt8(ascii: "\""))
    let brackets = each(0x26)
    let bracket = each(0x7F)
    var at = from
    while at <= chunk.byteCount - 8 {
      let word = chunk[word: at]
      // 0x26 makes `{ } [ ]` all 0x7F, and besides them only Y, y, _, DEL and a few octets that no
      // JSON has outside a string.
      var hits = zeros(word ^ quote) | zeros((word | brackets) ^ bracket)
      while hits != 0 {
        let hit = at + hits.trailingZeroBitCount >> 3
        if isStructure(chunk[octet: hit]) { return hit }
        hits &= hits - 1
      }
      at += 8
    }
    while at < chunk.byteCount, !isStructure(chunk[octet: at]) { at += 1 }
    return at
  }

  private static func isStructure(_ octet: UInt8) -> Bool {
    switch octet {
    case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["),
      UInt8(ascii: "]"):
      true
    default: false
    }
  }

  private static func each(_ octet: UInt8) -> UInt64 { UInt64(octet) &* 0x0101_0101_0101_0101 }

  /// The high bit of each octet that is zero. Octets above a true zero may be marked in error,
  /// which the callers look at one by one or do not reach.
  private static func zeros(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }
}

extension RawSpan {
  /// SAFETY: `unsafeLoad` checks that the octets lie within the span; every pattern of bits is a
  /// number.
  @inline(__always)
  subscript(octet offset: Int) -> UInt8 {
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// Eight octets, the first lowest.
  @inline(__always)
  subscript(word offset: Int) -> UInt64 {
    UInt64(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}
