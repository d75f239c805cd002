/// Compact JSON text, written as Go's encoder does.
enum JSONText {
  /// A string in quotes, with what JSON asks to escape escaped.
  static func string(_ text: String) -> String {
    let needsEscape = text.utf8.contains { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }
    guard needsEscape else { return "\"\(text)\"" }
    var escaped = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": escaped += "\\\""
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\t": escaped += "\\t"
      case "\r": escaped += "\\r"
      case let scalar where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped + "\""
  }

  /// An object of strings, keys in order; nil when there are none, since Go leaves such out.
  static func object(_ members: [String: String]) -> String? {
    guard !members.isEmpty else { return nil }
    let sorted = members.sorted { $0.key < $1.key }
    return "{" + sorted.map { string($0.key) + ":" + string($0.value) }.joined(separator: ",") + "}"
  }

  static func array(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }

  static func strings(_ items: [String]) -> String { array(items.map(string)) }
}

/// RFC 3339 text of a time in UTC, without a calendar library.
public enum TimeText {
  /// `2026-11-21T03:19:55Z` of seconds since 1970.
  public static func text(_ seconds: Int64) -> String {
    let days = floorDivide(seconds, 86400)
    let second = seconds - days * 86400
    let (year, month, day) = civil(days)
    let time = "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
    return "\(year)-\(two(month))-\(two(day))T\(time)Z"
  }

  private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    a >= 0 ? a / b : -((-a + b - 1) / b)
  }

  /// Days since 1970 to a Gregorian date, counted in eras of 400 years that begin in March.
  private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
