import Wire

/// A reply taken apart, checked octet by octet; nil where it is not a well-formed message.
struct ReplyShape: Equatable {
  var id: UInt16
  var flags: UInt16
  /// Questions, answers, authority and additional records, the OPT aside.
  var counts: [Int]
  /// Octets of the OPT record's options; nil without one.
  var options: Int?
  var statedSize: Int?

  var responseCode: UInt16 { flags & 15 }
  var isTruncated: Bool { flags & 0x0200 != 0 }

  init?(_ octets: [UInt8]) {
    guard octets.count >= 12 else { return nil }
    func u16(_ at: Int) -> Int { Int(octets[at]) << 8 | Int(octets[at + 1]) }
    id = UInt16(u16(0))
    flags = UInt16(u16(2))
    counts = [u16(4), u16(6), u16(8), u16(10)]
    var at = 12
    for _ in 0..<counts[0] {
      guard let end = Self.nameEnd(octets, at), end + 4 <= octets.count else { return nil }
      at = end + 4
    }
    for section in 1...3 {
      for _ in 0..<counts[section] {
        guard let end = Self.nameEnd(octets, at), end + 10 <= octets.count,
          end + 10 + u16(end + 8) <= octets.count
        else { return nil }
        let data = end + 10
        let length = u16(end + 8)
        switch u16(end) {
        case 41:
          guard section == 3, options == nil, octets[at] == 0 else { return nil }
          options = length
          statedSize = u16(end + 2)
        // CNAME, NS, PTR: the data is exactly one name.
        case 5, 2, 12:
          guard Self.nameEnd(octets, data) == data + length else { return nil }
        case 33:
          guard Self.nameEnd(octets, data + 6) == data + length else { return nil }
        case 1: guard length == 4 else { return nil }
        case 28: guard length == 16 else { return nil }
        default: break
        }
        at = data + length
      }
    }
    guard at == octets.count else { return nil }
    if options != nil { counts[3] -= 1 }
  }

  /// Where the name at `start` ends. Pointers lead backwards, to a name of 255 octets at most.
  private static func nameEnd(_ octets: [UInt8], _ start: Int) -> Int? {
    var (at, bound, length) = (start, start, 0)
    var end: Int?
    while at < octets.count {
      let octet = Int(octets[at])
      if octet >= 0xC0 {
        guard at + 1 < octets.count else { return nil }
        let target = (octet & 0x3F) << 8 | Int(octets[at + 1])
        guard target >= 12, target < bound else { return nil }
        end = end ?? at + 2
        (at, bound) = (target, target)
        continue
      }
      guard octet < 64 else { return nil }
      length += octet + 1
      at += octet + 1
      guard length <= 255, at <= octets.count else { return nil }
      if octet == 0 { return end ?? at }
    }
    return nil
  }
}
