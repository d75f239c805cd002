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
}
