/// Who a certificate names and how long it is valid, for messages; nothing is verified here.
struct CertificateSummary {
  /// `CN=coredns, O=system:nodes`: the two that Kubernetes reads as user and groups.
  let subject: String
  /// Unix seconds of the last moment at which it is valid.
  let notAfter: Int64?

  /// ` (CN=coredns, valid until 2026-11-21T08:30:00Z)` of the first certificate in PEM text; empty
  /// where it cannot be read.
  static func inBrackets(_ pem: [UInt8]) -> String {
    guard let summary = CertificateSummary(pem: pem) else { return "" }
    let parts = [
      summary.subject, summary.notAfter.map { "valid until \(Timestamp.text($0))" } ?? "",
    ].filter { !$0.isEmpty }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
  }

  /// Reads the first certificate of PEM text.
  init?(pem: [UInt8]) {
    let text = String(decoding: pem, as: UTF8.self)
    guard let begin = text.firstRange(of: "-----BEGIN CERTIFICATE-----"),
      let end = text[begin.upperBound...].firstRange(of: "-----END"),
      let octets = Base64.decode(
        text[begin.upperBound..<end.lowerBound].utf8.filter { $0 != 0x20 && $0 != 0x09 })
    else { return nil }
    self.init(der: octets)
  }

  /// Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { [0] version, serialNumber, signature,
  /// issuer, validity, subject, … } … } (RFC 5280 §4.1).
  private init?(der: [UInt8]) {
    var outer = DERReader(der[...])
    guard var certificate = outer.next(DERReader.sequence).map(DERReader.init),
      var body = certificate.next(DERReader.sequence).map(DERReader.init)
    else { return nil }
    _ = body.next(0xA0)
    guard body.next(0x02) != nil, body.next(DERReader.sequence) != nil,
      body.next(DERReader.sequence) != nil,
      var validity = body.next(DERReader.sequence).map(DERReader.init),
      let subject = body.next(DERReader.sequence)
    else { return nil }
    self.subject = Self.names(in: DERReader(subject))
    _ = validity.nextAny()
    notAfter = validity.nextAny().flatMap(Self.time)
  }

  /// Of the object identifiers 2.5.4.3 (common name) and 2.5.4.10 (organization).
  private static let attributes: [[UInt8]: String] = [[0x55, 4, 3]: "CN", [0x55, 4, 10]: "O"]

  private static func names(in name: DERReader) -> String {
    var name = name
    var names: [String] = []
    while var set = name.next(0x31).map(DERReader.init) {
      while var attribute = set.next(DERReader.sequence).map(DERReader.init) {
        guard let type = attribute.next(0x06), let label = attributes[Array(type)],
          let value = attribute.nextAny()
        else { continue }
        names.append("\(label)=\(AccessError.line(String(decoding: value.octets, as: UTF8.self)))")
      }
    }
    return names.joined(separator: ", ")
  }

  /// UTCTime has two digits of the year, from 1950 (RFC 5280 §4.1.2.5.1).
  private static func time(_ element: (tag: UInt8, octets: ArraySlice<UInt8>)) -> Int64? {
    var digits = element.octets.prefix { (0x30...0x39).contains($0) }.map { Int64($0 - 0x30) }
    if element.tag == 0x17, let first = digits.first {
      digits = (first >= 5 ? [1, 9] : [2, 0]) + digits
    }
    guard digits.count == 14 else { return nil }
    func number(_ range: Range<Int>) -> Int64 { digits[range].reduce(0) { $0 * 10 + $1 } }
    return Timestamp.unixSeconds(
      number(0..<4), number(4..<6), number(6..<8), number(8..<10), number(10..<12),
      number(12..<14))
  }
}

/// The elements of a constructed value in DER (X.690), one after the other.
private struct DERReader {
  static let sequence: UInt8 = 0x30

  private var rest: ArraySlice<UInt8>

  init(_ octets: ArraySlice<UInt8>) {
    rest = octets
  }

  /// The contents of the next element if it has the tag; otherwise it stays.
  mutating func next(_ tag: UInt8) -> ArraySlice<UInt8>? {
    rest.first == tag ? nextAny()?.octets : nil
  }

  mutating func nextAny() -> (tag: UInt8, octets: ArraySlice<UInt8>)? {
    var at = rest.startIndex
    guard rest.count >= 2 else { return nil }
    let tag = rest[at]
    var length = Int(rest[at + 1])
    at += 2
    if length >= 0x80 {
      let count = length & 0x7F
      guard (1...3).contains(count), rest.endIndex - at >= count else { return nil }
      length = rest[at..<(at + count)].reduce(0) { $0 << 8 | Int($1) }
      at += count
    }
    guard rest.endIndex - at >= length else { return nil }
    defer { rest = rest[(at + length)...] }
    return (tag, rest[at..<(at + length)])
  }
}
