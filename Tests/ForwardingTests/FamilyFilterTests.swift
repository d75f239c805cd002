import Forwarding
import Testing
import Wire
import ZoneFiles

struct FamilyRow: CustomTestStringConvertible {
  var sentence: String
  var question = "a.test. AAAA"
  var flags: UInt16 = 0x8180
  var answer: [String] = []
  var authority: [String] = []
  var additional: [String] = []
  /// The lines of all sections, and how many each has.
  var kept: [String]
  var counts: [UInt8]

  var testDescription: String { sentence }
}

@Suite struct FamilyFilterTests {
  static func absence(_ name: String) -> String {
    "\(name) 30 IN SOA \(name) nobody.invalid. 1 3600 1200 604800 30"
  }

  static let soa = "test. 60 IN SOA ns.test. host.test. 1 2 3 4 5"

  static let rows = [
    FamilyRow(
      sentence: "IPv4 addresses stay", question: "a.test. A",
      answer: ["a.test. 5 IN A 192.0.2.1"], kept: ["a.test. 5 IN A 192.0.2.1"], counts: [1, 0, 0]),
    FamilyRow(
      sentence: "IPv6 addresses go, an SOA comes",
      answer: ["a.test. 5 IN AAAA ::1", "a.test. 5 IN AAAA ::2"], kept: [absence("a.test.")],
      counts: [0, 1, 0]),
    FamilyRow(
      sentence: "the chain stays, the SOA is at its end",
      answer: [
        "a.test. 5 IN CNAME b.test.", "b.test. 5 IN CNAME c.other.", "c.other. 5 IN AAAA ::1",
        ReplyRows.rrsig("c.other.", "AAAA", labels: 2),
      ],
      kept: ["a.test. 5 IN CNAME b.test.", "b.test. 5 IN CNAME c.other.", absence("c.other.")],
      counts: [2, 1, 0]),
    FamilyRow(
      sentence: "signatures over the chain are of the chain",
      answer: [
        "a.test. 5 IN CNAME b.test.", ReplyRows.rrsig("a.test.", "CNAME", labels: 2),
        "b.test. 5 IN AAAA ::1",
      ],
      kept: [
        "a.test. 5 IN CNAME b.test.", ReplyRows.rrsig("a.test.", "CNAME", labels: 2),
        absence("b.test."),
      ], counts: [2, 1, 0]),
    FamilyRow(
      sentence: "the reply's own SOA stays", answer: ["a.test. 5 IN AAAA ::1"], authority: [soa],
      kept: [soa], counts: [0, 1, 0]),
    FamilyRow(
      sentence: "NODATA without an SOA gets one", kept: [absence("a.test.")], counts: [0, 1, 0]),
    FamilyRow(
      sentence: "with one it keeps it", authority: [soa], kept: [soa], counts: [0, 1, 0]),
    FamilyRow(
      sentence: "NODATA of another type is left alone", question: "a.test. TXT", kept: [],
      counts: [0, 0, 0]),
    FamilyRow(
      sentence: "so is NXDOMAIN", flags: 0x8183, kept: [], counts: [0, 0, 0]),
    FamilyRow(
      sentence: "and a referral, whose glue goes", authority: ["test. 5 IN NS ns.test."],
      additional: ["ns.test. 5 IN AAAA ::1", "ns.test. 5 IN A 192.0.2.1"],
      kept: ["test. 5 IN NS ns.test.", "ns.test. 5 IN A 192.0.2.1"], counts: [0, 1, 1]),
    FamilyRow(
      sentence: "names that pointed into what goes are whole", question: "a.test. MX",
      answer: ["a.test. 5 IN MX 1 m.b.test."],
      additional: [
        "x.y.other. 5 IN AAAA ::1", "z.x.y.other. 5 IN A 192.0.2.1", "m.b.test. 5 IN AAAA ::1",
        "m.b.test. 5 IN A 192.0.2.2",
      ],
      kept: [
        "a.test. 5 IN MX 1 m.b.test.", "z.x.y.other. 5 IN A 192.0.2.1",
        "m.b.test. 5 IN A 192.0.2.2",
      ], counts: [1, 0, 2]),
    FamilyRow(
      sentence: "of ANY the rest stays", question: "a.test. ANY",
      answer: ["a.test. 5 IN AAAA ::1", "a.test. 5 IN A 192.0.2.1"],
      kept: ["a.test. 5 IN A 192.0.2.1"], counts: [1, 0, 0]),
    FamilyRow(
      sentence: "additional records make way for the SOA", answer: ["a.test. 5 IN AAAA ::1"],
      additional: ["b.test. 5 IN TXT \"x\""], kept: [absence("a.test.")], counts: [0, 1, 0]),
    FamilyRow(
      sentence: "PTR records are left alone", question: "1.in-addr.arpa. PTR",
      answer: ["1.in-addr.arpa. 5 IN PTR a.test."], kept: ["1.in-addr.arpa. 5 IN PTR a.test."],
      counts: [1, 0, 0]),
    FamilyRow(
      sentence: "the root has no address", question: ". AAAA", answer: [". 5 IN AAAA ::1"],
      kept: [absence(".")], counts: [0, 1, 0]),
  ]

  @Test(arguments: rows, [true, false])
  func `the other family goes`(row: FamilyRow, compressed: Bool) throws {
    var message = try UpstreamMessage(row.question)
    message.flags = row.flags
    message.answer = row.answer
    message.authority = row.authority
    message.additional = row.additional
    message.compresses = compressed
    let octets = try message.octets()
    let given = MessageWriter.withScratch(capacity: 4096) { writer in
      writer.put(octets)
      writer.removeAddresses(of: .aaaa)
      return writer.octets.array
    }
    let lines = try ForwardedText.lines(given, from: 12 + message.question.octetCount)
    #expect(lines.map { $0.lowercased() } == row.kept.map { $0.lowercased() })
    #expect([given[7], given[9], given[11]] == row.counts)
    #expect(given[2..<4] == [UInt8(row.flags >> 8), UInt8(row.flags & 255)])
  }

  @Test func `the other way round`() throws {
    var message = try UpstreamMessage("a.test. A")
    message.answer = ["a.test. 5 IN A 192.0.2.1", "a.test. 5 IN A 192.0.2.2"]
    let octets = try message.octets()
    let given = MessageWriter.withScratch(capacity: 4096) { writer in
      writer.put(octets)
      writer.removeAddresses(of: .a)
      return writer.octets.array
    }
    let lines = try ForwardedText.lines(given, from: 12 + message.question.octetCount)
    #expect(lines.map { $0.lowercased() } == [Self.absence("a.test.").lowercased()])
  }
}
