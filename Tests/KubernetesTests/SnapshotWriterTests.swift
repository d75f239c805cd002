import Cluster
import Foundation
import Glibc
import Testing
import Wire

@testable import IO
@testable import Kubernetes

struct SnapshotWriterTests {
  private let directory: Directory

  init() throws {
    directory = try Directory()
  }

  private var path: String { directory.path + "/snapshot.json" }

  private var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []).sorted()
  }

  /// Gives `objects` one after the other.
  private static func giver(_ objects: [ClusterObject]) -> () -> ClusterObject? {
    var rest = objects.makeIterator()
    return { rest.next() }
  }

  /// Writes, and runs the loop until that is over.
  private func write(_ writer: SnapshotWriter, _ next: @escaping () -> ClusterObject?) -> Bool? {
    var result: Bool?
    writer.write(next) { succeeded in
      result = succeeded
      directory.loop.stop()
    }
    _ = directory.run { result != nil }
    return result
  }

  private func read(_ path: String, selection: String = "all") -> [ClusterObject]? {
    var objects: [ClusterObject] = []
    guard case .loaded = SnapshotFile.read(path, selection: selection, { objects += $0 }) else {
      return nil
    }
    return objects
  }

  @Test(
    "What is written is read, however many portions it takes",
    arguments: [0, 1, 255, 256, 257, 512, 3000])
  func portions(count: Int) throws {
    var reports: [String] = []
    let writer = SnapshotWriter(path: path, selection: "all", loop: directory.loop) { text, _ in
      reports.append(text)
    }
    var maker = ObjectMaker(seed: 7)
    let objects = (0..<count).map { maker.object($0, hasLabels: false) }
    #expect(write(writer, Self.giver(objects)) == true)
    #expect(read(path) == objects)
    #expect(names == ["snapshot.json"])
    #expect(reports == [])
    #expect(writer.status.objectCount == count)
    #expect(writer.status.problem == nil)
    #expect(try writer.status.octets == #require(FileSignature(path)).octets)
    #expect(writer.status.written != nil)
  }

  @Test("The old snapshot is there until the new one is whole, and stays where it fails")
  func atomic() throws {
    let writer = SnapshotWriter(path: path, selection: "all", loop: directory.loop) { _, _ in }
    let old: [ClusterObject] = [.namespace(Namespace(name: "old"))]
    let new = (0..<1000).map { ClusterObject.namespace(Namespace(name: "new-\($0)")) }
    #expect(write(writer, Self.giver(old)) == true)
    var seen: Set<[ClusterObject]?> = []
    let next = Self.giver(new)
    let result = write(writer) {
      seen.insert(read(path))
      return next()
    }
    #expect(result == true)
    #expect(seen == [old])
    #expect(read(path) == new)
  }

  @Test("A write that is given up leaves the old snapshot, and in the end nothing beside it")
  func givenUp() throws {
    let old: [ClusterObject] = [.namespace(Namespace(name: "old"))]
    do {
      let writer = SnapshotWriter(path: path, selection: "all", loop: directory.loop) { _, _ in }
      #expect(write(writer, Self.giver(old)) == true)
      writer.write({ .namespace(Namespace(name: "endless")) }) { _ in
        Issue.record("a write without an end ended")
      }
      for _ in 0..<100 { directory.loop.runReady() }
    }
    // The thread ends in its own time.
    #expect(wait { names == ["snapshot.json"] })
    #expect(read(path) == old)
  }

  /// Runs the loop until `condition` holds, of which no handler tells it.
  private func wait(_ condition: () -> Bool) -> Bool {
    let work = directory.loop.every(.milliseconds(1)) { directory.loop.stop() }
    defer { work.cancel() }
    return directory.run(until: condition)
  }

  @Test("A folder that is missing is said once, and so is that it works again")
  func failures() throws {
    var reports: [String] = []
    let path = directory.path + "/later/snapshot.json"
    let writer = SnapshotWriter(path: path, selection: "all", loop: directory.loop) {
      text, severity in
      reports.append("\(severity): \(text)")
    }
    let objects = (0..<600).map { ClusterObject.namespace(Namespace(name: "n-\($0)")) }
    #expect(write(writer, Self.giver(objects)) == false)
    #expect(write(writer, Self.giver(objects)) == false)
    #expect(writer.status.failureCount == 2)
    #expect(writer.status.written == nil)
    try directory.makeDirectory("later")
    #expect(write(writer, Self.giver(objects)) == true)
    #expect(write(writer, Self.giver(objects)) == true)
    #expect(writer.status.problem == nil)
    #expect(
      reports == [
        "error: snapshot \(path) is not written: create \(path).tmp-*: No such file or directory",
        "info: snapshot \(path) is written again",
      ])
    #expect(read(path) == objects)
  }

  @Test("A full disk is said, and the old snapshot stays")
  func full() throws {
    var reports: [String] = []
    let writer = SnapshotWriter(path: path, selection: "all", loop: directory.loop) { text, _ in
      reports.append(text)
    }
    let old: [ClusterObject] = [.namespace(Namespace(name: "old"))]
    #expect(write(writer, Self.giver(old)) == true)
    writer.open = { path in
      AtomicFile(
        path: path, temporaryPath: path + ".tmp-1",
        descriptor: unsafe Glibc.open("/dev/full", O_WRONLY))
    }
    // One portion, its text more than is written at a time.
    let label = ["label": String(repeating: "x", count: 2000)]
    let large = (0..<200).map { ClusterObject.namespace(Namespace(name: "n-\($0)", labels: label)) }
    #expect(write(writer, Self.giver(large)) == false)
    #expect(write(writer, Self.giver(old)) == false)
    #expect(
      reports == ["snapshot \(path) is not written: write \(path).tmp-*: No space left on device"])
    #expect(read(path) == old)
    #expect(names == ["snapshot.json"])
  }

  /// Places that take no file, root's neither.
  @Test(
    "Where no file can be put, the reason is said", arguments: ["/proc/snapshot.json", "/proc"])
  func refused(path: String) {
    var reports: [String] = []
    let writer = SnapshotWriter(path: path, selection: "all", loop: directory.loop) { text, _ in
      reports.append(text)
    }
    #expect(write(writer, Self.giver([])) == false)
    #expect(reports.count == 1)
    #expect(reports.first?.hasPrefix("snapshot \(path) is not written: ") == true)
  }

  @Test("Two writers of one file do not mix")
  func two() throws {
    let writers = (0..<2).map { _ in
      SnapshotWriter(path: path, selection: "all", loop: directory.loop) { _, _ in }
    }
    let contents = (0..<2).map { writer in
      (0..<2000).map { ClusterObject.namespace(Namespace(name: "w\(writer)-\($0)")) }
    }
    var finished = 0
    for (writer, objects) in zip(writers, contents) {
      writer.write(Self.giver(objects)) { succeeded in
        #expect(succeeded)
        finished += 1
        directory.loop.stop()
      }
    }
    #expect(directory.run { finished == 2 })
    #expect(contents.contains(try #require(read(path))))
    #expect(names == ["snapshot.json"])
  }

  @Test("A new writer removes what a killed one left")
  func leftovers() throws {
    try directory.write("snapshot.json.tmp-1", "half")
    _ = SnapshotWriter(path: path, selection: "all", loop: directory.loop) { _, _ in }
    #expect(names == [])
  }

  @Test("A keeper writes when all is known, and after changes, what is known then")
  func keeper() throws {
    var objects: [ClusterObject] = [.namespace(Namespace(name: "a"))]
    let keeper = SnapshotKeeper(
      path: path, selection: "all", loop: directory.loop,
      schedule: SnapshotSchedule(firstDelay: 0, interval: 0), contents: { Self.giver(objects) }
    ) { text, _ in Issue.record("\(text)") }
    keeper.noteChange()
    directory.loop.runReady()
    #expect(keeper.status.written == nil)
    keeper.noteSynchronization()
    #expect(wait { keeper.status.objectCount == objects.count })
    for name in ["b", "c"] {
      objects.append(.namespace(Namespace(name: name)))
      keeper.noteChange()
      #expect(wait { keeper.status.objectCount == objects.count })
    }
    #expect(read(path) == objects)
  }
}

struct SnapshotScheduleTests {
  private var schedule = SnapshotSchedule(firstDelay: 10, interval: 60)

  @Test("Nothing is due before everything is known")
  func early() {
    var schedule = schedule
    schedule.noteChange()
    #expect(schedule.due == nil)
    schedule.noteSynchronization(at: 100)
    #expect(schedule.due == 110)
    schedule.noteSynchronization(at: 105)
    #expect(schedule.due == 110)
  }

  @Test("After a write the next comes with a change, and not too soon")
  func changes() {
    var schedule = schedule
    schedule.noteSynchronization(at: 100)
    schedule.noteStart(at: 110)
    #expect(schedule.due == nil)
    schedule.noteEnd(succeeded: true)
    #expect(schedule.due == nil)
    schedule.noteChange()
    #expect(schedule.due == 170)
    schedule.noteChange()
    #expect(schedule.due == 170)
  }

  @Test("A change during a write makes the next one")
  func meanwhile() {
    var schedule = schedule
    schedule.noteSynchronization(at: 100)
    schedule.noteStart(at: 110)
    schedule.noteChange()
    #expect(schedule.due == nil)
    schedule.noteEnd(succeeded: true)
    #expect(schedule.due == 170)
  }

  @Test("A write that failed is tried again without a change")
  func failure() {
    var schedule = schedule
    schedule.noteSynchronization(at: 100)
    schedule.noteStart(at: 110)
    schedule.noteEnd(succeeded: false)
    #expect(schedule.due == 170)
  }
}
