import Foundation
import Testing

@testable import Config

struct FileReadingTests {
  @Test("The file system gives files, folders, complaints and matches in order")
  func fileSystem() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("config-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["b.server", "a.server", "c.other"] {
      try Data("\(name.first ?? "x").org {\nlog\n}\n".utf8)
        .write(to: folder.appendingPathComponent(name))
    }
    try Data("import *.server\n".utf8).write(to: folder.appendingPathComponent("Corefile"))
    let files = FileReading.fileSystem
    #expect(files.read(folder.path) == .directory)
    #expect(files.read(folder.path + "/none") == .failure(ENOENT))
    #expect(files.read(folder.path + "/c.other") == .octets(Array("c.org {\nlog\n}\n".utf8)))
    #expect(files.glob(folder.path + "/*.none") == [])

    let result = CorefileLoader.load(path: folder.path)
    #expect(result.rendered == "")
    #expect(
      result.configuration?.blocks.flatMap(\.keys).map(\.description) == ["a.org:53", "b.org:53"])
    let names = ["Corefile", "a.server", "b.server"]
    #expect(Set(result.sources) == Set(names.map { "\(folder.path)/\($0)" }))
  }

  @Test("A ConfigMap of kube-dns as the kubelet mounts it, under any name, and an empty one")
  func mounted() throws {
    let files = FileManager.default
    let folder = files.temporaryDirectory
      .appendingPathComponent("config [*] \(UUID().uuidString)").path
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: folder) }
    let empty = CorefileLoader.load(path: folder)
    #expect(empty.configuration?.blocks.count == 1)
    #expect(
      empty.diagnostics.map(\.message)
        == ["the directory is empty: the defaults of kube-dns count"])

    try files.createDirectory(
      atPath: folder + "/..2026_01", withIntermediateDirectories: true)
    try files.createSymbolicLink(
      atPath: folder + "/..data", withDestinationPath: "..2026_01")
    for (key, value) in [("stubDomains", "{\"a.org\": [\"10.0.0.1\"]}"), ("other", "")] {
      try Data(value.utf8).write(to: URL(fileURLWithPath: "\(folder)/..data/\(key)"))
      try files.createSymbolicLink(
        atPath: "\(folder)/\(key)", withDestinationPath: "..data/\(key)")
    }
    let mounted = CorefileLoader.load(path: folder + "/")
    #expect(mounted.configuration?.blocks.count == 2)
    #expect(
      mounted.diagnostics.map(\.message) == ["'other' is no key of kube-dns and is ignored"])
    let keys = ["Corefile", "stubDomains", "upstreamNameservers", "federations"]
    #expect(mounted.sources == keys.map { "\(folder)/\($0)" })
  }

  /// What stands under the name of a key, and the error.
  static let unreadable: [(String, @Sendable (String) throws -> Void, String)] = [
    (
      "a link to what is gone, as behind a '..data' that leads nowhere",
      { try link($0, to: "..data/stubDomains") }, "it is a link to a file that is not there"
    ),
    ("a link to itself", { try link($0, to: $0) }, "too many symbolic links"),
    ("a pipe", { #expect(unsafe mkfifo($0, 0o600) == 0) }, "it is no regular file"),
    ("a link to a device", { try link($0, to: "/dev/null") }, "it is no regular file"),
    (
      "a folder",
      {
        try FileManager.default.createDirectory(atPath: $0, withIntermediateDirectories: false)
      }, "it is a directory"
    ),
  ]

  private static func link(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
  }

  @Test("A key that is there and cannot be read is an error", arguments: unreadable.indices)
  func unreadableKey(_ row: Int) throws {
    let (label, make, complaint) = Self.unreadable[row]
    for (key, beside) in [("stubDomains", "federations"), ("Corefile", "stubDomains")] {
      let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("config-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(beside)"))
      try make("\(folder)/\(key)")
      let result = CorefileLoader.load(path: folder)
      #expect(result.configuration == nil, "\(label)")
      #expect(
        result.diagnostics.filter { $0.severity == .error }.map(\.message)
          == ["cannot read the configuration: \(complaint)"], "\(label)")
      #expect(result.diagnostics.first?.place.file == "\(folder)/\(key)", "\(label)")
    }
  }
}
