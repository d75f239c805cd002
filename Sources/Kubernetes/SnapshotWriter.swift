public import Cluster
public import IO

/// How the writing of snapshots goes.
public struct SnapshotStatus: Hashable, Sendable {
  /// Unix time in seconds of the state that the file has; nil where none has been written.
  public var written: Int64?
  /// Of the last file written.
  public var octets = 0
  public var objectCount = 0
  /// Nanoseconds that the last write took, from its beginning until the disk had it.
  public var duration: UInt64 = 0
  public var failureCount = 0
  /// Why the last write failed; nil where it did not.
  public var problem: String?

  public init() {}
}

/// Writes objects to a file, whole or not at all. A thread of its own makes the text and waits for
/// the disk; the loop gives it references to objects, a portion at a time.
///
/// Belongs to the thread of the loop. Releasing it gives up the write that is under way.
public final class SnapshotWriter {
  /// Objects that are looked up in one turn of the loop, some 0.1 ms; at most as many wait.
  static let portion = 256

  private let path: String
  private let selection: String
  private let loop: EventLoop
  private let report: (String, Severity) -> Void
  /// For tests, which have disks that are always full.
  var open: SnapshotJob.Opening = { path throws(IOFailure) in try AtomicFile(path) }
  private var writing: Writing?
  public private(set) var status = SnapshotStatus()

  /// The write that is under way.
  private struct Writing {
    let next: () -> ClusterObject?
    let finished: (Bool) -> Void
    let orders: Mailbox<SnapshotJob.Order>
    let reception: Registration
    let thread: Thread
    let start: UInt64
    var isEnded = false
  }

  /// Removes what writes of a process that was killed have left beside the file.
  ///
  /// - Parameters:
  ///   - path: absolute; its directory must exist.
  ///   - selection: in words, which objects of which cluster: the settings that choose them.
  ///     Who reads the file must say the same.
  ///   - report: gets a sentence when writing begins to fail, fails for another reason, and works
  ///     again.
  public init(
    path: String, selection: String, loop: EventLoop,
    report: @escaping (String, Severity) -> Void
  ) {
    self.path = path
    self.selection = selection
    self.loop = loop
    self.report = report
    AtomicFile.removeLeftovers(of: path)
  }

  deinit {
    writing?.orders.post(.giveUp)
    writing?.thread.detach()
  }

  /// Begins a write; none may be under way.
  ///
  /// - Parameters:
  ///   - next: gives one object after the other, nil after the last.
  ///   - finished: is told once, from the loop, whether the file is in its place.
  public func write(
    _ next: @escaping () -> ClusterObject?, finished: @escaping (Bool) -> Void
  ) {
    precondition(writing == nil)
    let orders = Mailbox<SnapshotJob.Order>()
    let news = Mailbox<SnapshotJob.News>()
    let written = Clock.unixSeconds
    do {
      let thread = try Thread.start("snapshot") { [path, selection, open] in
        SnapshotJob.run(path, open, written: written, selection: selection, orders, news)
      }
      let reception = news.receive(on: loop) { [unowned self] in hear($0) }
      writing = Writing(
        next: next, finished: finished, orders: orders, reception: reception, thread: thread,
        start: Clock.monotonic)
    } catch {
      note(error.description)
      finished(false)
    }
  }

  private func hear(_ news: SnapshotJob.News) {
    switch news {
    case .wanted: give()
    case .written(let written, let octets, let objectCount):
      status.written = written
      (status.octets, status.objectCount) = (octets, objectCount)
      end(problem: nil)
    case .failed(let failure): end(problem: failure.description)
    }
  }

  private func give() {
    guard let writing, !writing.isEnded else { return }
    var objects: [ClusterObject] = []
    objects.reserveCapacity(Self.portion)
    while objects.count < Self.portion, let object = writing.next() { objects.append(object) }
    if !objects.isEmpty { writing.orders.post(.add(objects)) }
    guard objects.count < Self.portion else { return }
    writing.orders.post(.finish)
    self.writing?.isEnded = true
  }

  private func end(problem: String?) {
    guard let ended = writing else { return }
    ended.reception.cancel()
    // It has nothing more to do.
    ended.thread.join()
    writing = nil
    status.duration = Clock.monotonic - ended.start
    note(problem)
    ended.finished(problem == nil)
  }

  /// Says so once where writing goes otherwise than the last time.
  private func note(_ reason: String?) {
    if reason != nil { status.failureCount += 1 }
    let problem = reason.map { "snapshot \(path) is not written: \($0)" }
    guard problem != status.problem else { return }
    status.problem = problem
    if let problem {
      report(problem, .error)
    } else {
      report("snapshot \(path) is written again", .info)
    }
  }
}

/// The thread's side of a write.
struct SnapshotJob {
  enum Order: Sendable {
    case add([ClusterObject])
    case finish
    case giveUp
  }

  enum News: Sendable {
    /// More objects, or the end.
    case wanted
    case written(Int64, octets: Int, objectCount: Int)
    case failed(IOFailure)
  }

  typealias Opening = @Sendable (String) throws(IOFailure) -> AtomicFile

  /// Octets that are written at a time.
  private static let chunkOctets = 256 << 10

  private let file: AtomicFile
  private var text: SnapshotText
  private var checksum = CRC32C()
  private var octetCount = 0
  private var objectCount = 0

  /// Takes orders until the write is over.
  static func run(
    _ path: String, _ open: Opening, written: Int64, selection: String,
    _ orders: Mailbox<Order>, _ news: Mailbox<News>
  ) {
    do throws(IOFailure) {
      var job = SnapshotJob(
        file: try open(path), text: SnapshotText(written: written, selection: selection))
      var failure: IOFailure?
      let loop = EventLoop()
      let reception = orders.receive(on: loop) { order in
        // Orders that came together are all handed out, the end behind an object that failed, too.
        guard failure == nil else { return }
        do throws(IOFailure) {
          switch order {
          case .add(let objects):
            try job.add(objects)
            news.post(.wanted)
          case .finish:
            try job.finish()
            news.post(.written(written, octets: job.octetCount, objectCount: job.objectCount))
            loop.stop()
          case .giveUp: loop.stop()
          }
        } catch {
          failure = error
          loop.stop()
        }
      }
      news.post(.wanted)
      loop.run()
      reception.cancel()
      if let failure { throw failure }
    } catch {
      news.post(.failed(error))
    }
  }

  private init(file: AtomicFile, text: SnapshotText) {
    self.file = file
    self.text = text
  }

  private mutating func add(_ objects: [ClusterObject]) throws(IOFailure) {
    for object in objects {
      text.append(object)
      if text.count >= Self.chunkOctets { try flush() }
    }
    objectCount += objects.count
  }

  private mutating func flush() throws(IOFailure) {
    let octets = text.take()
    checksum.update(octets)
    octetCount += octets.count
    try file.write(octets)
  }

  private mutating func finish() throws(IOFailure) {
    text.finish()
    try flush()
    let end = SnapshotText.end(checksum)
    octetCount += end.count
    try file.write(end)
    try file.commit()
  }
}
