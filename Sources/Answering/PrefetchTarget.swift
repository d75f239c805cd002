import Cluster
import Wire

/// The cluster's names that ``Responder/prefetchSlot(_:)`` expects a query to be for: those of the first
/// `kubernetes` directive, in its first forward zone. Where it guesses wrong, an answer only takes as
/// long as without.
@safe struct PrefetchTarget {
  private let index: Unmanaged<ClusterIndex>
  private let zoneLabels: Int

  /// Nil for a plan without cluster names. The plan keeps the index alive.
  init?(_ plan: QueryPlan) {
    for case .kubernetes(let step) in plan.steps {
      guard let zone = step.isReverse.firstIndex(of: false) else { continue }
      unsafe index = step.index
      zoneLabels = step.labelCounts[zone]
      return
    }
    return nil
  }

  @inline(__always)
  func prefetchSlot(_ name: borrowing QueryName) -> UInt64? {
    unsafe index._withUnsafeGuaranteedRef { $0.prefetchSlot(name, zoneLabels: zoneLabels) }
  }

  @inline(__always)
  func prefetchRecord(_ hash: UInt64) {
    unsafe index._withUnsafeGuaranteedRef { $0.prefetchRecord(hash) }
  }
}
