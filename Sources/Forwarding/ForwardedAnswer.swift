public import Wire

/// An upstream's answer reduced to what may be believed and kept: the records on the question's
/// chain and the proof of what is not there.
///
/// Its records stand as they do in a message, compressed against a question at octet 12, so that an
/// answer is given by copying them behind the client's question and setting the TTLs.
public struct ForwardedAnswer: Hashable, Sendable {
  public var header: AnswerHeader
  /// The records of all sections, ``AnswerHeader/recordOctets``, then the place of each one's TTL
  /// from the first record on, 16 bits each, big-endian. An SOA's MINIMUM stays as it came: its TTL
  /// is no more than that (RFC 2308 §5). Of a failure, in place of these, what the upstream says of
  /// it: `extended error 6: signature expired`.
  public var octets: [UInt8]

  public init(header: AnswerHeader, octets: [UInt8]) {
    self.header = header
    self.octets = octets
  }

  /// The RCODE, and what the upstream says of it: `SERVFAIL, extended error 22: no servers`.
  public var reason: String {
    guard header.kind == .failure, !octets.isEmpty else { return header.code.description }
    return "\(header.code), \(String(decoding: octets, as: UTF8.self))"
  }

  /// Calls `body` with a view of the answer; a failure's words are not in it.
  public func withView<R>(_ body: (AnswerView) -> R) -> R {
    octets.withOctets {
      body(AnswerView(header: header, octets: header.kind == .failure ? $0[0..<0] : $0))
    }
  }
}

/// An answer whose octets lie somewhere: in an array, or in the cache.
@safe public struct AnswerView {
  public let header: AnswerHeader
  public let octets: Octets

  public init(header: AnswerHeader, octets: Octets) {
    self.header = header
    self.octets = octets
  }

  /// The records of all sections.
  public var records: Octets { octets[0..<Int(header.recordOctets)] }

  /// Where TTL number `index` stands, from the first record on.
  public func ttlPlace(_ index: Int) -> Int {
    Int(octets.u16(Int(header.recordOctets) + 2 * index))
  }
}

/// The numbers of an answer: 32 octets that the cache keeps as they are.
public struct AnswerHeader: Hashable, Sendable {
  /// What kind of answer it is (RFC 2308 §2).
  public enum Kind: UInt8, Sendable {
    case positive, noData, nameError
    /// SERVFAIL, REFUSED and what else says nothing about the name.
    case failure
    /// A chain whose end is not there, with no SOA, or contradicts the RCODE: given to the client,
    /// never kept.
    case incomplete
  }

  public var kind: Kind
  /// False for what is given to those who wait, whatever TTL it may have been raised to: part of
  /// an answer, an NXDOMAIN that no SOA says how long to keep (RFC 2308 §5).
  public var mayBeKept = true
  public var code: ResponseCode
  /// AA, TC, RA and AD as the upstream set them.
  public var flags: UInt16
  public var answerCount: UInt16
  public var authorityCount: UInt16
  /// Octets of the records.
  public var recordOctets: UInt32
  public var ttlCount: UInt16
  /// CNAMEs of the chain.
  public var aliasCount: UInt16
  /// The smallest TTL, seconds: how long the answer may be kept, if it may.
  public var ttl: UInt32
  /// The address records that may be rotated: records of one size, one behind the other, from this
  /// place of the records on, to which no name points; 0 of them where there are none.
  public var runPlace: UInt16 = 0
  public var runCount: UInt16 = 0
  public var runSize: UInt16 = 0

  /// TC: records are missing, and nobody was to be had who has them all.
  public var isTruncated: Bool { flags & 0x0200 != 0 }

  /// NOERROR without the type asked for, whether or not an SOA proves it.
  public var isNoData: Bool {
    kind == .noData || kind == .incomplete && code == .noError && !isTruncated
  }

  public init(
    kind: Kind, code: ResponseCode, flags: UInt16, answerCount: UInt16, authorityCount: UInt16,
    recordOctets: UInt32, ttlCount: UInt16, aliasCount: UInt16, ttl: UInt32
  ) {
    self.kind = kind
    self.code = code
    self.flags = flags
    self.answerCount = answerCount
    self.authorityCount = authorityCount
    self.recordOctets = recordOctets
    self.ttlCount = ttlCount
    self.aliasCount = aliasCount
    self.ttl = ttl
  }
}
