import Forwarding
import Testing
import Wire

/// Replies with something wrong in them, the same for one seed.
private struct ReplyMutator {
  var state: UInt64

  mutating func below(_ limit: Int) -> Int {
    state &+= 0xA076_1D64_78BD_642F
    let product = state.multipliedFullWidth(by: state ^ 0xE703_7ED1_A0B4_28DB)
    return Int((product.high ^ product.low) % UInt64(max(limit, 1)))
  }

  /// Changes octets behind the question, or the counts.
  mutating func mutate(_ message: inout [UInt8], from start: Int) {
    guard message.count > start else { return }
    let at = start + below(message.count - start)
    switch below(9) {
    case 0: message[at] ^= 1 << UInt8(below(8))
    case 1: message[at] = UInt8(below(256))
    case 2: message[at] = [0, 1, 0x3F, 0x40, 0x80, 0xC0, 0xFF][below(7)]
    case 3: message.removeSubrange(at...)
    case 4: message.remove(at: at)
    case 5: message.insert(UInt8(below(256)), at: at)
    case 6: message.insert(contentsOf: message[at..<min(message.count, at + below(60))], at: at)
    case 7: message[[3, 6, 7, 8, 9, 10, 11][below(7)]] = UInt8(below(5))
    default:
      guard at + 1 < message.count else { return }
      message[at] = 0xC0
      message[at + 1] = UInt8(below(256))
    }
  }
}

@Suite struct ReplyReaderMutationTests {
  /// Each row of ``ReplyRows`` by turns, changed up to four times.
  @Test(arguments: 0..<8) func `nothing that is off the chain is ever kept`(seed: Int) throws {
    var mutator = ReplyMutator(state: UInt64(seed) &* 0x9E37_79B9)
    let messages = try ReplyRows.all.flatMap { row in
      try [true, false].map { compresses in
        var message = try UpstreamMessage(row.question)
        message.flags = row.flags
        message.answer = row.answer
        message.authority = row.authority
        message.additional = row.additional
        message.compresses = compresses
        message.options = seed % 2 == 0 ? [0, 15, 0, 3, 0, 23, 65] : nil
        return message
      }
    }
    let wire = try messages.map { try $0.octets() }
    var answers = 0
    for round in 0..<6_000 {
      let index = round % messages.count
      let message = messages[index]
      var octets = wire[index]
      for _ in 0..<(1 + mutator.below(4)) {
        mutator.mutate(&octets, from: 12 + message.question.octetCount)
      }
      let reply = octets.withOctets {
        ReplyReader.read($0, sent: message.sent, question: message.question, overStream: false)
      }
      guard case .answer(let answer, _) = reply else { continue }
      answers += 1
      let problem = Self.problem(answer, message.question)
      #expect(problem == nil, "seed \(seed), round \(round): \(octets)")
    }
    #expect(answers > 500)
  }

  /// What is wrong with an answer; nil where nothing is.
  static func problem(_ answer: ForwardedAnswer, _ question: ForwardQuestion) -> String? {
    let header = answer.header
    guard header.kind != .failure else {
      return header.recordOctets == 0 && header.ttlCount == 0 ? nil : "a failure with records"
    }
    let message =
      [UInt8](repeating: 0, count: 12) + question.name.octets + [0, 0, 0, 0]
      + answer.octets.prefix(Int(header.recordOctets))
    guard
      let records = message.withOctets({
        ForwardedText.records($0, from: 16 + question.name.octets.count)
      })
    else { return "unreadable" }
    let answers = Int(header.answerCount)
    guard records.count == answers + Int(header.authorityCount),
      header.ttlCount == records.count,
      answer.octets.count == Int(header.recordOctets) + 2 * records.count
    else { return "counts" }
    for (index, record) in records.enumerated() {
      let isRightTTL = answer.withView { view in
        view.records.u32(view.ttlPlace(index)) == record.ttl
      }
      guard isRightTTL, record.ttl < 1 << 31, header.ttl <= record.ttl else { return "TTL" }
    }
    return problem(answers: Array(records[..<answers]), question)
      ?? problem(
        authority: Array(records[answers...]), header, last: lastName(records, question))
  }

  private static func lastName(_ records: [ResourceRecord], _ question: ForwardQuestion)
    -> DomainName
  {
    guard question.type != .cname, question.type != .any else { return question.name }
    let alias = records.last { $0.type == .cname }
    return alias.flatMap { DomainName(wire: $0.rdata) }?.folded ?? question.name
  }

  private static func problem(answers: [ResourceRecord], _ question: ForwardQuestion) -> String? {
    var name = question.name
    var dname: ResourceRecord?
    var past: Set<DomainName> = [name]
    for record in answers {
      let owner = record.owner.folded
      switch record.type {
      case .dname where question.type != .dname && question.type != .any || owner != name:
        guard name.isAtOrBelow(owner), name != owner else { return "DNAME at \(owner)" }
        dname = record
        past.insert(owner)
      case .cname where question.type != .cname && question.type != .any:
        guard owner == name, let target = DomainName(wire: record.rdata)?.folded else {
          return "CNAME at \(owner)"
        }
        if let dname {
          let prefix = name.octets.dropLast(dname.owner.octets.count)
          guard prefix + (DomainName(wire: dname.rdata)?.folded.octets ?? []) == target.octets
          else { return "DNAME yields other than \(target)" }
        }
        dname = nil
        name = target
        past.insert(name)
      case .rrsig where question.type != .rrsig && question.type != .any:
        guard question.dnssecOK, past.contains(owner) else { return "RRSIG at \(owner)" }
      default:
        guard owner == name, question.type == .any || record.type == question.type else {
          return "\(record.type) at \(owner)"
        }
      }
    }
    return nil
  }

  private static func problem(
    authority: [ResourceRecord], _ header: AnswerHeader, last: DomainName
  ) -> String? {
    let owners = Set(authority.filter { $0.type != .rrsig }.map { $0.owner.folded })
    var soas = 0
    for record in authority {
      switch record.type {
      case .soa:
        soas += 1
        guard last.isAtOrBelow(record.owner), header.kind != .positive else { return "SOA" }
      case .nsec, .nsec3: break
      case .rrsig:
        guard owners.contains(record.owner.folded) else { return "RRSIG at \(record.owner)" }
      default: return "\(record.type) in the authority"
      }
    }
    return soas > 1 ? "\(soas) SOAs" : nil
  }
}
