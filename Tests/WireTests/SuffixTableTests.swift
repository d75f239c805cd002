import Testing

import Wire

@Suite struct SuffixTableTests {
  static let hash = NameHash(seed: 0x9E37_79B9_7F4A_7C15)

  static func find(_ name: String, in zones: [String]) -> String? {
    let table = SuffixTable(
      zones.enumerated().compactMap { index, zone in DomainName(zone).map { ($0, index) } },
      hash: hash)
    var query = QueryName()
    guard let octets = DomainName(name)?.octets, octets.withOctets({ query.read($0, at: 0) })
    else { return nil }
    return table.find(query).map { zones[$0] }
  }

  static let zones = [
    "example.", "b.Example.", "cluster.local.", "in-addr.arpa.", "10.in-addr.arpa.",
  ]

  @Test(
    arguments: [
      ("example.", "example."), ("a.example.", "example."), ("B.EXAMPLE.", "b.Example."),
      ("x.y.b.example.", "b.Example."), ("xb.example.", "example."),
      ("cluster.local.", "cluster.local."),
      ("1.0.0.10.in-addr.arpa.", "10.in-addr.arpa."), ("1.0.0.11.in-addr.arpa.", "in-addr.arpa."),
      ("local.", nil), ("notexample.", nil), (".", nil), ("example.com.", nil),
    ] as [(String, String?)])
  func `the longest zone that a name lies in is found`(name: String, zone: String?) {
    #expect(Self.find(name, in: Self.zones) == zone)
  }

  @Test func `the root takes what no other zone does`() {
    #expect(Self.find("x.test.", in: Self.zones + ["."]) == ".")
    #expect(Self.find(".", in: ["."]) == ".")
    #expect(Self.find("a.example.", in: Self.zones + ["."]) == "example.")
  }

  @Test func `an empty table finds nothing`() {
    #expect(Self.find("a.", in: []) == nil)
  }

  @Test func `of equal zones the first counts`() {
    #expect(Self.find("a.example.", in: ["Example.", "example."]) == "Example.")
  }

  @Test func `a thousand zones are told apart`() {
    let zones = (0..<1000).map { "zone-\($0).test." }
    for zone in zones { #expect(Self.find("www." + zone, in: zones) == zone) }
    #expect(Self.find("www.zone-1000.test.", in: zones) == nil)
  }

  @Test func `names that differ in one bit hash apart, and by the seed`() {
    var seen: Set<UInt64> = []
    let name = Array("kubernetes.default.svc".utf8)
    for place in name.indices {
      for bit in 0..<8 {
        var changed = name
        changed[place] ^= 1 << bit
        seen.insert(changed.withOctets { Self.hash($0) })
      }
    }
    #expect(seen.count == name.count * 8)
    #expect(name.withOctets { NameHash(seed: 1)($0) } != name.withOctets { NameHash(seed: 2)($0) })
  }

  @Test func `octets of every length hash alike wherever they lie`() {
    for count in 0..<40 {
      let octets = (0..<count).map { UInt8($0) }
      let expected = octets.withOctets { Self.hash($0) }
      let shifted = ([9, 9, 9] + octets + [9]).withOctets { Self.hash($0[3..<(3 + count)]) }
      #expect(shifted == expected)
    }
  }
}
