import Testing

import Wire

/// What becomes of a received message, row by row.
@Suite struct QueryTests {
  enum Expected: Equatable, Sendable {
    case query
    case silence
    case formatError
    case notImplemented
  }

  struct Row: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let message: [UInt8]
    let expected: Expected

    init(_ description: String, _ message: MessageBuilder, _ expected: Expected) {
      self.init(description, message.octets, expected)
    }

    init(_ description: String, _ message: [UInt8], _ expected: Expected) {
      testDescription = description
      self.message = message
      self.expected = expected
    }
  }

  typealias M = MessageBuilder
  static let plain = M.question("a.example.")
  static let longest = String(repeating: "a.", count: 127)
  static let cookie: [UInt8] = [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]

  static func counts(_ counts: [UInt16]) -> MessageBuilder {
    M(counts: counts).with {
      $0.put(name: "a.")
      $0.put(1)
      $0.put(1)
    }
  }

  static func name(_ octets: [UInt8]) -> MessageBuilder {
    M().with {
      $0.octets += octets
      $0.put(1)
      $0.put(1)
    }
  }

  static let header: [Row] = [
    Row("nothing", [], .silence),
    Row("one octet", [0], .silence),
    Row("eleven octets", Array(plain.octets.prefix(11)), .silence),
    Row("a response", M.question("a.", flags: 0x8000), .silence),
    Row("a response of another opcode", M.question("a.", flags: 0xA800), .silence),
    Row("a plain query", plain, .query),
    Row("NOTIFY", M.question("a.", 6, flags: 0x2000), .query),
    Row("UPDATE", M.question("a.", 6, flags: 0x2800), .notImplemented),
    Row("IQUERY, header only", M(flags: 0x0800, counts: [0, 1, 0, 0]), .notImplemented),
    Row("opcode 15", M.question("a.", flags: 0x7800), .notImplemented),
    Row(
      "AA, TC, RA, Z, AD and an RCODE set are passed over", M.question("a.", flags: 0x06EF), .query),
    Row("a header that promises a question", M(), .formatError),
    Row("no question", counts([0, 0, 0, 0]), .formatError),
    Row("two questions", counts([2, 0, 0, 0]), .formatError),
    Row("65535 questions", counts([65_535, 0, 0, 0]), .formatError),
    Row("an answer that is not there", counts([1, 1, 0, 0]), .formatError),
    Row("two answers", counts([1, 2, 0, 0]), .formatError),
    Row("two authority records", counts([1, 0, 2, 0]), .formatError),
    Row("three additional records", counts([1, 0, 0, 3]), .formatError),
    Row("all counts at their most", counts([65_535, 65_535, 65_535, 65_535]), .formatError),
  ]

  static let question: [Row] = [
    Row("the root", name([0]), .query),
    Row("a name of 255 octets", M.question(longest), .query),
    Row("a name of 256 octets", name([1, 97] + (DomainName(longest)?.octets ?? [])), .formatError),
    Row("a label of 63 octets", name([63] + [UInt8](repeating: 97, count: 63) + [0]), .query),
    Row("a label of 64 octets", name([64] + [UInt8](repeating: 97, count: 64) + [0]), .formatError),
    Row("an extended label type", name([0x41, 1, 0]), .formatError),
    Row("a pointer to the header", name([0xC0, 0]), .formatError),
    Row("a pointer to itself", name([0xC0, 12]), .formatError),
    Row("a pointer behind a label", name([1, 97, 0xC0, 12]), .formatError),
    Row("a label of any octets", name([4, 0, 255, 46, 92, 0]), .query),
    Row("a name without an end", M().with { $0.octets += [1, 97] }, .formatError),
    Row("a label cut off", M().with { $0.octets += [9, 97] }, .formatError),
    Row("no type", M().with { $0.put(name: "a.") }, .formatError),
    Row(
      "no class",
      M().with {
        $0.put(name: "a."); $0.put(1)
      }, .formatError),
    Row("half a class", Array(plain.octets.dropLast()), .formatError),
    Row("type 0", M.question("a.", 0), .formatError),
    Row("type OPT", M.question("a.", 41), .formatError),
    Row("an unknown type", M.question("a.", 65_280), .query),
    Row("class CH", M.question("a.", class: 3), .query),
    Row("octets behind the question", plain.with { $0.octets += [1, 2, 3] }, .query),
  ]

  static let records: [Row] = [
    Row("EDNS", plain.edns(), .query),
    Row("octets behind EDNS", plain.edns().with { $0.octets += [0] }, .query),
    Row("EDNS version 1", plain.edns(version: 1), .query),
    Row(
      "EDNS version 255 with options that mean nothing", plain.edns(version: 255, options: [1]),
      .query),
    Row("EDNS and a signature", plain.edns().with { $0.put(record: 250, class: 255) }, .query),
    Row("a signature before EDNS", plain.with { $0.put(record: 250, class: 255) }.edns(), .query),
    Row("two EDNS", plain.edns().edns(), .formatError),
    Row(
      "EDNS not at the root", plain.with { $0.put(record: 41, owner: [1, 97, 0]) }, .formatError),
    Row(
      "EDNS at a pointer to a root", plain.with { $0.put(record: 41, owner: [0xC0, 22]) },
      .formatError),
    Row("EDNS as an answer", plain.with { $0.put(record: 41, in: 7) }, .formatError),
    Row("EDNS as authority", plain.with { $0.put(record: 41, in: 9) }, .formatError),
    Row("an answer (IXFR's SOA has a place too)", plain.with { $0.put(record: 6, in: 7) }, .query),
    Row("authority", plain.with { $0.put(record: 6, in: 9) }, .query),
    Row("an owner that points back", plain.with { $0.put(record: 1, owner: [0xC0, 12]) }, .query),
    Row(
      "an owner that points at itself", plain.with { $0.put(record: 1, owner: [0xC0, 27]) },
      .formatError),
    Row(
      "an owner that points forward", plain.with { $0.put(record: 1, owner: [0xC0, 60]) },
      .formatError),
    Row(
      "an owner of an unknown label type", plain.with { $0.put(record: 1, owner: [0x80, 0]) },
      .formatError),
    Row("fields cut off", Array(plain.edns().octets.dropLast()), .formatError),
    Row("data cut off", Array(plain.edns(options: cookie).octets.dropLast()), .formatError),
    Row("one counted more than there is", plain.edns().with { $0.octets[11] = 2 }, .formatError),
  ]

  static let options: [Row] = [
    Row("a client's cookie", plain.edns(options: cookie), .query),
    Row(
      "a cookie with the shortest server part",
      plain.edns(options: [0, 10, 0, 16] + [UInt8](0..<16)), .query),
    Row(
      "a cookie with the longest server part",
      plain.edns(options: [0, 10, 0, 40] + [UInt8](0..<40)), .query),
    Row("a cookie too long", plain.edns(options: [0, 10, 0, 41] + [UInt8](0..<41)), .formatError),
    Row("a cookie too short", plain.edns(options: [0, 10, 0, 7] + [UInt8](0..<7)), .formatError),
    Row(
      "a cookie with half a server part", plain.edns(options: [0, 10, 0, 12] + [UInt8](0..<12)),
      .formatError),
    Row("a cookie without octets", plain.edns(options: [0, 10, 0, 0]), .formatError),
    Row("keepalive", plain.edns(options: [0, 11, 0, 0]), .query),
    Row("keepalive with a timeout", plain.edns(options: [0, 11, 0, 2, 0, 9]), .formatError),
    Row("an unknown option", plain.edns(options: [0xFD, 0xE9, 0, 1, 7]), .query),
    Row("padding", plain.edns(options: [0, 12, 0, 4, 0, 0, 0, 0]), .query),
    Row("an option's head cut off", plain.edns(options: [0, 12, 0]), .formatError),
    Row("an option's data cut off", plain.edns(options: [0, 12, 0, 2, 0]), .formatError),
    Row(
      "32 options",
      plain.edns(options: Array([[UInt8]](repeating: [0, 3, 0, 0], count: 32).joined())), .query),
    Row(
      "33 options",
      plain.edns(options: Array([[UInt8]](repeating: [0, 3, 0, 0], count: 33).joined())),
      .formatError),
  ]

  @Test(arguments: header + question + records + options)
  func `a message has the outcome of its row`(_ row: Row) {
    var name = QueryName()
    row.message.withOctets { octets in
      switch Query.read(octets, name: &name) {
      case .query: #expect(row.expected == .query)
      case .silence: #expect(row.expected == .silence)
      case .refusal(.formatError): #expect(row.expected == .formatError)
      case .refusal(.notImplemented): #expect(row.expected == .notImplemented)
      case .refusal(let code): Issue.record("refused with \(code)")
      }
    }
  }

  @Test func `the fields are those of the message`() {
    var name = QueryName()
    let message = M.question("WWW.Example.", 28, class: 3, flags: 0x0110).edns(
      size: 4096, flags: 0x80, options: [0, 11, 0, 0])
    message.octets.withOctets { octets in
      guard case .query(let query) = Query.read(octets, name: &name) else {
        Issue.record("not a query")
        return
      }
      #expect(query.id == 0x1234)
      #expect(query.recursionDesired && query.checkingDisabled)
      #expect(query.type.rawValue == 28)
      #expect(query.recordClass == 3)
      #expect(query.questionEnd == 12 + 13 + 4)
      #expect(query.edns?.size == 4096)
      #expect(query.edns?.dnssecOK == true)
      #expect(query.edns?.asksKeepalive == true)
    }
    #expect(name.domainName == DomainName("www.example."))
  }

  @Test func `every octet that a message is cut after, and every one changed, is survived`() {
    var name = QueryName()
    let message = Self.plain.edns(options: Self.cookie).octets
    for end in 0...message.count {
      Array(message[..<end]).withOctets { _ = Query.read($0, name: &name) }
    }
    for place in message.indices {
      for value in UInt8.min...UInt8.max {
        var changed = message
        changed[place] = value
        changed.withOctets { _ = Query.read($0, name: &name) }
      }
    }
  }
}
