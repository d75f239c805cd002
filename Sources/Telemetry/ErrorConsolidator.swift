import Synchronization

/// A query that ended in an error, for the `errors` plugin.
public struct QueryError: Sendable {
  public var responseCode: Int
  /// Presentation format, lower case, final dot.
  public var name: String
  /// Mnemonic, `TYPEn` for one without.
  public var type: String
  public var message: String

  public init(responseCode: Int, name: String, type: String, message: String) {
    self.responseCode = responseCode
    self.name = name
    self.type = type
    self.message = message
  }

  /// The line's text, `plugin/errors: 2 example.org. A: message`.
  public var text: String {
    "plugin/errors: \(responseCode) \(name) \(type): \(message)"
  }
}

/// One `consolidate` line of the `errors` plugin.
public struct Consolidation: Sendable {
  public var pattern: String
  public var periodNanoseconds: UInt64
  public var level: LogLevel
  /// Whether the first error of a period is printed when it happens.
  public var showFirst: Bool

  public init(
    pattern: String, periodNanoseconds: UInt64, level: LogLevel = .error, showFirst: Bool = false
  ) {
    self.pattern = pattern
    self.periodNanoseconds = periodNanoseconds
    self.level = level
    self.showFirst = showFirst
  }
}

/// Turns errors into log lines, counting those that match a pattern instead of printing each.
///
/// Any thread may call; patterns are matched outside the lock.
public final class ErrorConsolidator: Sendable {
  private struct Period {
    let rule: Consolidation
    var count = 0
    /// When the running period ends; nil when none runs.
    var ends: UInt64?

    /// The period's line, nil where all was said; the next error starts another period.
    mutating func finish() -> LogLine? {
      let count = self.count
      self.count = 0
      ends = nil
      guard count > (rule.showFirst ? 1 : 0) else { return nil }
      let period = DecimalText.duration(nanoseconds: rule.periodNanoseconds)
      return LogLine(
        rule.level,
        "plugin/errors: \(count) errors like '\(rule.pattern)' occurred in last \(period)")
    }
  }

  private let patterns: [MessagePattern]
  /// One for each pattern.
  private let periods: Mutex<[Period]>

  /// Reads the patterns; the first that matches a message counts it.
  public init(_ rules: [Consolidation]) throws(PatternError) {
    var patterns: [MessagePattern] = []
    for rule in rules { patterns.append(try MessagePattern(rule.pattern)) }
    self.patterns = patterns
    periods = Mutex(rules.map { Period(rule: $0) })
  }

  /// Takes an error that happened at `now`, nanoseconds of any clock that does not go back; returns
  /// the line to print at once, if any.
  public func record(_ error: QueryError, now: UInt64) -> LogLine? {
    guard let index = patterns.firstIndex(where: { $0.isFound(in: error.message) }) else {
      return LogLine(.error, error.text)
    }
    return periods.withLock { periods in
      periods[index].count += 1
      guard periods[index].count == 1 else { return nil }
      let rule = periods[index].rule
      periods[index].ends = now &+ rule.periodNanoseconds
      return rule.showFirst ? LogLine(rule.level, error.text) : nil
    }
  }

  /// The lines of the periods that are over at `now`. Call it at ``nextEnd``, or every second.
  public func due(now: UInt64) -> [LogLine] {
    periods.withLock { periods in
      periods.indices.compactMap { index -> LogLine? in
        guard let ends = periods[index].ends, ends <= now else { return nil }
        return periods[index].finish()
      }
    }
  }

  /// When the next period ends; nil while nothing is counted.
  public var nextEnd: UInt64? {
    periods.withLock { $0.compactMap(\.ends).min() }
  }

  /// The lines of all periods that run: for the end of the server or of its block.
  public func finish() -> [LogLine] {
    periods.withLock { periods in
      periods.indices.compactMap { periods[$0].finish() }
    }
  }
}
