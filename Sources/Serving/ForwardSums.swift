import Forwarding
import Wire

/// What `forward` and `cache` have counted, by the labels of the metrics.
struct ForwardSums {
  private(set) var directives = 0
  private(set) var total = GroupCounters()
  private(set) var upstreams: BoundedTable<String, UpstreamSum>
  private(set) var caches: BoundedTable<CacheLabels, AnswerCache.Counters>

  /// - Parameter limit: of upstreams, and of caches.
  init(limit: Int) {
    upstreams = BoundedTable(limit: limit)
    caches = BoundedTable(limit: limit)
  }

  /// The same, to be added to without a limit.
  var unlimited: ForwardSums {
    var sums = self
    sums.upstreams.limit = .max
    sums.caches.limit = .max
    return sums
  }

  /// Adds what a directive has counted.
  mutating func add(_ group: UpstreamGroup) {
    directives += 1
    total.add(group.counters)
    for status in group.status() { add(status) }
  }

  /// Adds what was counted for one upstream.
  mutating func add(_ status: UpstreamStatus) {
    upstreams.update(status.upstream.description, from: UpstreamSum()) { $0.add(status) }
  }

  /// Notes how an upstream is that is asked now.
  mutating func note(_ status: UpstreamStatus) {
    upstreams.update(status.upstream.description, from: UpstreamSum()) { $0.note(status) }
  }

  /// Adds what a cache has counted.
  mutating func add(_ counters: AnswerCache.Counters, _ labels: CacheLabels) {
    caches.update(labels, from: AnswerCache.Counters()) { $0.add(counters) }
  }
}

/// What tells caches from each other in metrics.
struct CacheLabels: Hashable {
  let server: String
  let zones: String
}

/// Values by key; with more than `limit`, the one that came first goes.
struct BoundedTable<Key: Hashable, Value> {
  var limit: Int
  private var order: [Key] = []
  private(set) var values: [Key: Value] = [:]

  init(limit: Int) {
    self.limit = limit
  }

  /// Changes the value of a key, which begins with `initial`.
  mutating func update(
    _ key: Key, from initial: @autoclosure () -> Value, _ change: (inout Value) -> Void
  ) {
    if values[key] == nil {
      order.append(key)
      if order.count > limit { values[order.removeFirst()] = nil }
    }
    change(&values[key, default: initial()])
  }
}

/// What all directives together know of one upstream.
struct UpstreamSum {
  private(set) var requests: UInt64 = 0
  private(set) var failedProbes: UInt64 = 0
  private(set) var timeouts: UInt64 = 0
  private(set) var errors: UInt64 = 0
  private(set) var wrongDatagrams: UInt64 = 0
  private(set) var streamsReused: UInt64 = 0
  private(set) var streamsOpened: UInt64 = 0
  private(set) var isEncrypted = false
  private(set) var answers: [ResponseCode?: (counts: [UInt64], sum: UInt64)] = [:]
  /// Nil where it is not asked any more.
  private(set) var isUp: Bool?
  /// Nanoseconds; nil before its first answer.
  private(set) var latency: UInt64?

  mutating func add(_ status: UpstreamStatus) {
    let counters = status.counters
    requests += counters.queries
    failedProbes += counters.failedProbes
    timeouts += counters.timeouts
    errors += counters.errors
    wrongDatagrams += counters.wrongDatagrams
    streamsReused += counters.streamsReused
    streamsOpened += counters.streamsOpened
    isEncrypted = status.upstream.transport == .tls
    for (code, histogram) in counters.answers {
      guard let known = answers[code] else {
        answers[code] = (histogram.counts, histogram.sum)
        continue
      }
      answers[code] = (zip(known.counts, histogram.counts).map(+), known.sum + histogram.sum)
    }
  }

  mutating func note(_ status: UpstreamStatus) {
    isUp = (isUp ?? true) && status.isUp
    latency = latency ?? status.smoothedLatency
  }
}
