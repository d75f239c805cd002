/// A record as it stands in a message: where its parts are (RFC 1035 §4.1.3).
public struct MessageRecord {
  /// Where the owner name begins.
  public let owner: Int
  /// Where TYPE stands, behind the owner name.
  public let fields: Int
  public let type: RecordType
  public let recordClass: UInt16
  /// Seconds, as sent.
  public let ttl: UInt32
  /// Where the RDATA stands.
  public let data: Range<Int>

  @usableFromInline
  init(
    owner: Int, fields: Int, type: RecordType, recordClass: UInt16, ttl: UInt32, data: Range<Int>
  ) {
    self.owner = owner
    self.fields = fields
    self.type = type
    self.recordClass = recordClass
    self.ttl = ttl
    self.data = data
  }

  /// Where the TTL stands.
  public var ttlPlace: Int { fields + 4 }
  /// Where the next record begins.
  public var end: Int { data.upperBound }

  /// Octets of TYPE, CLASS, TTL and RDLENGTH.
  public static let fieldOctets = 10

  /// TTL held to what one may be: with the first bit set it is 0 (RFC 2181 §8).
  public var soundTTL: UInt32 { ttl >> 31 == 0 ? ttl : 0 }
}

extension Octets {
  /// The record at `place`; nil where it is cut off or its owner name is malformed. A pointer must
  /// lead backwards and behind the header; what it leads to is not looked at.
  @inlinable
  public func record(at place: Int) -> MessageRecord? {
    guard let fields = endOfName(at: place), fields + MessageRecord.fieldOctets <= count else {
      return nil
    }
    let data = fields + MessageRecord.fieldOctets
    let end = data + Int(u16(fields + 8))
    guard end <= count else { return nil }
    return MessageRecord(
      owner: place, fields: fields, type: RecordType(rawValue: u16(fields)),
      recordClass: u16(fields + 2), ttl: u32(fields + 4), data: data..<end)
  }

  /// Where the name at `place` ends in the message; nil where it is cut off or malformed before
  /// its first pointer, or that one does not lead backwards.
  @inlinable
  public func endOfName(at place: Int) -> Int? {
    var at = place
    while at < count, at &- place < DomainName.maximumOctets {
      let length = self[at]
      switch length >> 6 {
      case 0 where length == 0: return at &+ 1
      case 0: at &+= Int(length) &+ 1
      case 3:
        guard at &+ 2 <= count else { return nil }
        let target = Int(u16(at) & 0x3FFF)
        return target < place && target >= Query.headerOctets ? at &+ 2 : nil
      default: return nil
      }
    }
    return nil
  }

  /// The name at `place`, pointers followed; nil where it is malformed, longer than 255 octets, or
  /// a pointer leads elsewhere than backwards (RFC 1035 §4.1.4), or there are over 127 of them.
  public func name(at place: Int) -> DomainName? {
    var name: [UInt8] = []
    name.reserveCapacity(64)
    var walk = NameWalk(at: place)
    while let label = walk.next(self) {
      guard name.count + label.count <= DomainName.maximumOctets else { return nil }
      for at in label { name.append(self[at]) }
      if label.count == 1 { return DomainName(uncheckedOctets: name) }
    }
    return nil
  }

  /// Whether the name at `place` is `other`, which is in lower case; nil where it is malformed as
  /// far as it is read.
  public func name(at place: Int, isFolded other: DomainName) -> Bool? {
    var walk = NameWalk(at: place)
    var matched = 0
    while let label = walk.next(self) {
      guard matched + label.count <= other.octets.count else { return false }
      for at in label {
        guard ASCII.folded(self[at]) == other.octets[matched] else { return false }
        matched += 1
      }
      if label.count == 1 { return matched == other.octets.count }
    }
    return nil
  }

  /// The RDATA of `record` with its names uncompressed; nil where it is not what its type says.
  /// Of another class than IN, A and AAAA are taken as opaque.
  public func uncompressedData(of record: MessageRecord) -> [UInt8]? {
    let isAddress = record.type == .a || record.type == .aaaa
    let layout: RDATALayout =
      record.recordClass != Query.classIN && isAddress ? .generic : record.type.rdataLayout
    guard layout.hasNames else {
      let rdata = self[record.data].array
      return layout.nameRanges(in: rdata) == nil ? nil : rdata
    }
    var rdata: [UInt8] = []
    var at = record.data.lowerBound
    for field in layout.fields {
      let start = at
      switch field {
      case .name:
        guard let end = endOfName(at: at), let name = name(at: at) else { return nil }
        rdata += name.octets
        at = end
      case .octets(let count): at += count
      case .characterString:
        guard at < record.end else { return nil }
        at += 1 + Int(self[at])
      case .rest: at = max(at, record.end)
      }
      guard at <= record.end else { return nil }
      if case .name = field { continue }
      rdata += self[start..<at].array
    }
    return at == record.end ? rdata : nil
  }
}

/// Goes through a name's labels, following pointers.
private struct NameWalk {
  /// 255 octets hold 127 labels; no name needs more pointers than labels.
  static let maximumPointers = 127

  private var at: Int
  /// Each pointer leads to before where it was reached from, so a walk ends.
  private var bound: Int
  private var pointers = 0

  init(at place: Int) {
    at = place
    bound = place
  }

  /// Where the next label stands with its length octet, one octet for the root's; nil where there
  /// is none because the name is malformed.
  mutating func next(_ message: Octets) -> Range<Int>? {
    while at < message.count {
      let length = message[at]
      switch length >> 6 {
      case 0:
        let label = at..<(at + 1 + Int(length))
        guard label.upperBound <= message.count else { return nil }
        at = label.upperBound
        return label
      case 3:
        guard at + 2 <= message.count, pointers < Self.maximumPointers else { return nil }
        let target = Int(message.u16(at) & 0x3FFF)
        guard target < bound, target >= Query.headerOctets else { return nil }
        pointers += 1
        bound = target
        at = target
      default: return nil
      }
    }
    return nil
  }
}
