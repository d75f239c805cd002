internal import CLdns
internal import Wire

/// The text of a line that libldns was given, looked at again for what libldns does not say.
struct LineText {
  /// `owner TTL IN type RDATA` and a NUL.
  let line: [UInt8]

  /// The sentence for a line that was refused.
  func failure(_ status: ldns_status) -> TextError {
    let (type, _) = typeAndRest()
    if unsafe ldns_get_rr_type_by_name(type).rawValue == 0 {
      return TextError("unknown type \(type)")
    }
    let sentence = unsafe ldns_get_errorstr_by_id(status).map { unsafe String(cString: $0) }
    return TextError("cannot read the \(type) record: \(sentence ?? "no reason given")")
  }

  /// libldns takes `MX 99999` and keeps the low 16 bits: a number that does not fit its field is an
  /// error here.
  func checkNumbers(type: ldns_rr_type) throws(TextError) {
    guard !Self.withoutNumbers.contains(type.rawValue),
      let fields = unsafe ldns_rr_descript(UInt16(truncatingIfNeeded: type.rawValue))
    else { return }
    var (_, at) = typeAndRest()
    for index in 0..<(unsafe ldns_rr_descriptor_minimum(fields)) {
      // RFC 3597 §5: `\#` and octets instead of fields.
      guard let word = word(&at), word != "\\#" else { return }
      let kind = unsafe ldns_rr_descriptor_field_type(fields, index)
      guard let limit = Self.limit(kind), let value = UInt64(word) else { continue }
      guard value <= limit else { throw TextError("\(value) is above \(limit)") }
    }
  }

  /// A, NS, CNAME, PTR, TXT, AAAA: most records of big files.
  private static let withoutNumbers: Set<UInt32> = [1, 2, 5, 12, 16, 28]

  private static func limit(_ kind: ldns_rdf_type) -> UInt64? {
    switch kind {
    case LDNS_RDF_TYPE_INT8: UInt64(UInt8.max)
    case LDNS_RDF_TYPE_INT16: UInt64(UInt16.max)
    case LDNS_RDF_TYPE_INT32: UInt64(UInt32.max)
    default: nil
    }
  }

  private func typeAndRest() -> (type: String, rest: Int) {
    var at = line.firstIndex(of: UInt8(ascii: " ")) ?? 0
    _ = word(&at)
    _ = word(&at)
    return (word(&at) ?? "", at)
  }

  private func word(_ at: inout Int) -> String? {
    Word(in: line, from: &at).map { word in
      String(decoding: word.octets.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
