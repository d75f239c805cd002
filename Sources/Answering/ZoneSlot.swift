import Synchronization
public import Zones

/// Where the control thread puts a zone's contents for the workers to take.
public final class ZoneSlot: Sendable {
  private let counter = Atomic<Int>(0)
  private let contents = Mutex<Zone?>(nil)

  public init() {}

  /// Grows with each ``publish(_:)``.
  public var generation: Int { counter.load(ordering: .acquiring) }
  public var zone: Zone? { contents.withLock { $0 } }

  /// Puts `zone` in the place of what was there.
  public func publish(_ zone: Zone) {
    contents.withLock { $0 = zone }
    counter.add(1, ordering: .releasing)
  }
}
