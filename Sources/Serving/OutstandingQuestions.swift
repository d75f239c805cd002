import Forwarding
import Synchronization
import Wire

/// Which worker asks which question: one exchange for each in the whole process, so that nobody
/// gets upstreams to be asked the same thing many times at once (CVE-2023-30464).
final class OutstandingQuestions: Sendable {
  struct Key: Hashable, Sendable {
    let group: Int
    let question: ForwardQuestion
  }

  enum Claim {
    /// This worker asks; `isNew` where it has just begun to.
    case own(isNew: Bool)
    /// Another one does.
    case other(worker: Int)
  }

  private final class Shard: Sendable {
    let owners = Mutex(Owners())
  }

  /// So many that two workers seldom meet at one.
  private static let shardCount = 64
  private let shards: [Shard]

  init() {
    shards = (0..<Self.shardCount).map { _ in Shard() }
  }

  /// Makes `worker` the one that asks, unless another does already.
  func claim(_ key: Key, by worker: Int) -> Claim {
    shard(key).owners.withLock { owners in
      let owner = owners.owner(of: key, else: worker)
      return owner.worker == worker ? .own(isNew: owner.isNew) : .other(worker: owner.worker)
    }
  }

  /// The question that `worker` asked has been answered. One that another has come to ask since is
  /// left to it.
  func release(_ key: Key, by worker: Int) {
    shard(key).owners.withLock { $0.remove(key, of: worker) }
  }

  private func shard(_ key: Key) -> Shard {
    shards[Int(truncatingIfNeeded: key.question.hash >> 32) & (Self.shardCount - 1)]
  }
}

/// Who asks what: chains by the hash that a question brings along, where a dictionary would make one
/// of its own each time.
private struct Owners: Sendable {
  private struct Entry {
    var key: OutstandingQuestions.Key?
    var worker = 0
    var next: Int32 = -1
  }

  /// Two in a chain with every place of a worker's machine taken.
  private static let chainCount = 128
  private var heads = [Int32](repeating: -1, count: Self.chainCount)
  private var entries: [Entry] = []
  /// The first of the entries that are not in use.
  private var unused: Int32 = -1

  /// The worker that asks `key`; `worker` from now on where nobody has asked it.
  mutating func owner(
    of key: OutstandingQuestions.Key, else worker: Int
  ) -> (worker: Int, isNew: Bool) {
    let chain = Self.chain(key)
    var at = heads[chain]
    while at >= 0 {
      if entries[Int(at)].key == key { return (entries[Int(at)].worker, false) }
      at = entries[Int(at)].next
    }
    let entry = Entry(key: key, worker: worker, next: heads[chain])
    if unused >= 0 {
      heads[chain] = unused
      unused = entries[Int(unused)].next
      entries[Int(heads[chain])] = entry
    } else {
      heads[chain] = Int32(entries.count)
      entries.append(entry)
    }
    return (worker, true)
  }

  mutating func remove(_ key: OutstandingQuestions.Key, of worker: Int) {
    let chain = Self.chain(key)
    var before: Int32 = -1
    var at = heads[chain]
    while at >= 0, entries[Int(at)].key != key { (before, at) = (at, entries[Int(at)].next) }
    guard at >= 0, entries[Int(at)].worker == worker else { return }
    let next = entries[Int(at)].next
    if before >= 0 { entries[Int(before)].next = next } else { heads[chain] = next }
    entries[Int(at)] = Entry(next: unused)
    unused = at
  }

  private static func chain(_ key: OutstandingQuestions.Key) -> Int {
    let hash = key.question.hash ^ UInt64(key.question.type.rawValue)
    return Int(truncatingIfNeeded: hash) & (chainCount - 1)
  }
}
