import Forwarding
import Testing
import Wire

@Suite struct ForwardedTests {
  /// Gives an answer behind a client's question; the records, and the flags and counts.
  static func given(
    _ answer: ForwardedAnswer, to question: String, ttl: TTLRule = TTLRule(),
    rotation: UInt64? = nil,
    limit: Int = 4096, before: (inout MessageWriter) -> Int = { _ in 12 }
  ) throws -> (lines: [String], header: [UInt8], whole: Bool) {
    var message = try UpstreamMessage(question)
    message.flags = 0x8180
    let head = Array(try message.octets().prefix(12 + message.question.octetCount))
    var whole = false
    let octets = MessageWriter.withScratch(capacity: 65_535) { writer in
      writer.put(head)
      let place = before(&writer)
      writer.limit = limit
      whole = answer.withView { writer.put($0, ttl: ttl, name: place, rotation: rotation) }
      return writer.octets.array
    }
    #expect(octets.count <= limit)
    return (try ForwardedText.lines(octets, from: head.count), Array(octets[..<12]), whole)
  }

  static func answer(
    _ question: String, _ answer: [String], _ authority: [String] = [], flags: UInt16 = 0x8180
  ) throws -> ForwardedAnswer {
    var message = try UpstreamMessage(question)
    message.answer = answer
    message.authority = authority
    message.flags = flags
    return try message.kept().0
  }

  static let chain = [
    "a.test. 40 IN CNAME b.a.test.", "b.a.test. 30 IN A 192.0.2.1", "b.a.test. 30 IN A 192.0.2.2",
    "b.a.test. 30 IN A 192.0.2.3",
  ]

  /// Lines with another spelling of the question are the same lines.
  static func folded(_ lines: [String]) -> [String] { lines.map { $0.lowercased() } }

  @Test func `records are given with the client's spelling and TTLs counted down`() throws {
    let answer = try Self.answer("a.test. A", Self.chain)
    let given = try Self.given(answer, to: "a.test. A", ttl: TTLRule(elapsed: 31))
    #expect(given.whole)
    #expect(
      Self.folded(given.lines) == [
        "a.test. 9 in cname b.a.test.", "b.a.test. 0 in a 192.0.2.1", "b.a.test. 0 in a 192.0.2.2",
        "b.a.test. 0 in a 192.0.2.3",
      ])
    #expect(given.header[6...] == [0, 4, 0, 0, 0, 0])
    let client = Array(
      UpstreamQuery.encode(
        try UpstreamMessage("a.test. A").question, id: 0,
        caseBits: [0xA5A5_5A5A_0FF0_33CC, 5, 6, 7],
        edns: false, cookie: nil)[12..<20])
    #expect(given.lines[0].hasPrefix(DomainName.presentation(client)))
  }

  @Test(
    arguments: [
      (TTLRule(), 100, 100), (TTLRule(elapsed: 40), 100, 60), (TTLRule(elapsed: 101), 100, 0),
      (TTLRule(elapsed: 10, most: 30), 100, 20), (TTLRule(elapsed: 10, least: 50), 5, 40),
      (.fixed(30), 100, 30), (.fixed(0), 100, 0), (TTLRule(elapsed: .max), 100, 0),
    ] as [(TTLRule, UInt32, UInt32)])
  func `a TTL is held between bounds and counted down`(rule: TTLRule, ttl: UInt32, given: UInt32) {
    #expect(rule(ttl) == given)
  }

  @Test func `each address is first for its share of the numbers`() throws {
    let answer = try Self.answer("a.test. A", Self.chain)
    var firsts: [String: Int] = [:]
    for step in 0..<300 {
      let rotation = UInt64.max / 600 * UInt64(2 * step + 1)
      let given = try Self.given(answer, to: "a.test. A", rotation: rotation)
      #expect(Set(Self.folded(given.lines)) == Set(Self.folded(Self.chain)))
      #expect(given.lines[0].contains("CNAME"))
      firsts[given.lines[1], default: 0] += 1
    }
    #expect(firsts.values.sorted() == [100, 100, 100])
  }

  @Test func `whatever the limit, records are given whole and in order`() throws {
    let signed = ReplyRows.rrsig("a.example.test.", "NSEC", labels: 3)
    let answers = [
      ("a.test. A", try Self.answer("a.test. A", Self.chain)),
      (
        "www.example.test. A +do",
        try Self.answer(
          "www.example.test. A +do", [], [ReplyRows.soa, ReplyRows.nsec, signed], flags: 0x8183)
      ),
    ]
    for (question, answer) in answers {
      let all = try Self.given(answer, to: question, rotation: 1 << 63)
      #expect(all.whole && all.header[2] & 2 == 0)
      let start = 12 + (try UpstreamMessage(question)).question.octetCount
      let end = start + Int(answer.header.recordOctets)
      for limit in start...end {
        let given = try Self.given(answer, to: question, rotation: 1 << 63, limit: limit)
        #expect(given.lines == Array(all.lines.prefix(given.lines.count)))
        #expect(given.whole == (given.lines.count == all.lines.count))
        #expect(given.whole == (limit == end))
        #expect((given.header[2] & 2 == 0) == given.whole)
        #expect(Int(given.header[7] + given.header[9]) == given.lines.count)
      }
    }
  }

  @Test func `behind a CNAME of our own the records are written anew`() throws {
    let answer = try Self.answer(
      "a.test. A", Self.chain + ["x.test. 1 IN A 192.0.2.9"])
    for rotation in [nil, 1 << 63] as [UInt64?] {
      let given = try Self.given(
        answer, to: "svc.cluster. A", ttl: TTLRule(elapsed: 1), rotation: rotation,
        before: Self.putAlias)
      #expect(given.whole)
      #expect(Array(given.header[6...7]) == [0, 5])
      let lines = given.lines.dropFirst()
      #expect(lines.first == "a.test. 39 IN CNAME b.a.test.")
      #expect(
        lines.last == "b.a.test. 29 IN A 192.0.2.\(rotation == nil ? 3 : 1)")
    }
  }

  @Test func `part of an answer is given with TC, wherever it stands`() throws {
    let answer = try Self.answer("a.test. A", Self.chain, flags: 0x8380)
    let given = try Self.given(answer, to: "a.test. A")
    #expect(given.header[2] & 2 != 0 && given.header[7] == 4)
    let behind = try Self.given(answer, to: "svc.cluster. A", before: Self.putAlias)
    #expect(behind.header[2] & 2 != 0 && behind.header[7] == 5)
  }

  /// A CNAME of our own to a.test; where its target stands.
  private static func putAlias(_ writer: inout MessageWriter) -> Int {
    writer.putPointer(12)
    writer.putFields(.cname, ttl: 5, dataCount: 8)
    let place = writer.count
    writer.put([1, 97, 4, 116, 101, 115, 116, 0])
    writer.count(.answer, 1)
    return place
  }

  @Test func `names in RDATA are whole`() throws {
    let answer = try Self.answer("a.test. MX", ["a.test. 40 IN MX 1 b.a.test."])
    let given = try Self.given(answer, to: "a.test. MX")
    #expect(Self.folded(given.lines) == ["a.test. 40 in mx 1 b.a.test."])
  }
}
