import COpenSSL
import Testing

@testable import IO

extension TLSClient {
  /// Trusts one authority.
  static func trusting(
    _ authority: TestIdentity, _ change: (TLSClient) -> Void = { _ in }
  ) throws -> TLSClient {
    let files = try TestFiles(["authority": authority.certificate])
    let client = try TLSClient(
      certificate: nil, key: nil, authority: PEMFile(path: files["authority"]))
    change(client)
    return client
  }
}

@Suite struct TLSClientTests {
  struct Trust: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var server: TestIdentity
    var name: String?
    /// nil: accepted.
    var failure: String?
    var authority = TestIdentity.authority
    /// Seconds since 1970 at which the certificate is looked at.
    var time: Int?

    init(
      _ description: String, _ server: TestIdentity, name: String? = nil,
      authority: TestIdentity = .authority, time: Int? = nil, _ failure: String?
    ) {
      testDescription = description
      self.server = server
      self.name = name
      self.authority = authority
      self.time = time
      self.failure = failure
    }
  }

  @Test(
    arguments: [
      Trust("its address", .loopback, nil),
      Trust("its address, given as a name", .loopback, name: "127.0.0.1", nil),
      Trust("its name", .named, name: "api.example", nil),
      Trust("its name, with a dot and in capitals", .named, name: "API.Example.", nil),
      Trust("another name", .named, name: "other.example", "hostname mismatch"),
      Trust("a name below", .named, name: "a.api.example", "hostname mismatch"),
      Trust("no name, and not its address", .named, "IP address mismatch"),
      Trust("another address", .loopback, name: "127.0.0.2", "IP address mismatch"),
      Trust(
        "another authority", .loopback, authority: .stranger,
        "unable to get local issuer certificate"
      ),
      Trust("in years to come", .loopback, time: 4_000_000_000, "certificate has expired"),
      Trust("before its time", .loopback, time: 1_000_000_000, "certificate is not yet valid"),
    ])
  func `a certificate is for whom it says, from an authority, in its time`(row: Trust) throws {
    let loop = EventLoop()
    let peer = try UpstreamPeer(loop, row.server)
    let tls = try TLSClient.trusting(row.authority) { client in
      guard let time = row.time else { return }
      unsafe X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(client.context), time)
    }
    let client = UpstreamBench(loop, to: peer.address, tls: tls, name: row.name)
    client.run { client.isOpen || !client.failures.isEmpty }
    let failure = row.failure.map { UpstreamStreamFailure.tls("the server's certificate: \($0)") }
    #expect(client.failures.first == failure)
    #expect(client.isOpen == (failure == nil))
  }

  @Test func `without an authority of its own a server must be known to the system`() throws {
    let loop = EventLoop()
    let peer = try UpstreamPeer(loop, .loopback)
    let tls = try TLSClient(certificate: nil, key: nil, authority: nil)
    let client = UpstreamBench(loop, to: peer.address, tls: tls)
    client.runUntilFailed()
    #expect(
      client.failures == [
        .tls("the server's certificate: unable to get local issuer certificate")
      ])
  }

  @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func `the next connection to a server resumes the session, one to another does not`(
    version: Int32
  ) throws {
    let loop = EventLoop()
    let peer = try UpstreamPeer(loop, .loopback)
    peer.speakOnly(version)
    let tls = try TLSClient.trusting(.authority)
    for round in 0..<4 {
      let client = UpstreamBench(loop, to: peer.address, tls: tls)
      #expect(client.send(UpstreamStreamTests.message(round)))
      client.run {
        peer.connections.count == round + 1 && peer.connections[round].received.count == 14
      }
      peer.connections[round].send(UpstreamStreamTests.frame(UpstreamStreamTests.message(round)))
      client.run { client.messages.count == 1 }
      #expect(peer.connections[round].isResumed == (round > 0))
      client.release()
    }
    let client = UpstreamBench(loop, to: peer.address, tls: tls, name: "127.0.0.1")
    #expect(client.send(UpstreamStreamTests.message(4)))
    client.run { peer.connections.count == 5 && peer.connections[4].received.count == 14 }
    #expect(!peer.connections[4].isResumed)
  }

  @Test func `a server of before TLS 1_2 is not spoken to`() throws {
    let loop = EventLoop()
    let peer = try UpstreamPeer(loop, .loopback)
    peer.speakOnly(TLS1_1_VERSION)
    let client = UpstreamBench(
      loop, to: peer.address, tls: try TLSClient.trusting(.authority))
    client.runUntilFailed()
    #expect(!client.isOpen)
  }

  @Test func `a server that speaks no TLS, or closes, fails the handshake`() throws {
    let loop = EventLoop()
    let peer = try UpstreamPeer(loop)
    let tls = try TLSClient.trusting(.authority)
    let first = UpstreamBench(loop, to: peer.address, tls: tls)
    first.run { peer.connections.first?.received.isEmpty == false }
    peer.connections[0].send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
    first.runUntilFailed()
    #expect(first.failures == [.tls("TLS: wrong version number")])
    let second = UpstreamBench(loop, to: peer.address, tls: tls)
    second.run { peer.connections.count == 2 }
    peer.connections[1].close()
    second.runUntilFailed()
    #expect(
      second.failures == [.tls("the server has closed the connection in the handshake")])
  }

  @Test(arguments: [(3, false), (5, true)])
  func `a handshake without end is given up`(records: Int, isGivenUp: Bool) throws {
    let loop = EventLoop()
    let peer = try UpstreamPeer(loop)
    let client = UpstreamBench(loop, to: peer.address, tls: try TLSClient.trusting(.authority))
    client.run { peer.connections.first?.received.isEmpty == false }
    // As many as fit of HelloRequest, an empty message that a client passes over (RFC 5246
    // §7.4.1.1).
    let record: [UInt8] = [22, 3, 3, 0x40, 0] + [UInt8](repeating: 0, count: 16_384)
    for _ in 0..<records {
      peer.connections[0].send(record)
      for _ in 0..<20 { loop.runReady() }
    }
    if isGivenUp { client.runUntilFailed() }
    #expect(client.failures == (isGivenUp ? [.tls("a handshake of more than 64 KiB")] : []))
  }

  struct Files: Sendable {
    var certificate: String?
    var key: String?
    var authority: String?
    /// What the sentence begins with, directories aside; nil: accepted.
    var sentence: String?
  }

  @Test(
    arguments: [
      Files(certificate: "client", key: "client.key", authority: "authority", sentence: nil),
      Files(authority: "missing", sentence: "cannot read certificates from missing: No such file"),
      Files(authority: "text", sentence: "cannot read certificates from text: "),
      Files(
        certificate: "missing", key: "client.key",
        sentence: "cannot read a certificate from missing: "
      ),
      Files(
        certificate: "client", key: "server.key",
        sentence: "cannot use server.key as the key of client: key values mismatch"),
      Files(
        certificate: "client", key: "text", sentence: "cannot use text as the key of client: "),
      Files(certificate: "client", sentence: "a certificate needs its key: client is alone"),
    ])
  func `files that cannot be used are named, read before or not`(row: Files) throws {
    let files = try TestFiles([
      "client": TestIdentity.client.certificate, "client.key": TestIdentity.client.key,
      "server.key": TestIdentity.loopback.key, "authority": TestIdentity.authority.certificate,
      "text": Array("no PEM".utf8),
    ])
    let directory = files[""] + "/"
    for isRead in [false, true] {
      let file = { (name: String) in
        PEMFile(path: files[name], octets: isRead ? Self.octets(files[name]) : nil)
      }
      do throws(TLSError) {
        _ = try TLSClient(
          certificate: row.certificate.map(file), key: row.key.map(file),
          authority: row.authority.map(file))
        #expect(row.sentence == nil)
      } catch {
        let text = error.description.replacing(directory, with: "")
        #expect(row.sentence.map { text.hasPrefix($0) } == true, "\(text)")
      }
    }
  }

  @Test func `a chain with something broken in it is not taken`() {
    let good = TestIdentity.authority.certificate
    let broken = good + Array("-----BEGIN CERTIFICATE-----\nAAAA\n".utf8)
    for (octets, isGood) in [(good, true), (good + good, true), (broken, false), ([], false)] {
      let file = PEMFile(path: "ca", octets: octets)
      let client = try? TLSClient(certificate: nil, key: nil, authority: file)
      #expect((client != nil) == isGood)
    }
  }

  private static func octets(_ path: String) -> [UInt8]? {
    FileReader.text(path).map { Array($0.utf8) }
  }

  @Test func `sessions are kept of so many servers`() throws {
    let tls = try TLSClient.trusting(.authority)
    func server(_ port: UInt16) -> TLSClient.Server {
      var address = SocketAddress.loopback
      address.port = port
      return TLSClient.Server(name: nil, address: address)
    }
    for port in 1...100 as ClosedRange<UInt16> {
      guard let session = unsafe SSL_SESSION_new() else { continue }
      unsafe tls.keep(session, of: server(port))
    }
    let kept = (1...100 as ClosedRange<UInt16>).filter {
      unsafe tls.session(with: server($0)) != nil
    }
    #expect(kept == Array(37...100))
  }
}
