/// Numbers as Go's strconv and time packages print them, since they stand in what dashboards read.
public enum DecimalText {
  /// `strconv.FormatFloat(value, 'g', -1, 64)`, with +Inf and NaN as in the exposition format.
  static func general(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    let (digits, point) = shortest(value.magnitude)
    let sign = value.sign == .minus ? "-" : ""
    let exponent = point - 1
    guard exponent < -4 || exponent >= 6 else { return sign + plain(digits, point) }
    let rest = digits.dropFirst()
    let power = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
    return sign + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest)
      + (exponent < 0 ? "e-" : "e+") + power
  }

  /// Seconds as `strconv.FormatFloat(duration.Seconds(), 'f', -1, 64)` prints them.
  static func seconds(nanoseconds: UInt64) -> String {
    let (whole, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    if whole == 0 { return "0" + fractionText(fraction, digits: 9) }
    // Go adds two numbers here, each rounded; the last digits it prints come from that.
    let (digits, point) = shortest(Double(whole) + Double(fraction) / 1e9)
    return plain(digits, point)
  }

  /// `time.Duration.String()`: `1h0m0s`, `1m30s`, `1.5s`, `300ms`, `15µs`, `0s`.
  public static func duration(nanoseconds: UInt64) -> String {
    if nanoseconds == 0 { return "0s" }
    if nanoseconds < 1_000 { return "\(nanoseconds)ns" }
    if nanoseconds < 1_000_000 { return scaled(nanoseconds, 1_000, digits: 3) + "µs" }
    if nanoseconds < 1_000_000_000 { return scaled(nanoseconds, 1_000_000, digits: 6) + "ms" }
    let (minutes, rest) = nanoseconds.quotientAndRemainder(dividingBy: 60_000_000_000)
    let seconds = scaled(rest, 1_000_000_000, digits: 9) + "s"
    if minutes == 0 { return seconds }
    if minutes < 60 { return "\(minutes)m" + seconds }
    return "\(minutes / 60)h\(minutes % 60)m" + seconds
  }

  private static func scaled(_ value: UInt64, _ unit: UInt64, digits: Int) -> String {
    "\(value / unit)" + fractionText(value % unit, digits: digits)
  }

  /// `.` and the fraction without trailing zeros; nothing for 0.
  private static func fractionText(_ fraction: UInt64, digits: Int) -> String {
    if fraction == 0 { return "" }
    var text = String(fraction)
    text = String(repeating: "0", count: digits - text.utf8.count) + text
    while text.utf8.last == UInt8(ascii: "0") { text.removeLast() }
    return "." + text
  }

  /// The fewest digits that read back as `value`, and where the decimal point stands among them.
  private static func shortest(_ value: Double) -> (digits: String, point: Int) {
    let parts = value.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = mantissa[0]
    let fraction = mantissa.count > 1 && mantissa[1] != "0" ? mantissa[1] : ""
    var digits = Substring(whole + fraction)
    var point = whole.utf8.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.utf8.count > 1, digits.utf8.first == UInt8(ascii: "0") {
      digits.removeFirst()
      point -= 1
    }
    while digits.utf8.count > 1, digits.utf8.last == UInt8(ascii: "0") { digits.removeLast() }
    return digits == "0" ? ("0", 1) : (String(digits), point)
  }

  private static func plain(_ digits: String, _ point: Int) -> String {
    if point <= 0 { return "0." + String(repeating: "0", count: -point) + digits }
    let missing = point - digits.utf8.count
    if missing >= 0 { return digits + String(repeating: "0", count: missing) }
    return digits.prefix(point) + "." + digits.dropFirst(point)
  }
}
