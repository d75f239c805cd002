public import Wire

/// Why a set of records is not a zone.
public enum ZoneError: Error, Hashable, Sendable {
  case noSOA(apex: DomainName)
  case severalSOA(apex: DomainName)
  case soaBelowApex(owner: DomainName)
  case outOfZone(owner: DomainName, apex: DomainName)
  /// RFC 1034 §3.6.2, RFC 2181 §10.1.
  case cnameWithOtherData(owner: DomainName)
  case severalCNAME(owner: DomainName)
  /// RFC 6672 §2.4.
  case severalDNAME(owner: DomainName)
  /// RFC 6672 §2.3.
  case dnameAtZoneCut(owner: DomainName)
  /// RDATA that is shorter or longer than the type's fields.
  case malformedRDATA(owner: DomainName, type: RecordType)
  /// A TYPE that exists only in questions or messages (RFC 6895 §3.1).
  case metaType(owner: DomainName, type: RecordType)
  case tooManyRecords(limit: Int)
}

extension ZoneError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noSOA(let apex): "no SOA record at the zone apex \(apex)"
    case .severalSOA(let apex): "more than one SOA record at \(apex)"
    case .soaBelowApex(let owner): "SOA record below the zone apex, at \(owner)"
    case .outOfZone(let owner, let apex): "\(owner) is not in the zone \(apex)"
    case .cnameWithOtherData(let owner): "CNAME and other records at \(owner)"
    case .severalCNAME(let owner): "more than one CNAME record at \(owner)"
    case .severalDNAME(let owner): "more than one DNAME record at \(owner)"
    case .dnameAtZoneCut(let owner): "DNAME and NS records at \(owner), below the zone apex"
    case .malformedRDATA(let owner, let type): "malformed \(type) record at \(owner)"
    case .metaType(let owner, let type): "\(type), at \(owner), is no type for a zone"
    case .tooManyRecords(let limit): "more than \(limit) records"
    }
  }
}
