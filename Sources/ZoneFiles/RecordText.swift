internal import CLdns
internal import Glibc
public import Wire

/// One record in master-file notation (RFC 1035 §5.1, RFC 3597 §5).
public enum RecordText {
  /// The TTL of a record that states none.
  public static let defaultTTL: UInt32 = 3600

  /// Reads one record; relative names end in `origin`.
  ///
  /// - Throws: a sentence, without a file.
  public static func parse(
    _ line: String, origin: DomainName = .root
  ) throws(ZoneFileError) -> ResourceRecord {
    var records: [ResourceRecord] = []
    var text = try MasterFile(
      text: Array(line.utf8), origin: origin, state: MasterFile.State(lastTTL: defaultTTL))
    try text.read { records.append($0) }
    guard let record = records.first, records.count == 1 else {
      throw ZoneFileError(path: "", line: 0, reason: "\(records.count) records instead of one")
    }
    return record
  }

  /// `owner TTL IN type RDATA` with one blank between the first five; RDATA that is not well formed
  /// for its type in the generic notation of RFC 3597 §5.
  public static func format(_ record: ResourceRecord) -> String {
    guard record.type.rdataLayout.nameRanges(in: record.rdata) != nil,
      let text = ldnsText(record)
    else { return genericText(record) }
    return text
  }

  private static func genericText(_ record: ResourceRecord) -> String {
    let hex = record.rdata.map { octet in
      let digits = String(octet, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }
    let data = hex.isEmpty ? "" : " " + hex.joined()
    return "\(record.owner) \(record.ttl) IN \(record.type) \\# \(record.rdata.count)\(data)"
  }

  private static func ldnsText(_ record: ResourceRecord) -> String? {
    let wire = wire(record)
    var rr: UnsafeMutablePointer<ldns_rr>?
    var position = 0
    // libldns reads no further than the count and copies what it keeps.
    let status = unsafe wire.withUnsafeBufferPointer { octets in
      unsafe ldns_wire2rr(&rr, octets.baseAddress, octets.count, &position, LDNS_SECTION_ANSWER)
    }
    guard status == LDNS_STATUS_OK, let rr = unsafe rr else { return nil }
    defer { unsafe ldns_rr_free(rr) }
    guard position == wire.count, let text = unsafe martlet_rr2str(rr) else { return nil }
    defer { unsafe free(text) }
    return tidy(unsafe String(cString: text))
  }

  private static func wire(_ record: ResourceRecord) -> [UInt8] {
    var wire = record.owner.octets
    func append(_ number: some FixedWidthInteger) {
      for shift in stride(from: number.bitWidth - 8, through: 0, by: -8) {
        wire.append(UInt8(truncatingIfNeeded: number >> shift))
      }
    }
    append(record.type.rawValue)
    append(1 as UInt16)
    append(record.ttl)
    append(UInt16(truncatingIfNeeded: record.rdata.count))
    return wire + record.rdata
  }

  /// libldns separates the fields by tabs and ends some types with a blank.
  private static func tidy(_ text: String) -> String {
    var tabs = 0
    var line = text.map { character in
      guard character == "\t", tabs < 4 else { return character }
      tabs += 1
      return " "
    }
    while let last = line.last, last == "\n" || last == " " { line.removeLast() }
    return String(line)
  }
}
