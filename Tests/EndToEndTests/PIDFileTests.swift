import Foundation
import Testing

/// The number that other programs find the server by.
@Suite(.serialized) struct PIDFileTests {
  private static func start(_ corefile: String, in files: [String: String] = [:]) throws -> Program
  {
    try Program(
      ["-conf", "Corefile", "-pidfile", "pid"],
      files: files.merging(["Corefile": corefile]) { $1 })
  }

  private static func pidFile(of program: Program) -> String? {
    try? String(contentsOf: program.directory.appendingPathComponent("pid"), encoding: .utf8)
  }

  @Test func `a start that fails leaves the file of the running server as it is`() throws {
    let corefile = ".:21654 {\n    bind 127.0.0.1\n    whoami\n}\n"
    let first = try Self.start(corefile)
    #expect(first.waitForLine("linux/"))
    #expect(Self.pidFile(of: first) == "\(first.processIdentifier)\n")
    let second = try Self.start(corefile, in: ["pid": "\(first.processIdentifier)\n"])
    let end = second.end()
    #expect(end.status == 1)
    #expect(end.complaints.contains("127.0.0.1:21654"))
    #expect(Self.pidFile(of: second) == "\(first.processIdentifier)\n")
    first.signal(SIGTERM)
    #expect(first.end().status == 0)
    #expect(Self.pidFile(of: first) == nil)
  }

  @Test func `a second signal ends the lameduck time and removes the file`() throws {
    let program = try Self.start(
      """
      .:21655 {
          bind 127.0.0.1
          health 127.0.0.1:21656 {
              lameduck 1h
          }
          whoami
      }

      """)
    #expect(program.waitForLine("linux/"))
    program.signal(SIGTERM)
    #expect(program.waitForLine("[INFO] plugin/health: Going into lameduck mode"))
    program.signal(SIGTERM)
    #expect(program.end().status == 0)
    #expect(Self.pidFile(of: program) == nil)
  }
}
