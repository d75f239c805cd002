/// What a received message asks: header, its one question and its OPT record.
///
/// Every message goes through ``read(_:name:)`` before anything else looks at it, on every
/// transport, so that malformed input has one outcome in one place.
public struct Query {
  /// The first four octets' fields.
  public var id: UInt16
  public var opcode: UInt8
  public var recursionDesired: Bool
  public var checkingDisabled: Bool
  /// The question's type and class.
  public var type: RecordType
  public var recordClass: UInt16
  /// Where the question ends in the message; it begins at 12.
  public var questionEnd: Int
  public var edns: EDNS?

  public static let headerOctets = 12
  public static let classIN: UInt16 = 1
  public static let classCH: UInt16 = 3

  /// What to do with a received message.
  public enum Outcome {
    case query(Query)
    /// No reply: not a query at all (under 12 octets, or a response).
    case silence
    /// A reply of the header alone.
    case refusal(ResponseCode)
  }

  /// Reads a message and fills `name` with its question's name.
  ///
  /// FORMERR: other than one question, more records than a query can have, data cut off, a name
  /// with a pointer, QTYPE 0 or OPT, a second or misplaced OPT (RFC 6891 §6.1.1), a malformed
  /// option that must be understood. NOTIMP: an opcode other than QUERY and NOTIFY. Octets after
  /// the last counted record are ignored.
  @inlinable
  public static func read(_ message: Octets, name: inout QueryName) -> Outcome {
    guard message.count >= headerOctets else { return .silence }
    let flags = message.u16(2)
    guard flags & 0x8000 == 0 else { return .silence }
    let opcode = UInt8(truncatingIfNeeded: flags >> 11 & 15)
    guard opcode == Opcode.query || opcode == Opcode.notify else {
      return .refusal(.notImplemented)
    }
    let answers = message.u16(6)
    let authority = message.u16(8)
    let additional = message.u16(10)
    guard message.u16(4) == 1, answers <= 1, authority <= 1, additional <= 2,
      name.read(message, at: headerOctets), headerOctets + name.count + 4 <= message.count
    else { return .refusal(.formatError) }
    let end = headerOctets + name.count
    var query = Query(
      id: message.u16(0), opcode: opcode, recursionDesired: flags & 0x0100 != 0,
      checkingDisabled: flags & 0x0010 != 0, type: RecordType(rawValue: message.u16(end)),
      recordClass: message.u16(end + 2), questionEnd: end + 4)
    guard query.type.rawValue != 0, query.type != .opt else { return .refusal(.formatError) }
    if answers | authority | additional != 0 {
      guard
        query.readRecords(
          message, beforeAdditional: Int(answers + authority), additional: Int(additional))
      else { return .refusal(.formatError) }
    }
    return .query(query)
  }

  @inlinable
  init(
    id: UInt16, opcode: UInt8, recursionDesired: Bool, checkingDisabled: Bool, type: RecordType,
    recordClass: UInt16, questionEnd: Int
  ) {
    self.id = id
    self.opcode = opcode
    self.recursionDesired = recursionDesired
    self.checkingDisabled = checkingDisabled
    self.type = type
    self.recordClass = recordClass
    self.questionEnd = questionEnd
    edns = nil
  }

  /// Walks the records behind the question; false where they are malformed.
  @usableFromInline
  mutating func readRecords(_ message: Octets, beforeAdditional: Int, additional: Int) -> Bool {
    var at = questionEnd
    for index in 0..<(beforeAdditional + additional) {
      let isRoot = at < message.count && message[at] == 0
      guard let nameEnd = Self.skipName(message, at: at), nameEnd + 10 <= message.count else {
        return false
      }
      let length = Int(message.u16(nameEnd + 8))
      let data = nameEnd + 10
      guard data + length <= message.count else { return false }
      if message.u16(nameEnd) == RecordType.opt.rawValue {
        guard isRoot, index >= beforeAdditional, edns == nil,
          let read = EDNS.read(
            size: message.u16(nameEnd + 2), fields: message.u32(nameEnd + 4),
            options: message[data..<(data + length)])
        else { return false }
        edns = read
      }
      at = data + length
    }
    return true
  }

  /// The end of a possibly compressed name. A pointer must lead backwards; it is not followed,
  /// because nothing in these names is used.
  @usableFromInline
  static func skipName(_ message: Octets, at start: Int) -> Int? {
    var at = start
    while at < message.count, at - start < DomainName.maximumOctets {
      let length = message[at]
      switch length >> 6 {
      case 0 where length == 0: return at + 1
      case 0: at += Int(length) + 1
      case 3:
        guard at + 2 <= message.count, Int(message.u16(at) & 0x3FFF) < start else { return nil }
        return at + 2
      default: return nil
      }
    }
    return nil
  }
}

/// OPCODEs that are told apart (RFC 1035 §4.1.1, RFC 1996).
public enum Opcode {
  public static let query: UInt8 = 0
  public static let notify: UInt8 = 4
}
