import Foundation
import Testing

@testable import IO

struct AtomicFileTests {
  private let folder = Folder()

  @Test("A reader sees the old contents until the new are complete")
  func replaces() throws {
    try folder.write("state", "old")
    do {
      let file = try AtomicFile(folder.path("state"))
      try file.write(Array("ne".utf8))
      try file.write(Array("w".utf8))
      #expect(folder.text("state") == "old")
      #expect(folder.names.count == 2)
      try file.commit()
    }
    #expect(folder.text("state") == "new")
    #expect(folder.names == ["state"])
  }

  @Test("What is not committed leaves nothing")
  func abandoned() throws {
    do {
      let file = try AtomicFile(folder.path("state"))
      try file.write([1, 2, 3])
    }
    #expect(folder.names == [])
  }

  @Test("Several at a time do not mix; the last in its place counts")
  func several() throws {
    let first = try AtomicFile(folder.path("state"))
    let second = try AtomicFile(folder.path("state"))
    try first.write(Array("first".utf8))
    try second.write(Array("second".utf8))
    try first.commit()
    #expect(folder.text("state") == "first")
    try second.commit()
    #expect(folder.text("state") == "second")
  }

  @Test("Leftovers of ended processes are removed, and nothing else")
  func leftovers() throws {
    for name in ["state.tmp-1", "state.tmp-abc", "state", "other.tmp-1", "state.tmp-old"] {
      try folder.write(name, "x")
    }
    let other = try AtomicFile(folder.path("state"))
    try other.write(Array("y".utf8))
    AtomicFile.removeLeftovers(of: folder.path("state"))
    try other.commit()
    #expect(folder.names == ["other.tmp-1", "state", "state.tmp-old"])
    #expect(folder.text("state") == "y")
  }

  @Test("A pipe or device keeps its place")
  func pipes() throws {
    let path = folder.path("pipe")
    let made = unsafe mkfifo(path, 0o600)
    #expect(made == 0)
    for path in [path, "/dev/null"] {
      #expect(throws: IOFailure.self) { try AtomicFile(path) }
    }
    #expect(folder.names == ["pipe"])
  }

  @Test("A folder that is not there, or takes no files, is an error that says so")
  func folders() {
    #expect(throws: IOFailure.self) { try AtomicFile(folder.path("no/state")) }
    // Not even root makes files there.
    do {
      _ = try AtomicFile("/proc/state")
      Issue.record("a file in /proc")
    } catch {
      #expect(error.description.hasPrefix("create /proc/state.tmp-*: "))
    }
  }

  @Test("A path that is a directory stays one")
  func directory() throws {
    try FileManager.default.createDirectory(
      atPath: folder.path("state"), withIntermediateDirectories: true)
    do {
      let file = try AtomicFile(folder.path("state"))
      #expect(throws: IOFailure(operation: "rename to \(folder.path("state"))", code: EISDIR)) {
        try file.commit()
      }
    }
    #expect(folder.names == ["state"])
  }

  @Test("A full disk is an error, and the old file stays")
  func full() throws {
    try folder.write("state", "old")
    do {
      let file = AtomicFile(
        path: folder.path("state"), temporaryPath: folder.path("state.tmp-1"),
        descriptor: unsafe open("/dev/full", O_WRONLY))
      #expect(
        throws: IOFailure(operation: "write \(folder.path("state")).tmp-*", code: ENOSPC)
      ) { try file.write([1]) }
    }
    #expect(folder.names == ["state"])
    #expect(folder.text("state") == "old")
  }
}

/// A folder that goes with its owner.
private final class Folder {
  private let root = FileManager.default.temporaryDirectory
    .appendingPathComponent("martlet-\(UUID().uuidString)").path

  init() {
    try? FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: root)
  }

  func path(_ name: String) -> String { root + "/" + name }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
  }

  func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: path(name)).map { String(decoding: $0, as: UTF8.self) }
  }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted()
  }
}
