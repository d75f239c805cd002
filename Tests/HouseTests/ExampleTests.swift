import Foundation
import Testing

/// What the documents promise: every example and every snippet of the README starts a server.
@Suite(.enabled(if: Repository.server != nil, "martlet is not built beside the tests"))
struct ExampleTests {
  static let all = Example.files + Example.snippets

  @Test(arguments: all)
  func `an example is taken without an error`(example: Example) throws {
    let server = try #require(Repository.server)
    let place = try example.laidOut(portOffset: 0)
    defer { place.remove() }
    let result = try Repository.run(server.path, ["check", "-conf", place.configuration.path])
    #expect(result.status == 0, "\(result.output)")
  }

  /// One at a time: without a namespace each they share the machine's ports.
  @Test(.serialized, arguments: all)
  func `an example starts and ends on SIGTERM with status 0`(example: Example) throws {
    let server = try #require(Repository.server)
    if !Isolation.isAllowed { print("note: no network namespace here, ports are shifted") }
    let place = try example.laidOut(portOffset: Isolation.isAllowed ? 0 : 20_000)
    defer { place.remove() }
    let run = try RunningServer(server, configuration: place.configuration)
    #expect(run.started, "\(run.output)")
    #expect(run.stop() == 0, "\(run.output)")
  }
}

// MARK: - Examples

struct Example: CustomTestStringConvertible, Sendable {
  var name: String
  /// The configuration's path in the repository; a snippet is laid out as if it were quickstart's.
  var path: String
  var text: String

  var testDescription: String { name }

  static let files: [Example] = Repository.files
    .filter { $0.hasPrefix("Corefile-examples/") && !$0.contains("/manifests/") }
    .filter { $0.hasSuffix("Corefile") || $0.hasSuffix(".yaml") || $0.hasSuffix(".json") }
    .map { Example(name: $0, path: $0, text: Repository.text($0)) }

  static let snippets: [Example] = Repository.text("README.md")
    .matches(of: /(?s)```corefile\n(.*?)```/).enumerated()
    .map { index, match in
      Example(
        name: "README.md, snippet \(index + 1)", path: "Corefile-examples/quickstart/Corefile",
        text: String(match.1))
    }

  /// Copies the example with what it may refer to, so that nothing here writes into the repository.
  func laidOut(portOffset: Int) throws -> Layout {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "martlet-example-\(UUID().uuidString)")
    let place = Layout(directory: directory, configuration: directory.appending(path: path))
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for folder in ["Corefile-examples", "zones"] {
      let source = Repository.root.appending(path: folder)
      guard FileManager.default.fileExists(atPath: source.path) else { continue }
      try FileManager.default.copyItem(at: source, to: directory.appending(path: folder))
    }
    let shifted = portOffset == 0 ? text : Self.shiftPorts(of: text, by: portOffset)
    try Data(shifted.utf8).write(to: place.configuration)
    return place
  }

  /// `:1053` and `127.0.0.1:8080` end a word; the colons of an IPv6 address do not.
  static func shiftPorts(of text: String, by offset: Int) -> String {
    text.replacing(/:(\d{2,5})(?=[\s,{])/) { match in
      ":\((Int(match.1) ?? 0) % 20_000 + offset)"
    }
  }
}

struct Layout {
  var directory: URL
  var configuration: URL

  func remove() {
    try? FileManager.default.removeItem(at: directory)
  }
}

// MARK: - Running

/// A network namespace for each server, where the kernel and the user's rights allow it.
enum Isolation {
  static let flags: [String]? = [["-n"], ["-rn"]].first { flags in
    (try? Repository.run("unshare", flags + ["ip", "link", "set", "lo", "up"]))?.status == 0
  }

  static var isAllowed: Bool { flags != nil }

  static func command(_ server: URL, _ configuration: URL) -> [String] {
    let plain = [server.path, "-conf", configuration.path]
    // A ConfigMap of kube-dns names no port of its own.
    guard let flags else { return plain + ["-dns.port", "20053"] }
    return ["unshare"] + flags + ["sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""] + plain
  }
}

/// A server under `timeout`, so that one that hangs ends the test and not the run.
final class RunningServer {
  private let process = Process()
  private let pipe = Pipe()
  private(set) var output = ""
  private(set) var started = false

  /// Returns when the banner is out, which stands after the listeners, or the server has ended.
  init(_ server: URL, configuration: URL) throws {
    process.executableURL = URL(filePath: "/usr/bin/env")
    // The threads that run tests block signals, and a child inherits that; env unblocks them.
    // In the background timeout signals its group too: a second signal, which stops at once.
    process.arguments =
      ["--default-signal", "timeout", "--foreground", "-k", "15", "30"]
      + Isolation.command(server, configuration)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    while !started, readMore() {
      started = output.contains(#/(?:^|\n)(?:CoreDNS|martlet)-\d[^\n]*\n/#)
    }
  }

  /// The exit status.
  func stop() -> Int32 {
    process.terminate()
    while readMore() {}
    process.waitUntilExit()
    return process.terminationStatus
  }

  private func readMore() -> Bool {
    let piece = pipe.fileHandleForReading.availableData
    output += String(decoding: piece, as: UTF8.self)
    return !piece.isEmpty
  }
}
