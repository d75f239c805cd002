import Synchronization

/// A shard's lock, with a cache line for itself lest threads wait for each other's.
struct CacheLock: ~Copyable {
  let mutex = Mutex<Void>(())
  private let rest: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
}

/// A part of the cache, touched only under its lock.
struct CacheShard {
  /// One refresh of an answer at a time; one that has brought nothing after this is taken for lost,
  /// for no exchange lasts so long.
  static let refreshLease: UInt64 = 10_000_000_000

  private var table = CacheTable()
  private(set) var success: CacheStore
  private(set) var denial: CacheStore
  private(set) var counts = CacheCounts()
  private let rules: CacheRules

  init(success: CacheStore, denial: CacheStore, rules: CacheRules) {
    self.success = success
    self.denial = denial
    self.rules = rules
  }

  // MARK: - Lookup

  /// The entry to be given for `key` and how; with `liveOnly` only one that goes before what an
  /// NXDOMAIN of an ancestor says: no failure, none past its TTL unless `prefer_positive` has it so.
  @inline(__always)
  mutating func find(
    _ key: CacheKey, now: UInt64, reason: AnswerCache.Reason, liveOnly: Bool, mayRefresh: Bool
  ) -> (entry: CacheEntry, hit: AnswerCache.Hit)? {
    let matches = matches(key)
    guard let (entry, isStale) = matches.choice(now: now, reason: reason, rules: rules) else {
      forgetUseless(matches, now: now)
      return nil
    }
    let isFailure = entry.fields.kind == .failure
    let isPreferred = rules.prefersPositive && entry.fields.kind == .positive
    if liveOnly, isFailure || isStale && !isPreferred { return nil }
    count(entry, isStale: isStale, reason: reason)
    if entry.fields.frequency < CacheStore.maximumFrequency { entry.fields.frequency += 1 }
    if isFailure { return (entry, failureHit(entry)) }
    // Who was there before has seen to it.
    let mayRefresh = mayRefresh && reason == .first
    if isStale { return (entry, staleHit(entry, matches, now: now, mayRefresh: mayRefresh)) }
    return (entry, liveHit(entry, now: now, mayRefresh: mayRefresh))
  }

  mutating func countMiss() {
    counts.misses &+= 1
  }

  @inline(__always)
  private func matches(_ key: CacheKey) -> CacheMatches {
    var matches = CacheMatches()
    table.forEach(key.hash) { entry in
      guard entry.has(key) else { return true }
      switch entry.fields.kind {
      case .positive: matches.positive = entry
      case .denial: matches.denial = entry
      case .failure: matches.failure = entry
      }
      return true
    }
    return matches
  }

  @inline(__always)
  private mutating func liveHit(
    _ entry: CacheEntry, now: UInt64, mayRefresh: Bool
  ) -> AnswerCache.Hit {
    // Another thread may have read its clock later than this one and been here before.
    let age = now > entry.fields.stored ? (now - entry.fields.stored) / 1_000_000_000 : 0
    var hit = AnswerCache.Hit(
      ttl: .countedDown(age: rules.keepsTTL ? 0 : UInt32(truncatingIfNeeded: age)))
    if mayRefresh, rules.prefetchAmount > 0, isPrefetchDue(entry, now: now) {
      hit.refresh = lease(entry, now: now)
    }
    return hit
  }

  private mutating func staleHit(
    _ entry: CacheEntry, _ matches: CacheMatches, now: UInt64, mayRefresh: Bool
  ) -> AnswerCache.Hit {
    var hit = AnswerCache.Hit(ttl: .fixed(rules.staleTTL))
    hit.isStale = true
    // A newer denial is an answer that has just been fetched (prefer_positive).
    let isAnswered = matches.denial.map { now < $0.fields.expires } ?? false
    if mayRefresh, rules.givesStaleAtOnce, !isAnswered {
      hit.refresh = lease(entry, now: now)
    }
    return hit
  }

  private func failureHit(_ entry: CacheEntry) -> AnswerCache.Hit {
    var hit = AnswerCache.Hit(ttl: .fixed(0))
    hit.isCachedFailure = true
    hit.failureText = entry.failureText
    return hit
  }

  /// Counts a query for `entry`, and says whether it is popular and near its end.
  private func isPrefetchDue(_ entry: CacheEntry, now: UInt64) -> Bool {
    let last = entry.fields.lastQuery
    if now > last, now - last >= rules.prefetchGap { entry.fields.queries = 0 }
    if entry.fields.queries < .max { entry.fields.queries += 1 }
    entry.fields.lastQuery = max(now, last)
    guard entry.fields.queries >= rules.prefetchAmount else { return false }
    let lifetime = entry.fields.expires - entry.fields.stored
    // With short TTLs the last second, as CoreDNS has it.
    let margin = max(lifetime / 100 * rules.prefetchPercentage, 1_000_000_000)
    return entry.fields.expires - now <= margin
  }

  /// Whether the caller is the one to refresh `entry`.
  private mutating func lease(_ entry: CacheEntry, now: UInt64) -> Bool {
    guard now >= entry.fields.noRefreshBefore else { return false }
    entry.fields.noRefreshBefore = now + Self.refreshLease
    entry.fields.refreshFailed = false
    counts.prefetches &+= 1
    return true
  }

  @inline(__always)
  private mutating func count(_ entry: CacheEntry, isStale: Bool, reason: AnswerCache.Reason) {
    if isStale { counts.servedStale &+= 1 }
    // The query was counted when it was asked first.
    guard reason == .first else { return }
    if entry.fields.kind == .positive {
      counts.successHits &+= 1
    } else {
      counts.denialHits &+= 1
    }
  }

  // MARK: - Change

  /// Enters what came of an exchange: `new` in place of what it makes obsolete.
  ///
  /// - Parameters:
  ///   - new: nil for an answer that is not kept, but says as much of those that are.
  ///   - kind: of the answer.
  ///   - failureLifetime: how long a failure is to keep others from asking.
  /// - Returns: whether a positive answer goes before this one.
  mutating func settle(
    _ new: CacheEntry?, as kind: CacheEntry.Kind, _ key: CacheKey, now: UInt64,
    failureLifetime: UInt64 = 0
  ) -> Bool {
    let matches = matches(key)
    let positiveGoesFirst =
      kind != .positive && rules.prefersPositive
      && matches.positive.map { now < $0.fields.useless } ?? false
    switch kind {
    case .positive:
      put(new, inPlaceOf: matches.positive, now: now)
      discard(matches.denial)
      discard(matches.failure)
    case .denial:
      if !positiveGoesFirst { discard(matches.positive) }
      discard(matches.failure)
      put(new, inPlaceOf: matches.denial, now: now)
    case .failure:
      // RFC 9520 §3.2, RFC 8767 §5: what is there stays, and is not asked for again at once.
      let pause = now + max(failureLifetime, rules.failureRecheck)
      for entry in [matches.positive, matches.denial] {
        entry?.fields.noRefreshBefore = pause
        entry?.fields.refreshFailed = true
      }
      if new != nil { put(new, inPlaceOf: matches.failure, now: now) }
    }
    return positiveGoesFirst
  }

  mutating func countDrop() {
    counts.drops &+= 1
  }

  private mutating func put(_ new: CacheEntry?, inPlaceOf old: CacheEntry?, now: UInt64) {
    guard let new else { return discard(old) }
    if let old {
      table.replace(old, with: new)
      withStore(of: new) { $0.replace(old, with: new) }
      old.free()
      makeRoom(for: 0, size: 0, in: new.fields.kind, now: now)
    } else {
      makeRoom(for: 1, size: new.size, in: new.fields.kind, now: now)
      table.insert(new)
      withStore(of: new) { $0.insert(new) }
    }
  }

  /// Evicts until `entries` more, of `size` octets, fit.
  private mutating func makeRoom(
    for entries: Int, size: Int, in kind: CacheEntry.Kind, now: UInt64
  ) {
    func evict(_ store: inout CacheStore) -> CacheEntry? {
      store.isFull(for: entries, size: size) ? store.evict(now: now) : nil
    }
    while let evicted = kind == .positive ? evict(&success) : evict(&denial) {
      table.remove(evicted)
      evicted.free()
    }
  }

  private mutating func discard(_ entry: CacheEntry?) {
    guard let entry else { return }
    table.remove(entry)
    withStore(of: entry) { $0.remove(entry) }
    entry.free()
  }

  private mutating func forgetUseless(_ matches: CacheMatches, now: UInt64) {
    for entry in [matches.positive, matches.denial, matches.failure] {
      if let entry, now >= entry.fields.useless { discard(entry) }
    }
  }

  private mutating func withStore(of entry: CacheEntry, _ body: (inout CacheStore) -> Void) {
    if entry.fields.kind == .positive { body(&success) } else { body(&denial) }
  }

  mutating func free() {
    table.forEach { $0.free() }
    table.free()
    success.free()
    denial.free()
  }
}

/// What a shard has seen.
struct CacheCounts {
  var successHits: UInt64 = 0
  var denialHits: UInt64 = 0
  var misses: UInt64 = 0
  var prefetches: UInt64 = 0
  var servedStale: UInt64 = 0
  var drops: UInt64 = 0
}
