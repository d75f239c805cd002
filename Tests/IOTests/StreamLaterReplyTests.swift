import Testing

@testable import IO

@Suite("DNS over TCP: replies that come later")
struct StreamLaterReplyTests {
  typealias Client = StreamClient

  @Test("later replies go out as they come, in any order, between those that were ready")
  func order() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send(Client.frame("L1") + Client.frame("ab") + Client.frame("L2"))
    bench.run()
    #expect(client.receive() == Client.frame("ba"))
    let waiting = bench.waiting
    bench.reply(to: waiting[1].client, waiting[1].octets)
    #expect(client.receive() == Client.frame("L2"))
    bench.reply(to: waiting[0].client, waiting[0].octets)
    #expect(client.receive() == Client.frame("L1"))
  }

  @Test("a later reply may come inside the handler, of its own query or of another's")
  func replyInsideHandler() throws {
    let bench = try StreamBench { $0.outstandingAnswers = 2 }
    let (client, other) = (try bench.connect(), try bench.connect())
    client.send(Client.frame("I1") + Client.frame("ab") + Client.frame("I2"))
    bench.run()
    #expect(client.receive()?.count == 12)
    for _ in 0..<5 { other.send(Client.frame("L3")) }
    bench.run()
    #expect(bench.waiting.count == 2)
    for _ in 0..<3 {
      client.send(Client.frame("A"))
      bench.run()
    }
    #expect(other.receive() == Array(repeating: Client.frame("L3"), count: 5).flatMap { $0 })
    #expect(client.receive() == [])
  }

  @Test("a connection whose answers are outstanding is not idle; once answered, it is again")
  func notIdle() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send(Client.frame("L"))
    bench.pass(.seconds(60))
    bench.closeIdle()
    #expect(bench.count == 1)
    bench.replyToWaiting(1)
    #expect(client.receive() == Client.frame("L"))
    bench.pass(.seconds(9))
    #expect(bench.count == 1)
    bench.pass(.seconds(1))
    #expect(client.isClosed)
  }

  @Test("with the process ending, a connection is closed as soon as its last answer is out")
  func closeIdle() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send(Client.frame("L"))
    bench.closeIdle()
    #expect(bench.count == 1)
    bench.replyToWaiting(1)
    bench.closeIdle()
    #expect(client.receive() == Client.frame("L"))
    #expect(client.isClosed)
  }

  @Test("a client that has shut down its side waits for what is outstanding")
  func halfClose() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send(Client.frame("L1") + Client.frame("L2"))
    client.shutDownWriting()
    bench.run()
    bench.replyToWaiting(1)
    #expect(bench.count == 1)
    bench.replyToWaiting(1)
    #expect(client.receive() == Client.frame("L1") + Client.frame("L2"))
    #expect(client.isClosed)
  }

  @Test("an empty reply ends the waiting in silence")
  func emptyReply() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send(Client.frame("L"))
    client.shutDownWriting()
    bench.run()
    bench.reply(to: bench.waiting[0].client, [])
    #expect(client.isClosed)
    #expect(bench.count == 0)
  }

  @Test("beyond the answers that may be outstanding, nothing is read until some have come")
  func backPressure() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    for _ in 0..<1_000 { client.send(Client.frame("L")) }
    client.send(Client.frame("Lx").dropLast())
    bench.run()
    #expect(bench.waiting.count == 128)
    // Nor is the client to blame for the query that it cannot finish meanwhile.
    bench.pass(.seconds(60))
    #expect(bench.count == 1)
    bench.replyToWaiting(28)
    for _ in 0..<4 { bench.run() }
    #expect(bench.waiting.count == 128)
    var received = 0
    for _ in 0..<1_000 where received < 1_000 * 3 {
      bench.replyToWaiting(64)
      bench.run()
      received += client.receive()?.count ?? 0
    }
    #expect(bench.waiting.isEmpty)
    #expect(received == 1_000 * 3)
    client.send(Client.frame("Lx").suffix(1))
    bench.run()
    #expect(bench.waiting.count == 1)
  }

  @Test("the reply to a connection that is gone goes nowhere, even if another has its descriptor")
  func vanished() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send(Client.frame("L"))
    bench.run()
    client.reset()
    bench.run()
    #expect(bench.count == 0)
    let other = try bench.connect()
    other.send(Client.frame("L"))
    bench.run()
    var gone = bench.waiting[0].client
    #expect(gone.generation != bench.waiting[1].client.generation)
    bench.replyToWaiting(1)
    gone.index = bench.waiting[0].client.index
    bench.reply(to: gone, Array("gone".utf8))
    #expect(other.receive() == [])
    bench.replyToWaiting(1)
    #expect(other.receive() == Client.frame("L"))
  }

  @Test("a reply that nobody waits for is not sent")
  func unasked() throws {
    let bench = try StreamBench()
    let client = try bench.connect()
    client.send(Client.frame("L"))
    bench.run()
    let asked = bench.waiting[0].client
    bench.replyToWaiting(1)
    bench.reply(to: asked, [1, 2])
    #expect(client.receive() == Client.frame("L"))
    #expect(client.receive() == [])
  }

  @Test("later replies that a client does not read are bounded like all others")
  func unreadReplies() throws {
    let bench = try StreamBench()
    let client = try bench.connect(receiveBuffer: 4_096)
    let large = [UInt8](repeating: 7, count: StreamBench.largeReply)
    for _ in 0..<100 {
      client.send(Client.frame("L"))
      bench.run()
      for (client, _) in bench.waiting { bench.reply(to: client, large) }
    }
    #expect(bench.pending <= StreamLimits().pendingOctets + 129 * (StreamBench.largeReply + 2))
    bench.pass(.seconds(5))
    #expect(bench.count == 0)
    #expect(bench.pending == 0)
  }
}
