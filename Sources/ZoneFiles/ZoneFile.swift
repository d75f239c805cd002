public import Wire
public import Zones

/// Master files (RFC 1035 §5): `EntryReader` cuts a file into entries, `MasterFile` follows the
/// directives, defaults and included files, and libldns reads names and RDATA (`LdnsLineParser`).
public enum ZoneFile {
  /// `$INCLUDE` in an included file, and so on: a file that includes itself ends here.
  public static let maximumIncludeDepth = 10
  /// The longest entry, in octets after joining its lines: 65,535 octets of RDATA, each written as
  /// `\DDD`, fit.
  public static let maximumEntryOctets = 300_000

  /// Reads a whole master file.
  ///
  /// - Parameters:
  ///   - path: a regular file. `$INCLUDE` is relative to the file in which it stands.
  ///   - origin: what relative names end in until the first `$ORIGIN`; for a zone's file its apex.
  /// - Throws: the first error of the text, or of opening and reading.
  public static func read(
    path: String, origin: DomainName
  ) throws(ZoneFileError) -> [ResourceRecord] {
    var records: [ResourceRecord] = []
    try forEachRecord(path: path, origin: origin) { records.append($0) }
    return records
  }

  /// Reads a master file record by record, holding no more of the text than one entry and a block.
  public static func forEachRecord(
    path: String, origin: DomainName, _ body: (ResourceRecord) -> Void
  ) throws(ZoneFileError) {
    var file = try MasterFile(path: path, origin: origin)
    try file.read(body)
  }

  /// Reads a master file as the zone `apex`; what the zone refuses is an error of the file.
  public static func zone(path: String, apex: DomainName) throws(ZoneFileError) -> Zone {
    let records = try read(path: path, origin: apex)
    do {
      return try Zone(apex: apex, records: records)
    } catch {
      throw ZoneFileError(path: path, line: 0, reason: error.description)
    }
  }
}
