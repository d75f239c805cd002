import Testing
import Wire
import ZoneFiles
import Zones

/// What makes a zone of records, and what does not.
@Suite struct ZoneTests {
  private static let apex = DomainName("example.") ?? .root
  private static let soa = "@ 3600 SOA ns hostmaster 7 2 3 4 5"
  private static let ns = "@ NS ns.example.net."

  private static func name(_ text: String) -> DomainName { DomainName(text) ?? .root }

  private func zone(_ lines: [String]) throws -> Zone {
    let records = try lines.map { try RecordText.parse($0, origin: Self.apex) }
    return try Zone(apex: Self.apex, records: records)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let title: String
    let lines: [String]
    let error: ZoneError
    var testDescription: String { title }
  }

  @Test(arguments: [
    Refusal(title: "no record", lines: [], error: .noSOA(apex: apex)),
    Refusal(title: "no SOA", lines: [ns], error: .noSOA(apex: apex)),
    Refusal(
      title: "two SOA", lines: [soa, "@ SOA ns hostmaster 8 2 3 4 5"],
      error: .severalSOA(apex: apex)),
    Refusal(
      title: "SOA below the apex", lines: [soa, "x SOA ns hostmaster 7 2 3 4 5"],
      error: .soaBelowApex(owner: name("x.example."))),
    Refusal(
      title: "a record of another zone", lines: [soa, "x.example.net. A 192.0.2.1"],
      error: .outOfZone(owner: name("x.example.net."), apex: apex)),
    Refusal(
      title: "CNAME at the apex", lines: [soa, "@ CNAME x"],
      error: .cnameWithOtherData(owner: apex)),
    Refusal(
      title: "CNAME and other data, in capitals", lines: [soa, "x CNAME y", "X A 192.0.2.1"],
      error: .cnameWithOtherData(owner: name("x.example."))),
    Refusal(
      title: "two CNAME", lines: [soa, "x CNAME y", "x CNAME z"],
      error: .severalCNAME(owner: name("x.example."))),
    Refusal(
      title: "two DNAME", lines: [soa, "x DNAME y", "x DNAME z"],
      error: .severalDNAME(owner: name("x.example."))),
    Refusal(
      title: "DNAME at a cut", lines: [soa, "x DNAME y", "x NS ns"],
      error: .dnameAtZoneCut(owner: name("x.example."))),
    Refusal(
      title: "DNAME and CNAME", lines: [soa, "x DNAME y", "x CNAME z"],
      error: .cnameWithOtherData(owner: name("x.example."))),
    Refusal(
      title: "a type of questions", lines: [soa, "x TYPE255 \\# 0"],
      error: .metaType(owner: name("x.example."), type: .any)),
  ])
  func `a zone is refused`(refusal: Refusal) {
    #expect(throws: refusal.error) { try zone(refusal.lines) }
  }

  @Test(
    arguments: [
      ([1, 2, 3], RecordType.a), ([], .ns), ([3, 1, 2], .cname), ([0, 0], .dname), ([0, 1], .mx),
      ([0xC0, 0], .ns),
    ] as [([UInt8], RecordType)])
  func `malformed RDATA is refused`(rdata: [UInt8], type: RecordType) throws {
    let soa = try RecordText.parse(Self.soa, origin: Self.apex)
    let bad = ResourceRecord(owner: Self.apex, type: type, ttl: 1, rdata: rdata)
    #expect(throws: ZoneError.malformedRDATA(owner: Self.apex, type: type)) {
      try Zone(apex: Self.apex, records: [soa, bad])
    }
  }

  @Test(arguments: [
    ([soa, ns], []),
    ([soa], ["no NS record at the zone apex example."]),
    ([soa, "@ NS ns"], []),
    (
      [soa, "@ NS ns", "ns TXT x"],
      ["the name server ns.example. of example. has no address in the zone"]
    ),
    (
      [soa, ns, "child NS ns.child", "ns.child A 192.0.2.1", "ns.child TXT x"],
      ["1 RRsets of example. lie below a zone cut or a DNAME, out of reach"]
    ),
    (
      [soa, ns, "d DNAME e", "x.d A 192.0.2.1"],
      ["1 RRsets of example. lie below a zone cut or a DNAME, out of reach"]
    ),
    (
      [
        soa, ns,
        "0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM NSEC3 1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A",
      ],
      ["NSEC3 of example. is left out: negative answers go without proof"]
    ),
  ])
  func `a zone is served with warnings`(lines: [String], warnings: [String]) throws {
    #expect(try zone(lines).warnings == warnings)
  }

  @Test func `the parts of the SOA`() throws {
    let zone = try zone([Self.soa, Self.ns])
    #expect(zone.serial == 7)
    #expect(zone.soa.ttl == 3600)
    #expect(zone.lookup(Self.name("x.example."), type: .a).authority.map(\.ttl) == [5])
  }

  @Test func `a small SOA TTL is below MINIMUM`() throws {
    let zone = try zone(["@ 4 SOA ns hostmaster 7 2 3 4 5", Self.ns])
    #expect(zone.lookup(Self.name("x.example."), type: .a).authority.map(\.ttl) == [4])
  }

  @Test func `the same record in another spelling is one`() throws {
    let zone = try zone([Self.soa, "@ NS A.example.net.", "@ NS a.EXAMPLE.net."])
    #expect(zone.lookup(Self.apex, type: .ns).answer.first?.rdata.count == 1)
  }

  @Test func `all RRsets can be listed`() throws {
    let zone = try zone([Self.soa, Self.ns, "x A 192.0.2.1", "x A 192.0.2.2", "y.z TXT t"])
    #expect(Set(zone.rrsets.map(\.type)) == [.soa, .ns, .a, .txt])
    #expect(zone.rrsets.reduce(0) { $0 + $1.rdata.count } == 5)
  }

  @Test func `many names are found, and only those`() throws {
    var records = try [Self.soa, Self.ns].map { try RecordText.parse($0, origin: Self.apex) }
    let names = (0..<2000).map { Self.name("n\($0).g\($0 % 7).example.") }
    records += names.map {
      ResourceRecord(owner: $0, type: .a, ttl: 1, rdata: [192, 0, 2, UInt8($0.octets.count)])
    }
    let zone = try Zone(apex: Self.apex, records: records)
    for name in names {
      #expect(
        zone.lookup(name, type: .a).answer.first?.rdata == [[192, 0, 2, UInt8(name.octets.count)]])
    }
    #expect(zone.lookup(Self.name("n0.g1.example."), type: .a).kind == .nameError)
    #expect(zone.lookup(Self.name("g1.example."), type: .a).kind == .nodata)
  }

  @Test func `a name of 127 labels`() throws {
    let deep = Self.name(String(repeating: "a.", count: 123) + "example.")
    let soa = try RecordText.parse(Self.soa, origin: Self.apex)
    let record = ResourceRecord(owner: deep, type: .a, ttl: 1, rdata: [1, 2, 3, 4])
    let zone = try Zone(apex: Self.apex, records: [soa, record])
    #expect(zone.lookup(deep, type: .a).kind == .data)
    #expect(zone.lookup(try #require(deep.parent), type: .a).kind == .nodata)
  }
}
