/// A domain name in wire form: length octet and octets for each label, the root's zero octet last
/// (RFC 1035 §3.1). Uncompressed, at most 255 octets, spelling kept.
///
/// Equality and hashing are by octets; call ``folded`` first where spelling must not matter
/// (RFC 4343).
public struct DomainName: Hashable, Sendable {
  /// The wire octets, ending in the root label.
  public let octets: [UInt8]

  public static let maximumOctets = 255
  public static let maximumLabelOctets = 63
  public static let root = DomainName(uncheckedOctets: [0])

  init(uncheckedOctets: [UInt8]) {
    octets = uncheckedOctets
  }

  /// Reads a name in presentation format (RFC 1035 §5.1: `\.`, `\DDD`), with or without the final
  /// dot; always taken as absolute. Nil where a label is empty or too long, or the name is.
  public init?(_ text: some StringProtocol) {
    if text.isEmpty || text == "." {
      self = .root
      return
    }
    var octets: [UInt8] = []
    var label: [UInt8] = []
    var bytes = text.utf8.makeIterator()
    var endedByDot = false
    func close(_ label: inout [UInt8], _ octets: inout [UInt8]) -> Bool {
      guard !label.isEmpty, label.count <= Self.maximumLabelOctets else { return false }
      octets.append(UInt8(label.count))
      octets += label
      label.removeAll(keepingCapacity: true)
      return true
    }
    while let byte = bytes.next() {
      endedByDot = false
      switch byte {
      case UInt8(ascii: "."):
        guard close(&label, &octets) else { return nil }
        endedByDot = true
      case UInt8(ascii: "\\"):
        guard let escaped = bytes.next() else { return nil }
        guard (0x30...0x39).contains(escaped) else {
          label.append(escaped)
          continue
        }
        guard let second = bytes.next(), let third = bytes.next(),
          (0x30...0x39).contains(second), (0x30...0x39).contains(third)
        else { return nil }
        let value = Int(escaped - 0x30) * 100 + Int(second - 0x30) * 10 + Int(third - 0x30)
        guard value <= 255 else { return nil }
        label.append(UInt8(value))
      default:
        label.append(byte)
      }
    }
    if !endedByDot {
      guard close(&label, &octets) else { return nil }
    }
    octets.append(0)
    guard octets.count <= Self.maximumOctets else { return nil }
    self.octets = octets
  }

  /// Takes uncompressed wire octets; nil unless they are exactly one whole name.
  public init?(wire: some Collection<UInt8>) {
    let octets = Array(wire)
    guard octets.count <= Self.maximumOctets else { return nil }
    var at = 0
    while at < octets.count, octets[at] != 0 {
      guard octets[at] <= UInt8(Self.maximumLabelOctets) else { return nil }
      at += Int(octets[at]) + 1
    }
    guard at == octets.count - 1 else { return nil }
    self.octets = octets
  }

  /// The labels left to right, without the root's.
  public var labels: [ArraySlice<UInt8>] {
    var labels: [ArraySlice<UInt8>] = []
    var at = 0
    while octets[at] != 0 {
      let end = at + 1 + Int(octets[at])
      labels.append(octets[(at + 1)..<end])
      at = end
    }
    return labels
  }

  /// Labels without the root's.
  public var labelCount: Int {
    var count = 0
    var at = 0
    while octets[at] != 0 {
      at += Int(octets[at]) + 1
      count += 1
    }
    return count
  }

  public var isRoot: Bool { octets.count == 1 }

  /// The name with A–Z as a–z.
  public var folded: DomainName {
    DomainName(uncheckedOctets: octets.map(ASCII.folded))
  }

  /// The name without its first label; nil for the root.
  public var parent: DomainName? {
    isRoot ? nil : DomainName(uncheckedOctets: Array(octets[(Int(octets[0]) + 1)...]))
  }

  /// Whether this name is `other` or lies below it, spelling aside.
  public func isAtOrBelow(_ other: DomainName) -> Bool {
    var rest = octets[...]
    while rest.count > other.octets.count {
      rest = rest[(rest.startIndex + Int(rest[rest.startIndex]) + 1)...]
    }
    return rest.elementsEqual(other.octets) { ASCII.folded($0) == ASCII.folded($1) }
  }

  /// This name (taken as relative) with `suffix` behind it; nil past 255 octets.
  public func appending(_ suffix: DomainName) -> DomainName? {
    let joined = octets.dropLast() + suffix.octets
    return joined.count <= Self.maximumOctets ? DomainName(uncheckedOctets: Array(joined)) : nil
  }
}

extension DomainName: CustomStringConvertible {
  /// Presentation format with the final dot; octets that would be misread are escaped.
  public var description: String {
    Self.presentation(octets)
  }

  /// Presentation format of uncompressed wire octets.
  public static func presentation(_ octets: some Collection<UInt8>) -> String {
    var text = ""
    var rest = octets[...]
    while let length = rest.popFirst(), length > 0 {
      for byte in rest.prefix(Int(length)) {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: ";"),
          UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "@"), UInt8(ascii: "$"):
          text += "\\"
          text.unicodeScalars.append(Unicode.Scalar(byte))
        case 0x21...0x7E:
          text.unicodeScalars.append(Unicode.Scalar(byte))
        default:
          let digits = String(byte)
          text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
      }
      rest = rest.dropFirst(Int(length))
      text += "."
    }
    return text.isEmpty ? "." : text
  }
}

/// ASCII letters, as DNS compares them (RFC 4343).
public enum ASCII {
  /// A–Z as a–z; other octets unchanged.
  @inlinable @inline(__always)
  public static func folded(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }
}
