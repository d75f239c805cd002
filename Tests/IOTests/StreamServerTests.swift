import Testing

@testable import IO

@Suite("DNS over TCP (RFC 7766)")
struct StreamServerTests {
  typealias Client = StreamClient

  // MARK: - Messages in a stream

  @Test("a message is answered wherever the segments are cut", arguments: 1..<9)
  func splitMessage(at cut: Int) throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    let frame = Client.frame("abcdefg")
    client.send(frame[..<cut])
    bench.run()
    #expect(client.receive() == [])
    client.send(frame[cut...])
    bench.run()
    #expect(client.receive() == Client.frame("gfedcba"))
    #expect(bench.messages == [Array("abcdefg".utf8)])
  }

  @Test("a message is answered when every octet comes alone")
  func octetByOctet() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    for octet in Client.frame("abc") + Client.frame("de") {
      client.send([octet])
      bench.run()
    }
    #expect(client.receive() == Client.frame("cba") + Client.frame("ed"))
  }

  @Test("messages in one segment are answered each, and the part of one after them waits")
  func severalInOneSegment() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    let last = Client.frame("last")
    client.send(Client.frame("ab") + Client.frame("cd") + last[..<3])
    bench.run()
    #expect(client.receive() == Client.frame("ba") + Client.frame("dc"))
    client.send(last[3...])
    bench.run()
    #expect(client.receive() == Client.frame("tsal"))
  }

  @Test("the largest message is taken whole")
  func largestMessage() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send([16, 0] + [UInt8](repeating: 7, count: 4_096))
    for _ in 0..<10 { bench.run() }
    #expect(bench.messages.map(\.count) == [4_096])
    #expect(bench.count == 1)
  }

  @Test(
    "a message that says it is longer ends the connection, after the replies to those before it",
    arguments: [0, 1, 4_097])
  func tooLongMessage(octetsSent: Int) throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send(Client.frame("ab") + [16, 1] + [UInt8](repeating: 7, count: octetsSent))
    bench.run()
    #expect(bench.messages == [Array("ab".utf8)])
    #expect(client.receive() == Client.frame("ba"))
    #expect(client.isClosed)
    #expect(bench.count == 0)
  }

  @Test("messages of no octets and such as get no reply leave the connection usable")
  func silence() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send([0, 0, 0, 0] + Client.frame("?") + Client.frame("ab"))
    bench.run()
    #expect(client.receive() == Client.frame("ba"))
  }

  // MARK: - Ends

  @Test("a client that has shut down its side gets what it asked for, then the end")
  func halfClose() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send(Client.frame("ab") + Client.frame("cd"))
    client.shutDownWriting()
    bench.run()
    #expect(client.receive() == Client.frame("ba") + Client.frame("dc"))
    #expect(client.isClosed)
    #expect(bench.count == 0)
  }

  @Test("a client that shuts down its side and reads later gets everything")
  func halfCloseOfSlowReader() throws {
    let bench = try StreamBench { $0.pendingOctets = 100_000 }
    let client = try bench.connect(receiveBuffer: 4_096)
    for _ in 0..<100 { client.send(Client.frame("n")) }
    client.shutDownWriting()
    var received = 0
    for _ in 0..<20_000 where bench.count > 0 {
      bench.run()
      received += client.receive()?.count ?? 0
    }
    while let more = client.receive(), !more.isEmpty { received += more.count }
    #expect(received == 100 * (StreamBench.largeReply + 2))
  }

  @Test("a connection that ends inside a message is forgotten", arguments: [true, false])
  func endInsideMessage(isReset: Bool) throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send(Client.frame("abc").dropLast())
    bench.run()
    #expect(bench.count == 1)
    if isReset { client.reset() } else { client.close() }
    bench.run()
    #expect(bench.count == 0)
    #expect(bench.messages.isEmpty)
  }

  @Test("a reset while replies wait is survived")
  func resetWhileReplying() throws {
    let bench = try StreamBench()
    let client = try bench.connect(receiveBuffer: 4_096)
    for _ in 0..<50 { client.send(Client.frame("n")) }
    bench.run()
    #expect(bench.pending > 0)
    client.reset()
    bench.run()
    #expect(bench.count == 0)
    #expect(bench.pending == 0)
  }

  // MARK: - Time

  @Test("a connection without a query is closed when idle too long, not before")
  func idle() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    bench.pass(.seconds(9))
    client.send(Client.frame("ab"))
    bench.pass(.seconds(9))
    #expect(client.receive() == Client.frame("ba"))
    #expect(bench.count == 1)
    bench.pass(.seconds(1))
    #expect(client.isClosed)
  }

  @Test("messages without a reply do not keep a connection open")
  func idleInSpiteOfNoise() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    for _ in 0..<4 {
      client.send(Client.frame("?"))
      bench.pass(.seconds(3))
    }
    #expect(client.isClosed)
  }

  @Test("a message that comes in octet by octet must be whole in time, however steadily it comes")
  func slowMessage() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    for octet in Client.frame("abcdef").dropLast() {
      client.send([octet])
      bench.pass(.milliseconds(500))
    }
    #expect(client.isClosed)
    #expect(bench.messages.isEmpty)
  }

  @Test("each message has its own time to come in")
  func timeIsPerMessage() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    for _ in 0..<5 {
      let frame = Client.frame("ab")
      client.send(frame[..<3])
      bench.pass(.seconds(2))
      client.send(frame[3...])
      bench.pass(.zero)
    }
    #expect(client.receive()?.count == 20)
  }

  @Test("a client that stops reading is closed, though it goes on asking")
  func neverReads() throws {
    let bench = try StreamBench()
    let client = try bench.connect(receiveBuffer: 4_096)
    for _ in 0..<12 {
      for _ in 0..<100 { client.send(Client.frame("n")) }
      bench.pass(.milliseconds(500))
    }
    #expect(bench.count == 0)
  }

  // MARK: - Limits

  @Test("what waits for a client that does not read is bounded, however much it asks")
  func pendingIsBounded() throws {
    let bench = try StreamBench()
    let client = try bench.connect(receiveBuffer: 4_096)
    for _ in 0..<200 {
      for _ in 0..<50 { client.send(Client.frame("n")) }
      bench.run()
    }
    #expect(bench.count == 1)
    #expect(bench.pending <= StreamLimits().pendingOctets + StreamBench.largeReply + 2)
  }

  @Test("beyond the octets that may wait in all, who has not read for longest is closed")
  func pendingInAllIsBounded() throws {
    let bench = try StreamBench { $0.pendingOctetsInAll = 300_000 }
    func stall(_ client: Client) {
      for _ in 0..<100 { client.send(Client.frame("n")) }
      bench.pass(.milliseconds(10))
    }
    let first = try bench.connect(receiveBuffer: 4_096)
    stall(first)
    let second = try bench.connect(receiveBuffer: 4_096)
    stall(second)
    #expect(bench.count == 2)
    let third = try bench.connect(receiveBuffer: 4_096)
    stall(third)
    #expect(bench.count == 2)
    #expect(bench.pending <= 300_000)
    while let more = first.receive(), !more.isEmpty {}
    #expect(first.isClosed)
  }

  @Test("one connection too many closes the one that has been idle longest")
  func tooManyConnections() throws {
    let bench = try StreamBench { $0.connections = 3 }
    let first = try bench.connect()
    bench.pass(.seconds(1))
    let second = try bench.connect()
    bench.pass(.seconds(1))
    let third = try bench.connect()
    first.send(Client.frame("ab"))
    bench.pass(.seconds(1))
    let fourth = try bench.connect()
    #expect(bench.count == 3)
    #expect(second.isClosed)
    #expect(first.receive() == Client.frame("ba"))
    #expect(third.receive() == [])
    #expect(fourth.receive() == [])
  }

  @Test("one client's connections too many close its own")
  func tooManyOfOneClient() throws {
    let bench = try StreamBench { $0.connectionsPerClient = 2 }
    let first = try bench.connect()
    bench.pass(.seconds(1))
    let second = try bench.connect()
    let third = try bench.connect()
    #expect(bench.count == 2)
    #expect(first.isClosed)
    #expect(second.receive() == [])
    #expect(third.receive() == [])
  }

  struct Share: Sendable {
    let servers, connections, perClient, pendingOctets: Int
  }

  @Test(
    "the servers of a process hold its limits together",
    arguments: [
      Share(servers: 1, connections: 5_000, perClient: 200, pendingOctets: 16 << 20),
      Share(servers: 4, connections: 1_250, perClient: 50, pendingOctets: 4 << 20),
      Share(servers: 100, connections: 50, perClient: 4, pendingOctets: 131_072 + 65_537),
      Share(servers: 10_000, connections: 4, perClient: 4, pendingOctets: 131_072 + 65_537),
    ])
  func sharesOfLimits(row: Share) {
    let share = StreamLimits().divided(by: row.servers)
    #expect(share.connections == row.connections)
    #expect(share.connectionsPerClient == row.perClient)
    #expect(share.pendingOctetsInAll == row.pendingOctets)
  }

  @Test(
    "clients have a quarter of the descriptors, and one client a quarter of that",
    arguments: [(1 << 20, 5_000, 200), (1_024, 256, 64), (64, 16, 4), (1, 1, 1)])
  func fitting(descriptors: Int, connections: Int, perClient: Int) {
    let limits = StreamLimits().fitting(descriptors: descriptors)
    #expect(limits.connections == connections)
    #expect(limits.connectionsPerClient == perClient)
  }

  @Test("an IPv6 client is its /64, an IPv4 client its address")
  func clients() {
    func client(_ high: UInt64, _ low: UInt64, isV4: Bool) -> IdleOrder.ClientAddress {
      IdleOrder.ClientAddress(SocketAddress(isV4: isV4, high: high, low: low, port: 1))
    }
    #expect(client(0x2001_0DB8 << 32, 1, isV4: false) == client(0x2001_0DB8 << 32, 2, isV4: false))
    #expect(
      client(0x2001_0DB8 << 32, 1, isV4: false) != client(0x2001_0DB8 << 32 | 1, 1, isV4: false))
    #expect(client(0, 0xFFFF_7F00_0001, isV4: true) != client(0, 0xFFFF_7F00_0002, isV4: true))
  }

  // MARK: - The end of the process

  @Test(
    "after the end was asked for, what has arrived is answered and what is under way may finish")
  func stopping() throws {
    let bench = try StreamBench()
    let idle = try bench.connect()
    let asking = try bench.connect()
    let halfway = try bench.connect()
    asking.send(Client.frame("ab"))
    halfway.send(Client.frame("cd").dropLast())
    let waiting = try StreamClient(bench.address)
    waiting.send(Client.frame("ef"))
    bench.stopListening()
    bench.closeIdle()
    #expect(idle.isClosed)
    #expect(asking.receive() == Client.frame("ba"))
    #expect(asking.isClosed)
    #expect(waiting.receive() == Client.frame("fe"))
    #expect(bench.count == 1)
    halfway.send(Client.frame("cd").suffix(1))
    bench.run()
    #expect(halfway.receive() == Client.frame("dc"))
    bench.closeIdle()
    #expect(bench.count == 0)
    #expect(throws: IOError.self) { _ = try StreamClient(bench.address) }
  }
}
