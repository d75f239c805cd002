/// Where domain names sit in the RDATA of a type: what a writer needs to compress them, a zone to
/// check and compare them, a responder to find addresses for the additional section.
///
/// A new type with names is one row in ``RecordType/rdataLayout``; a type without a row is opaque
/// (RFC 3597 §3) and works all the same.
public struct RDATALayout: Hashable, Sendable {
  /// One field, in the order of the RDATA.
  public enum Field: Hashable, Sendable {
    /// A domain name; compressible only in the types of RFC 1035 (RFC 3597 §4).
    case name(compressible: Bool)
    /// A fixed number of octets.
    case octets(Int)
    /// A length octet and that many octets (RFC 1035 §3.3).
    case characterString
    /// Whatever is left, perhaps nothing.
    case rest
  }

  public let fields: [Field]
  /// Whether A and AAAA of the last name belong into the additional section.
  public let hasAddressTarget: Bool

  /// The row of every type that has none: opaque octets.
  public static let generic = RDATALayout([.rest])

  init(_ fields: [Field], hasAddressTarget: Bool = false) {
    self.fields = fields
    self.hasAddressTarget = hasAddressTarget
  }

  /// Whether any field is a name.
  public var hasNames: Bool {
    fields.contains { field in
      if case .name = field { true } else { false }
    }
  }

  /// The places of the names in uncompressed RDATA; nil where the octets do not fill the fields
  /// exactly.
  public func nameRanges(in rdata: [UInt8]) -> [Range<Int>]? {
    var ranges: [Range<Int>] = []
    var at = 0
    for field in fields {
      switch field {
      case .name:
        guard let end = Self.endOfName(in: rdata, from: at) else { return nil }
        ranges.append(at..<end)
        at = end
      case .octets(let count):
        at += count
      case .characterString:
        guard at < rdata.count else { return nil }
        at += 1 + Int(rdata[at])
      case .rest:
        at = max(at, rdata.count)
      }
      guard at <= rdata.count else { return nil }
    }
    return at == rdata.count ? ranges : nil
  }

  /// The octets with the names in lower case: equal RDATA has equal canonical octets
  /// (RFC 4034 §6.2). Malformed RDATA comes back as it is.
  public func canonical(_ rdata: [UInt8]) -> [UInt8] {
    guard hasNames, let ranges = nameRanges(in: rdata) else { return rdata }
    var folded = rdata
    for at in ranges.joined() {
      // Length octets are below 64, so folding leaves them alone.
      folded[at] = ASCII.folded(folded[at])
    }
    return folded
  }

  private static func endOfName(in rdata: [UInt8], from start: Int) -> Int? {
    var at = start
    while at < rdata.count, rdata[at] <= UInt8(DomainName.maximumLabelOctets) {
      if rdata[at] == 0 {
        return at + 1 - start <= DomainName.maximumOctets ? at + 1 : nil
      }
      at += Int(rdata[at]) + 1
    }
    return nil
  }
}

// MARK: - The table

extension RecordType {
  /// The row of this type, ``RDATALayout/generic`` where there is none.
  public var rdataLayout: RDATALayout {
    Int(rawValue) < Self.layouts.count ? Self.layouts[Int(rawValue)] : .generic
  }

  /// The rows by number, since every record of an answer asks for its own.
  private static let layouts: [RDATALayout] = (0..<128).map { rows[$0] ?? .generic }

  private static let rows: [UInt16: RDATALayout] = [
    1: RDATALayout([.octets(4)]),  // A
    2: RDATALayout([.name(compressible: true)], hasAddressTarget: true),  // NS
    3: RDATALayout([.name(compressible: true)]),  // MD
    4: RDATALayout([.name(compressible: true)]),  // MF
    5: RDATALayout([.name(compressible: true)]),  // CNAME
    6: RDATALayout([.name(compressible: true), .name(compressible: true), .octets(20)]),  // SOA
    7: RDATALayout([.name(compressible: true)]),  // MB
    8: RDATALayout([.name(compressible: true)]),  // MG
    9: RDATALayout([.name(compressible: true)]),  // MR
    12: RDATALayout([.name(compressible: true)]),  // PTR
    14: RDATALayout([.name(compressible: true), .name(compressible: true)]),  // MINFO
    15: RDATALayout([.octets(2), .name(compressible: true)], hasAddressTarget: true),  // MX
    17: RDATALayout([.name(compressible: false), .name(compressible: false)]),  // RP
    18: RDATALayout([.octets(2), .name(compressible: false)]),  // AFSDB
    21: RDATALayout([.octets(2), .name(compressible: false)]),  // RT
    24: RDATALayout([.octets(18), .name(compressible: false), .rest]),  // SIG
    26: RDATALayout([.octets(2), .name(compressible: false), .name(compressible: false)]),  // PX
    28: RDATALayout([.octets(16)]),  // AAAA
    33: RDATALayout([.octets(6), .name(compressible: false)], hasAddressTarget: true),  // SRV
    35: RDATALayout([  // NAPTR
      .octets(4), .characterString, .characterString, .characterString,
      .name(compressible: false),
    ]),
    36: RDATALayout([.octets(2), .name(compressible: false)]),  // KX
    39: RDATALayout([.name(compressible: false)]),  // DNAME
    46: RDATALayout([.octets(18), .name(compressible: false), .rest]),  // RRSIG
    47: RDATALayout([.name(compressible: false), .rest]),  // NSEC
    // RFC 9460 §4.1; `.` stands for the owner and gets nothing from us.
    64: RDATALayout([.octets(2), .name(compressible: false), .rest], hasAddressTarget: true),
    65: RDATALayout([.octets(2), .name(compressible: false), .rest], hasAddressTarget: true),
    107: RDATALayout([.octets(2), .name(compressible: false)]),  // LP
  ]
}
