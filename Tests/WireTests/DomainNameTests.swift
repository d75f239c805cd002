import Testing

import Wire

@Suite struct DomainNameTests {
  @Test(arguments: [
    "example.com.", ".", "a\\.b.c.", "\\000.x.", "a\\\\b.", "\\032\\255.", "*._x.y.",
  ])
  func `presentation format survives a round trip`(text: String) throws {
    #expect(try #require(DomainName(text)).description == text)
  }

  @Test(arguments: [
    "..", ".a", "a..b", "a\\", "a\\1", "a\\12", "a\\256.", "\\1a2.",
    String(repeating: "a", count: 64),
    String(repeating: "a.", count: 128),
  ])
  func `text that is no name is refused`(text: String) {
    #expect(DomainName(text) == nil)
  }

  @Test(
    arguments: [
      [], [1], [1, 97], [0, 0], [64] + [UInt8](repeating: 97, count: 64) + [0], [0xC0, 0],
      [UInt8](repeating: 1, count: 256) + [0],
    ] as [[UInt8]])
  func `octets that are not exactly one name are refused`(octets: [UInt8]) {
    #expect(DomainName(wire: octets) == nil)
  }

  @Test func `the longest name and the longest label fit`() {
    #expect(DomainName(String(repeating: "a.", count: 127))?.octets.count == 255)
    #expect(DomainName(String(repeating: "a", count: 63) + ".")?.labelCount == 1)
  }

  @Test(arguments: [
    ("a.example.", "Example.", true), ("example.", "example.", true),
    ("xexample.", "example.", false),
    ("example.", "a.example.", false), ("a.", ".", true), (".", ".", true), (".", "a.", false),
    // The octets of the label `\007example` end like the name `example.`
    ("\\007example.", "example.", false),
  ])
  func `a name lies at or below another by whole labels`(name: String, zone: String, isBelow: Bool)
    throws
  {
    let name = try #require(DomainName(name))
    #expect(name.isAtOrBelow(try #require(DomainName(zone))) == isBelow)
  }

  @Test func `names are joined up to 255 octets`() throws {
    let long = try #require(DomainName(String(repeating: "a.", count: 126)))
    #expect(DomainName("b.")?.appending(long)?.octets.count == 255)
    #expect(DomainName("bb.")?.appending(long) == nil)
    #expect(DomainName.root.appending(long) == long)
    #expect(DomainName("a.b.")?.parent == DomainName("b."))
    #expect(DomainName.root.parent == nil)
  }
}
