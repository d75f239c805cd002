/// What a log line says of a finished reply.
public struct ReplyView {
  private let message: Octets

  /// - Parameter message: a reply with its header, 12 octets at least.
  public init(_ message: Octets) {
    self.message = message
  }

  /// The second 16 bits of the header.
  public var flags: UInt16 { message.u16(2) }
  public var hasAnswer: Bool { message.u16(6) > 0 }

  /// Whether the first authority record is an SOA and nothing is answered: NXDOMAIN or NODATA
  /// (RFC 2308 §2).
  public var deniesWithSOA: Bool {
    guard !hasAnswer, message.u16(8) > 0, message.u16(4) == 1,
      let question = Query.skipName(message, at: Query.headerOctets),
      let owner = Query.skipName(message, at: question + 4), owner + 2 <= message.count
    else { return false }
    return message.u16(owner) == RecordType.soa.rawValue
  }
}
