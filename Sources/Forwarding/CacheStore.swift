/// One shard's success or denial entries in the order in which they go: S3-FIFO (Yang et al., "FIFO
/// queues are all you need for cache eviction", SOSP 2023).
///
/// What is new stands in a small queue; only what is asked again there moves on to the main one, so
/// that names asked once, however many, never push out what is asked often. Of what fell out of the
/// small queue a fingerprint stays: coming back, it goes straight to the main queue.
struct CacheStore {
  static let maximumFrequency: UInt8 = 3
  /// Entries that one eviction passes over at most, lest one insertion pay for all of a queue of
  /// popular ones (a step costs about 0.1 µs): the next then goes, popular or not.
  static let maximumSteps = 256
  /// The small queue's part of the capacity, one in so many: the paper's 10 %.
  static let smallPart = 10

  private var small = CacheQueue()
  private var main = CacheQueue()
  private var ghosts: CacheGhosts
  let capacity: Int
  let octetLimit: Int
  private(set) var octets = 0
  var evictions: UInt64 = 0

  /// - Parameters:
  ///   - capacity: entries.
  ///   - octetLimit: of all their blocks.
  init(capacity: Int, octetLimit: Int) {
    self.capacity = capacity
    self.octetLimit = octetLimit
    ghosts = CacheGhosts(capacity: capacity)
  }

  var count: Int { small.count + main.count }

  /// Whether `entries` more, of `size` octets, have to wait until another has gone.
  func isFull(for entries: Int, size: Int) -> Bool {
    count > 0 && (count + entries > capacity || octets + size > octetLimit)
  }

  mutating func insert(_ entry: CacheEntry) {
    octets += entry.size
    if ghosts.remove(entry.fields.hash) {
      entry.fields.isInMain = true
      main.append(entry)
    } else {
      small.append(entry)
    }
  }

  mutating func remove(_ entry: CacheEntry) {
    octets -= entry.size
    if entry.fields.isInMain { main.remove(entry) } else { small.remove(entry) }
  }

  /// Gives `new` the place of `old`, and what is known of how often it is asked.
  mutating func replace(_ old: CacheEntry, with new: CacheEntry) {
    octets += new.size - old.size
    new.fields.frequency = old.fields.frequency
    new.fields.queries = old.fields.queries
    new.fields.lastQuery = old.fields.lastQuery
    new.fields.isInMain = old.fields.isInMain
    if old.fields.isInMain { main.replace(old, with: new) } else { small.replace(old, with: new) }
  }

  /// Takes out the entry that goes first; nil where there is none.
  mutating func evict(now: UInt64) -> CacheEntry? {
    var steps = 0
    while true {
      steps += 1
      let fromSmall = small.count > capacity / Self.smallPart || main.count == 0
      guard let entry = fromSmall ? small.oldest : main.oldest else { return nil }
      let stays = steps < Self.maximumSteps && now < entry.fields.useless
      if fromSmall {
        if stays, entry.fields.frequency > 1 {
          small.remove(entry)
          entry.fields.frequency = 0
          entry.fields.isInMain = true
          main.append(entry)
          continue
        }
        ghosts.insert(entry.fields.hash)
      } else if stays, entry.fields.frequency > 0 {
        entry.fields.frequency -= 1
        main.remove(entry)
        main.append(entry)
        continue
      }
      evictions &+= 1
      remove(entry)
      return entry
    }
  }

  mutating func free() {
    ghosts.free()
  }
}

/// Entries first in, first out, linked through their own fields.
struct CacheQueue {
  private(set) var oldest: CacheEntry?
  private var newest: CacheEntry?
  private(set) var count = 0

  mutating func append(_ entry: CacheEntry) {
    entry.fields.older = newest
    entry.fields.newer = nil
    if let newest { newest.fields.newer = entry } else { oldest = entry }
    newest = entry
    count += 1
  }

  mutating func remove(_ entry: CacheEntry) {
    let (older, newer) = (entry.fields.older, entry.fields.newer)
    if let older { older.fields.newer = newer } else { oldest = newer }
    if let newer { newer.fields.older = older } else { newest = older }
    count -= 1
  }

  mutating func replace(_ old: CacheEntry, with new: CacheEntry) {
    let (older, newer) = (old.fields.older, old.fields.newer)
    new.fields.older = older
    new.fields.newer = newer
    if let older { older.fields.newer = new } else { oldest = new }
    if let newer { newer.fields.older = new } else { newest = new }
  }
}
