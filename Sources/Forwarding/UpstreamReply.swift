public import Wire

/// What a message that came from an upstream is.
public enum UpstreamReply: Hashable, Sendable {
  /// The reply to what was sent, reduced to what may be believed.
  case answer(ForwardedAnswer, ReplyDetails)
  /// Not what was waited for.
  case wrong(WrongReply)
}

/// Why a message is not the reply that was waited for.
public enum WrongReply: Hashable, Sendable {
  /// Shorter than a header, a query, or of another opcode.
  case notAReply
  case otherID
  /// Another question, or none.
  case otherQuestion
  /// The question, but not as it was spelled: forged, or of a server that changes letters.
  case otherCase
  /// FORMERR or NOTIMP over UDP without a question, as servers older than EDNS send it: anybody
  /// who guesses the ID could, so that it is no answer.
  case bareError(ResponseCode)
  /// Cut off or malformed behind the question, or beyond a limit of ``ReplyReader``.
  case unreadable
}

/// What a reply says besides its answer.
public struct ReplyDetails: Hashable, Sendable {
  /// TC: the answer is part of one and must not be kept; its ``AnswerHeader/ttl`` is 0.
  public var isTruncated: Bool
  /// Whether it has an OPT record.
  public var hasEDNS = false
  /// The RCODE with the OPT record's upper bits.
  public var code: ResponseCode
  /// The octets of the COOKIE option, the client's part and then the server's (RFC 7873 §4), if it
  /// has a length that they can have.
  public var cookie: [UInt8]?
  /// The first Extended DNS Error (RFC 8914).
  var error: UpstreamError?

  public init(isTruncated: Bool = false, code: ResponseCode) {
    self.isTruncated = isTruncated
    self.code = code
  }
}

/// An Extended DNS Error that an upstream sent (RFC 8914).
struct UpstreamError: Hashable, Sendable {
  var code: UInt16
  /// EXTRA-TEXT, its first 128 octets, with `?` for what is no printable ASCII: a stranger's words
  /// go into logs and replies.
  var text: String

  init(code: UInt16, text: Octets) {
    self.code = code
    let printable = text.array.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
    self.text = String(decoding: printable, as: UTF8.self)
  }

  /// `extended error 6: signature expired`.
  var sentence: String { "extended error \(code)" + (text.isEmpty ? "" : ": \(text)") }
}
