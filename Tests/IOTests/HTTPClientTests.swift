import Foundation
import Testing

@testable import IO

/// Over plain HTTP/1.1, from servers that are told what to say.
@Suite struct HTTPClientTests {
  private typealias Reply = OctetServer.Reply

  /// One transfer from a server that says this and closes.
  private static func fetch(
    _ pieces: [[UInt8]], gzip: Bool = false, headers: [(name: String, value: String)] = []
  ) throws -> (received: Received, request: String) {
    let bench = HTTPClientBench()
    let server = try OctetServer(bench.loop) { $0.answer(Reply(pieces, closes: true)) }
    let received = bench.fetch(
      "http://127.0.0.1:\(server.port)/a?b=c", headers: headers, gzip: gzip)
    return (received, server.heads.first ?? "")
  }

  private static func fetch(_ text: String, gzip: Bool = false) throws -> Received {
    try fetch([Array(text.utf8)], gzip: gzip).received
  }

  // MARK: - Requests

  @Test func `a request says what it was given and little else`() throws {
    let headers = [(name: "Authorization", value: "Bearer x"), (name: "X-Empty", value: "")]
    let reply = Array("HTTP/1.1 204 No Content\r\n\r\n".utf8)
    let (received, request) = try Self.fetch([reply], headers: headers)
    let lines = request.split(separator: "\r\n").filter { !$0.hasPrefix("Host: 127.0.0.1:") }
    #expect(received.failure == nil)
    #expect(
      lines == [
        "GET /a?b=c HTTP/1.1", "User-Agent: martlet", "Accept: */*", "Authorization: Bearer x",
        "X-Empty:",
      ])
  }

  @Test(arguments: ["a\nb", "a\r\nX: y", "a\0b"])
  func `a header with a line break is not sent`(value: String) throws {
    let bench = HTTPClientBench()
    let server = try OctetServer(bench.loop) { $0.answer(.ok("x")) }
    let received = bench.fetch(
      "http://127.0.0.1:\(server.port)/", headers: [("Authorization", value)])
    #expect(received.failure?.text == "header Authorization has a line break or NUL")
    #expect(server.accepted == 0)
  }

  @Test func `what may be compressed says so`() throws {
    let reply = Array("HTTP/1.1 204 No Content\r\n\r\n".utf8)
    #expect(try Self.fetch([reply], gzip: true).request.contains("Accept-Encoding: gzip\r\n"))
    #expect(try !Self.fetch([reply]).request.contains("Accept-Encoding"))
  }

  // MARK: - Responses

  @Test(arguments: [200, 301, 302, 304, 401, 403, 410, 422, 429, 500, 503])
  func `a status is handed out as it is`(status: Int) throws {
    let received = try Self.fetch(
      "HTTP/1.1 \(status) Text\r\nLocation: http://127.0.0.1:1/\r\nRetry-After:  7 \r\n"
        + "content-TYPE: a/b\r\nContent-Length: \(status == 304 ? 0 : 2)\r\n\r\n"
        + (status == 304 ? "" : "ok"))
    let head = try #require(received.head)
    #expect(received.failure == nil)
    #expect(head.status == status)
    #expect(head.version == .http1)
    #expect(head.value(of: "retry-after") == "7")
    #expect(head.value(of: "Content-Type") == "a/b")
    #expect(head.value(of: "ETag") == nil)
    #expect(received.text == (status == 304 ? "" : "ok"))
  }

  @Test func `interim responses and trailers are not shown`() throws {
    let received = try Self.fetch(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n c\r\n\r\n"
        + "2\r\nok\r\n0\r\nTrailer: x\r\n\r\n")
    #expect(received.heads.map(\.status) == [200])
    #expect(received.head?.value(of: "link") == nil)
    #expect(received.head?.value(of: "trailer") == nil)
    #expect(received.head?.value(of: "a") == "b c")
    #expect(received.text == "ok")
    #expect(received.failure == nil)
  }

  private static let chunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + "5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\n\r\n"
  private static let counted = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world"

  @Test(arguments: [chunked, counted])
  func `a response may be torn at every octet`(text: String) throws {
    let octets = Array(text.utf8)
    for border in 1..<octets.count {
      let received = try Self.fetch([Array(octets[..<border]), Array(octets[border...])]).received
      #expect(received.heads.count == 1, "\(border)")
      #expect(received.text == "hello world", "\(border)")
      #expect(received.failure == nil, "\(border)")
    }
    let single = try Self.fetch(octets.map { [$0] }).received
    #expect(single.text == "hello world")
  }

  @Test(arguments: [chunked, counted])
  func `a response may be cut at every octet, and that is no complete response`(
    text: String
  ) throws {
    let octets = Array(text.utf8)
    // The body is whole without the very last line feed, and libcurl is content.
    let needed = text == Self.chunked ? octets.count - 1 : octets.count
    for end in 0..<needed {
      let received = try Self.fetch([Array(octets[..<end])]).received
      #expect(received.failure?.kind == .cut, "\(end): \(String(describing: received.failure))")
      #expect("hello world".hasPrefix(received.text), "\(end)")
    }
  }

  struct Nonsense: CustomTestStringConvertible {
    var text: String
    var says: String
    var testDescription: String { says }
  }

  @Test(arguments: [
    Nonsense(text: "220 mail.example ESMTP\r\n", says: "HTTP/0.9"),
    Nonsense(text: "HTTP/7.1 200 OK\r\n\r\n", says: "HTTP"),
    Nonsense(
      text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", says: "chunked-encoding"
    ),
    Nonsense(
      text: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\nno gzip here",
      says: "content unencoding"),
    Nonsense(
      text: "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 70_000))\r\n\r\n",
      says: "header is over 65536 octets"),
    Nonsense(
      text: "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 12_000) + "\r\n",
      says: "header is over 65536 octets"),
    Nonsense(
      text: String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 3_000),
      says: "header is over 65536 octets"),
  ])
  func `what is not HTTP is malformed`(row: Nonsense) throws {
    let received = try Self.fetch(row.text, gzip: true)
    #expect(received.failure?.kind == .malformed, "\(String(describing: received.failure))")
    #expect(received.failure?.text.contains(row.says) == true, "\(received.failure?.text ?? "")")
    #expect(received.failure?.text.hasPrefix("127.0.0.1:") == true)
  }

  /// Spaces that deflate makes 800 times smaller, as pieces that stand for themselves.
  private static let spaces: [UInt8] =
    [0xEC, 0xC1, 0x81, 0, 0, 0, 0, 0x80, 0x20, 0x95, 0xFD, 0x29, 0x17, 0xA9, 0x0A]
    + [UInt8](repeating: 0, count: 63) + [0x6A, 0, 0, 0, 0xFF, 0xFF]

  @Test func `a body that grows without measure is not decoded to its end`() throws {
    let head = Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".utf8)
    let start: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
    let bench = HTTPClientBench()
    let server = try OctetServer(bench.loop) { request in
      var sent = -1
      request.answer(
        Reply(
          AnyIterator {
            sent += 1
            return sent == 0 ? head + start : sent <= 20_000 ? Self.spaces : nil
          }))
    }
    bench.recorder.keepsBody = false
    let received = bench.fetch("http://127.0.0.1:\(server.port)/", gzip: true)
    #expect(received.failure?.kind == .malformed)
    #expect(received.failure?.text.hasSuffix("the body grows to over 100 times its size") == true)
    #expect(received.count <= HTTPTransfer.freeExpansion * 2)
  }

  @Test func `fifty megabytes come through whole`() throws {
    let bench = HTTPClientBench()
    let piece = [UInt8](repeating: 120, count: 1 << 20)
    let server = try OctetServer(bench.loop) { request in
      let head = Array("HTTP/1.1 200 OK\r\nContent-Length: \(50 << 20)\r\n\r\n".utf8)
      var sent = -1
      request.answer(
        Reply(
          AnyIterator {
            sent += 1
            return sent == 0 ? head : sent <= 50 ? piece : nil
          }))
    }
    bench.recorder.keepsBody = false
    let received = bench.fetch("http://127.0.0.1:\(server.port)/")
    #expect(received.count == 50 << 20)
    #expect(received.failure == nil)
  }

  @Test func `many transfers in a row use one connection`() throws {
    let bench = HTTPClientBench()
    let server = try OctetServer(bench.loop) { $0.answer(.ok($0.path)) }
    for number in 0..<500 {
      let received = bench.fetch("http://127.0.0.1:\(server.port)/\(number)")
      #expect(received.text == "/\(number)")
    }
    #expect(server.accepted == 1)
  }

  // MARK: - No response

  @Test func `a refused connection is named with its address`() throws {
    let bench = HTTPClientBench()
    let port = try OctetServer(bench.loop) { _ in }.port
    let received = bench.fetch("http://127.0.0.1:\(port)/")
    #expect(
      received.failure
        == HTTPClientFailure(.connect, "connect to 127.0.0.1:\(port): Connection refused"))
    #expect(received.heads.isEmpty)
  }

  @Test func `a name without address is named`() throws {
    let received = HTTPClientBench().fetch("http://no-such-name.invalid/")
    #expect(received.failure?.kind == .resolve)
    #expect(received.failure?.text.contains("no-such-name.invalid") == true)
  }

  @Test(arguments: ["ftp://127.0.0.1/", "file:///etc/hostname", "gopher://127.0.0.1:1/"])
  func `only http and https are spoken`(url: String) {
    let received = HTTPClientBench().fetch(url)
    #expect(received.failure?.kind == .other)
    #expect(received.count == 0)
  }

  @Test func `a proxy is asked for the whole URL`() throws {
    let bench = HTTPClientBench()
    let server = try OctetServer(bench.loop) { $0.answer(.ok($0.path)) }
    let configuration = HTTPClientConfiguration(proxy: "http://127.0.0.1:\(server.port)")
    let client = HTTPClient(on: bench.loop, configuration)
    client.get(1, HTTPClientRequest("http://api.example/version"), bench.recorder)
    bench.run(untilEnded: 1)
    #expect(bench.recorder.transfers[1]?.text == "http://api.example/version")
  }

  @Test func `a proxy that lets nothing through is to blame`() throws {
    let bench = HTTPClientBench()
    let server = try OctetServer(bench.loop) {
      $0.answer(Reply("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", closes: true))
    }
    let configuration = HTTPClientConfiguration(proxy: "http://127.0.0.1:\(server.port)")
    let client = HTTPClient(on: bench.loop, configuration)
    client.get(1, HTTPClientRequest("https://api.example/version"), bench.recorder)
    bench.run(untilEnded: 1)
    let received = try #require(bench.recorder.transfers[1])
    #expect(received.failure?.kind == .proxy)
    #expect(received.failure?.text.contains("403") == true, "\(received.failure?.text ?? "")")
    #expect(received.heads.isEmpty)
    #expect(server.heads.first?.hasPrefix("CONNECT api.example:443 HTTP/1.1") == true)
  }
}
