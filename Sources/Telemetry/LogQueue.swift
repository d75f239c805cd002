import Synchronization

/// Log lines between those who write them and the thread that may wait for standard output.
///
/// Bounded, because nobody may read the output: what does not fit is dropped and counted, and the
/// next lines that do fit are preceded by one that says how many are missing.
public final class LogQueue: LogSink {
  /// A second of full query logging at 10,000 queries a second, and some.
  public static let octetsLimit = 4 * 1_048_576

  private struct State {
    var octets: [UInt8] = []
    var missing = 0
  }

  private let limit: Int
  private let wake: @Sendable () -> Void
  private let state = Mutex(State())
  private let dropped = Atomic<UInt64>(0)

  /// - Parameters:
  ///   - limit: octets held at most.
  ///   - wake: called when the queue is no longer empty; must not wait.
  public init(limit: Int = LogQueue.octetsLimit, wake: @escaping @Sendable () -> Void = {}) {
    self.limit = limit
    self.wake = wake
  }

  /// Lines dropped since the start.
  public var droppedLines: UInt64 { dropped.load(ordering: .relaxed) }

  /// Keeps the lines, all or none of them; never waits for the reader.
  public func write(_ octets: [UInt8], lines: Int) {
    let wasEmpty = state.withLock { state -> Bool? in
      guard state.octets.count + octets.count <= limit else {
        state.missing += lines
        return nil
      }
      let wasEmpty = state.octets.isEmpty
      if state.missing > 0 {
        let text = "\(state.missing) log lines dropped: the output is not read fast enough"
        LogLine(.warning, text).append(to: &state.octets)
        state.missing = 0
      }
      state.octets += octets
      return wasEmpty
    }
    switch wasEmpty {
    case nil: dropped.wrappingAdd(UInt64(lines), ordering: .relaxed)
    case true?: wake()
    case false?: break
    }
  }

  /// Takes everything out, in the order it came; empty when there is nothing.
  public func takeAll() -> [UInt8] {
    state.withLock { state in
      let octets = state.octets
      state.octets = []
      return octets
    }
  }
}
