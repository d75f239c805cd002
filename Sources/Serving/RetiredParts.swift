import Forwarding
import IO
import Synchronization

/// What no configuration has any more: caches and upstreams of blocks that have changed or gone.
/// Queries that waited go on with them for some seconds; what they have counted goes on for good.
///
/// Belongs to the control thread.
final class RetiredParts {
  private var caches: [RetiredCache] = []
  private var groups: [(group: UpstreamGroup, since: UInt64)] = []
  private var sums = ForwardSums(limit: maximumLabels)
  private let free: (@escaping @Sendable () -> Void) throws(IOError) -> Void

  /// Upstreams and caches whose counters stay in the metrics, those that went last: a host name may
  /// get another address each minute, for years.
  private static let maximumLabels = 1024
  /// How long a group is counted on: an exchange lasts 5 s, and a chain may begin another.
  private static let lingering: UInt64 = 30_000_000_000

  /// - Parameter free: runs a closure on another thread.
  init(
    free: @escaping (@escaping @Sendable () -> Void) throws(IOError) -> Void = RetiredParts.aside
  ) {
    self.free = free
  }

  private static func aside(_ body: @escaping @Sendable () -> Void) throws(IOError) {
    try Thread.start("freeing", body).detach()
  }

  /// Takes the upstreams of a directive that has gone.
  func take(_ group: UpstreamGroup) {
    groups.append((group, Clock.monotonic))
  }

  /// Takes a cache that no block has.
  func take(_ cache: AnswerCache, _ labels: CacheLabels) {
    caches.append(RetiredCache(cache: cache, labels: labels))
  }

  /// Upstreams that a directive which goes on has no more.
  func add(_ gone: [UpstreamStatus]) {
    for status in gone { sums.add(status) }
  }

  /// What all of it has counted, up to now.
  func counted() -> ForwardSums {
    var sums = sums.unlimited
    for (group, _) in groups { sums.add(group) }
    for retired in caches { sums.add(retired.cache.counters, retired.labels) }
    return sums
  }

  /// Adds up what is used no more and lets go of it; called about every second.
  func look(now: UInt64) {
    for (group, since) in groups where now &- since >= Self.lingering { sums.add(group) }
    groups.removeAll { now &- $0.since >= Self.lingering }
    var unused: [RetiredCache] = []
    var index = 0
    while index < caches.count {
      // Who holds it beside us is a query that waits, or a worker that has not heard of the reload.
      if isKnownUniquelyReferenced(&caches[index].cache) {
        unused.append(caches.remove(at: index))
      } else {
        index += 1
      }
    }
    guard !unused.isEmpty else { return }
    let counted = unused.map { ($0.labels, $0.cache.counters) }
    let freeing = Freeing(unused)
    unused = []
    do {
      try free { freeing.end() }
      for (labels, counters) in counted { sums.add(counters, labels) }
    } catch {
      caches += freeing.takeBack()
    }
  }
}

struct RetiredCache: Sendable {
  var cache: AnswerCache
  let labels: CacheLabels
}

/// Caches on the way to the thread that frees them: to free a million answers takes some 0.1 s,
/// which neither queries nor probes should wait for.
private final class Freeing: Sendable {
  private let caches: Mutex<[RetiredCache]>

  init(_ caches: [RetiredCache]) {
    self.caches = Mutex(caches)
  }

  func end() { _ = takeBack() }

  func takeBack() -> [RetiredCache] {
    caches.withLock { caches in
      let taken = caches
      caches = []
      return taken
    }
  }
}
