/// Durations as Go writes them: `300ms`, `1h30m`, `1.5s`, `0`.
enum DurationText {
  private static let units: [(name: String, nanoseconds: Int64)] = [
    ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000),
    ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
  ]

  /// Reads what Go's `time.ParseDuration` reads; nil for anything else or beyond 292 years.
  static func parse(_ text: String) -> Duration? {
    var rest = Substring(text)
    let isNegative = rest.hasPrefix("-")
    if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
    if rest == "0" { return .zero }
    guard !rest.isEmpty else { return nil }
    var total: Int64 = 0
    while !rest.isEmpty {
      let whole = digits(&rest)
      var fraction = Substring()
      if rest.hasPrefix(".") {
        rest.removeFirst()
        fraction = digits(&rest)
      }
      guard !whole.isEmpty || !fraction.isEmpty else { return nil }
      let letters = rest.prefix { $0 != "." && !isDigit($0) }
      rest = rest[letters.endIndex...]
      guard let unit = units.first(where: { $0.name == letters })?.nanoseconds,
        let count = whole.isEmpty ? 0 : Int64(whole)
      else { return nil }
      let (product, tooLarge) = count.multipliedReportingOverflow(by: unit)
      let part = partial(fraction, of: unit)
      let (sum, overflow) = total.addingReportingOverflow(product)
      let (withPart, overflowOfPart) = sum.addingReportingOverflow(part)
      guard !tooLarge, !overflow, !overflowOfPart else { return nil }
      total = withPart
    }
    return .nanoseconds(isNegative ? -total : total)
  }

  private static func isDigit(_ character: Character) -> Bool {
    ("0"..."9").contains(character)
  }

  private static func digits(_ rest: inout Substring) -> Substring {
    let digits = rest.prefix(while: isDigit)
    rest = rest[digits.endIndex...]
    return digits
  }

  private static func partial(_ fraction: Substring, of unit: Int64) -> Int64 {
    var (value, scale) = (Int64(0), unit)
    for digit in fraction.utf8 {
      scale /= 10
      value += Int64(digit - 0x30) * scale
    }
    return value
  }

  /// The shortest text that ``parse(_:)`` reads as the same duration: `1h30m`, `1.5s`, `0s`.
  static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let nanoseconds = attoseconds / 1_000_000_000
    guard seconds >= 0, nanoseconds >= 0 else { return "-" + text(.zero - duration) }
    if seconds == 0, nanoseconds > 0 {
      for (name, unit) in [("ms", Int64(1_000_000)), ("µs", 1_000)] where nanoseconds % unit == 0 {
        return "\(nanoseconds / unit)\(name)"
      }
      return "\(nanoseconds)ns"
    }
    var text = ""
    if seconds >= 3600 { text += "\(seconds / 3600)h" }
    if seconds / 60 % 60 > 0 { text += "\(seconds / 60 % 60)m" }
    var last = "\(seconds % 60)"
    if nanoseconds > 0 {
      let digits = String(nanoseconds)
      last += "." + String(repeating: "0", count: 9 - digits.count) + digits
      while last.hasSuffix("0") { last.removeLast() }
    }
    return last == "0" && !text.isEmpty ? text : text + last + "s"
  }
}
