import Testing
import Wire
import Zones

/// Zone cuts and DNAME of zones/example.org.zone.
@Suite struct DelegationTests {
  private let sample: SampleZone

  init() throws {
    sample = try SampleZone(
      "example.org.zone", apex: "example.org.",
      negativeSOA: "@ 300 SOA ns1 hostmaster 2024052101 7200 900 1209600 300")
  }

  private static let childServers = [
    "child NS ns.child", "child NS ns1", "child NS ns.sibling", "child NS ns.example.net.",
  ]
  private static let childAddresses = [
    "ns.child A 192.0.2.91", "ns.child AAAA 2001:db8::91", "ns1 A 192.0.2.53",
    "ns1 AAAA 2001:db8::53", "ns.sibling A 192.0.2.93",
  ]

  @Test(arguments: [
    Row(
      "at the cut", "child A", .delegation, authority: childServers, additional: childAddresses),
    Row(
      "NS at the cut is the child's to answer", "child NS", .delegation, authority: childServers,
      additional: childAddresses),
    Row(
      "below the cut", "x.y.child MX", .delegation, authority: childServers,
      additional: childAddresses),
    Row(
      "glue is not an answer", "host.child A", .delegation, authority: childServers,
      additional: childAddresses),
    Row(
      "the address of a name server below its own cut", "ns.sibling A", .delegation,
      authority: ["sibling NS ns.sibling"], additional: ["ns.sibling A 192.0.2.93"]),
    Row(
      "ANY at the cut", "sibling ANY", .delegation, authority: ["sibling NS ns.sibling"],
      additional: ["ns.sibling A 192.0.2.93"]),
    Row(
      "SOA at the cut", "sibling SOA", .delegation, authority: ["sibling NS ns.sibling"],
      additional: ["ns.sibling A 192.0.2.93"]),
    Row(
      "a referral without DO has no DS", "www.signed A", .delegation,
      authority: ["signed NS ns1"], additional: ["ns1 A 192.0.2.53", "ns1 AAAA 2001:db8::53"]),
    Row(
      "DS at the cut is the parent's to answer (RFC 4035 §3.1.4.1)", "signed DS", .data,
      ["signed DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"]),
    Row("DS at a cut without one", "child DS", .nodata),
    Row(
      "DS below the cut is the child's", "x.child DS", .delegation, authority: childServers,
      additional: childAddresses),
  ])
  func `delegations`(row: Row) throws {
    try sample.check(row)
  }

  @Test(arguments: [
    Row(
      "a name below goes to the new tree", "host.old A", .data,
      ["old DNAME new", "host.old CNAME host.new", "host.new A 192.0.2.95"]),
    Row(
      "with the question's spelling", "HOST.OLD A", .data,
      ["old DNAME new", "HOST.OLD CNAME HOST.new", "HOST.new A 192.0.2.95"]),
    Row(
      "the new name lacks the type", "host.old AAAA", .nodata,
      ["old DNAME new", "host.old CNAME host.new"]),
    Row(
      "the new name does not exist", "missing.old A", .nameError,
      ["old DNAME new", "missing.old CNAME missing.new"]),
    Row(
      "the DNAME's owner itself is not redirected", "old TXT", .data, ["old TXT \"beside a DNAME\""]
    ),
    Row("nor for a type that it lacks", "old A", .nodata),
    Row("the DNAME itself", "old DNAME", .data, ["old DNAME new"]),
    Row(
      "out of the zone", "a.b.gone A", .alias,
      ["gone DNAME elsewhere.example.net.", "a.b.gone CNAME a.b.elsewhere.example.net."],
      target: "a.b.elsewhere.example.net."),
    Row(
      "CNAME below goes on at the new name (RFC 6672 §3.2)", "host.old CNAME", .nodata,
      ["old DNAME new", "host.old CNAME host.new"]),
    Row(
      "too long a name is YXDOMAIN",
      "\(String(repeating: "x", count: 60)).long A", .data, rcode: .init(rawValue: 6),
      [
        """
        long DNAME \(String(repeating: "a", count: 63)).\(String(repeating: "b", count: 63)).\
        \(String(repeating: "c", count: 63))
        """
      ]),
  ])
  func `DNAME`(row: Row) throws {
    try sample.check(row)
  }

  @Test func `a DNAME into itself ends`() throws {
    let (name, type) = try sample.question("x.loop A")
    let answer = sample.zone.lookup(name, type: type)
    #expect(answer.kind == .alias)
    #expect(answer.answer.filter { $0.type == .dname }.count == 1)
    #expect(answer.answer.filter { $0.type == .cname }.count == 11)
  }
}
