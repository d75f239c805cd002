/// A resource record of class IN: owner name, TYPE, TTL in seconds and RDATA in uncompressed wire
/// form (RFC 1035 §3.2.1).
public struct ResourceRecord: Hashable, Sendable {
  public var owner: DomainName
  public var type: RecordType
  public var ttl: UInt32
  public var rdata: [UInt8]

  public init(owner: DomainName, type: RecordType, ttl: UInt32, rdata: [UInt8]) {
    self.owner = owner
    self.type = type
    self.ttl = ttl
    self.rdata = rdata
  }
}
