import Foundation
import Testing

/// The server as a process, asked by curl over real connections.
@Suite(.serialized) struct ProcessTests {
  @Test func `lists, small and large, plain and with gzip`() throws {
    let server = try ServerProcess()
    #expect(try server.control("load services=400 endpoints=3 namespaces=4").hasPrefix("ok"))
    let plain = try server.curl("-i", "/api/v1/services")
    #expect(plain.text.contains("Transfer-Encoding: chunked"))
    let coded = try server.curl("--compressed", "-i", "/api/v1/services")
    #expect(coded.text.contains("Content-Encoding: gzip"))
    let body = try #require(coded.text.split(separator: "\r\n\r\n").last)
    let list = try #require(try json(body) as? NSDictionary)
    #expect((list["items"] as? [Any])?.count == 400)
    #expect(try server.curl("-i", "/version").text.contains("Content-Length: 379"))
  }

  @Test func `a watch tells what commands change, and the log says when`() throws {
    let server = try ServerProcess()
    _ = try server.control("put namespace a\nput service a one clusterip 10.0.0.1 port=http:80")
    let watch = try server.start("/api/v1/services?watch=1&timeoutSeconds=20")
    #expect(try watch.line().hasPrefix(#"{"type":"ADDED""#))
    let reply = try server.control("put service a one headless\ndelete services a/one")
    #expect(reply.split(separator: "\n").allSatisfy { $0.hasPrefix("ok") })
    #expect(try watch.line().hasPrefix(#"{"type":"MODIFIED""#))
    #expect(try watch.line().hasPrefix(#"{"type":"DELETED""#))
    let log = try String(contentsOf: server.log, encoding: .utf8).split(separator: "\n")
    #expect(log.map { $0.prefix { $0 != " " } } == ["a/one", "a/one"])
    _ = try server.control("cut")
    #expect(watch.status() == 18)
  }

  /// curl's exit codes: 7 refused, 18 a body cut off, 52 nothing at all.
  @Test(arguments: [
    ("fault serverError", "500", 0), ("fault cutInsideEvent", "200", 18),
    ("fault halfEventThenEnd", "200", 0), ("fault singleOctets", "200", 0),
    ("fault redirect", "302", 0), ("token other", "401", 0), ("fault down", "000", 7),
  ])
  func `a fault reaches the client`(command: String, status: String, code: Int32) throws {
    let server = try ServerProcess()
    _ = try server.control("put namespace a\n" + command)
    let answer = try server.curl("-o", "/dev/null", "-w", "%{http_code}", "/api/v1/namespaces")
    #expect(answer.text == status)
    #expect(answer.status == code)
  }

  @Test func `a drained server ends its watches properly, then itself`() throws {
    let server = try ServerProcess()
    _ = try server.control("put service a one headless")
    let watch = try server.start("/api/v1/services?watch=1&timeoutSeconds=20")
    _ = try watch.line()
    _ = try server.control("drain 0")
    #expect(watch.status() == 0)
    #expect(server.process.status() == 0)
  }
}

/// A TestAPIServer that ends with its owner.
final class ServerProcess {
  let process: RunningProcess
  let log: URL
  private let port: String

  init() throws {
    let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    log = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).log")
    process = try RunningProcess(
      folder.appending(path: "TestAPIServer").path,
      ["--end-with-stdin", "--write-log", log.path])
    let line = try process.line()
    port = String(try #require(line.split(separator: " ").last))
  }

  deinit {
    process.end()
    try? FileManager.default.removeItem(at: log)
  }

  func control(_ script: String) throws -> String {
    try curl("--data-binary", script, "/_control").text
  }

  /// The last argument is the path.
  func curl(_ arguments: String...) throws -> (status: Int32, text: String) {
    let running = try RunningProcess("/usr/bin/curl", full(arguments))
    let text = running.rest()
    return (running.status(), text)
  }

  func start(_ arguments: String...) throws -> RunningProcess {
    try RunningProcess("/usr/bin/curl", full(["-N"] + arguments))
  }

  private func full(_ arguments: [String]) -> [String] {
    let path = arguments.last ?? ""
    let options = ["-s", "--max-time", "30"] + Array(arguments.dropLast())
    return options + ["http://127.0.0.1:\(port)\(path)"]
  }
}

/// A process whose output is read as it comes.
final class RunningProcess {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var read = Data()

  init(_ program: String, _ arguments: [String]) throws {
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit { end() }

  /// The next line, without its newline.
  func line() throws -> String {
    while true {
      if let newline = read.firstIndex(of: 10) {
        defer { read = Data(read[(newline + 1)...]) }
        return String(decoding: read[..<newline], as: UTF8.self)
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { throw Ended() }
      read += more
    }
  }

  func rest() -> String {
    read += output.fileHandleForReading.readDataToEndOfFile()
    return String(decoding: read, as: UTF8.self)
  }

  func status() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }

  func end() {
    guard process.isRunning else { return }
    // A thread of Dispatch blocks signals and its children inherit that; this one cannot be blocked.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  struct Ended: Error {}
}
