import Foundation
import Glibc
import IO
import Testing

@Suite struct HTTPServerTests {
  /// Runs a server's loop on this thread while `client` talks to it from another.
  private static func serving<Result: Sendable>(
    host: String = "127.0.0.1", _ client: @escaping @Sendable (UInt16) -> Result
  ) throws -> Result {
    let loop = EventLoop()
    let server = try HTTPServer(loop, host: host, port: 0)
    server.handle("/health") { _ in HTTPResponse(200, "OK") }
    server.handle("/echo") { HTTPResponse(200, "\($0.method) \($0.path) [\($0.query)]") }
    server.handle("/ready") { _ in HTTPResponse(503, "kubernetes", contentType: "text/x") }
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    let (mine, theirs) = (ends[0], ends[1])
    let answer = Answer<Result>()
    let port = server.port
    Foundation.Thread {
      answer.set(client(port))
      close(theirs)
    }.start()
    let stop = loop.onReadable(mine) { loop.stop() }
    loop.run()
    stop.cancel()
    close(mine)
    return try #require(answer.value)
  }

  private final class Answer<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var held: Value?

    func set(_ value: Value) { lock.withLock { held = value } }
    var value: Value? { lock.withLock { held } }
  }

  struct Row: CustomTestStringConvertible {
    var request: String
    var status: String
    var headers: [String] = []
    var body: String
    var testDescription: String { request.prefix(40).description }
  }

  @Test(arguments: [
    Row(
      request: "GET /health HTTP/1.1\r\nHost: x\r\n", status: "HTTP/1.1 200 OK",
      headers: ["Content-Type: text/plain; charset=utf-8", "Content-Length: 2"], body: "OK"),
    Row(
      request: "HEAD /health HTTP/1.1\r\nHost: x\r\n", status: "HTTP/1.1 200 OK",
      headers: ["Content-Length: 2"], body: ""),
    Row(
      request: "GET /echo?a=b%20c&d HTTP/1.1\r\nHost: x\r\n", status: "HTTP/1.1 200 OK",
      body: "GET /echo [a=b%20c&d]"),
    Row(
      request: "GET http://x/echo HTTP/1.1\r\nHost: x\r\n", status: "HTTP/1.1 200 OK",
      body: "GET /echo []"),
    Row(request: "GET /health HTTP/1.0\r\n", status: "HTTP/1.0 200 OK", body: "OK"),
    Row(
      request: "GET /ready HTTP/1.1\r\nHost: x\r\n", status: "HTTP/1.1 503 Service Unavailable",
      headers: ["Content-Type: text/x"], body: "kubernetes"),
    Row(
      request: "GET /healt HTTP/1.1\r\nHost: x\r\n", status: "HTTP/1.1 404 Not Found",
      body: "404 page not found\n"),
    Row(
      request: "GET /health/ HTTP/1.1\r\nHost: x\r\n", status: "HTTP/1.1 404 Not Found",
      body: "404 page not found\n"),
    Row(
      request: "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n",
      status: "HTTP/1.1 405 Method Not Allowed", headers: ["Allow: GET, HEAD"],
      body: "405 method not allowed\n"),
    Row(
      request: "DELETE /health HTTP/1.1\r\nHost: x\r\n",
      status: "HTTP/1.1 405 Method Not Allowed", headers: ["Allow: GET, HEAD"],
      body: "405 method not allowed\n"),
  ])
  func `a request is answered`(row: Row) throws {
    let reply = try Self.serving { port in
      Client(port).exchange(row.request + "Connection: close\r\n\r\n")
    }
    let parts = reply.components(separatedBy: "\r\n\r\n")
    let head = parts[0].components(separatedBy: "\r\n")
    #expect(head[0] == row.status)
    for header in row.headers { #expect(head.contains(header), "\(head)") }
    #expect(parts.dropFirst().joined(separator: "\r\n\r\n") == row.body)
  }

  @Test func `a header or body too large is refused, and the server goes on`() throws {
    let replies = try Self.serving { port in
      let header = String(repeating: "x", count: HTTPServer.headerOctetsLimit)
      let body = HTTPServer.bodyOctetsLimit + 1
      return [
        Client(port).exchange("GET /health HTTP/1.1\r\nX: \(header)\r\n\r\n"),
        Client(port).exchange("POST /health HTTP/1.1\r\nContent-Length: \(body)\r\n\r\n"),
        Client(port).exchange("nonsense\r\n\r\n"),
        Client(port).exchange("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
      ]
    }
    for refused in replies.dropLast() {
      #expect(refused.isEmpty || refused.hasPrefix("HTTP/1.1 4"), "\(refused)")
    }
    #expect(replies[3].hasPrefix("HTTP/1.1 200 OK"))
  }

  @Test func `one connection serves several requests`() throws {
    let reply = try Self.serving { port in
      let get = "GET /health HTTP/1.1\r\nHost: x\r\n"
      return Client(port).exchange(get + "\r\n" + get + "Connection: close\r\n\r\n")
    }
    #expect(reply.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
  }

  @Test func `the oldest connection is closed for one too many`() throws {
    let (open, reply) = try Self.serving { port in
      let clients = (0..<HTTPServer.connectionsLimit).map { _ in Client(port) }
      // An answer on each shows that the server has accepted it.
      for client in clients { client.exchangeOnce("GET /health HTTP/1.1\r\nHost: x\r\n\r\n") }
      let reply = Client(port).exchange("GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n")
      let first = clients[0].readToEnd()
      let second = clients[1].exchange("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")
      return ([first.isEmpty, second.hasSuffix("OK")], reply)
    }
    #expect(open == [true, true])
    #expect(reply.hasSuffix("GET /echo []"))
  }

  @Test func `many connections in a row leave no descriptor behind`() throws {
    let growth = try Self.serving { port in
      let get = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      let answered = (0..<200).filter { _ in Client(port).exchange(get).hasSuffix("OK") }
      return answered.count
    }
    #expect(growth == 200)
  }

  @Test(arguments: ["", "localhost", "127.0.0.1", "::", "0.0.0.0"])
  func `a host is listened on`(host: String) throws {
    let reply = try Self.serving(host: host) { port in
      Client(port).exchange("GET /health HTTP/1.0\r\n\r\n")
    }
    #expect(reply.hasSuffix("OK"))
  }

  @Test func `a port in use is named with its errno`() throws {
    let loop = EventLoop()
    let first = try HTTPServer(loop, host: "127.0.0.1", port: 0)
    let error = #expect(throws: IOError.self) {
      try HTTPServer(loop, host: "127.0.0.1", port: first.port)
    }
    #expect(error?.errno == EADDRINUSE)
    #expect(
      error?.description == "listen on tcp 127.0.0.1:\(first.port): Address already in use")
    withExtendedLifetime(first) {}
  }

  @Test func `a host that is no address is refused`() throws {
    let error = #expect(throws: IOError.self) {
      try HTTPServer(EventLoop(), host: "example.invalid", port: 80)
    }
    #expect(error?.errno == EINVAL)
  }
}

/// A blocking TCP client of 127.0.0.1 that gives up after 20 seconds.
private final class Client: Sendable {
  private let descriptor: Int32

  init(_ port: UInt16) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    _ = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  deinit {
    close(descriptor)
  }

  /// Sends, and reads to the end of the connection.
  func exchange(_ text: String) -> String {
    write(text)
    return readToEnd()
  }

  /// Sends, and reads whatever comes first.
  func exchangeOnce(_ text: String) {
    write(text)
    _ = readSome()
  }

  func readToEnd() -> String {
    var octets: [UInt8] = []
    while true {
      let some = readSome()
      if some.isEmpty { return String(decoding: octets, as: UTF8.self) }
      octets += some
    }
  }

  private func write(_ text: String) {
    let octets = Array(text.utf8)
    _ = unsafe octets.withUnsafeBytes {
      unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }

  private func readSome() -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: 4096)
    let count = unsafe chunk.withUnsafeMutableBytes {
      unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
    }
    return Array(chunk.prefix(max(count, 0)))
  }
}
