import Synchronization
public import Wire

/// The process's memory of upstreams' answers, one for each `cache` directive: all workers share it.
///
/// Shards by hash, each under its lock, hold the answers as they are given: a hit copies them from
/// there. Answers and denials have limits of their own, in entries and in octets, so that no flood
/// of names that do not exist takes the place of answers.
@safe public final class AnswerCache: @unchecked Sendable {
  // SAFETY: each shard is touched only under its lock; nothing else ever changes.

  /// What CoreDNS rounds smaller capacities to.
  public static let minimumCapacity = 1024
  /// A capacity's octets, for each of its entries. Most answers take a fifth of it; as long as they
  /// do, the entries are the limit, and with large ones (DNSSEC, many addresses) this is.
  public static let octetsPerEntry = 1024
  /// An answer takes no more than this part of its shard, or it would push out too many others.
  public static let largestPart = 16
  /// How long after its TTL an answer may be given without `serve_stale`, and the TTL it then has
  /// (RFC 8767 §4: 30 s; §5 advises one to three days, an hour is what CoreDNS has).
  public static let defaultStaleNanoseconds: UInt64 = 3_600_000_000_000
  public static let defaultStaleTTL: UInt32 = 30
  /// Ancestors whose NXDOMAIN is looked for, those nearest to the root; the names of IPv6
  /// addresses have 34 labels.
  public static let maximumCutProbes = 40

  public let settings: Settings
  let rules: CacheRules
  let hash: NameHash
  private let locks: UnsafeMutablePointer<CacheLock>
  private let shards: UnsafeMutablePointer<CacheShard>
  let shardCount: Int
  /// The size from which on an entry is not kept, by kind.
  let successEntryLimit: Int
  let denialEntryLimit: Int

  /// - Parameters:
  ///   - settings: as configured.
  ///   - hash: the process's, under which questions' hashes are made.
  public init(settings: Settings, hash: NameHash) {
    self.settings = settings
    self.hash = hash
    let rules = CacheRules(settings)
    self.rules = rules
    let capacities = (
      success: max(settings.success.capacity, Self.minimumCapacity),
      denial: max(settings.denial.capacity, Self.minimumCapacity)
    )
    let count = Self.shardCount(capacities.success, capacities.denial)
    shardCount = count
    func store(_ capacity: Int) -> CacheStore {
      let entries = (capacity + count - 1) / count
      return CacheStore(capacity: entries, octetLimit: entries * Self.octetsPerEntry)
    }
    let (success, denial) = (store(capacities.success), store(capacities.denial))
    successEntryLimit = success.octetLimit / Self.largestPart
    denialEntryLimit = denial.octetLimit / Self.largestPart
    unsafe locks = UnsafeMutablePointer.allocate(capacity: count)
    unsafe shards = UnsafeMutablePointer.allocate(capacity: count)
    for index in 0..<count {
      unsafe (locks + index).initialize(to: CacheLock())
      unsafe (shards + index).initialize(
        to: CacheShard(success: success, denial: denial, rules: rules))
    }
  }

  deinit {
    for index in 0..<shardCount {
      unsafe shards[index].free()
    }
    unsafe shards.deinitialize(count: shardCount)
    unsafe shards.deallocate()
    unsafe locks.deinitialize(count: shardCount)
    unsafe locks.deallocate()
  }

  // MARK: - Lookup

  /// Calls `body` with the answer to a question and how it is to be given; nil where there is none.
  ///
  /// A lock is held meanwhile: `body` copies and returns, and does not come back here.
  ///
  /// - Parameters:
  ///   - name: folded, with its `hash` under the process's seed.
  ///   - now: monotonic nanoseconds.
  ///   - mayRefresh: false for who does not want upstreams to be asked (RD is 0).
  @inlinable
  public func find<R>(
    _ name: borrowing QueryName, hash: UInt64, type: RecordType, recordClass: UInt16,
    dnssecOK: Bool, checkingDisabled: Bool, now: UInt64, reason: Reason, mayRefresh: Bool = true,
    _ body: (AnswerView, Hit) -> R
  ) -> R? {
    var result: R?
    find(
      name, hash: hash, type: type, recordClass: recordClass, dnssecOK: dnssecOK,
      checkingDisabled: checkingDisabled, now: now, reason: reason, mayRefresh: mayRefresh
    ) { (view: AnswerView, hit: Hit) in
      result = body(view, hit)
    }
    return result
  }

  @usableFromInline
  func find(
    _ name: borrowing QueryName, hash: UInt64, type: RecordType, recordClass: UInt16,
    dnssecOK: Bool, checkingDisabled: Bool, now: UInt64, reason: Reason, mayRefresh: Bool,
    give: (AnswerView, Hit) -> Void
  ) {
    let key = CacheKey(
      name: name.octets, hash: hash, type: type, recordClass: recordClass, dnssecOK: dnssecOK,
      checkingDisabled: checkingDisabled)
    if rules.cuts, reason == .first {
      if find(key, now, reason, mayRefresh, liveOnly: true, give: give) { return }
      if findCut(name, key, now, mayRefresh, give: give) { return }
    }
    if find(key, now, reason, mayRefresh, liveOnly: false, give: give) { return }
    guard reason == .first, settings.covers(key.name) else { return }
    withShard(key) { $0.countMiss() }
  }

  @inline(__always)
  private func find(
    _ key: CacheKey, _ now: UInt64, _ reason: Reason, _ mayRefresh: Bool, liveOnly: Bool,
    cutOctets: Int = 0, give: (AnswerView, Hit) -> Void
  ) -> Bool {
    withShard(key) { shard in
      guard
        let found = shard.find(
          key, now: now, reason: reason, liveOnly: liveOnly, mayRefresh: mayRefresh)
      else { return false }
      var hit = found.hit
      hit.cutOctets = cutOctets
      give(found.entry.view, hit)
      return true
    }
  }

  /// RFC 8020: where a name does not exist, nothing below it does.
  private func findCut(
    _ name: borrowing QueryName, _ key: CacheKey, _ now: UInt64, _ mayRefresh: Bool,
    give: (AnswerView, Hit) -> Void
  ) -> Bool {
    // At and above the apex of a zone that another block answers for, this block's upstreams may
    // know nothing of what lies below.
    var apex = 0
    for zone in settings.longerZones where zone.encloses(key.name) {
      apex = max(apex, zone.octets.count)
    }
    var index = name.labelCount - 1
    var probes = 0
    while index >= 1, probes < Self.maximumCutProbes {
      let ancestor = name.suffix(from: index)
      if ancestor.count > apex {
        let cut = CacheKey(cutAt: ancestor, hash: hash(ancestor), detail: key.detail)
        let deeper = key.name.count - ancestor.count
        if find(cut, now, .first, mayRefresh, liveOnly: true, cutOctets: deeper, give: give) {
          return true
        }
      }
      index -= 1
      probes += 1
    }
    return false
  }

  // MARK: - Shards

  /// Calls `body` with the shard that `key` belongs to, under its lock.
  @inline(__always)
  func withShard<R>(_ key: CacheKey, _ body: (inout CacheShard) -> R) -> R {
    // The table takes the hash's lower bits.
    withShard(Int(truncatingIfNeeded: key.hash >> 40) & (shardCount &- 1), body)
  }

  @inline(__always)
  func withShard<R>(_ index: Int, _ body: (inout CacheShard) -> R) -> R {
    let shard = unsafe shards + index
    var result: R?
    unsafe locks[index].mutex.withLock { _ in
      unsafe result = body(&shard.pointee)
    }
    return unsafe result.unsafelyUnwrapped
  }

  /// Fewest entries of a kind in a shard: with less, hashes would fill shards too unevenly, and the
  /// small queue be a handful.
  private static let smallestShard = 256
  /// More make a lock no less contended.
  private static let mostShards = 256
  /// Most entries of a kind in a shard: growing its table by half of them then takes some 0.1 ms
  /// under the lock, page faults included.
  private static let largestShard = 8192

  private static func shardCount(_ one: Int, _ other: Int) -> Int {
    var count = 1
    while count < mostShards, min(one, other) / (count * 2) >= smallestShard { count *= 2 }
    while max(one, other) / count > largestShard { count *= 2 }
    return count
  }
}
