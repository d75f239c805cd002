extension IPAddress {
  /// Reads four decimal numbers with `separator` between them, without leading zeros. Allocates
  /// nothing.
  public init?(v4Text text: Octets, separator: UInt8 = UInt8(ascii: ".")) {
    var bits: UInt32 = 0
    var value: UInt32 = 0
    var digits = 0
    var numbers = 0
    for index in 0...text.count {
      if index == text.count || text[index] == separator {
        guard digits > 0, value < 256 else { return nil }
        bits = bits << 8 | value
        numbers += 1
        value = 0
        digits = 0
      } else {
        let digit = text[index] &- 0x30
        guard digit < 10, digits < 3, digits == 0 || value > 0 else { return nil }
        value = value * 10 + UInt32(digit)
        digits += 1
      }
      guard numbers <= 4 else { return nil }
    }
    guard numbers == 4 else { return nil }
    self.init(v4: bits)
  }

  /// Reads groups of up to four hexadecimal digits with `separator` between them, two together
  /// standing for as many zero groups as are missing; where the separator is a colon, the last 32
  /// bits may be dotted (RFC 4291 §2.2). Allocates nothing.
  public init?(v6Text text: Octets, separator: UInt8 = UInt8(ascii: ":")) {
    var reader = GroupReader(text: text, separator: separator)
    guard let value = reader.read() else { return nil }
    self = value
  }

  private struct GroupReader {
    let text: Octets
    let separator: UInt8
    var at = 0
    var groups = [8 of UInt16](repeating: 0)
    var count = 0
    /// How many groups stand before the gap.
    var gap: Int?

    mutating func read() -> IPAddress? {
      guard text.count >= 2, text.count <= 45 else { return nil }
      if text[0] == separator {
        guard text[1] == separator else { return nil }
        gap = 0
        at = 2
      }
      while at < text.count {
        guard readGroup(), readSeparator() else { return nil }
      }
      return address()
    }

    private mutating func readGroup() -> Bool {
      guard count < 8 else { return false }
      var value: UInt16 = 0
      var digits = 0
      let start = at
      while at < text.count, let digit = Self.digit(text[at]) {
        guard digits < 4 else { return false }
        value = value << 4 | UInt16(digit)
        digits += 1
        at += 1
      }
      if at < text.count, text[at] == UInt8(ascii: "."), separator == UInt8(ascii: ":") {
        return readDotted(from: start)
      }
      guard digits > 0 else { return false }
      groups[count] = value
      count += 1
      return true
    }

    private mutating func readDotted(from start: Int) -> Bool {
      guard count <= 6, let tail = IPAddress(v4Text: text[start..<text.count]) else { return false }
      groups[count] = UInt16(tail.v4Bits >> 16)
      groups[count + 1] = UInt16(truncatingIfNeeded: tail.v4Bits)
      count += 2
      at = text.count
      return true
    }

    /// The separator behind a group: none at the end, two for the gap.
    private mutating func readSeparator() -> Bool {
      guard at < text.count else { return true }
      guard text[at] == separator, at + 1 < text.count else { return false }
      at += 1
      if text[at] == separator {
        guard gap == nil else { return false }
        gap = count
        at += 1
      }
      return true
    }

    private func address() -> IPAddress? {
      guard gap == nil ? count == 8 : count < 8 else { return nil }
      var high: UInt64 = 0
      var low: UInt64 = 0
      for place in 0..<8 {
        let before = gap ?? 8
        let index = place < before ? place : place - (8 - count)
        let value = place < before || index >= before ? UInt64(groups[index]) : 0
        if place < 4 { high = high << 16 | value } else { low = low << 16 | value }
      }
      return IPAddress(high: high, low: low)
    }

    private static func digit(_ octet: UInt8) -> UInt8? {
      switch octet {
      case 0x30...0x39: octet - 0x30
      case 0x41...0x46, 0x61...0x66: (octet | 0x20) - 0x61 + 10
      default: nil
      }
    }
  }
}
