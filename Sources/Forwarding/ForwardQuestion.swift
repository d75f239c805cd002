public import Wire

/// What is asked of upstreams, with every property of a query that may change the answer: the key
/// of an exchange and of the cache.
public struct ForwardQuestion: Hashable, Sendable {
  /// Lower case.
  public let name: DomainName
  public let type: RecordType
  public let recordClass: UInt16
  /// DO (RFC 3225).
  public let dnssecOK: Bool
  /// CD (RFC 4035 §3.2.2).
  public let checkingDisabled: Bool
  /// Of the name, under the process's seed.
  public let hash: UInt64

  public init(
    name: DomainName, type: RecordType, recordClass: UInt16, dnssecOK: Bool,
    checkingDisabled: Bool, hash: NameHash
  ) {
    let name = name.folded
    self.name = name
    self.type = type
    self.recordClass = recordClass
    self.dnssecOK = dnssecOK
    self.checkingDisabled = checkingDisabled
    self.hash = name.octets.withOctets { hash($0) }
  }

  /// The question for a name that is folded already, with its hash.
  public init(
    name: borrowing QueryName, hash: UInt64, type: RecordType, recordClass: UInt16, dnssecOK: Bool,
    checkingDisabled: Bool
  ) {
    self.name = name.domainName
    self.type = type
    self.recordClass = recordClass
    self.dnssecOK = dnssecOK
    self.checkingDisabled = checkingDisabled
    self.hash = hash
  }

  /// Whether `name`, folded, is what is asked for.
  public func asks(for name: borrowing QueryName) -> Bool {
    let wanted = name.octets
    return self.name.octets.withOctets { $0.equals(wanted) }
  }

  /// Octets of the question in a message: the name, TYPE and CLASS.
  public var octetCount: Int { name.octets.count + 4 }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(hash ^ UInt64(type.rawValue) << 32)
  }
}
