public import Cluster
public import IO

/// Keeps a snapshot of objects that change up to date: the schedule, a timer and the writer.
///
/// Belongs to the thread of the loop.
public final class SnapshotKeeper {
  private let loop: EventLoop
  private let contents: () -> () -> ClusterObject?
  private let writer: SnapshotWriter
  private var schedule: SnapshotSchedule
  private var timer: Registration?
  /// What the timer is set to.
  private var armed: UInt64?

  /// - Parameters:
  ///   - path, selection, report: see ``SnapshotWriter``.
  ///   - contents: begins to go through all objects; see ``ClusterStore/contents()``.
  public init(
    path: String, selection: String, loop: EventLoop,
    schedule: SnapshotSchedule = SnapshotSchedule(),
    contents: @escaping () -> () -> ClusterObject?, report: @escaping (String, Severity) -> Void
  ) {
    self.loop = loop
    self.schedule = schedule
    self.contents = contents
    writer = SnapshotWriter(path: path, selection: selection, loop: loop, report: report)
  }

  /// How writing goes, for metrics and `/ready?verbose`.
  public var status: SnapshotStatus { writer.status }

  /// The objects are complete, from the API server itself: not when they come from a snapshot.
  public func noteSynchronization() {
    schedule.noteSynchronization(at: Clock.monotonic)
    arm()
  }

  /// An object has changed. Costs next to nothing.
  public func noteChange() {
    schedule.noteChange()
    arm()
  }

  private func arm() {
    guard schedule.due != armed else { return }
    armed = schedule.due
    let now = Clock.monotonic
    timer = armed.map { due in
      loop.after(.nanoseconds(due > now ? Int64(due - now) : 0)) { [unowned self] in start() }
    }
  }

  private func start() {
    schedule.noteStart(at: Clock.monotonic)
    arm()
    writer.write(contents()) { [unowned self] succeeded in
      schedule.noteEnd(succeeded: succeeded)
      arm()
    }
  }
}
