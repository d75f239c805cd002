/// What a plain (unquoted) YAML scalar means.
///
/// YAML 1.1 as kubectl reads it: `yes`, `no`, `on` and `off` are booleans, `0x` and leading-zero
/// numbers are read; sexagesimal numbers and dates stay strings.
enum YAMLScalar: Hashable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case unsigned(UInt64)
  case double(Double)
  case string

  /// No number or word is longer.
  private static let maximumOctets = 64

  init(plain octets: [UInt8]) {
    guard octets.count <= Self.maximumOctets else {
      self = .string
      return
    }
    let text = String(decoding: octets, as: UTF8.self)
    self = Self.word(text) ?? Self.integer(text) ?? Self.double(text) ?? .string
  }

  private static func word(_ text: String) -> YAMLScalar? {
    switch text {
    case "", "~", "null", "Null", "NULL": .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": .boolean(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": .boolean(false)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": .double(.infinity)
    case "-.inf", "-.Inf", "-.INF": .double(-.infinity)
    case ".nan", ".NaN", ".NAN": .double(.nan)
    default: nil
    }
  }

  private static func integer(_ text: String) -> YAMLScalar? {
    var digits = text[...]
    let isNegative = digits.first == "-"
    if isNegative || digits.first == "+" { digits = digits.dropFirst() }
    guard let first = digits.utf8.first, (0x30...0x39).contains(first), digits.last != "_" else {
      return nil
    }
    let radix: Int
    switch digits.prefix(2) {
    case "0x", "0X": (radix, digits) = (16, digits.dropFirst(2))
    case "0o", "0O": (radix, digits) = (8, digits.dropFirst(2))
    case "0b", "0B": (radix, digits) = (2, digits.dropFirst(2))
    default: radix = first == 0x30 && digits.utf8.count > 1 ? 8 : 10
    }
    // The sign has been read; a second one is no number.
    guard let lead = digits.utf8.first, lead != 0x2B, lead != 0x2D,
      let magnitude = UInt64(digits.filter { $0 != "_" }, radix: radix)
    else { return nil }
    if !isNegative { return Int64(exactly: magnitude).map(integer) ?? .unsigned(magnitude) }
    return magnitude <= UInt64(Int64.max) + 1
      ? .integer(Int64(truncatingIfNeeded: 0 &- magnitude)) : nil
  }

  private static func double(_ text: String) -> YAMLScalar? {
    guard text.utf8.contains(where: { (0x30...0x39).contains($0) }),
      text.utf8.allSatisfy({ octet in
        switch octet {
        case 0x30...0x39, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"),
          UInt8(ascii: "e"), UInt8(ascii: "E"):
          true
        default: false
        }
      })
    else { return nil }
    return Double(text).map(YAMLScalar.double)
  }
}
