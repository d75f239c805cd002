import Forwarding
import Synchronization

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
    let owners = Mutex<[Key: Int]>([:])
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
      if let owner = owners[key] {
        return owner == worker ? .own(isNew: false) : .other(worker: owner)
      }
      owners[key] = worker
      return .own(isNew: true)
    }
  }

  /// The question that `worker` asked has been answered. One that another has come to ask since is
  /// left to it.
  func release(_ key: Key, by worker: Int) {
    shard(key).owners.withLock { owners in
      if owners[key] == worker { owners[key] = nil }
    }
  }

  private func shard(_ key: Key) -> Shard {
    shards[Int(truncatingIfNeeded: key.question.hash >> 32) & (Self.shardCount - 1)]
  }
}
