import Forwarding

/// When each upstream is asked whether it is this server: until it has shown that it is not, first
/// every second, then ever more seldom, since an upstream that is away may stay so.
struct LoopSchedule {
  private struct Entry {
    /// Monotonic nanoseconds.
    var next: UInt64
    var tries = 0
    var isAsked = false
  }

  /// Tries a second apart; a node's network, or an upstream that boots, is there after them.
  static let quickTries = 30
  static let shortestPause: UInt64 = 1_000_000_000
  /// One question a minute is what an upstream costs at most that never answers.
  static let longestPause: UInt64 = 60_000_000_000

  private var entries: [Upstream: Entry] = [:]

  /// Has each of `upstreams` asked from now on, and no other.
  mutating func begin(_ upstreams: [Upstream], now: UInt64) {
    var wanted: [Upstream: Entry] = [:]
    for upstream in upstreams {
      // The question under way tells as much as another would.
      var entry = entries[upstream] ?? Entry(next: now)
      (entry.next, entry.tries) = (now, 0)
      wanted[upstream] = entry
    }
    entries = wanted
  }

  /// Those to ask now; each until ``ended(_:isProved:now:)``.
  mutating func due(now: UInt64) -> [Upstream] {
    let due = entries.filter { !$0.value.isAsked && $0.value.next <= now }.map(\.key)
    for upstream in due { entries[upstream]?.isAsked = true }
    return due
  }

  /// A question is over; whether it is known now what the upstream is.
  mutating func ended(_ upstream: Upstream, isProved: Bool, now: UInt64) {
    guard var entry = entries[upstream] else { return }
    guard !isProved else {
      entries[upstream] = nil
      return
    }
    entry.isAsked = false
    entry.tries += 1
    let doublings = max(0, min(entry.tries - Self.quickTries, 6))
    entry.next = now + min(Self.shortestPause << UInt64(doublings), Self.longestPause)
    entries[upstream] = entry
  }
}
