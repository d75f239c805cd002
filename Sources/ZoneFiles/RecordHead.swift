internal import Wire

/// What stands before the RDATA: `[owner] [TTL] [class] type`, TTL and class in either order
/// (RFC 1035 §5.1).
struct RecordHead {
  /// Empty where the entry begins with a blank: the last owner again.
  let owner: Range<Int>
  let ttl: UInt32?
  let typeStart: Int

  init(_ entry: [UInt8]) throws(TextError) {
    var at = 0
    if entry[0] != UInt8(ascii: " ") {
      at = entry.firstIndex(of: UInt8(ascii: " ")) ?? entry.count
    }
    owner = 0..<at
    var ttl: UInt32?
    var hasClass = false
    while let word = Word(in: entry, from: &at) {
      if ttl == nil, let value = TTLText(word.octets) {
        ttl = try value.checked()
      } else if !hasClass, Self.isClass(word) {
        guard word.isSame(as: "in") else {
          throw TextError("class \(word.text) is not served, only IN")
        }
        hasClass = true
      } else {
        self.ttl = ttl
        typeStart = word.octets.startIndex
        return
      }
    }
    throw TextError("the record has no type")
  }

  private static func isClass(_ word: Word) -> Bool {
    switch word.octets.count {
    case 2:
      word.isSame(as: "in") || word.isSame(as: "ch") || word.isSame(as: "hs")
        || word.isSame(as: "cs")
    case 6...:
      // RFC 3597 §5.
      word.folded.hasPrefix("class")
        && word.octets.dropFirst(5).allSatisfy { (0x30...0x39).contains($0) }
    default: false
    }
  }
}

/// A word of an entry, without its quotes.
struct Word {
  let octets: ArraySlice<UInt8>

  var text: String { String(decoding: octets, as: UTF8.self) }
  var folded: String { String(decoding: octets.map(ASCII.folded), as: UTF8.self) }

  /// Whether the last octet is a dot that no backslash stands before.
  var endsInDot: Bool {
    octets.last == UInt8(ascii: ".")
      && octets.dropLast().reversed().prefix { $0 == UInt8(ascii: "\\") }.count.isMultiple(of: 2)
  }

  /// `lower` is in lower case.
  func isSame(as lower: String) -> Bool {
    octets.lazy.map(ASCII.folded).elementsEqual(lower.utf8)
  }

  /// The words of an entry; blanks in quotes do not separate.
  static func split(_ entry: [UInt8]) -> [Word] {
    var words: [Word] = []
    var at = 0
    while let word = Word(in: entry, from: &at) { words.append(word) }
    return words
  }

  /// The next word from `at`, which then stands behind it; nil at the end.
  init?(in entry: [UInt8], from at: inout Int) {
    while at < entry.count, entry[at] == UInt8(ascii: " ") { at += 1 }
    guard at < entry.count else { return nil }
    let isQuoted = entry[at] == UInt8(ascii: "\"")
    if isQuoted { at += 1 }
    let end = isQuoted ? UInt8(ascii: "\"") : UInt8(ascii: " ")
    let start = at
    while at < entry.count, entry[at] != end {
      at += entry[at] == UInt8(ascii: "\\") ? 2 : 1
    }
    at = min(at, entry.count)
    octets = entry[start..<at]
    if isQuoted { at = min(at + 1, entry.count) }
  }
}

/// A TTL as people write it: seconds, or numbers with units as in `1w2d3h4m5s`.
struct TTLText {
  /// RFC 2181 §8.
  static let maximum: UInt64 = 0x7FFF_FFFF

  private let seconds: UInt64

  /// Nil where the word is no TTL at all, but perhaps a class or type.
  init?(_ word: ArraySlice<UInt8>) {
    var total: UInt64 = 0
    var number: UInt64?
    for octet in word {
      if (0x30...0x39).contains(octet) {
        // Numbers far past the limit stay there.
        number = min((number ?? 0) * 10 + UInt64(octet - 0x30), 1 << 32)
      } else {
        guard let unit = Self.unit(octet), let count = number else { return nil }
        total = min(total + count * unit, 1 << 52)
        number = nil
      }
    }
    guard !word.isEmpty else { return nil }
    seconds = total + (number ?? 0)
  }

  func checked() throws(TextError) -> UInt32 {
    guard seconds <= Self.maximum else {
      throw TextError("the TTL is above \(Self.maximum) seconds")
    }
    return UInt32(seconds)
  }

  private static func unit(_ octet: UInt8) -> UInt64? {
    switch ASCII.folded(octet) {
    case UInt8(ascii: "s"): 1
    case UInt8(ascii: "m"): 60
    case UInt8(ascii: "h"): 3600
    case UInt8(ascii: "d"): 86_400
    case UInt8(ascii: "w"): 604_800
    default: nil
    }
  }
}
