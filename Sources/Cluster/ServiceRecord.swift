public import Wire

/// A published Service with its endpoints: the octets that its answers are copied from.
///
/// Address records stand in it as they go into a message, owner name (a pointer to the question's
/// name), type, class, TTL and address; only SRV targets are put together when asked for, since
/// they carry the client's spelling of the zone.
public struct ServiceRecord {
  let record: Record

  /// Whether its namespace is not exposed: published for the apex NS only.
  var isHidden: Bool { record.flags & Flag.hidden != 0 }
  /// Whether `ignore empty_service` or the lack of endpoints makes the name not exist.
  var isAbsent: Bool { record.flags & Flag.absent != 0 }
  /// Whether SRV targets are endpoints, not the service.
  public var isHeadless: Bool { record.flags & Flag.headless != 0 }
  var isAlias: Bool { record.flags & Flag.alias != 0 }
  var hasNoAddress: Bool { record.flags & Flag.unallocated != 0 }

  enum Flag {
    static let hidden: UInt16 = 1
    static let absent: UInt16 = 2
    static let headless: UInt16 = 4
    static let alias: UInt16 = 8
    static let unallocated: UInt16 = 16
  }

  /// Places of the body's fields, from its beginning.
  enum Field {
    static let ipv4At = 0
    static let ipv6At = 8
    static let portsAt = 16
    /// The ports again, those of one number as one: what SRV at the service's name lists.
    static let numbersAt = 24
    static let endpointsAt = 32
    static let targetAt = 40
    static let octets = 48
  }

  enum Size {
    static let endpoint = 16
    static let port = 16
    /// An A record whose owner is a pointer.
    static let ipv4 = 16
    /// An AAAA record whose owner is a pointer.
    static let ipv6 = 28
  }

  @inline(__always)
  private func field(_ place: Int) -> Int { record.octets.native32(record.bodyAt &+ place) }

  /// Service and namespace labels with their length octets, lower case.
  public var labels: Octets { record.key }

  /// The A or AAAA records at the service's name.
  @inline(__always)
  public func addresses(_ family: AddressFamily) -> AddressRecords {
    let place = family == .ipv4 ? Field.ipv4At : Field.ipv6At
    return AddressRecords(
      octets: record.octets, at: field(place), count: field(place &+ 4), family: family)
  }

  /// What an ExternalName points to: an uncompressed name.
  public var target: Octets {
    let at = field(Field.targetAt)
    return record.octets[at..<(at + field(Field.targetAt + 4))]
  }

  // MARK: - Endpoints

  public var endpointCount: Int { field(Field.endpointsAt + 4) }

  @inline(__always)
  func endpoint(_ index: Int) -> EndpointView {
    EndpointView(octets: record.octets, at: field(Field.endpointsAt) &+ index &* Size.endpoint)
  }

  /// The endpoint whose name is `label` (lower case, without its length).
  func endpoint(named label: Octets) -> EndpointView? {
    var low = 0
    var high = endpointCount
    while low < high {
      let middle = (low + high) / 2
      let view = endpoint(middle)
      switch view.label.compare(label) {
      case 0: return view
      case ..<0: low = middle + 1
      default: high = middle
      }
    }
    return nil
  }

  // MARK: - Ports

  public var portCount: Int { field(Field.portsAt + 4) }

  /// Port `index` of those that have names of their own.
  @inline(__always)
  public func port(_ index: Int) -> PortView {
    PortView(octets: record.octets, at: field(Field.portsAt) &+ index &* Size.port)
  }

  /// The ports of the table that `filter` selects from: an RRset has no record twice (RFC 2181
  /// §5), so all ports together are listed by number.
  @inline(__always)
  public func ports(for filter: ClusterIndex.PortFilter) -> Ports {
    let place = filter.isAll ? Field.numbersAt : Field.portsAt
    return Ports(octets: record.octets, at: field(place), count: field(place &+ 4))
  }

  /// The endpoint that is member `index` of a port.
  public func member(_ index: Int, of port: PortView) -> EndpointView {
    endpoint(record.octets.native32(port.membersAt &+ 4 &* index))
  }
}

extension ServiceRecord {
  /// Whether member `number` of port `index` is one of an earlier port that `filter` selects too.
  public func hasMember(
    _ number: Int, of index: Int, in ports: Ports, beforeIn filter: ClusterIndex.PortFilter
  ) -> Bool {
    let own = ports[index]
    for earlier in 0..<index {
      let other = ports[earlier]
      guard filter.selects(other) else { continue }
      // Lists that are not empty stand in one place only where they are the same.
      if other.memberCount > 0, other.membersAt == own.membersAt { return true }
      if contains(other, record.octets.native32(own.membersAt &+ 4 &* number)) { return true }
    }
    return false
  }

  /// Whether an endpoint is among a port's members, which ascend.
  private func contains(_ port: PortView, _ endpoint: Int) -> Bool {
    var low = 0
    var high = port.memberCount
    while low < high {
      let middle = (low + high) / 2
      let member = record.octets.native32(port.membersAt &+ 4 &* middle)
      if member == endpoint { return true }
      if member < endpoint { low = middle + 1 } else { high = middle }
    }
    return false
  }
}

/// A table of ports.
public struct Ports {
  let octets: Octets
  let at: Int
  public let count: Int

  @inline(__always)
  public subscript(_ index: Int) -> PortView {
    PortView(octets: octets, at: at &+ index &* ServiceRecord.Size.port)
  }
}

/// IPv4 with A, or IPv6 with AAAA.
public enum AddressFamily: Sendable {
  case ipv4, ipv6
}

/// Address records as they go into a message, all of one size.
public struct AddressRecords {
  public let octets: Octets
  public let count: Int
  public let stride: Int

  @inline(__always)
  init(octets: Octets, at: Int, count: Int, family: AddressFamily) {
    stride = family == .ipv4 ? ServiceRecord.Size.ipv4 : ServiceRecord.Size.ipv6
    self.octets = octets[at..<(at &+ count &* stride)]
    self.count = count
  }

  /// Record `index`.
  public subscript(_ index: Int) -> Octets { octets[(index * stride)..<((index + 1) * stride)] }

  /// The address of record `index`, 4 or 16 octets.
  public func address(_ index: Int) -> Octets {
    octets[(index * stride + 12)..<((index + 1) * stride)]
  }
}

/// An endpoint's name and its address records.
public struct EndpointView {
  let octets: Octets
  let at: Int

  /// The label without its length, lower case.
  @inline(__always)
  public var label: Octets {
    let at = octets.native32(at)
    return octets[(at &+ 1)..<(at &+ 1 &+ Int(octets[at]))]
  }

  public func addresses(_ family: AddressFamily) -> AddressRecords {
    family == .ipv4
      ? AddressRecords(
        octets: octets, at: octets.native32(at + 4), count: octets.native16(at + 12), family: family
      )
      : AddressRecords(
        octets: octets, at: octets.native32(at + 8), count: octets.native16(at + 14), family: family
      )
  }
}

/// A port with a number, and the endpoints that serve it.
public struct PortView {
  let octets: Octets
  let at: Int

  /// Lower case, without its length; empty where the port has no name.
  public var name: Octets {
    let at = octets.native32(at)
    return octets[(at + 1)..<(at + 1 + Int(octets[at]))]
  }

  /// `tcp`, `udp` or `sctp`.
  public var transport: Octets {
    let name = octets.native32(at)
    let at = name + 1 + Int(octets[name])
    return octets[(at + 1)..<(at + 1 + Int(octets[at]))]
  }

  var membersAt: Int { octets.native32(at + 4) }
  /// Endpoints of a headless service; 0 for one with an address.
  public var memberCount: Int { octets.native32(at + 8) }
  public var number: UInt16 { UInt16(truncatingIfNeeded: octets.native32(at + 12)) }
}

extension Octets {
  /// Below 0, 0 or above 0 as this view sorts before, equals or sorts after `other`.
  func compare(_ other: Octets) -> Int {
    for index in 0..<min(count, other.count) where self[index] != other[index] {
      return Int(self[index]) - Int(other[index])
    }
    return count - other.count
  }
}
