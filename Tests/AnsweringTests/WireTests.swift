import Answering
import Testing
import Wire

/// Messages that are not plain questions, and what comes of them: the same over UDP and TCP.
@Suite struct WireTests {
  enum Outcome: Sendable, Equatable {
    case silence
    /// 12 octets.
    case headerOnly(String)
    /// Question and code; the flags that are set.
    case reply(String, flags: String, answers: Int)
  }

  struct WireRow: Sendable, CustomTestStringConvertible {
    let tags: String
    let title: String
    let octets: [UInt8]
    let outcome: Outcome

    init(_ tags: String, _ title: String, _ octets: [UInt8], _ outcome: Outcome) {
      (self.tags, self.title, self.octets, self.outcome) = (tags, title, octets, outcome)
    }

    var testDescription: String { title }
  }

  private static let answered = Outcome.reply("NOERROR", flags: "qr aa rd", answers: 1)
  private static let formatError = Outcome.headerOnly("FORMERR")

  /// A query for svc1.testns A, changed.
  private static func query(_ change: (inout QueryMessage) -> Void = { _ in }) -> [UInt8] {
    var query = QueryMessage(DomainName("svc1.testns.svc.cluster.local") ?? .root, .a)
    change(&query)
    return query.octets
  }

  private static func plain(_ change: (inout QueryMessage) -> Void = { _ in }) -> [UInt8] {
    query {
      $0.edns = nil
      change(&$0)
    }
  }

  private static let record: [UInt8] = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]
  private static let opt = QueryMessage.OPT().record

  static let rows: [WireRow] = [
    WireRow("§13.10", "a query", query(), answered),
    WireRow("§13.10", "a query without EDNS", plain(), answered),
    // Header
    WireRow("§18.6", "nothing", [], .silence),
    WireRow("§18.6", "one octet", [0], .silence),
    WireRow("§18.6", "11 octets", Array(query().prefix(11)), .silence),
    WireRow("§13.1", "a response", query { $0.flags = 0x8180 }, .silence),
    WireRow("§13.1", "a response of 12 octets", [0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0], .silence),
    WireRow("§13.2", "IQUERY", query { $0.flags = 0x0900 }, .headerOnly("NOTIMP")),
    WireRow("§13.2", "STATUS", query { $0.flags = 0x1100 }, .headerOnly("NOTIMP")),
    WireRow("§13.2 §18.15", "UPDATE", query { $0.flags = 0x2900 }, .headerOnly("NOTIMP")),
    WireRow("§13.2 §18.15", "DSO", query { $0.flags = 0x3100 }, .headerOnly("NOTIMP")),
    WireRow("§18.15", "opcode 15", query { $0.flags = 0x7900 }, .headerOnly("NOTIMP")),
    WireRow(
      "§18.15", "UPDATE of a header alone", [0, 1, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      .headerOnly("NOTIMP")),
    WireRow(
      "§18.11", "NOTIFY", query { $0.flags = 0x2000 },
      .reply("NOTAUTH", flags: "qr", answers: 0)),
    WireRow(
      "§18.11", "NOTIFY for a name of nobody's",
      query {
        $0.flags = 0x2000
        $0.name = [1, 0x61, 0]
      }, .reply("REFUSED", flags: "qr", answers: 0)),
    // Counts
    WireRow("§13.3", "no question", plain { $0.counts = [0, 0, 0, 0] }, formatError),
    WireRow("§13.3", "two questions", plain { $0.counts = [2, 0, 0, 0] }, formatError),
    WireRow("§13.3", "65,535 questions", plain { $0.counts = [65_535, 0, 0, 0] }, formatError),
    WireRow(
      "§13.3", "two answers",
      plain {
        $0.counts = [1, 2, 0, 0]; $0.rest = record + record
      }, formatError),
    WireRow(
      "§13.3", "two authority records",
      plain {
        $0.counts = [1, 0, 2, 0]; $0.rest = record + record
      }, formatError),
    WireRow(
      "§13.3", "three additional records",
      plain {
        $0.counts = [1, 0, 0, 3]; $0.rest = record + record + record
      }, formatError),
    WireRow(
      "§13.3", "one record in each section, as NOTIFY or a key may have",
      plain {
        $0.counts = [1, 1, 1, 2]; $0.rest = record + record + record + opt
      }, answered),
    WireRow(
      "§18.7", "a header that counts a question", [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], formatError
    ),
    WireRow(
      "§18.7", "an OPT counted but not there", plain { $0.counts = [1, 0, 0, 1] }, formatError),
    WireRow(
      "§18.7", "an answer counted but not there", plain { $0.counts = [1, 1, 0, 0] }, formatError),
    WireRow(
      "§18.7", "a record cut off in its fields",
      plain {
        $0.counts = [1, 0, 0, 1]; $0.rest = Array(record.prefix(8))
      }, formatError),
    WireRow(
      "§18.7", "a record cut off in its data",
      plain {
        $0.counts = [1, 0, 0, 1]; $0.rest = Array(record.prefix(13))
      }, formatError),
    WireRow("§18.5 §18.7", "a name cut off", Array(query().prefix(20)), formatError),
    WireRow("§18.5 §18.7", "cut off behind the name", Array(plain().dropLast(4)), formatError),
    WireRow("§18.5 §18.7", "cut off before the class", Array(plain().dropLast(2)), formatError),
    WireRow("§18.7", "cut off in the class", Array(plain().dropLast(1)), formatError),
    WireRow("§18.7", "an OPT cut off", Array(query().dropLast(1)), formatError),
    WireRow(
      "§18.10", "octets behind the question", plain { $0.rest = [1, 2, 3] }, answered),
    WireRow("§18.10", "octets behind the OPT", query() + [0xFF, 0xFF], answered),
    // Question
    WireRow("§18.8", "a pointer in QNAME", plain { $0.name = [0xC0, 12] }, formatError),
    WireRow(
      "§18.8", "a pointer behind a label", plain { $0.name = [1, 0x61, 0xC0, 12] }, formatError),
    WireRow(
      "§18.8", "a label of 64 octets",
      plain { $0.name = [64] + [UInt8](repeating: 0x61, count: 64) + [0] }, formatError),
    WireRow("§18.8", "a label of type 10", plain { $0.name = [0x80, 0x61, 0] }, formatError),
    WireRow(
      "§18.8", "a name of 256 octets",
      plain { $0.name = longName(63, 63, 63, 62) }, formatError),
    WireRow(
      "§18.8", "a name of 255 octets", plain { $0.name = longName(63, 63, 63, 61) },
      .reply("REFUSED", flags: "qr rd", answers: 0)),
    WireRow("§18.12", "QTYPE 0", plain { $0.type = RecordType(rawValue: 0) }, formatError),
    WireRow("§18.12", "QTYPE OPT", plain { $0.type = .opt }, formatError),
    WireRow(
      "§13.4", "class CH", plain { $0.recordClass = 3 },
      .reply("REFUSED", flags: "qr rd", answers: 0)),
    WireRow(
      "§13.4", "class ANY", plain { $0.recordClass = 255 },
      .reply("REFUSED", flags: "qr rd", answers: 0)),
    WireRow(
      "§13.4", "class 0", plain { $0.recordClass = 0 },
      .reply("REFUSED", flags: "qr rd", answers: 0)),
    // Flags
    WireRow(
      "§13.12", "no RD", plain { $0.flags = 0 }, .reply("NOERROR", flags: "qr aa", answers: 1)),
    WireRow(
      "§13.12", "CD", plain { $0.flags = 0x0110 },
      .reply("NOERROR", flags: "qr aa rd cd", answers: 1)),
    WireRow("§13.12", "AD and RA", plain { $0.flags = 0x01A0 }, answered),
    WireRow("§18.13", "TC", plain { $0.flags = 0x0300 }, answered),
    WireRow("§18.13", "Z", plain { $0.flags = 0x0140 }, answered),
    WireRow("§18.13", "AA", plain { $0.flags = 0x0500 }, answered),
    WireRow("§18.13", "RCODE", plain { $0.flags = 0x010F }, answered),
    // OPT
    WireRow(
      "§18.9 §18.5", "two OPT",
      query {
        $0.counts = [1, 0, 0, 2]; $0.rest = opt + opt
      }, formatError),
    WireRow(
      "§18.9", "an OPT not at the root",
      query { $0.edns?.owner = [1, 0x61, 0] }, formatError),
    WireRow(
      "§18.9", "an OPT whose owner is a pointer to a root",
      query { $0.edns?.owner = [0xC0, 12 + 29] }, formatError),
    WireRow(
      "§18.9", "an OPT in the answer section",
      query { $0.counts = [1, 1, 0, 0] }, formatError),
    WireRow(
      "§13.5", "EDNS version 1", query { $0.edns?.version = 1 },
      .reply("BADVERS", flags: "qr rd", answers: 0)),
    WireRow(
      "§13.5", "EDNS version 255 with options of its own",
      query {
        $0.edns?.version = 255; $0.edns?.options = [(10, [1])]
      },
      .reply("BADVERS", flags: "qr rd", answers: 0)),
    WireRow("§18.4", "a cookie of 8", query { $0.edns?.options = [(10, cookie(8))] }, answered),
    WireRow("§18.4", "a cookie of 16", query { $0.edns?.options = [(10, cookie(16))] }, answered),
    WireRow("§18.4", "a cookie of 40", query { $0.edns?.options = [(10, cookie(40))] }, answered),
    WireRow("§18.4", "a cookie of 0", query { $0.edns?.options = [(10, [])] }, formatError),
    WireRow("§18.4", "a cookie of 7", query { $0.edns?.options = [(10, cookie(7))] }, formatError),
    WireRow("§18.4", "a cookie of 9", query { $0.edns?.options = [(10, cookie(9))] }, formatError),
    WireRow(
      "§18.4", "a cookie of 15", query { $0.edns?.options = [(10, cookie(15))] }, formatError),
    WireRow(
      "§18.4", "a cookie of 41", query { $0.edns?.options = [(10, cookie(41))] }, formatError),
    WireRow(
      "§18.5", "keepalive with a timeout", query { $0.edns?.options = [(11, [0, 1])] }, formatError),
    WireRow(
      "§18.7", "an option longer than its OPT",
      plain {
        $0.counts = [1, 0, 0, 1]; $0.rest = Array(opt.dropLast(2)) + [0, 5, 0, 10, 0, 8, 1]
      },
      formatError),
  ]

  /// Options and flags that a reply says nothing of.
  static let optionRows: [WireRow] = [
    WireRow("§13.10", "NSID", query { $0.edns?.options = [(3, [])] }, answered),
    WireRow(
      "§13.10", "client subnet", query { $0.edns?.options = [(8, [0, 1, 24, 0, 1, 2, 3])] },
      answered),
    WireRow("§13.10", "padding", query { $0.edns?.options = [(12, [0, 0, 0])] }, answered),
    WireRow("§13.10", "an unknown option", query { $0.edns?.options = [(65_001, [1])] }, answered),
    WireRow("§18.4", "a cookie", query { $0.edns?.options = [(10, cookie(8))] }, answered),
  ]

  private static func cookie(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }

  private static func longName(_ labels: Int...) -> [UInt8] {
    labels.flatMap { [UInt8($0)] + [UInt8](repeating: 0x61, count: $0) } + [0]
  }

  @Test(arguments: rows, [Peer.Transport.udp, .tcp])
  func `a message has the outcome of its row`(row: WireRow, transport: Peer.Transport) throws {
    let world = try #require(World.all[.standard])
    #expect(try Self.outcome(world.ask(row.octets, transport), of: row.octets) == row.outcome)
  }

  private static func outcome(_ octets: [UInt8]?, of query: [UInt8]) throws -> Outcome {
    guard let octets else { return .silence }
    let reply = try ReplyMessage(octets)
    #expect(Array(octets.prefix(2)) == Array(query.prefix(2)))
    #expect(reply.flags & 0x7800 == UInt16(query[2]) << 8 & 0x7800, "the opcode is copied")
    guard reply.question != nil else {
      #expect(octets.count == 12)
      return .headerOnly("\(reply.code)")
    }
    return .reply("\(reply.code)", flags: reply.flagNames, answers: reply.answer.count)
  }

  @Test(arguments: optionRows, [Peer.Transport.udp, .tcp])
  func `an option that is not understood is not echoed`(
    row: WireRow, transport: Peer.Transport
  ) throws {
    let world = try #require(World.all[.standard])
    let reply = try ReplyMessage(try #require(world.ask(row.octets, transport)))
    #expect(reply.answer.count == 1)
    #expect(reply.opt?.options.isEmpty == true)
  }

  @Test func `DO is copied and all Z bits are cleared`() throws {
    let world = try #require(World.all[.standard])
    for flags in [UInt16(0x8000), 0xFFFF, 0x7FFF, 0x0001, 0x4000] {
      let octets = Self.query { $0.edns?.flags = flags }
      let reply = try ReplyMessage(try #require(world.ask(octets, .udp)))
      #expect(reply.opt?.flags == flags & 0x8000)
    }
  }

  @Test func `keepalive is answered over TCP alone`() throws {
    let world = try #require(World.all[.standard])
    let octets = Self.query { $0.edns?.options = [(11, [])] }
    let stream = try ReplyMessage(try #require(world.ask(octets, .tcp)))
    #expect(stream.opt?.options.map(\.code) == [11])
    #expect(stream.opt?.options.first?.octets == [0, 100])
    let datagram = try ReplyMessage(try #require(world.ask(octets, .udp)))
    #expect(datagram.opt?.options.isEmpty == true)
  }

  @Test func `an unknown version gets version 0`() throws {
    let world = try #require(World.all[.standard])
    let octets = Self.query { $0.edns?.version = 3 }
    let reply = try ReplyMessage(try #require(world.ask(octets, .udp)))
    #expect(reply.opt?.version == 0 && reply.opt?.extendedCode == 1 && reply.flags & 15 == 0)
  }

  @Test(arguments: 0..<200)
  func `octets changed at random are answered well formed or not at all`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let world = try #require(World.all[.files])
    for _ in 0..<100 {
      var octets = Self.query { $0.edns?.options = [(10, Self.cookie(8)), (11, [])] }
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        octets[.random(in: 0..<octets.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random) {
        octets.removeLast(.random(in: 0..<octets.count, using: &random))
      }
      let transport: Peer.Transport = Bool.random(using: &random) ? .udp : .tcp
      if let reply = world.ask(octets, transport) {
        #expect(throws: Never.self, "seed \(seed): \(octets)") { _ = try ReplyMessage(reply) }
      }
    }
  }
}

/// The same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
