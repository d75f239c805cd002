/// When the known objects are written: soon after they are complete, then only where something has
/// changed and not too often.
///
/// Times are nanoseconds of one clock that does not go backwards.
public struct SnapshotSchedule: Sendable {
  /// A start has more urgent work, and what comes right after it need not be written twice.
  public static let defaultFirstDelay: UInt64 = 10_000_000_000
  /// 100,000 endpoints are 14 MB: a write for each change would wear the disk out, and what a
  /// minute has changed comes with the first list.
  public static let defaultInterval: UInt64 = 60_000_000_000

  private let firstDelay: UInt64
  private let interval: UInt64
  /// Not before; nil until the objects are complete.
  private var earliest: UInt64?
  private var isRunning = false
  private var hasChanged = false

  public init(
    firstDelay: UInt64 = Self.defaultFirstDelay, interval: UInt64 = Self.defaultInterval
  ) {
    self.firstDelay = firstDelay
    self.interval = interval
  }

  /// When the next write is to start; nil: there is nothing to write, or a write is under way.
  public var due: UInt64? { hasChanged && !isRunning ? earliest : nil }

  /// The objects are complete. Only the first time counts.
  public mutating func noteSynchronization(at now: UInt64) {
    guard earliest == nil else { return }
    earliest = now + firstDelay
    hasChanged = true
  }

  /// An object is not any more what it was.
  public mutating func noteChange() {
    hasChanged = true
  }

  /// A write has begun.
  public mutating func noteStart(at now: UInt64) {
    isRunning = true
    hasChanged = false
    earliest = now + interval
  }

  /// The write is over. One that failed is tried again, no sooner than after a change.
  public mutating func noteEnd(succeeded: Bool) {
    isRunning = false
    if !succeeded { hasChanged = true }
  }
}
