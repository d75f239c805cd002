public import Wire

/// Reads what upstreams send.
public enum ReplyReader {
  /// Reads a message that came for a query.
  public static func read(
    _ message: Octets, sent: [UInt8], question: ForwardQuestion, overStream: Bool
  ) -> UpstreamReply {
    guard message.count >= 12, message[2] & 0xF8 == 0x80 else { return .wrong(.notAReply) }
    guard message[0] == sent[0], message[1] == sent[1] else { return .wrong(.otherID) }
    let end = 12 + question.octetCount
    guard message.count >= end, message.u16(4) == 1 else { return .wrong(.otherQuestion) }
    let asked = message[12..<end].array
    guard asked == Array(sent[12..<end]) else {
      let isFolded = asked.map(ASCII.folded) == sent[12..<end].map(ASCII.folded)
      return .wrong(isFolded ? .otherCase : .otherQuestion)
    }
    var code = UInt16(message[3] & 15)
    var details = ReplyDetails(
      isTruncated: message[2] & 2 != 0, code: ResponseCode(rawValue: code))
    // The records, kept as they are, up to an OPT with at most a cookie.
    var recordsEnd = message.count
    if message.u16(10) > 0 {
      var at = end
      while at + 11 <= message.count, !(message[at] == 0 && message.u16(at + 1) == 41) { at += 1 }
      guard at + 11 <= message.count else { return .wrong(.unreadable) }
      recordsEnd = at
      details.hasEDNS = true
      code |= UInt16(message[at + 5]) << 4
      let length = Int(message.u16(at + 9))
      if length > 4 { details.cookie = message[(at + 15)..<(at + 11 + length)].array }
    }
    details.code = ResponseCode(rawValue: code)
    let isFailure = code != 0 && code != 3
    let records = message[end..<recordsEnd].array
    let header = AnswerHeader(
      kind: isFailure ? .failure : .positive, code: details.code, flags: 0,
      answerCount: message.u16(6), authorityCount: 0, recordOctets: UInt32(records.count),
      ttlCount: 0, aliasCount: 0, ttl: 60)
    return .answer(ForwardedAnswer(header: header, octets: records), details)
  }
}
