internal import Wire

/// The message that asks an upstream a question.
public enum UpstreamQuery {
  /// UDP payload size that queries state: what passes every path unfragmented (RFC 9715 §3.2).
  public static let bufferSize: UInt16 = 1232

  private static let recursionDesired: UInt16 = 0x0100
  /// Says that we understand AD (RFC 6840 §5.7).
  private static let authenticData: UInt16 = 0x0020
  private static let checkingDisabled: UInt16 = 0x0010
  private static let cookieOption: UInt16 = 10

  /// Encodes a query with RD and AD set, and CD and DO as the question has them.
  ///
  /// - Parameters:
  ///   - caseBits: 256 bits of a CSPRNG, one for the spelling of each octet of the name that is a
  ///     letter (draft-vixie-dnsext-dns0x20); nil for lower case.
  ///   - edns: whether an OPT record is added; without one DO cannot be said.
  ///   - cookie: the client's cookie and, where one is known, the server's (RFC 7873 §4): 8 or 16
  ///     to 40 octets. Sent only with `edns`.
  public static func encode(
    _ question: ForwardQuestion, id: UInt16, caseBits: SIMD4<UInt64>?, edns: Bool,
    cookie: [UInt8]?
  ) -> [UInt8] {
    var message: [UInt8] = []
    encode(question, id: id, caseBits: caseBits, edns: edns, cookie: cookie, into: &message)
    return message
  }

  /// The same, in place of what `message` has, in the memory that it has.
  static func encode(
    _ question: ForwardQuestion, id: UInt16, caseBits: SIMD4<UInt64>?, edns: Bool,
    cookie: [UInt8]?, into message: inout [UInt8]
  ) {
    let cookieOctets = cookie.map { 4 + $0.count } ?? 0
    let optOctets = edns ? MessageWriter.optOctets + cookieOctets : 0
    let count = Query.headerOctets + question.octetCount + optOctets
    message.removeAll(keepingCapacity: true)
    message.append(addingCapacity: count) { octets in
      octets.put(id)
      octets.put(
        recursionDesired | authenticData | (question.checkingDisabled ? checkingDisabled : 0))
      octets.put(1)
      octets.put(0)
      octets.put(0)
      octets.put(edns ? 1 : 0)
      octets.put(question.name, caseBits)
      octets.put(question.type.rawValue)
      octets.put(question.recordClass)
      guard edns else { return }
      octets.append(0)
      octets.put(RecordType.opt.rawValue)
      octets.put(bufferSize)
      octets.put(0)
      octets.put(question.dnssecOK ? 0x8000 : 0)
      octets.put(UInt16(cookieOctets))
      guard let cookie else { return }
      octets.put(cookieOption)
      octets.put(UInt16(cookie.count))
      for octet in cookie { octets.append(octet) }
    }
  }
}

extension OutputSpan<UInt8> {
  @inline(__always)
  fileprivate mutating func put(_ number: UInt16) {
    append(UInt8(truncatingIfNeeded: number >> 8))
    append(UInt8(truncatingIfNeeded: number))
  }

  @inline(__always)
  fileprivate mutating func put(_ name: DomainName, _ caseBits: SIMD4<UInt64>?) {
    let name = name.octets.span
    let caseBits = caseBits ?? SIMD4()
    var bits: UInt64 = 0
    // A length octet is below 64 and so never taken for a letter; 255 octets have a bit each.
    for index in name.indices {
      if index & 63 == 0 { bits = caseBits[index >> 6] }
      let octet = name[index]
      append(bits & 1 == 1 && octet &- 0x61 < 26 ? octet & ~0x20 : octet)
      bits >>= 1
    }
  }
}
