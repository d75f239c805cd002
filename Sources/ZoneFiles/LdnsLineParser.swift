internal import CLdns
internal import Glibc
internal import Wire

/// Reads single lines with libldns. Owns the two names that libldns needs between lines: both
/// pointers are this value's alone and freed by it.
@safe
struct LdnsLineParser: ~Copyable {
  private var origin: UnsafeMutablePointer<ldns_rdf>
  private var previous: UnsafeMutablePointer<ldns_rdf>?
  /// Records of one owner come together; they share its octets.
  private var lastOwner = DomainName.root

  /// Whether a line may leave its owner out.
  private(set) var hasOwner = false

  init(origin: DomainName) throws(TextError) {
    unsafe self.origin = try Self.rdf(origin)
    unsafe previous = nil
  }

  deinit {
    unsafe ldns_rdf_deep_free(origin)
    // Freeing nil does nothing.
    unsafe ldns_rdf_deep_free(previous)
  }

  mutating func setOrigin(_ name: DomainName) throws(TextError) {
    let new = unsafe try Self.rdf(name)
    unsafe ldns_rdf_deep_free(origin)
    unsafe origin = unsafe new
  }

  /// Reads `owner TTL IN type RDATA`; a first blank stands for the owner of the line before. The
  /// line must hold no NUL; it comes back with one at its end.
  mutating func parse(_ line: inout [UInt8]) throws(TextError) -> ResourceRecord {
    line.append(0)
    var rr: UnsafeMutablePointer<ldns_rr>?
    // The line ends in NUL, and libldns only reads it.
    let status = unsafe line.withUnsafeBytes { bytes in
      unsafe ldns_rr_new_frm_str(
        &rr, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), 0, origin, &previous)
    }
    let text = LineText(line: line)
    guard status == LDNS_STATUS_OK, let rr = unsafe rr else { throw text.failure(status) }
    defer { unsafe ldns_rr_free(rr) }
    hasOwner = true
    try text.checkNumbers(type: unsafe ldns_rr_get_type(rr))
    return unsafe try record(rr)
  }

  private mutating func record(
    _ rr: UnsafeMutablePointer<ldns_rr>
  ) throws(TextError) -> ResourceRecord {
    let owner = unsafe Self.octets(ldns_rr_owner(rr))
    if owner != lastOwner.octets {
      guard let name = DomainName(wire: owner) else {
        throw TextError("the owner name is longer than \(DomainName.maximumOctets) octets")
      }
      lastOwner = name
    }
    let number = unsafe ldns_rr_get_type(rr).rawValue
    let type = RecordType(rawValue: UInt16(truncatingIfNeeded: number))
    let rdata = unsafe Self.rdata(rr)
    guard rdata.count <= UInt16.max, type.rdataLayout.nameRanges(in: rdata) != nil else {
      throw TextError("the RDATA does not fit type \(type)")
    }
    return ResourceRecord(owner: lastOwner, type: type, ttl: unsafe ldns_rr_ttl(rr), rdata: rdata)
  }
}

// MARK: - Octets in and out of libldns

extension LdnsLineParser {
  private static func rdf(
    _ name: DomainName
  ) throws(TextError) -> UnsafeMutablePointer<ldns_rdf> {
    // libldns copies the octets.
    let rdf = unsafe name.octets.withUnsafeBytes { bytes in
      unsafe ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, bytes.count, bytes.baseAddress)
    }
    guard let rdf = unsafe rdf else { throw TextError("out of memory", errorNumber: ENOMEM) }
    return unsafe rdf
  }

  private static func rdata(_ rr: UnsafeMutablePointer<ldns_rr>) -> [UInt8] {
    let fields = unsafe ldns_rr_rd_count(rr)
    if fields == 1 { return unsafe octets(ldns_rr_rdf(rr, 0)) }
    var rdata: [UInt8] = []
    for index in 0..<fields {
      unsafe rdata += octets(ldns_rr_rdf(rr, index))
    }
    return rdata
  }

  /// A field's octets are its wire form; they live as long as the record.
  private static func octets(_ rdf: UnsafeMutablePointer<ldns_rdf>?) -> [UInt8] {
    guard let rdf = unsafe rdf, let data = unsafe ldns_rdf_data(rdf) else { return [] }
    return unsafe Array(UnsafeBufferPointer(start: data, count: ldns_rdf_size(rdf)))
  }
}
