import Config
import Forwarding
import IO
import Telemetry
import Wire

/// The upstreams that a `resolv.conf` names.
final class ResolverFileSource {
  private let path: String
  private let port: UInt16
  private let log: Log
  private let known: KnownUpstreams
  private var text: String?
  private(set) var upstreams: [Upstream]
  /// What is wrong with it now.
  private(set) var problem: String?
  /// What is wrong with the contents read last.
  private var lastProblem: String?

  init(path: String, port: UInt16, log: Log, known: KnownUpstreams = KnownUpstreams()) {
    self.path = path
    self.port = port
    self.log = log
    self.known = known
    upstreams = known[file: path, port: port]
  }

  /// Reads it; whether other upstreams came of it. What cannot be read leaves those that are known.
  func read() -> Bool {
    guard var new = FileReader.text(path) else {
      note("\(path): cannot be read")
      return false
    }
    var file = ResolverFile(text: new)
    var source = path
    // A stub on the host's loopback answers nobody in a container, and asks us where it does.
    if file.isStub, let real = FileReader.text(ResolverFile.systemdResolvedPath) {
      new += real
      file = ResolverFile(text: real)
      source = ResolverFile.systemdResolvedPath
    }
    guard new != text else {
      // A file that had gone and is back as it was has nothing new to say.
      problem = lastProblem
      return false
    }
    text = new
    for problem in file.problems {
      log.warning("\(source):\(problem.line): \(problem.message)", plugin: "forward")
    }
    let found = file.nameServers.map { server in
      Upstream(
        address: server.address, port: port,
        scope: server.zoneIndex.map { InterfaceAddress.index(of: $0) } ?? 0)
    }
    guard !found.isEmpty else {
      note("\(source): names no name server")
      lastProblem = problem
      return false
    }
    let wasMissing = problem != nil
    (problem, lastProblem) = (nil, nil)
    known[file: path, port: port] = found
    guard found != upstreams else { return false }
    let isFirst = upstreams.isEmpty
    upstreams = found
    if !isFirst || wasMissing || source != path {
      let list = found.map(\.description).joined(separator: ", ")
      log.info(
        "\(source)\(source == path ? "" : " (\(path) names only systemd-resolved's stub)"): \(list)",
        plugin: "forward")
    }
    return true
  }

  /// Warns once for each problem.
  private func note(_ text: String) {
    guard problem != text else { return }
    problem = text
    log.warning(text, plugin: "forward")
  }
}
