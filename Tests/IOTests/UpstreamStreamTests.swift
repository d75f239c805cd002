import Glibc
import Testing

@testable import IO

/// Each over plain TCP, and over TLS.
@Suite struct UpstreamStreamTests {
  struct Bench {
    let loop = EventLoop()
    let peer: UpstreamPeer
    let client: UpstreamBench

    init(overTLS: Bool, from: SocketAddress? = nil) throws {
      peer = try UpstreamPeer(loop, overTLS ? .loopback : nil)
      client = UpstreamBench(
        loop, to: peer.address, from: from, tls: overTLS ? try TLSClient.trusting(.authority) : nil)
    }

    var connection: UpstreamPeer.Connection {
      get throws { try #require(peer.connections.first) }
    }

    func received() -> [UInt8] { peer.connections.first?.received ?? [] }
  }

  /// A message with its length.
  static func frame(_ octets: [UInt8]) -> [UInt8] {
    [UInt8(octets.count >> 8), UInt8(octets.count & 255)] + octets
  }

  static func message(_ number: Int, count: Int = 12) -> [UInt8] {
    [UInt8(number >> 8), UInt8(number & 255)] + [UInt8](repeating: 7, count: count - 2)
  }

  @Test(arguments: [false, true])
  func `queries wait for the connection and go out in order`(overTLS: Bool) throws {
    let bench = try Bench(overTLS: overTLS)
    #expect(bench.client.stream?.isOpen == false)
    for number in 0..<3 { #expect(bench.client.send(Self.message(number))) }
    #expect(bench.client.stream?.outstandingOctets == 42)
    bench.client.run { bench.received().count == 42 }
    #expect(bench.client.isOpen)
    #expect(bench.client.stream?.outstandingOctets == 0)
    #expect(bench.received() == (0..<3).flatMap { Self.frame(Self.message($0)) })
    #expect(bench.client.send(Self.message(3)))
    bench.client.run { bench.received().count == 56 }
  }

  @Test(arguments: [false, true])
  func `replies are cut out of the stream wherever its segments end`(overTLS: Bool) throws {
    let bench = try Bench(overTLS: overTLS)
    bench.client.runUntilOpen()
    let replies = [12, 13, 300, 65_535, 12].enumerated().map { Self.message($0, count: $1) }
    let octets = replies.flatMap(Self.frame)
    var at = 0
    for size in [1, 1, 10, 1, 1, 30, 20_000, 5_000, 60_000] where at < octets.count {
      let seen = bench.client.messages.count
      try bench.connection.send(Array(octets[at..<min(octets.count, at + size)]))
      at += size
      for _ in 0..<40 { bench.loop.runReady() }
      #expect(bench.client.messages.count >= seen)
    }
    bench.client.run { bench.client.messages.count == replies.count }
    #expect(bench.client.messages == replies)
  }

  @Test(arguments: [false, true])
  func `many replies in one turn are all delivered`(overTLS: Bool) throws {
    let bench = try Bench(overTLS: overTLS)
    bench.client.runUntilOpen()
    let replies = (0..<1_000).map { Self.message($0, count: 12 + $0 % 100) }
    try bench.connection.send(replies.flatMap(Self.frame))
    bench.client.run { bench.client.messages.count == replies.count }
    #expect(bench.client.messages == replies)
  }

  @Test(arguments: [false, true])
  func `a reply that comes octet by octet is delivered when it is whole`(overTLS: Bool) throws {
    let bench = try Bench(overTLS: overTLS)
    bench.client.runUntilOpen()
    let frame = Self.frame(Self.message(1, count: 40))
    for octet in frame {
      #expect(bench.client.messages.isEmpty)
      try bench.connection.send([octet])
      for _ in 0..<4 { bench.loop.runReady() }
    }
    bench.client.run { bench.client.messages == [Self.message(1, count: 40)] }
  }

  struct End: Sendable {
    var overTLS: Bool
    var sent: [UInt8]
    var resets = false
    var failure: UpstreamStreamFailure
  }

  @Test(
    arguments: [false, true].flatMap { overTLS in
      [
        End(overTLS: overTLS, sent: [], failure: .closedByPeer(inMessage: false)),
        End(overTLS: overTLS, sent: frame(message(1)), failure: .closedByPeer(inMessage: false)),
        End(overTLS: overTLS, sent: [0], failure: .closedByPeer(inMessage: true)),
        End(
          overTLS: overTLS, sent: frame(message(1)) + [0, 12, 7],
          failure: .closedByPeer(inMessage: true)),
        End(overTLS: overTLS, sent: [], resets: true, failure: .closedByPeer(inMessage: false)),
        End(overTLS: overTLS, sent: frame(message(1)) + [0, 11], failure: .tooShort(octets: 11)),
        End(overTLS: overTLS, sent: frame(message(1)) + [0, 0], failure: .tooShort(octets: 0)),
      ]
    })
  func `the end of a connection says how it came, after the replies before it`(row: End) throws {
    let bench = try Bench(overTLS: row.overTLS)
    bench.client.runUntilOpen()
    try bench.connection.send(row.sent)
    try bench.connection.close(resets: row.resets)
    bench.client.runUntilFailed()
    #expect(bench.client.failures == [row.failure])
    #expect(bench.client.messages.count == row.sent.count / 14)
    #expect(bench.client.stream?.isOpen == false)
    #expect(!bench.client.send(Self.message(1)))
  }

  @Test(arguments: [false, true])
  func `a server that refuses is noticed, and so is an address that cannot be`(
    overTLS: Bool
  ) throws {
    let bench = try Bench(overTLS: overTLS)
    let nobody = try UpstreamDatagramsTests.nobody()
    let tls = overTLS ? try TLSClient.trusting(.authority) : nil
    let refused = UpstreamBench(bench.loop, to: nobody, tls: tls)
    refused.runUntilFailed()
    #expect(refused.failures == [.connect(errno: ECONNREFUSED)])
    let foreign = SocketAddress(isV4: true, high: 0, low: 0xFFFF_C000_0201, port: 0)
    let unbound = UpstreamBench(bench.loop, to: bench.peer.address, from: foreign, tls: tls)
    #expect(unbound.failures.isEmpty)
    #expect(!unbound.send(Self.message(1)))
    unbound.runUntilFailed()
    #expect(unbound.failures == [.connect(errno: EADDRNOTAVAIL)])
    #expect(!unbound.isOpen)
  }

  @Test func `the source address is kept to`() throws {
    let bench = try Bench(overTLS: false, from: .otherLoopback)
    bench.client.runUntilOpen()
    #expect(bench.client.failures.isEmpty)
  }

  @Test(arguments: [false, true])
  func `what may wait for a server that does not read is bounded`(overTLS: Bool) throws {
    let bench = try Bench(overTLS: overTLS)
    let large = Self.message(1, count: 50_000)
    #expect(bench.client.send(large))
    #expect(bench.client.send(large))
    #expect(!bench.client.send(large))
    bench.client.run { bench.received().count == 2 * 50_002 }
    #expect(bench.client.send(large))
    bench.client.run { bench.received().count == 3 * 50_002 }
  }

  @Test(arguments: [false, true])
  func `the owner may close or release it in each of its handlers`(overTLS: Bool) throws {
    for step in 0..<4 {
      let bench = try Bench(overTLS: overTLS)
      let client = bench.client
      var isEnded = false
      let end = { [unowned client] in
        isEnded = true
        if step & 1 == 0 { client.stream?.close() } else { client.release() }
      }
      if step / 2 == 0 { client.onMessage = end } else { client.onClose = end }
      client.runUntilOpen()
      try bench.connection.send(Self.frame(Self.message(1)) + Self.frame(Self.message(2)))
      if step / 2 == 1 { try bench.connection.close() }
      client.run { isEnded }
      for _ in 0..<10 { bench.loop.runReady() }
      #expect(client.messages.count == [1, 2][step / 2])
      #expect(client.failures.count == [0, 1][step / 2])
      bench.client.run { bench.peer.connections[0].isEnded }
    }
  }
}
