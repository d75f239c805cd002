public import Wire

/// A name below in-addr.arpa or ip6.arpa, read as an address or the beginning of one
/// (RFC 1035 §3.5, RFC 3596 §2.5).
enum ReverseName {
  case address(IPAddress)
  /// A beginning of an address: its bits, the rest zero.
  case prefix(IPAddress, bits: Int)
  case none

  static func read(_ name: borrowing QueryName) -> ReverseName {
    let count = name.labelCount
    guard count >= 2, name.label(count - 1, is: "arpa") else { return .none }
    if name.label(count - 2, is: "in-addr") {
      return read(name, parts: count - 2, of: 4, bits: 8, value: decimal)
    }
    if name.label(count - 2, is: "ip6") {
      return read(name, parts: count - 2, of: 32, bits: 4, value: hexadecimal)
    }
    return .none
  }

  private static func read(
    _ name: borrowing QueryName, parts: Int, of all: Int, bits: Int, value: (Octets) -> UInt8?
  ) -> ReverseName {
    guard parts <= all else { return .none }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for index in 0..<all {
      var part: UInt8 = 0
      if index < parts {
        guard let read = value(name.label(parts - 1 - index)) else { return .none }
        part = read
      }
      high = high << UInt64(bits) | low >> UInt64(64 - bits)
      low = low << UInt64(bits) | UInt64(part)
    }
    let address =
      bits == 8
      ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(high: high, low: low)
    return parts == all ? .address(address) : .prefix(address, bits: parts * bits)
  }

  private static func decimal(_ label: Octets) -> UInt8? {
    guard (1...3).contains(label.count), label.count == 1 || label[0] != 0x30 else { return nil }
    var value = 0
    for index in 0..<label.count {
      guard (0x30...0x39).contains(label[index]) else { return nil }
      value = value * 10 + Int(label[index] - 0x30)
    }
    return UInt8(exactly: value)
  }

  private static func hexadecimal(_ label: Octets) -> UInt8? {
    guard label.count == 1 else { return nil }
    switch label[0] {
    case 0x30...0x39: return label[0] - 0x30
    case 0x61...0x66: return label[0] - 0x61 + 10
    default: return nil
    }
  }

  /// The first bits of an address, the rest zero.
  struct Prefix: Hashable {
    let address: IPAddress
    let bits: Int
  }

  /// Every shorter prefix of `address` that is a reverse name, longest first.
  static func prefixes(of address: IPAddress) -> some Sequence<Prefix> {
    let step = address.isV4 ? 8 : 4
    return stride(from: address.isV4 ? 24 : 124, to: 0, by: -step).lazy.map { bits in
      Prefix(address: address.masked(bits), bits: bits)
    }
  }
}

extension IPAddress {
  /// The address with all but its first `bits` cleared.
  func masked(_ bits: Int) -> IPAddress {
    if isV4 { return IPAddress(v4: bits == 0 ? 0 : v4Bits & ~UInt32(0) << UInt32(32 - bits)) }
    let high = bits >= 64 ? high : bits == 0 ? 0 : high & ~UInt64(0) << UInt64(64 - bits)
    let low = bits <= 64 ? 0 : low & ~UInt64(0) << UInt64(128 - bits)
    return IPAddress(high: high, low: low)
  }
}

extension ClusterIndex {
  /// Looks up `name` for `type` in a reverse zone of `zoneLabels` labels that it lies in.
  public func reverseLookup(
    _ name: borrowing QueryName, zoneLabels: Int, type: RecordType
  ) -> Answer {
    guard name.labelCount == zoneLabels else {
      return lookup(reverse: ReverseName.read(name), type)
    }
    switch type {
    case .soa: return .startOfAuthority
    case .ns: return .nameServers
    default:
      // The apex always exists, and of a zone for one address it is the address.
      let answer = lookup(reverse: ReverseName.read(name), type)
      if case .pointers = answer { return answer }
      return .noData(.none)
    }
  }

  private func lookup(reverse name: ReverseName, _ type: RecordType) -> Answer {
    switch name {
    case .none: return .nameError(.notAnAddress)
    case .prefix(let address, let bits):
      return AddressKey(address, bits: bits).withOctets({ prefixes.find($0) }) == nil
        ? .nameError(.noSuchAddress) : .noData(.emptyNonTerminal)
    case .address(let address):
      guard let record = AddressKey(address).withOctets({ addresses.find($0) }) else {
        return .nameError(.noSuchAddress)
      }
      let pointers = AddressRecord(record: record)
      var names = pointers.names
      guard names.next() != nil else { return .nameError(.noSuchAddress) }
      return type == .ptr ? .pointers(pointers) : .noData(.none)
    }
  }

  /// Names that the addresses of this server stand for: `<service>.<namespace>` with its ClusterIPs,
  /// or `<endpoint>.<service>.<namespace>` of a headless one with the endpoint's addresses.
  /// Namespaces that are not exposed count too.
  public func nameServers(at own: [IPAddress]) -> [NameServer] {
    var found: [NameServer] = []
    for address in own {
      guard let record = AddressKey(address).withOctets({ addresses.find($0) }) else {
        continue
      }
      for name in AddressRecord(record: record).endpointNames {
        let server = name.withOctets { nameServer($0) }
        if let server, !found.contains(where: { $0.name == server.name }) { found.append(server) }
      }
    }
    return found
  }

  /// A server of the zone: labels left of `svc.<zone>`, and addresses.
  public struct NameServer: Hashable {
    public let name: [UInt8]
    public let addresses: [IPAddress]
  }

  private func nameServer(_ endpointName: Octets) -> NameServer? {
    let labelEnd = Int(endpointName[0]) + 1
    let key = endpointName[labelEnd..<endpointName.count]
    guard let record = services.find(key) else { return nil }
    let service = ServiceRecord(record: record)
    if service.isHeadless, let endpoint = service.endpoint(named: endpointName[1..<labelEnd]) {
      return NameServer(
        name: endpointName.array,
        addresses: endpoint.addresses(.ipv4).all + endpoint.addresses(.ipv6).all)
    }
    return NameServer(
      name: key.array, addresses: service.addresses(.ipv4).all + service.addresses(.ipv6).all)
  }
}

extension AddressRecords {
  fileprivate var all: [IPAddress] {
    (0..<count).compactMap { IPAddress(octets: address($0).array) }
  }
}
