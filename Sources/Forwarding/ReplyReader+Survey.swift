internal import Wire

extension ReplyReader {
  /// What one walk over a reply's records finds: that each is whole, and what the OPT record says.
  struct Survey {
    let start: Int
    let answerCount: Int
    let authorityCount: Int
    var details: ReplyDetails
    /// Whether the answer is addresses of the question's own name alone, each with the pointer
    /// 0xC00C as owner: most answers are.
    private(set) var isPlain: Bool
    /// Whether there are records whose names are looked at.
    var hasNames: Bool { !isPlain && answerCount + authorityCount > 0 }
    /// Octets of each record of a plain answer.
    let plainOctets: Int

    /// Beyond it, looking for duplicates by comparing each with each is too much.
    static let maximumPlain = 32

    /// - Parameter start: where the records begin. Nil where they are cut off or malformed.
    init?(_ message: Octets, from start: Int, _ question: ForwardQuestion) {
      let flags = message.u16(2)
      self.start = start
      answerCount = Int(message.u16(6))
      authorityCount = Int(message.u16(8))
      details = ReplyDetails(
        isTruncated: flags & 0x0200 != 0, code: ResponseCode(rawValue: flags & 15))
      plainOctets = 12 + (question.type == .a ? 4 : 16)
      isPlain =
        (1...Self.maximumPlain).contains(answerCount) && !details.isTruncated
        && question.recordClass == Query.classIN
        && (question.type == .a || question.type == .aaaa)
      let beforeAdditional = answerCount + authorityCount
      let total = beforeAdditional + Int(message.u16(10))
      guard total <= ReplyReader.maximumRecords else { return nil }
      var at = start
      for index in 0..<total {
        guard let record = message.record(at: at) else { return nil }
        if index < answerCount {
          isPlain =
            isPlain && record.type == question.type && record.recordClass == question.recordClass
            && record.end - at == plainOctets && message.u16(at) == 0xC00C
        } else if record.type == .opt, index >= beforeAdditional {
          guard !details.hasEDNS, readOPT(record, message) else { return nil }
        }
        at = record.end
      }
    }

    private enum OptionCode {
      static let cookie: UInt16 = 10
      static let extendedError: UInt16 = 15
    }

    private mutating func readOPT(_ record: MessageRecord, _ message: Octets) -> Bool {
      guard message[record.owner] == 0 else { return false }
      details.hasEDNS = true
      details.code = ResponseCode(
        rawValue: UInt16(truncatingIfNeeded: record.ttl >> 24) << 4 | details.code.rawValue)
      // Options of a version that is not understood mean nothing (RFC 6891 §6.1.3).
      guard record.ttl >> 16 & 255 == 0 else { return true }
      var at = record.data.lowerBound
      while at < record.end {
        guard at + 4 <= record.end else { return false }
        let code = message.u16(at)
        let end = at + 4 + Int(message.u16(at + 2))
        guard end <= record.end else { return false }
        readOption(code, message[(at + 4)..<end])
        at = end
      }
      return true
    }

    private mutating func readOption(_ code: UInt16, _ octets: Octets) {
      switch code {
      case OptionCode.cookie where octets.count == 8 || (16...40).contains(octets.count):
        details.cookie = details.cookie ?? octets.array
      case OptionCode.extendedError where octets.count >= 2 && details.error == nil:
        let end = min(octets.count, 2 + ExtendedError.maximumSubjectOctets)
        details.error = UpstreamError(code: octets.u16(0), text: octets[2..<end])
      default: break
      }
    }
  }

  /// The answer of addresses alone, copied: no name is looked at.
  static func plainAnswer(
    _ message: Octets, _ survey: Survey, _ header: inout AnswerHeader
  ) -> ForwardedAnswer {
    let size = survey.plainOctets
    var ttl = UInt32.max
    for index in 0..<survey.answerCount {
      let sent = message.u32(survey.start + index * size + 6)
      ttl = min(ttl, sent >> 31 == 0 ? sent : 0)
    }
    let records = message[survey.start..<(survey.start + survey.answerCount * size)]
    var count = 0
    let octets = MessageWriter.withScratch(capacity: survey.answerCount * (size + 2)) { writer in
      for place in stride(from: 0, to: records.count, by: size) {
        let data = records[(place + 12)..<(place + size)]
        guard !holds(data, writer.octets, every: size) else { continue }
        writer.put(records[place..<(place + 6)])
        writer.put32(ttl)
        writer.put(records[(place + 10)..<(place + size)])
        count += 1
      }
      for index in 0..<count { writer.put16(UInt16(index * size + 6)) }
      return writer.octets.array
    }
    header.kind = .positive
    header.answerCount = UInt16(count)
    header.ttlCount = UInt16(count)
    header.recordOctets = UInt32(count * size)
    header.ttl = ttl
    header.runCount = UInt16(count)
    header.runSize = UInt16(size)
    return ForwardedAnswer(header: header, octets: octets)
  }

  private static func holds(_ data: Octets, _ records: Octets, every size: Int) -> Bool {
    var place = 0
    while place < records.count {
      if records[(place + 12)..<(place + size)].equals(data) { return true }
      place += size
    }
    return false
  }
}
