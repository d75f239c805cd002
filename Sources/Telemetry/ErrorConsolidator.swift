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
  /// Characters of a pattern at most, as in CoreDNS.
  public static let patternLimit = 10_000

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

/// A pattern that cannot be used.
public struct PatternError: Error, Hashable, CustomStringConvertible {
  public var pattern: String
  public var reason: String

  public var description: String { "pattern '\(pattern.prefix(80))': \(reason)" }
}

/// Turns errors into log lines, counting those that match a pattern instead of printing each.
///
/// Any thread may call; a lock is taken for each error. Patterns are matched by Swift's own Regex
/// by Unicode scalars. It reads RE2's syntax, which CoreDNS's files are written in, save `\C`,
/// `\Q…\E` inside classes and the flags `U` and `x`-less nesting; unlike RE2 it may backtrack, so
/// only the first ``messageLimit`` octets of a message are matched. Patterns come from the
/// operator, and messages are martlet's own.
public final class ErrorConsolidator: Sendable {
  /// Our messages name an upstream and a cause; the longest stay well below.
  public static let messageLimit = 512

  private struct Pattern {
    let rule: Consolidation
    let expression: Regex<AnyRegexOutput>
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

  private let patterns: Mutex<[Pattern]>

  /// Reads the patterns; the first that matches a message counts it.
  public init(_ rules: [Consolidation]) throws(PatternError) {
    var patterns: [Pattern] = []
    for rule in rules {
      patterns.append(Pattern(rule: rule, expression: try Self.expression(rule.pattern)))
    }
    self.patterns = Mutex(patterns)
  }

  private static func expression(
    _ pattern: String
  ) throws(PatternError) -> Regex<AnyRegexOutput> {
    guard pattern.unicodeScalars.count <= Consolidation.patternLimit else {
      let reason = "longer than \(Consolidation.patternLimit) characters"
      throw PatternError(pattern: pattern, reason: reason)
    }
    do {
      return try Regex(pattern).matchingSemantics(.unicodeScalar)
    } catch {
      throw PatternError(pattern: pattern, reason: "not a regular expression: \(error)")
    }
  }

  /// Takes an error that happened at `now`, nanoseconds of any clock that does not go back; returns
  /// the line to print at once, if any.
  public func record(_ error: QueryError, now: UInt64) -> LogLine? {
    let message = Self.matched(error.message)
    return patterns.withLock { patterns in
      let index = patterns.firstIndex { $0.expression.isFound(in: message) }
      guard let index else { return LogLine(.error, error.text) }
      patterns[index].count += 1
      guard patterns[index].count == 1 else { return nil }
      patterns[index].ends = now &+ patterns[index].rule.periodNanoseconds
      return patterns[index].rule.showFirst
        ? LogLine(patterns[index].rule.level, error.text) : nil
    }
  }

  /// The lines of the periods that are over at `now`. Call it at ``nextEnd``, or every second.
  public func due(now: UInt64) -> [LogLine] {
    patterns.withLock { patterns in
      patterns.indices.compactMap { index -> LogLine? in
        guard let ends = patterns[index].ends, ends <= now else { return nil }
        return patterns[index].finish()
      }
    }
  }

  /// When the next period ends; nil while nothing is counted.
  public var nextEnd: UInt64? {
    patterns.withLock { $0.compactMap(\.ends).min() }
  }

  /// The lines of all periods that run: for the end of the server or of its block.
  public func finish() -> [LogLine] {
    patterns.withLock { patterns in
      patterns.indices.compactMap { patterns[$0].finish() }
    }
  }

  private static func matched(_ message: String) -> String {
    message.utf8.count <= messageLimit
      ? message : String(decoding: message.utf8.prefix(messageLimit), as: UTF8.self)
  }
}

extension Regex where Output == AnyRegexOutput {
  fileprivate func isFound(in text: String) -> Bool {
    // The only errors are those of custom parsers, of which a pattern's text has none.
    ((try? firstMatch(in: text)) ?? nil) != nil
  }
}
