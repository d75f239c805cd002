import Testing

import Wire

@Suite struct DomainNameTests {
  @Test(arguments: ["example.com.", ".", "a\\.b.c.", "\\000.x."])
  func `presentation format survives a round trip`(text: String) throws {
    #expect(try #require(DomainName(text)).description == text)
  }
}
