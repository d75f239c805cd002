import Foundation
import Testing

@testable import IO

/// Over TLS, with HTTP/2 and without, through nghttpx.
@Suite struct HTTPClientTLSTests {
  /// Trusts the tests' authority and no other.
  private static func trusting(
    _ authority: TestIdentity = .authority, client: TestIdentity? = nil, serverName: String? = nil
  ) -> HTTPClientConfiguration {
    HTTPClientConfiguration(
      authority: .pem(authority.certificate), certificate: client?.certificate, key: client?.key,
      serverName: serverName, proxy: "")
  }

  /// One transfer from a server of this certificate that answers with the path.
  private static func fetch(
    _ configuration: HTTPClientConfiguration, _ identity: TestIdentity = .loopback,
    clientsOf authority: TestIdentity? = nil
  ) throws -> (received: Received, visits: [TLSFront.Visit], head: String, port: UInt16) {
    let bench = HTTPClientBench(configuration)
    let server = try OctetServer(bench.loop) { $0.answer(.ok($0.path)) }
    let front = try TLSFront(to: server.port, identity, clientsOf: authority)
    let received = bench.fetch("https://127.0.0.1:\(front.port)/path")
    return (received, try front.visits(), server.heads.first ?? "", front.port)
  }

  // MARK: - Sharing connections

  @Test(arguments: [("h2", 1), ("http/1.1", 5)])
  func `five transfers at once share one connection of HTTP/2`(
    protocols: String, connections: Int
  ) throws {
    let bench = HTTPClientBench(Self.trusting())
    var waiting: [OctetServer.Request] = []
    let server = try OctetServer(bench.loop) { request in
      waiting.append(request)
      // None is answered before all are there.
      if waiting.count == 5 { waiting.forEach { $0.answer(.ok($0.path)) } }
    }
    let front = try TLSFront(
      to: server.port, .loopback, options: ["--npn-list=\(protocols)"])
    for id in 1...5 { bench.get(id, "https://127.0.0.1:\(front.port)/\(id)") }
    bench.run(untilEnded: 5)
    for id in 1...5 {
      let received = bench.recorder.transfers[id]
      #expect(received?.text == "/\(id)")
      #expect(received?.head?.version == (protocols == "h2" ? .http2 : .http1))
      #expect(received?.failure == nil)
    }
    let visits = try front.visits()
    #expect(Set(visits.map(\.port)).count == connections)
    #expect(Set(visits.map(\.alpn)) == [protocols])
  }

  @Test func `a cancelled transfer leaves the connection to the others`() throws {
    let bench = HTTPClientBench(Self.trusting())
    let recorder = bench.recorder
    let server = try OctetServer(bench.loop) { request in
      guard request.path.hasPrefix("/watch") else { return request.answer(.ok(request.path)) }
      request.answer(
        OctetServer.Reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"))
    }
    let front = try TLSFront(to: server.port, .loopback)
    for id in 1...3 { bench.get(id, "https://127.0.0.1:\(front.port)/watch/\(id)") }
    bench.run { (1...3).allSatisfy { recorder.transfers[$0]?.text == "first" } }
    bench.client?.cancel(1)
    recorder.onHead = { if $0 == 4 { bench.client?.cancel(2) } }
    bench.get(4, "https://127.0.0.1:\(front.port)/four")
    bench.run(untilEnded: 1)
    #expect(recorder.transfers[4]?.text == "/four")
    front.kill()
    bench.run(untilEnded: 2)
    recorder.forgetHooks()
    #expect(recorder.ended == [4, 3])
    #expect(recorder.transfers[3]?.failure?.kind == .cut)
    #expect(Set(try front.visits().map(\.port)).count == 1)
  }

  @Test func `closeAll closes a connection of HTTP/2 too`() throws {
    let bench = HTTPClientBench(Self.trusting())
    let server = try OctetServer(bench.loop) { $0.answer(.ok($0.path)) }
    let front = try TLSFront(to: server.port, .loopback)
    for round in 1...3 {
      #expect(bench.fetch("https://127.0.0.1:\(front.port)/\(round)").text == "/\(round)")
      bench.client?.closeAll()
    }
    #expect(Set(try front.visits().map(\.port)).count == 3)
  }

  @Test func `large bodies share a connection, and all come through whole`() throws {
    let bench = HTTPClientBench(Self.trusting())
    let piece = [UInt8](repeating: 120, count: 1 << 20)
    let server = try OctetServer(bench.loop) { request in
      let head = Array("HTTP/1.1 200 OK\r\nContent-Length: \(8 << 20)\r\n\r\n".utf8)
      request.answer(OctetServer.Reply([head] + Array(repeating: piece, count: 8)))
    }
    let front = try TLSFront(to: server.port, .loopback)
    bench.recorder.keepsBody = false
    for id in 1...4 { bench.get(id, "https://127.0.0.1:\(front.port)/") }
    bench.run(untilEnded: 4)
    for id in 1...4 {
      #expect(bench.recorder.transfers[id]?.count == 8 << 20)
      #expect(bench.recorder.transfers[id]?.failure == nil)
    }
    #expect(Set(try front.visits().map(\.port)).count == 1)
  }

  @Test func `a recorded gzip list comes through HTTP/2`() throws {
    let bench = HTTPClientBench(Self.trusting())
    let octets = try HTTPRecordingTests.octets("wire-list-services-gzip")
    let server = try OctetServer(bench.loop) {
      $0.answer(OctetServer.Reply([octets], closes: true))
    }
    let front = try TLSFront(to: server.port, .loopback)
    let received = bench.fetch("https://127.0.0.1:\(front.port)/", gzip: true)
    #expect(received.head?.version == .http2)
    #expect(received.count == 954_198)
    #expect(received.failure == nil)
  }

  @Test func `a body that the server cuts off is cut over HTTP/2 too`() throws {
    let bench = HTTPClientBench(Self.trusting())
    let server = try OctetServer(bench.loop) {
      $0.answer(
        OctetServer.Reply("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfirst", closes: true))
    }
    let front = try TLSFront(to: server.port, .loopback)
    let received = bench.fetch("https://127.0.0.1:\(front.port)/")
    #expect(received.failure?.kind == .cut, "\(String(describing: received.failure))")
  }

  // MARK: - Who the server is

  @Test func `a server with a certificate of our authority is believed`() throws {
    let (received, visits, _, _) = try Self.fetch(Self.trusting())
    #expect(received.text == "/path")
    #expect(visits.map(\.serverName) == ["-"])
  }

  @Test(arguments: [
    HTTPClientConfiguration(
      authority: .pem(TestIdentity.stranger.certificate), proxy: ""),
    HTTPClientConfiguration(authority: .system, proxy: ""),
  ])
  func `a certificate of an unknown authority is refused`(
    configuration: HTTPClientConfiguration
  ) throws {
    let (received, visits, _, port) = try Self.fetch(configuration)
    #expect(received.failure?.kind == .certificate)
    #expect(
      received.failure?.text
        == "TLS with 127.0.0.1:\(port): SSL certificate problem: unable to get local issuer"
        + " certificate")
    #expect(received.heads.isEmpty)
    #expect(visits.isEmpty)
  }

  @Test func `a certificate for another name is refused`() throws {
    let (received, visits, _, port) = try Self.fetch(Self.trusting(), .named)
    #expect(received.failure?.kind == .certificate)
    #expect(received.failure?.text.hasPrefix("TLS with 127.0.0.1:\(port): SSL: ") == true)
    #expect(received.failure?.text.contains("'127.0.0.1'") == true)
    #expect(visits.isEmpty)
  }

  @Test func `a server name takes the host's place in TLS, and nowhere else`() throws {
    let configuration = Self.trusting(serverName: "api.example")
    let (received, visits, head, port) = try Self.fetch(configuration, .named)
    #expect(received.text == "/path")
    #expect(visits.map(\.serverName) == ["api.example"])
    #expect(head.lowercased().contains("host: 127.0.0.1:\(port)\r\n"), "\(head)")
    #expect(try Self.fetch(configuration, .loopback).received.failure?.kind == .certificate)
  }

  // MARK: - Who we are

  @Test func `a client's certificate is shown where it is demanded`() throws {
    let with = try Self.fetch(Self.trusting(client: .client), clientsOf: .authority).received
    #expect(with.text == "/path")
    for configuration in [Self.trusting(), Self.trusting(client: .stranger)] {
      let received = try Self.fetch(configuration, clientsOf: .authority).received
      // With TLS 1.3 the server's alert comes after the handshake, and is lost where the server has
      // closed before the request is sent.
      let kind = try #require(received.failure?.kind)
      #expect([.tls, .cut].contains(kind), "\(received)")
      #expect(received.heads.isEmpty)
    }
  }

  @Test(arguments: [
    HTTPClientConfiguration(authority: .pem(Array("no certificate".utf8)), proxy: ""),
    HTTPClientConfiguration(authority: .pem([]), proxy: ""),
    HTTPClientConfiguration(
      authority: .pem(TestIdentity.authority.certificate),
      certificate: Array("no certificate".utf8), key: TestIdentity.client.key, proxy: ""),
    HTTPClientConfiguration(
      authority: .pem(TestIdentity.authority.certificate),
      certificate: TestIdentity.client.certificate, key: TestIdentity.stranger.key, proxy: ""),
  ])
  func `certificates that cannot be used are said to be so`(
    configuration: HTTPClientConfiguration
  ) throws {
    let received = try Self.fetch(configuration).received
    #expect(received.failure?.kind == .certificate, "\(String(describing: received.failure))")
  }

  @Test func `a server that does not speak TLS is named`() throws {
    let bench = HTTPClientBench(Self.trusting())
    let plain = try OctetServer(bench.loop, greeting: "HTTP/1.1 400 Bad Request\r\n\r\n")
    let received = bench.fetch("https://127.0.0.1:\(plain.port)/")
    #expect(received.failure?.kind == .tls, "\(String(describing: received.failure))")
    #expect(received.failure?.text.hasPrefix("TLS with 127.0.0.1:\(plain.port): ") == true)
  }
}
