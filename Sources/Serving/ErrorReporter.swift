import Answering
import Config
import IO
import Synchronization
import Telemetry

/// The errors of all workers on their way to the log, consolidated as each block asks.
final class ErrorReporter: Sendable {
  private let log: Log
  private let consolidators: [ErrorConsolidator?]
  let lostReplies: LostReplies

  /// - Throws: where a pattern of `consolidate` cannot be matched.
  init(log: Log, blocks: [ServerBlock], lostReplies: LostReplies) throws(StartError) {
    self.log = log
    self.lostReplies = lostReplies
    var consolidators: [ErrorConsolidator?] = []
    for block in blocks { consolidators.append(try Self.consolidator(block)) }
    self.consolidators = consolidators
  }

  /// Nil for a block that consolidates nothing.
  private static func consolidator(_ block: ServerBlock) throws(StartError) -> ErrorConsolidator? {
    guard let errors = block.errors, !errors.consolidations.isEmpty else { return nil }
    do {
      return try ErrorConsolidator(
        errors.consolidations.map {
          Consolidation(
            pattern: $0.pattern,
            periodNanoseconds: UInt64($0.period / .nanoseconds(1)),
            level: LogLevel(rawValue: $0.level.rawValue.uppercased()) ?? .error,
            showFirst: $0.showFirst)
        })
    } catch {
      throw StartError("\(block.place): error: errors: \(error)")
    }
  }

  func report(_ plan: QueryPlan, _ error: QueryError) {
    guard let consolidator = consolidators[plan.block] else {
      return log.write(LogLine(.error, error.text))
    }
    if let line = consolidator.record(error, now: Clock.monotonic) { log.write(line) }
  }

  /// Writes the lines of periods that are over; called by the control thread every second.
  func writeDue() {
    for consolidator in consolidators {
      for line in consolidator?.due(now: Clock.monotonic) ?? [] { log.write(line) }
    }
  }

  /// Writes the lines of all periods, at the end of the process or of the configuration.
  func finish() {
    for consolidator in consolidators {
      for line in consolidator?.finish() ?? [] { log.write(line) }
    }
  }
}

/// Replies that the kernel did not take; of the whole process, so that it never falls.
final class LostReplies: Sendable {
  private let total = Atomic<UInt64>(0)

  var count: UInt64 { total.load(ordering: .relaxed) }

  func add(_ count: Int) {
    total.add(UInt64(count), ordering: .relaxed)
  }
}
