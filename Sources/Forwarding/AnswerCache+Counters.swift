extension AnswerCache {
  /// What the cache holds and has seen since it was made.
  public struct Counters: Hashable, Sendable {
    /// Success and denial apart.
    public struct Pair: Hashable, Sendable {
      public var success: UInt64 = 0
      public var denial: UInt64 = 0
    }

    public var entries = Pair()
    /// Of the entries' blocks, without the tables that lead to them.
    public var octets = Pair()
    public var hits = Pair()
    /// Entries that went to make room.
    public var evictions = Pair()
    public var misses: UInt64 = 0
    /// Refreshes asked for, of popular answers and of stale ones.
    public var prefetches: UInt64 = 0
    /// Answers not kept for their size.
    public var drops: UInt64 = 0
    public var servedStale: UInt64 = 0

    public init() {}

    /// Adds those of another cache.
    public mutating func add(_ other: Counters) {
      for path in [\Pair.success, \.denial] {
        entries[keyPath: path] += other.entries[keyPath: path]
        octets[keyPath: path] += other.octets[keyPath: path]
        hits[keyPath: path] += other.hits[keyPath: path]
        evictions[keyPath: path] += other.evictions[keyPath: path]
      }
      misses += other.misses
      prefetches += other.prefetches
      drops += other.drops
      servedStale += other.servedStale
    }

    public var requests: UInt64 { hits.success + hits.denial + misses }
  }

  /// The sum over all shards, each locked for a moment.
  public var counters: Counters {
    var sum = Counters()
    for index in 0..<shardCount {
      withShard(index) { $0.add(to: &sum) }
    }
    return sum
  }
}

extension CacheShard {
  func add(to sum: inout AnswerCache.Counters) {
    sum.entries.success += UInt64(success.count)
    sum.entries.denial += UInt64(denial.count)
    sum.octets.success += UInt64(success.octets)
    sum.octets.denial += UInt64(denial.octets)
    sum.evictions.success += success.evictions
    sum.evictions.denial += denial.evictions
    sum.hits.success += counts.successHits
    sum.hits.denial += counts.denialHits
    sum.misses += counts.misses
    sum.prefetches += counts.prefetches
    sum.drops += counts.drops
    sum.servedStale += counts.servedStale
  }
}
