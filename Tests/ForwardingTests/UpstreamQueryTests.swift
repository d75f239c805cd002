import Forwarding
import Testing
import Wire

@Suite struct UpstreamQueryTests {
  static func question(
    _ name: String, dnssecOK: Bool = false, checkingDisabled: Bool = false
  ) throws -> ForwardQuestion {
    ForwardQuestion(
      name: try #require(DomainName(name)), type: .aaaa, recordClass: 1, dnssecOK: dnssecOK,
      checkingDisabled: checkingDisabled, hash: NameHash(seed: 7))
  }

  @Test func `a query has RD and AD, its question and the cookie`() throws {
    let query = UpstreamQuery.encode(
      try Self.question("a.test."), id: 0x1234, caseBits: nil, edns: true,
      cookie: [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(
      query == [
        0x12, 0x34, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1,
        1, 97, 4, 116, 101, 115, 116, 0, 0, 28, 0, 1,
        0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8,
      ])
  }

  @Test func `CD and DO are the question's`() throws {
    let question = try Self.question("a.test.", dnssecOK: true, checkingDisabled: true)
    let query = UpstreamQuery.encode(question, id: 0, caseBits: nil, edns: true, cookie: nil)
    #expect(Array(query[2..<4]) == [0x01, 0x30])
    #expect(Array(query.suffix(4)) == [0x80, 0, 0, 0])
    let plain = UpstreamQuery.encode(question, id: 0, caseBits: nil, edns: false, cookie: [1])
    #expect(plain.count == 24)
    #expect(plain[11] == 0)
  }

  @Test func `every letter has a bit of its own, and only letters have`() throws {
    let label = String(repeating: "az09-", count: 12)
    let name = "\(label).\(label).\(label).\(label)."
    let question = try Self.question(name)
    for bit in 0..<256 {
      var bits: SIMD4<UInt64> = .zero
      bits[bit / 64] = 1 << UInt64(bit % 64)
      let query = UpstreamQuery.encode(question, id: 0, caseBits: bits, edns: true, cookie: nil)
      let written = Array(query[12..<(12 + question.name.octets.count)])
      var expected = question.name.octets
      if bit < expected.count, (0x61...0x7A).contains(expected[bit]) { expected[bit] -= 0x20 }
      #expect(written == expected)
    }
  }
}
