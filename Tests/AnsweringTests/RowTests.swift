import Answering
import Testing
import Wire

@Suite struct RowTests {
  static let rows =
    grammarRows + typeRows + apexRows + serviceRows + headlessRows + portRows + aliasRows + podRows
    + reverseRows + filterRows + settingRows + fileRows + loadingRows
    + staleRows

  @Test(arguments: rows)
  func `a question has the sections of its row, over UDP and over TCP`(row: Row) throws {
    let world = try #require(World.all[row.setup])
    let (name, type) = try row.parsedQuestion()
    let answer = try row.lines(row.answer)
    let authority = try row.authorityLines(world)
    for transport in [Peer.Transport.udp, .tcp] {
      let additional = try row.lines(row.additional, transport)
      let octets = try #require(world.ask(QueryMessage(name, type).octets, transport))
      let reply = try ReplyMessage(octets)
      #expect(reply.code == row.code)
      #expect(reply.flagNames == row.flags)
      #expect(presentation(reply.answer) == answer)
      #expect(presentation(reply.authority) == authority)
      #expect(presentation(reply.additional) == additional)
      #expect(reply.question?.name == name)
      #expect(reply.id == 0x1234)
      let opt = try #require(reply.opt)
      #expect(opt.size == row.setup.statedSize)
      #expect(opt.version == 0 && opt.flags == 0)
      if let error = row.error { #expect(reply.extendedErrors.map(\.code) == [error]) }
      if let why = row.why {
        #expect(reply.extendedErrors.map(\.text) == (why.isEmpty ? [] : [why]))
      }
    }
    let additional = try row.lines(row.additional, .tcp)
    try checkWithoutEDNS(row, name, type, world, [answer, authority, additional])
  }

  /// No OPT in, no OPT out; over TCP the sections are the same.
  private func checkWithoutEDNS(
    _ row: Row, _ name: DomainName, _ type: RecordType, _ world: World, _ sections: [[String]]
  ) throws {
    var query = QueryMessage(name, type)
    query.edns = nil
    let reply = try ReplyMessage(try #require(world.ask(query.octets, .tcp)))
    #expect(reply.opt == nil)
    #expect(
      [reply.answer, reply.authority, reply.additional].map(presentation) == sections)
    let datagram = try #require(world.ask(query.octets, .udp))
    #expect(datagram.count <= 512)
    _ = try ReplyMessage(datagram)
  }

  @Test(arguments: Bullets.all)
  func `every rule has a row`(bullet: Bullets.Bullet) {
    let held = Set(Self.rows.flatMap { $0.tags.split(separator: " ").map(String.init) })
      .union(Bullets.heldElsewhere)
    #expect(held.contains(bullet.id), "\(bullet.id) \(bullet.rule)")
  }

  @Test func `every tag of a row is a rule's`() {
    let known = Set(Bullets.all.map(\.id))
    let tags = Set(Self.rows.flatMap { $0.tags.split(separator: " ").map(String.init) })
      .union(Bullets.heldElsewhere)
    #expect(tags.subtracting(known) == [])
  }

  @Test func `the rows are many and each is there once`() {
    #expect(Self.rows.count >= 250)
    #expect(Set(Self.rows.map { "\($0.setup) \($0.question)" }).count == Self.rows.count)
  }
}
