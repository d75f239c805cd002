import Foundation
import Telemetry
import Testing

import Forwarding
@testable import Serving

/// A resolver file as it is written, goes and comes back.
@Suite struct ResolverFileSourceTests {
  @Test func `upstreams stay while the file is away, and what is wrong is known`() throws {
    let path = NSTemporaryDirectory() + "resolv-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    func write(_ text: String?) throws {
      guard let text else { return try FileManager.default.removeItem(atPath: path) }
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
    let source = ResolverFileSource(
      path: path, port: 53, log: Log(GenerationTests.Silence()))
    let two = ["192.0.2.1:53", "192.0.2.2:53"]
    let steps: [(text: String?, changes: Bool, problem: String?, upstreams: [String])] = [
      ("nameserver 192.0.2.1\nnameserver 192.0.2.2\n", true, nil, two),
      ("search a.test\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n", false, nil, two),
      (nil, false, "cannot be read", two),
      ("search a.test\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n", false, nil, two),
      ("search a.test\n", false, "names no name server", two),
      (nil, false, "cannot be read", two),
      ("search a.test\n", false, "names no name server", two),
      ("nameserver 192.0.2.3\n", true, nil, ["192.0.2.3:53"]),
    ]
    for step in steps {
      try write(step.text)
      #expect(source.read() == step.changes)
      #expect(source.problem == step.problem.map { "\(path): \($0)" })
      #expect(source.upstreams.map(\.description) == step.upstreams)
    }
  }
}
