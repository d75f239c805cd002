import Forwarding
import Testing
import Wire

@Suite struct ForwardQuestionTests {
  static func question(
    _ name: String, _ type: RecordType = .a, dnssecOK: Bool = false, checkingDisabled: Bool = false
  ) throws -> ForwardQuestion {
    ForwardQuestion(
      name: try #require(DomainName(name)), type: type, recordClass: 1, dnssecOK: dnssecOK,
      checkingDisabled: checkingDisabled, hash: NameHash(seed: 7))
  }

  @Test func `spelling does not matter, all else does`() throws {
    let question = try Self.question("Example.COM.")
    #expect(try question == Self.question("example.com."))
    #expect(try question.hash == Self.question("example.com.").hash)
    #expect(try question != Self.question("example.com.", .aaaa))
    #expect(try question != Self.question("example.com.", dnssecOK: true))
    #expect(try question != Self.question("example.com.", checkingDisabled: true))
    #expect(try question != Self.question("example.net."))
  }
}
