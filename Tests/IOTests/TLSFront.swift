import Foundation
import Glibc
import Testing

@testable import IO

/// nghttpx, which speaks TLS and HTTP/2 to the client and passes requests on to an ``OctetServer``.
final class TLSFront {
  /// A request that it has served.
  struct Visit: Hashable {
    /// The client's port: one for each connection.
    var port: String
    var alpn: String
    var serverName: String
  }

  let port: UInt16
  private let process = Process()
  private let directory: URL

  /// - Parameter options: of nghttpx, beside those that follow from the rest.
  init(
    to backend: UInt16, _ identity: TestIdentity, clientsOf authority: TestIdentity? = nil,
    options: [String] = []
  ) throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "front-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let file = { [directory] (name: String) in directory.appending(path: name).path }
    try Data(identity.key).write(to: URL(filePath: file("key")))
    try Data(identity.certificate).write(to: URL(filePath: file("certificate")))
    port = try Self.freePort()
    var arguments = [
      // It goes with the tests, should they crash.
      "--pdeathsig=KILL", "nghttpx", "--conf=/dev/null", "--frontend=127.0.0.1,\(port)",
      "--backend=127.0.0.1,\(backend)", "--workers=1", "--no-ocsp", "--single-process",
      "--accesslog-file=\(file("log"))", "--accesslog-format=$remote_port $alpn $tls_sni",
    ]
    if let authority {
      try Data(authority.certificate).write(to: URL(filePath: file("authority")))
      arguments += ["--verify-client", "--verify-client-cacert=\(file("authority"))"]
    }
    process.executableURL = URL(filePath: "/usr/bin/setpriv")
    process.arguments = arguments + options + [file("key"), file("certificate")]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    try Self.waitForListening(errors.fileHandleForReading)
  }

  deinit {
    if process.isRunning { kill() }
    try? FileManager.default.removeItem(at: directory)
  }

  /// Ends it, and with it all connections.
  func kill() {
    // Tests run on threads that block SIGTERM, and their children inherit that.
    _ = Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Ends it and says what it has served.
  func visits() throws -> [Visit] {
    kill()
    let log = try String(contentsOf: directory.appending(path: "log"), encoding: .utf8)
    return log.split(separator: "\n").map { line in
      let words = line.split(separator: " ").map(String.init)
      return Visit(port: words[0], alpn: words[1], serverName: words[2])
    }
  }

  private static func waitForListening(_ errors: FileHandle) throws {
    var text = ""
    while !text.contains("Listening on") {
      let some = errors.availableData
      try #require(!some.isEmpty, "nghttpx has ended: \(text)")
      text += String(decoding: some, as: UTF8.self)
    }
  }

  private static func freePort() throws -> UInt16 {
    let loopback = SocketAddress(isV4: true, high: 0, low: 0xFFFF_7F00_0001, port: 0)
    let socket = try Socket.bound(to: loopback, .stream, shares: false)
    return socket.localAddress?.port ?? 0
  }
}

/// A certificate and its key in PEM.
struct TestIdentity: Sendable {
  var certificate: [UInt8]
  var key: [UInt8]

  static let authority = make(nil, "test authority", [])
  static let stranger = make(nil, "another authority", [])
  static let loopback = make(authority, "server", ["IP:127.0.0.1"])
  static let named = make(authority, "server", ["DNS:api.example"])
  static let client = make(authority, "client", [])

  /// Signed by itself without an authority.
  private static func make(
    _ authority: TestIdentity?, _ name: String, _ alternatives: [String]
  ) -> TestIdentity {
    let directory = FileManager.default.temporaryDirectory.appending(path: "identity-\(UUID())")
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = { (name: String) in directory.appending(path: name) }
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      var arguments = [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
        "2", "-subj", "/CN=\(name)", "-keyout", file("key").path, "-out", file("certificate").path,
      ]
      if !alternatives.isEmpty {
        arguments += ["-addext", "subjectAltName=" + alternatives.joined(separator: ",")]
      }
      if let authority {
        try Data(authority.certificate).write(to: file("ca"))
        try Data(authority.key).write(to: file("ca.key"))
        arguments += ["-CA", file("ca").path, "-CAkey", file("ca.key").path]
      }
      let openssl = Process()
      openssl.executableURL = URL(filePath: "/usr/bin/openssl")
      openssl.arguments = arguments
      openssl.standardError = FileHandle.nullDevice
      try openssl.run()
      openssl.waitUntilExit()
      return TestIdentity(
        certificate: Array(try Data(contentsOf: file("certificate"))),
        key: Array(try Data(contentsOf: file("key"))))
    } catch {
      Issue.record(error, "openssl made no certificate")
      return TestIdentity(certificate: [], key: [])
    }
  }
}
