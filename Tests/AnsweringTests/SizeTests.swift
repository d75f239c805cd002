import Answering
import Testing
import Wire
import ZoneFiles

/// What fits into which reply, what is left out, and in which order records stand.
@Suite struct SizeTests {
  /// The rules that these tests hold.
  static let tags = ["§13.11", "§18.14", "§18.3", "§18.5", "§13.10"]

  struct SizeRow: Sendable, CustomTestStringConvertible {
    let question: String
    /// The client's EDNS size; nil without EDNS.
    let size: UInt16?
    let setup: Setup
    let limit: Int
    let isTruncated: Bool
    let answers: Int
    let additional: Int

    init(
      _ question: String, _ size: UInt16?, limit: Int, tc: Bool = false, answers: Int,
      additional: Int = 0, _ setup: Setup = .standard
    ) {
      (self.question, self.size, self.setup, self.limit) = (question, size, setup, limit)
      (isTruncated, self.answers, self.additional) = (tc, answers, additional)
    }

    var testDescription: String { "\(question) in \(size.map { "\($0)" } ?? "no EDNS") \(setup)" }
  }

  // A record with a pointer for its owner: A 16 octets; header and question of big.testns: 46.
  static let rows: [SizeRow] = [
    SizeRow("big.testns A", nil, limit: 512, tc: true, answers: (512 - 46) / 16),
    SizeRow("big.testns A", 0, limit: 512, tc: true, answers: (512 - 46 - 11) / 16),
    SizeRow("big.testns A", 511, limit: 512, tc: true, answers: (512 - 46 - 11) / 16),
    SizeRow("big.testns A", 512, limit: 512, tc: true, answers: (512 - 46 - 11) / 16),
    SizeRow("big.testns A", 513, limit: 513, tc: true, answers: (513 - 46 - 11) / 16),
    SizeRow("big.testns A", 1000, limit: 1000, tc: true, answers: (1000 - 46 - 11) / 16),
    SizeRow("big.testns A", 1232, limit: 1232, tc: true, answers: (1232 - 46 - 11) / 16),
    SizeRow("big.testns A", 1233, limit: 1232, tc: true, answers: (1232 - 46 - 11) / 16),
    SizeRow("big.testns A", 65_535, limit: 1232, tc: true, answers: (1232 - 46 - 11) / 16),
    SizeRow("big.testns A", 4096, limit: 700, tc: true, answers: (700 - 46 - 11) / 16, .bufsize),
    SizeRow("big.testns A", 600, limit: 600, tc: true, answers: (600 - 46 - 11) / 16, .bufsize),
    SizeRow("big.testns A", nil, limit: 512, tc: true, answers: (512 - 46) / 16, .bufsize),
    SizeRow("big.testns A", 1232, limit: 1232, tc: true, answers: (1232 - 46 - 11) / 16, .rotating),
    // Eight SRV of 53 octets each behind 59, their glue 16 each: glue that is left out is no truncation.
    SizeRow("_ldap._tcp.eight.testns SRV", 1232, limit: 1232, answers: 8, additional: 8),
    SizeRow("_ldap._tcp.eight.testns SRV", nil, limit: 512, answers: 8, additional: 1),
    SizeRow("_ldap._tcp.eight.testns SRV", 512, limit: 512, answers: 8, additional: 1),
    SizeRow("big.testns SRV", 1232, limit: 1232, tc: true, answers: 19),
    SizeRow("dual.testns SRV", nil, limit: 512, answers: 1, additional: 2),
    SizeRow("big.aliases.test. TXT", 1232, limit: 1232, answers: 3, .files),
    SizeRow("big.aliases.test. TXT", nil, limit: 512, tc: true, answers: 1, .files),
    SizeRow("host.child.example.org. A", nil, limit: 512, answers: 0, additional: 5, .files),
  ]

  @Test(arguments: rows)
  func `a datagram holds what fits, with TC where an answer is left out`(row: SizeRow) throws {
    let world = try #require(World.all[row.setup])
    let octets = try #require(world.ask(try Self.query(row.question, row.size), .udp))
    let reply = try ReplyMessage(octets)
    #expect(octets.count <= row.limit)
    #expect(reply.flagNames.contains("tc") == row.isTruncated)
    #expect(reply.answer.count == row.answers)
    #expect(reply.additional.count == row.additional)
    #expect(reply.code == .noError)
    #expect(reply.opt?.size == row.size.map { min(max(512, $0), row.setup.statedSize) })
  }

  private static func query(_ question: String, _ size: UInt16?) throws -> [UInt8] {
    let (name, type) = try Row(tags: "", question: question).parsedQuestion()
    var query = QueryMessage(name, type)
    query.edns = size.map { QueryMessage.OPT(size: $0) }
    return query.octets
  }

  @Test func `a stream holds a thousand endpoints`() throws {
    let world = try #require(World.all[.standard])
    let addresses = try ReplyMessage(
      try #require(world.ask(try Self.query("big.testns A", 1232), .tcp)))
    #expect(addresses.answer.count == 1000)
    #expect(addresses.flagNames == "qr aa rd")
    #expect(addresses.opt?.size == 1232)
  }

  @Test func `SRV of a thousand endpoints has weight 1, glue only within a pointer's reach`() throws
  {
    let world = try #require(World.all[.standard])
    let octets = try #require(world.ask(try Self.query("big.testns SRV", 1232), .tcp))
    let reply = try ReplyMessage(octets)
    let room = (65_535 - 11 - 46) / 62
    #expect(reply.answer.count <= 1000 && reply.answer.count >= min(1000, room - 40))
    #expect(reply.answer.allSatisfy { $0.rdata[2...3].elementsEqual([0, 1]) })
    #expect(reply.flagNames == "qr aa rd")
    #expect(reply.additional.count > 200)
    let targets = Set(reply.answer.map { $0.rdata.dropFirst(6) }.map(Array.init))
    #expect(reply.additional.allSatisfy { targets.contains($0.owner.octets) })
  }

  @Test func `NS of hundreds of services have the glue that pointers reach, each its own`() throws {
    let world = try #require(World.all[.crowded])
    let octets = try #require(world.ask(try Self.query("cluster.local. NS", 1232), .tcp))
    let reply = try ReplyMessage(octets)
    #expect(octets.count > 0x4000)
    #expect(reply.answer.count == 700)
    #expect(reply.additional.count > 400 && reply.additional.count < 700)
    for record in reply.additional {
      let label = try #require(record.owner.labels.first)
      let number = try #require(Int(String(decoding: label.dropFirst(), as: UTF8.self)))
      #expect(record.rdata == Samples.crowdAddress(number).octets)
    }
    #expect(reply.flagNames == "qr aa rd")
    let datagram = try ReplyMessage(
      try #require(world.ask(try Self.query("cluster.local. NS", 1232), .udp)))
    #expect(datagram.flagNames == "qr aa tc rd")
  }

  @Test func `weights count the whole set, also where not all of it fits`() throws {
    let world = try #require(World.all[.standard])
    let octets = try #require(world.ask(try Self.query("big.testns SRV", 512), .udp))
    let reply = try ReplyMessage(octets)
    #expect(!reply.answer.isEmpty)
    #expect(reply.answer.allSatisfy { $0.rdata[2...3].elementsEqual([0, 1]) })
  }

  @Test func `an extended error that does not fit is left out`() throws {
    let world = try #require(World.all[.standard])
    let label = String(repeating: "a", count: 63)
    let question = "\(label).\(label).\(label).x.testns A"
    let reply = try ReplyMessage(try #require(world.ask(try Self.query(question, 512), .udp)))
    #expect(reply.code == .nameError && reply.authority.count == 1)
  }

  // MARK: - Order

  @Test func `without loadbalance the order is always the same`() throws {
    let world = try #require(World.all[.standard])
    let query = try Self.query("hdls.testns A", 1232)
    let replies = Set((0..<20).map { world.ask(query, .udp, seed: $0) })
    #expect(replies.count == 1)
  }

  @Test func `loadbalance begins at every record of a set, and leaves none out`() throws {
    let world = try #require(World.all[.rotating])
    let query = try Self.query("hdls.testns A", 1232)
    var first: Set<[UInt8]> = []
    for seed in 0..<200 {
      let reply = try ReplyMessage(try #require(world.ask(query, .udp, seed: UInt64(seed))))
      #expect(Set(reply.answer.map(\.rdata)).count == 4)
      first.insert(try #require(reply.answer.first).rdata)
    }
    #expect(first.count == 4)
  }

  @Test func `CNAMEs stand before what they lead to`() throws {
    let world = try #require(World.all[.files])
    let query = try Self.query("extback.testns A", 1232)
    let reply = try ReplyMessage(try #require(world.ask(query, .udp)))
    #expect(reply.answer.map(\.type) == [.cname, .cname, .a])
    for (record, next) in zip(reply.answer, reply.answer.dropFirst()) {
      #expect(record.rdata == next.owner.octets)
    }
  }

  @Test(arguments: 0..<64)
  func `every spelling of a question gives the same records`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let world = try #require(World.all[.standard])
    for question in ["_http._tcp.hdls.testns SRV", "nope.testns A", "extin.testns A"] {
      let (name, type) = try Row(tags: "", question: question).parsedQuestion()
      var query = QueryMessage(name, type)
      let plain = try ReplyMessage(try #require(world.ask(query.octets, .udp)))
      query.name = query.name.map { octet in
        (0x61...0x7A).contains(octet) && Bool.random(using: &random) ? octet - 32 : octet
      }
      let reply = try ReplyMessage(try #require(world.ask(query.octets, .udp)))
      #expect(reply.question?.name.octets == query.name)
      #expect(Self.folded(reply) == Self.folded(plain))
      #expect(reply.answer.allSatisfy { $0.type == .a || $0.owner.octets == query.name })
    }
  }

  private static func folded(_ reply: ReplyMessage) -> [[String]] {
    [reply.answer, reply.authority, reply.additional].map {
      presentation($0).map { $0.lowercased() }
    }
  }
}
