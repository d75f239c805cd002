import Synchronization

/// Decides when memory that readers may still look at can be freed.
///
/// A reader enters before a batch of lookups and leaves after it; between the two it may hold
/// records. Memory that the writer took out of sight is freed once every reader that could have
/// seen it has left. Entering costs one store for each batch, not for each query.
@safe public final class Epochs: @unchecked Sendable {
  // SAFETY: `readers` is made once; each is written by its own thread, atomically. `retired`
  // belongs to the writer's thread.

  private static let away = UInt64.max

  /// One reader's epoch, on a cache line of its own.
  private final class Reader: Sendable {
    let epoch = Atomic<UInt64>(Epochs.away)
    let padding = [7 of UInt64](repeating: 0)
  }

  private let current = Atomic<UInt64>(1)
  private let readers: [Reader]
  private var retired: [(epoch: UInt64, memory: UnsafeMutableRawPointer)] = unsafe []

  /// - Parameter readers: how many threads look up, numbered from 0.
  public init(readers: Int) {
    self.readers = (0..<readers).map { _ in Reader() }
  }

  deinit {
    unsafe retired.forEach { unsafe $0.memory.deallocate() }
  }

  /// Before a reader's first lookup of a batch.
  public func enter(_ reader: Int) {
    // Sequentially consistent: the writer must see this epoch before the reader sees a record.
    // The fence holds the record reads after the store, whatever their own ordering is.
    readers[reader].epoch.store(
      current.load(ordering: .sequentiallyConsistent), ordering: .sequentiallyConsistent)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  /// After its last one: it holds no record any more.
  public func leave(_ reader: Int) {
    readers[reader].epoch.store(Self.away, ordering: .releasing)
  }

  /// Takes memory that no later lookup can reach.
  func retire(_ memory: UnsafeMutableRawPointer) {
    unsafe retired.append((current.load(ordering: .relaxed), memory))
    if unsafe retired.count & 1023 == 0 { collect() }
  }

  /// How many pieces of memory wait for readers to leave.
  var retiredCount: Int { unsafe retired.count }

  /// Frees what no reader can hold any more; called after each change, by the writer.
  func collect() {
    guard unsafe !retired.isEmpty else { return }
    let now = current.load(ordering: .relaxed) + 1
    current.store(now, ordering: .sequentiallyConsistent)
    // Against the one in enter(): either the scan sees the reader, or the reader sees the new table.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let oldest = readers.reduce(now) {
      min($0, $1.epoch.load(ordering: .sequentiallyConsistent))
    }
    let free = unsafe retired.prefix { unsafe $0.epoch < oldest }.count
    for index in 0..<free { unsafe retired[index].memory.deallocate() }
    unsafe retired.removeFirst(free)
  }
}
