import Synchronization

/// How much a log line matters; printed in brackets before it.
public enum LogLevel: String, Sendable {
  case debug = "DEBUG"
  case info = "INFO"
  case warning = "WARNING"
  case error = "ERROR"
}

/// A log line without its end.
public struct LogLine: Hashable, Sendable {
  public var level: LogLevel
  public var text: String

  public init(_ level: LogLevel, _ text: String) {
    self.level = level
    self.text = text
  }

  /// Octets of text that are printed: objects and servers may have names and messages of any
  /// length, and a cut one says as much.
  static let octetsLimit = 8_192

  /// Appends the line as CoreDNS prints it, `[INFO] text` and a newline.
  ///
  /// Of what others have named, a line break must not begin a line of ours, and an escape sequence
  /// must not reach a terminal: control characters are printed as spaces.
  func append(to octets: inout [UInt8]) {
    octets.append(UInt8(ascii: "["))
    octets += level.rawValue.utf8
    octets += "] ".utf8
    octets += shown.utf8.lazy.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 }
    if shown.endIndex < text.endIndex { octets += "…".utf8 }
    octets.append(UInt8(ascii: "\n"))
  }

  /// The text up to the limit, whole characters.
  private var shown: Substring {
    guard
      var end = text.utf8.index(
        text.startIndex, offsetBy: Self.octetsLimit, limitedBy: text.endIndex)
    else { return text[...] }
    while end < text.endIndex, text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
    return text[..<end]
  }
}

/// Takes finished log lines. Called from any thread; must not wait for a reader.
public protocol LogSink: Sendable {
  /// - Parameters:
  ///   - octets: whole lines with their newlines.
  ///   - lines: how many.
  func write(_ octets: [UInt8], lines: Int)
}

/// Log lines that go out at once: for the control thread, and for what happens rarely.
public final class Log: Sendable {
  private let sink: any LogSink
  private let debugging = Atomic(false)

  public init(_ sink: any LogSink) {
    self.sink = sink
  }

  /// Whether debug lines are written, as the `debug` plugin asks.
  public var writesDebug: Bool {
    get { debugging.load(ordering: .relaxed) }
    set { debugging.store(newValue, ordering: .relaxed) }
  }

  /// Writes one line at once; a debug line only where debug lines are asked for.
  public func write(_ line: LogLine) {
    if line.level == .debug, !writesDebug { return }
    var octets: [UInt8] = []
    octets.reserveCapacity(line.text.utf8.count + 12)
    line.append(to: &octets)
    sink.write(octets, lines: 1)
  }

  /// Writes `[INFO] text`, or `[INFO] plugin/NAME: text`.
  public func info(_ text: String, plugin: String? = nil) { write(.info, text, plugin) }

  /// Writes `[WARNING] text`, or `[WARNING] plugin/NAME: text`.
  public func warning(_ text: String, plugin: String? = nil) { write(.warning, text, plugin) }

  /// Writes `[ERROR] text`, or `[ERROR] plugin/NAME: text`.
  public func error(_ text: String, plugin: String? = nil) { write(.error, text, plugin) }

  /// Writes `[DEBUG] text`, or `[DEBUG] plugin/NAME: text`, where debug lines are asked for.
  public func debug(_ text: @autoclosure () -> String, plugin: String? = nil) {
    if writesDebug { write(.debug, text(), plugin) }
  }

  /// A line without a level, such as the `.:53` of a start.
  public func plain(_ text: String) {
    sink.write(Array(text.utf8) + [UInt8(ascii: "\n")], lines: 1)
  }

  private func write(_ level: LogLevel, _ text: String, _ plugin: String?) {
    write(LogLine(level, plugin.map { "plugin/\($0): \(text)" } ?? text))
  }

  fileprivate func write(_ octets: [UInt8], lines: Int) {
    sink.write(octets, lines: lines)
  }
}

/// The log lines of one batch of queries; belongs to one worker.
///
/// Appending takes no lock; ``flush()`` after the batch takes one for all its lines.
public final class LogBatch {
  /// A batch of 64 replies at 200 octets a line stays below; more goes out early.
  public static let octetsLimit = 32_768

  private let log: Log
  private var octets: [UInt8] = []
  private var lines = 0

  public init(_ log: Log) {
    self.log = log
  }

  /// Keeps one line for ``flush()``; a debug line only where debug lines are asked for.
  public func append(_ line: LogLine) {
    if line.level == .debug, !log.writesDebug { return }
    line.append(to: &octets)
    lineEnded()
  }

  /// Appends a query's line, `[INFO]` and the format's text.
  public func append(_ query: LoggedQuery, _ format: QueryLogFormat) {
    octets += "[INFO] ".utf8
    format.append(query, to: &octets)
    octets.append(UInt8(ascii: "\n"))
    lineEnded()
  }

  /// Hands all lines to the sink.
  public func flush() {
    if lines == 0 { return }
    log.write(octets, lines: lines)
    octets.removeAll(keepingCapacity: true)
    lines = 0
  }

  private func lineEnded() {
    lines += 1
    if octets.count >= Self.octetsLimit { flush() }
  }
}
