public import Wire

/// Reads what upstreams send, and keeps of it only what the question asked for.
///
///     read → the header, the question octet by octet
///       Survey → every record's frame, the OPT record; addresses of the question's own name
///         ChainReader → the chain of names from the question, the proof of what is not there
///           AnswerBuilder → what is kept, written anew
public enum ReplyReader {
  /// Records of all sections, as many addresses as a message holds; the counts are held to it
  /// before anything is read (CVE-2026-82399).
  static let maximumRecords = 4096
  /// CNAMEs that are followed: longer chains than resolvers give.
  static let maximumAliases = 16

  /// Reads a message that came for a query.
  ///
  /// A reply whose TC is set and whose records are cut off is an answer without records.
  ///
  /// - Parameters:
  ///   - sent: the query, as ``UpstreamQuery`` encoded it for `question`.
  ///   - overStream: whether it came over TCP or TLS, where nobody else can put a message in: an
  ///     error without the question, as old servers send it, is believed there alone.
  public static func read(
    _ message: Octets, sent: [UInt8], question: ForwardQuestion, overStream: Bool
  ) -> UpstreamReply {
    sent.withOctets { read(message, sent: $0, question, overStream) }
  }

  private static func read(
    _ message: Octets, sent: Octets, _ question: ForwardQuestion, _ overStream: Bool
  ) -> UpstreamReply {
    guard message.count >= Query.headerOctets else { return .wrong(.notAReply) }
    // QR with opcode QUERY.
    guard message.u16(2) & 0xF800 == 0x8000 else { return .wrong(.notAReply) }
    guard message.u16(0) == sent.u16(0) else { return .wrong(.otherID) }
    var end = Query.headerOctets
    if message.u16(4) == 0, isBareError(message) {
      if overStream { return answer(message, from: end, question) }
      let code = ResponseCode(rawValue: message.u16(2) & 15)
      return .wrong(
        code == .formatError || code == .notImplemented ? .bareError(code) : .otherQuestion)
    }
    end += question.octetCount
    guard message.u16(4) == 1, message.count >= end, sent.count >= end else {
      return .wrong(.otherQuestion)
    }
    guard message[12..<end].equals(sent[12..<end]) else {
      return .wrong(isSpelling(message, of: question, to: end) ? .otherCase : .otherQuestion)
    }
    return answer(message, from: end, question)
  }

  /// Whether a message has an error's RCODE and no answer.
  private static func isBareError(_ message: Octets) -> Bool {
    let code = ResponseCode(rawValue: message.u16(2) & 15)
    let errors: [ResponseCode] = [.formatError, .serverFailure, .notImplemented, .refused]
    return message.u16(6) | message.u16(8) == 0 && errors.contains(code)
  }

  private static func isSpelling(
    _ message: Octets, of question: ForwardQuestion, to end: Int
  ) -> Bool {
    message.u16(end - 4) == question.type.rawValue
      && message.u16(end - 2) == question.recordClass
      && message.name(at: 12, isFolded: question.name) == true
  }

  private static func answer(
    _ message: Octets, from start: Int, _ question: ForwardQuestion
  ) -> UpstreamReply {
    let isTruncated = message.u16(2) & 0x0200 != 0
    if let survey = Survey(message, from: start, question) {
      let spelling = message[Query.headerOctets..<start]
      let found =
        survey.hasNames && spelling.count > 0
        ? respelled(message, question).withOctets {
          try? answer($0, survey, question, spelling)
        } : try? answer(message, survey, question, spelling)
      if let found { return .answer(found, survey.details) }
    }
    guard isTruncated else { return .wrong(.unreadable) }
    let code = ResponseCode(rawValue: message.u16(2) & 15)
    let empty = AnswerHeader(kind: .incomplete, code: code, upstreamFlags: message.u16(2))
    return .answer(
      ForwardedAnswer(header: empty, octets: []), ReplyDetails(isTruncated: true, code: code))
  }

  /// The message with its question in small letters: names in records end in pointers to it, and what
  /// was spelled at random is no client's to see.
  private static func respelled(_ message: Octets, _ question: ForwardQuestion) -> [UInt8] {
    var octets = message.array
    let place = Query.headerOctets
    octets.replaceSubrange(place..<(place + question.name.octets.count), with: question.name.octets)
    return octets
  }

  /// - Parameter spelling: the question as it came.
  private static func answer(
    _ message: Octets, _ survey: Survey, _ question: ForwardQuestion, _ spelling: Octets
  ) throws(Unreadable) -> ForwardedAnswer {
    let code = survey.details.code
    var header = AnswerHeader(kind: .failure, code: code, upstreamFlags: message.u16(2))
    guard code == .noError || code == .nameError else {
      return ForwardedAnswer(
        header: header, octets: survey.details.error.map { Array($0.sentence.utf8) } ?? [])
    }
    if survey.isPlain, code == .noError {
      return plainAnswer(message, survey, &header)
    }
    var chain = try ChainReader(message, survey, question)
    header.kind = try chain.read(code)
    header.aliasCount = UInt16(chain.aliasCount)
    var answer = try AnswerBuilder.build(
      chain.kept, message, question, spelling: spelling, header)
    answer.header.mayBeKept =
      header.kind != .incomplete && chain.hasEnd && !survey.details.isTruncated
    if !answer.header.mayBeKept { answer.header.ttl = 0 }
    return answer
  }
}

/// A message that does not hold what its fields say, or more than is read.
struct Unreadable: Error {}

extension AnswerHeader {
  /// AA, TC, RA and AD.
  private static let keptFlags: UInt16 = 0x06A0

  /// An answer without records.
  init(kind: Kind, code: ResponseCode, upstreamFlags: UInt16) {
    self.init(
      kind: kind, code: code, flags: upstreamFlags & Self.keptFlags, answerCount: 0,
      authorityCount: 0, recordOctets: 0, ttlCount: 0, aliasCount: 0, ttl: 0)
    mayBeKept = kind != .incomplete
  }
}
