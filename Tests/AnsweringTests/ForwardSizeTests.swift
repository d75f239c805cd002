import Answering
import Config
import Testing
import Wire

/// What of an upstream's answer fits into which reply, and queries that are no clients'.
@Suite struct ForwardSizeTests {
  // A record with a pointer for its owner: 16 octets; header and question of many.example.net: 34.
  @Test(
    arguments: [
      (nil, Peer.Transport.udp, (512 - 34) / 16), (512, .udp, (512 - 34 - 11) / 16),
      (4096, .udp, (1232 - 34 - 11) / 16), (nil, .tcp, 100), (4096, .tcp, 100),
    ] as [(UInt16?, Peer.Transport, Int)])
  func `a datagram holds what fits, with TC, and a stream all`(
    size: UInt16?, transport: Peer.Transport, count: Int
  ) throws {
    let world = try ForwardWorld(.plain)
    let answer = (0..<100).map { "many.example.net. 300 A 192.0.2.\($0)" }
    world.hear(["many.example.net. A": Said(answer: answer)])
    // The second one comes from the cache.
    for _ in 0..<2 {
      let ask = Ask(question: "many.example.net. A", size: size)
      let reply = try #require(try world.ask(try ask.query().octets, transport))
      #expect(reply.message.answer.count == count)
      #expect(reply.message.flagNames == (count < 100 ? "qr tc rd ra" : "qr rd ra"))
    }
  }

  @Test(arguments: [Peer.Transport.udp, .tcp])
  func `behind an alias, too, a datagram holds what fits`(transport: Peer.Transport) throws {
    let world = try ForwardWorld(.plain)
    let answer = (0..<100).map { "www.example.net. 300 A 192.0.2.\($0)" }
    world.hear(["www.example.net. A": Said(answer: answer)])
    for _ in 0..<2 {
      let ask = Ask(question: "out.ns.svc.cluster.local. A")
      let reply = try #require(try world.ask(try ask.query().octets, transport))
      // Header and question 42, the CNAME 29 behind it, OPT 11; the first owner is written out.
      let fitting = 1 + (1232 - 42 - 29 - 11 - 15) / 16
      #expect(reply.message.answer.count == (transport == .tcp ? 101 : fitting))
      #expect(reply.message.flagNames == (transport == .tcp ? "qr aa rd ra" : "qr aa tc rd ra"))
    }
  }

  @Test(arguments: ["www.example.net. A", "out.ns.svc.cluster.local. A"])
  func `under loadbalance every address comes first at times`(question: String) throws {
    let world = try ForwardWorld(.rotating)
    world.hear([
      "www.example.net. A": Said(answer: (1...3).map { "www.example.net. A 192.0.2.\($0)" })
    ])
    var first: Set<[UInt8]> = []
    for _ in 0..<64 {
      let reply = try #require(try world.ask(try Ask(question: question).query().octets))
      let addresses = reply.message.answer.filter { $0.type == .a }.map(\.rdata)
      #expect(Set(addresses).count == 3)
      if let address = addresses.first { first.insert(address) }
    }
    #expect(first.count == 3)
  }

  @Test(arguments: ["www.example.net. A", "out.ns.svc.cluster.local. A"])
  func `as many upstreams are asked for a query as a block may have`(question: String) throws {
    let world = try ForwardWorld(.many)
    world.hear(["www.example.net. A": .silent])
    let reply = try #require(try world.ask(try Ask(question: question).query().octets))
    #expect(reply.message.code == .serverFailure)
    #expect(reply.asked.count == ForwardSettings.maximumRun)
    #expect(reply.message.extendedErrors.map(\.code) == [22])
  }

  @Test(arguments: ["www.example.net. A", "out.ns.svc.cluster.local. A"])
  func `one query has so many questions asked, and no more`(question: String) throws {
    let world = try ForwardWorld(.many)
    world.maximumQuestions = 20
    world.hear(["www.example.net. A": .silent])
    let reply = try #require(try world.ask(try Ask(question: question).query().octets))
    #expect(reply.message.code == .serverFailure)
    #expect(reply.asked.count == world.maximumQuestions)
    #expect(reply.message.extendedErrors.map(\.code) == [0])
  }

  @Test func `a probe that comes back is noted, and nobody asked`() throws {
    let probes = LoopProbes()
    let name = try #require(DomainName("a1b2.example.net"))
    let other = try #require(DomainName("c3d4.example.net"))
    probes.expect(name)
    probes.expect(other)
    let world = try ForwardWorld(.plain, probes: probes)
    let ask = Ask(question: "A1b2.example.net. HINFO")
    let reply = try #require(try world.ask(try ask.query().octets))
    #expect(reply.message.code == .nameError)
    #expect(reply.asked == [])
    #expect(reply.plugin == nil)
    #expect(probes.finish(name))
    #expect(!probes.finish(other))
    world.hear(["a1b2.example.net. HINFO": .missing()])
    let later = try #require(try world.ask(try ask.query().octets))
    #expect(later.asked == ["192.0.2.53 a1b2.example.net. HINFO"])
  }

  @Test func `a name that is a probe's is only one for HINFO`() throws {
    let probes = LoopProbes()
    let name = try #require(DomainName("a1b2.example.net"))
    probes.expect(name)
    let world = try ForwardWorld(.plain, probes: probes)
    world.hear(["a1b2.example.net. A": .missing()])
    let ask = Ask(question: "a1b2.example.net. A")
    let reply = try #require(try world.ask(try ask.query().octets))
    #expect(reply.asked.count == 1)
    #expect(!probes.finish(name))
  }
}
