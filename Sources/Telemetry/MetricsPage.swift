/// A page of metrics in the Prometheus text format 0.0.4.
///
/// Families stand in the order of their names, label pairs too, series in the order of their label
/// values: the page of Prometheus' own library. A family without series is left out.
public struct MetricsPage {
  public enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  /// The `Content-Type` of ``text``.
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private struct Family {
    var kind: Kind
    var help: String
    var series: [Series] = []
  }

  private struct Series {
    /// Sorted by name.
    var labels: [(name: String, value: String)]
    var lines: String
  }

  private var families: [String: Family] = [:]

  public init() {}

  /// Adds one value of a counter or gauge.
  public mutating func add(
    _ name: String, _ kind: Kind, help: String, labels: KeyValuePairs<String, String> = [:],
    value: Double
  ) {
    add(name, kind, help: help, labels: labels.map { ($0.key, $0.value) }, value: value)
  }

  /// Adds one histogram. `counts` are those of the single buckets, +Inf last: one more than bounds.
  public mutating func add(
    _ name: String, help: String, labels: KeyValuePairs<String, String> = [:],
    bounds: [Double], counts: [UInt64], sum: Double
  ) {
    let labels = labels.map { ($0.key, $0.value) }
    add(name, help: help, labels: labels, bounds: bounds, counts: counts, sum: sum)
  }

  mutating func add(
    _ name: String, _ kind: Kind, help: String, labels: [(String, String)], value: Double
  ) {
    let labels = Self.sorted(labels)
    let line = Self.line(name, labels, DecimalText.general(value))
    families[name, default: Family(kind: kind, help: help)].series
      .append(Series(labels: labels, lines: line))
  }

  mutating func add(
    _ name: String, help: String, labels: [(String, String)],
    bounds: [Double], counts: [UInt64], sum: Double
  ) {
    precondition(counts.count == bounds.count + 1, "\(name): one count for each bound and +Inf")
    let labels = Self.sorted(labels)
    var lines = ""
    var total: UInt64 = 0
    for (bound, count) in zip(bounds + [.infinity], counts) {
      total += count
      let within = labels + [("le", DecimalText.general(bound))]
      lines += Self.line(name + "_bucket", within, DecimalText.general(Double(total)))
    }
    lines += Self.line(name + "_sum", labels, DecimalText.general(sum))
    lines += Self.line(name + "_count", labels, DecimalText.general(Double(total)))
    families[name, default: Family(kind: .histogram, help: help)].series
      .append(Series(labels: labels, lines: lines))
  }

  /// The page.
  public var text: String {
    var page = ""
    for (name, family) in families.sorted(by: { Self.precedes($0.key, $1.key) }) {
      page += "# HELP \(name) \(Self.escaped(family.help, quotes: false))\n"
      page += "# TYPE \(name) \(family.kind.rawValue)\n"
      for series in family.series.sorted(by: Self.precedes) {
        page += series.lines
      }
    }
    return page
  }

  // MARK: - Lines

  private static func line(
    _ name: String, _ labels: [(name: String, value: String)], _ value: String
  ) -> String {
    if labels.isEmpty { return "\(name) \(value)\n" }
    let pairs = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
    return "\(name){\(pairs.joined(separator: ","))} \(value)\n"
  }

  /// The format escapes backslash and newline, in label values the quote too.
  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  // MARK: - Order

  private static func sorted(_ labels: [(String, String)]) -> [(name: String, value: String)] {
    labels.map { (name: $0.0, value: $0.1) }.sorted { precedes($0.name, $1.name) }
  }

  private static func precedes(_ one: Series, _ other: Series) -> Bool {
    for (left, right) in zip(one.labels, other.labels) where left.value != right.value {
      return precedes(left.value, right.value)
    }
    return one.labels.count < other.labels.count
  }

  /// By octets, as Go compares strings.
  private static func precedes(_ one: String, _ other: String) -> Bool {
    one.utf8.lexicographicallyPrecedes(other.utf8)
  }
}
