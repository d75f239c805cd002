import Foundation
import Testing

@testable import Config
@testable import Serving

/// Files of `tls` in a `forward`: where they are, and that they are read again.
@Suite struct TLSFilesTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    let paths: [String]

    init(_ name: String, _ text: String, _ paths: [String]) {
      testDescription = name
      (self.text, self.paths) = (text, paths)
    }
  }

  static let rows: [Row] = [
    Row(
      "relative to the Corefile", ".:53 {\nforward . tls://192.0.2.1 {\ntls c k a\n}\n}\n",
      ["/x/c", "/x/k", "/x/a"]),
    Row(
      "below the root", ".:53 {\nforward . tls://192.0.2.1 {\ntls c k /y/a\n}\nroot /etc\n}\n",
      ["/etc/c", "/etc/k", "/y/a"]),
    Row(
      "below a relative root", ".:53 {\nroot certs\nforward . tls://192.0.2.1 {\ntls a\n}\n}\n",
      ["/x/certs/a"]),
    Row("read by nobody", ".:53 {\nforward . 192.0.2.1 {\ntls a\n}\n}\n", []),
  ]

  @Test(arguments: rows)
  func `paths are where CoreDNS looks for them`(_ row: Row) throws {
    let configuration = try #require(CorefileLoader.load(text: row.text).configuration)
    #expect(configuration.blocks[0].tlsPaths(in: "/x") == row.paths)
  }

  @Test func `other contents are another configuration, and other upstreams`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func write(_ text: String, _ name: String) throws {
      try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }
    try write(".:53 {\nforward . tls://192.0.2.1 {\ntls ca\n}\n}\n", "Corefile")
    let source = ConfigurationSource(path: folder.path + "/Corefile", options: LoadOptions())
    func look() throws -> (ConfigurationFingerprint, UpstreamKey) {
      let loaded = source.load()
      let block = try #require(loaded.configuration?.blocks.first)
      return (loaded.fingerprint, UpstreamKey(block.forwards[0], 0, of: block, in: folder.path))
    }
    let missing = try look()
    try write("one", "ca")
    let first = try look()
    try write("one", "ca")
    let same = try look()
    try write("two", "ca")
    let second = try look()
    #expect(first == same)
    #expect(first.0 != second.0 && first.1 != second.1)
    #expect(missing.0 != first.0 && missing.1 != first.1)
  }
}
