import Forwarding
import Testing
import Wire

@testable import Serving

/// One exchange for a question in the whole process.
@Suite struct OutstandingQuestionsTests {
  @Test func `the first who asks has the question until it says that it is answered`() {
    let outstanding = OutstandingQuestions()
    #expect(Self.claim(outstanding, by: 1) == "own, new")
    #expect(Self.claim(outstanding, by: 1) == "own")
    #expect(Self.claim(outstanding, by: 2) == "of 1")
    outstanding.release(Self.key(), by: 1)
    #expect(Self.claim(outstanding, by: 2) == "own, new")
  }

  @Test func `a late word of who had it before leaves it to who has it now`() {
    let outstanding = OutstandingQuestions()
    _ = Self.claim(outstanding, by: 1)
    outstanding.release(Self.key(), by: 1)
    _ = Self.claim(outstanding, by: 2)
    outstanding.release(Self.key(), by: 1)
    #expect(Self.claim(outstanding, by: 3) == "of 2")
  }

  @Test func `what changes the answer makes another question`() {
    let outstanding = OutstandingQuestions()
    _ = Self.claim(outstanding, by: 1)
    for other in [
      Self.key(group: 2), Self.key("other.test."), Self.key(type: .aaaa),
      Self.key(dnssecOK: true), Self.key(checkingDisabled: true), Self.key(recordClass: 3),
    ] {
      #expect(Self.text(outstanding.claim(other, by: 2)) == "own, new")
    }
    #expect(Self.text(outstanding.claim(Self.key("NAME.test."), by: 2)) == "of 1")
  }

  @Test func `many at once are each asked by who has claimed them`() {
    let outstanding = OutstandingQuestions()
    let names = (0..<20_000).map { "n\($0).test." }
    func claims(by worker: Int) -> [String] {
      names.map { Self.text(outstanding.claim(Self.key($0), by: worker)) }
    }
    #expect(Set(claims(by: 1)) == ["own, new"])
    for index in stride(from: 0, to: names.count, by: 3) {
      outstanding.release(Self.key(names[index]), by: 1)
    }
    let second = claims(by: 2)
    #expect(second.indices.allSatisfy { second[$0] == ($0 % 3 == 0 ? "own, new" : "of 1") })
    for name in names { outstanding.release(Self.key(name), by: 1) }
    let third = claims(by: 3)
    #expect(third.indices.allSatisfy { third[$0] == ($0 % 3 == 0 ? "of 2" : "own, new") })
  }

  static func key(
    _ name: String = "name.test.", group: Int = 1, type: RecordType = .a, recordClass: UInt16 = 1,
    dnssecOK: Bool = false, checkingDisabled: Bool = false
  ) -> OutstandingQuestions.Key {
    OutstandingQuestions.Key(
      group: group,
      question: ForwardQuestion(
        name: DomainName(name)!, type: type, recordClass: recordClass, dnssecOK: dnssecOK,
        checkingDisabled: checkingDisabled, hash: NameHash(seed: 1)))
  }

  static func claim(_ outstanding: OutstandingQuestions, by worker: Int) -> String {
    text(outstanding.claim(key(), by: worker))
  }

  static func text(_ claim: OutstandingQuestions.Claim) -> String {
    switch claim {
    case .own(let isNew): isNew ? "own, new" : "own"
    case .other(let worker): "of \(worker)"
    }
  }
}
