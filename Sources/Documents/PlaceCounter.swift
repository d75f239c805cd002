/// Follows lines and columns over octets that pass in pieces.
struct PlaceCounter {
  private(set) var place: Place

  init(_ place: Place = .start) {
    self.place = place
  }

  mutating func advance(over octets: RawSpan) {
    let all = Self.count(octets, from: 0)
    guard all.lines > 0 else {
      place.column += all.characters
      return
    }
    var start = octets.byteCount
    while octets[octet: start - 1] != 0x0A { start -= 1 }
    place.line += all.lines
    place.column = 1 + Self.count(octets, from: start).characters
  }

  /// Eight octets at a time: every octet of a dump of 100 MB passes here.
  private static func count(_ octets: RawSpan, from start: Int) -> (lines: Int, characters: Int) {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = ones &* 0x7F
    var lines = 0
    // Octets 10xxxxxx go on with a character (RFC 3629 §3).
    var continuations = 0
    var at = start
    while at <= octets.byteCount - 8 {
      let word = octets[word: at]
      // The high bit of each octet but those that are zero, here line feeds.
      let line = word ^ (ones &* 0x0A)
      let others = ((line & low) &+ low) | line
      lines += Int((((~others >> 7) & ones) &* ones) >> 56)
      continuations += Int((((word >> 7) & ~(word >> 6) & ones) &* ones) >> 56)
      at += 8
    }
    while at < octets.byteCount {
      let octet = octets[octet: at]
      if octet == 0x0A { lines += 1 }
      if octet & 0xC0 == 0x80 { continuations += 1 }
      at += 1
    }
    return (lines, octets.byteCount - start - continuations)
  }
}
