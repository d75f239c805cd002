import Cluster
import Config
import Wire

/// The cluster's names as the server itself needs them, for upstreams that are Services: of all
/// `kubernetes` directives of a configuration, whatever blocks they stand in.
///
/// Belongs to the control thread, which writes the indexes.
struct ClusterNames {
  /// What is known of the addresses of a name.
  enum Found: Equatable {
    case addresses([IPAddress])
    /// The cluster has none; a reason.
    case none(String)
    /// Objects are still being read for the first time.
    case notYet
    /// To be asked of others: the name itself, or the one that it is an alias of.
    case elsewhere(DomainName)
  }

  private struct Zone {
    let name: DomainName
    let index: ClusterIndex
    let fallThrough: Fallthrough
  }

  /// The longest first.
  private let zones: [Zone]

  /// ExternalNames that lead from one Service to the next.
  private static let maximumAliases = 8

  init(_ directives: [(settings: KubernetesSettings, index: ClusterIndex)] = []) {
    zones = directives.flatMap { settings, index in
      settings.zones.map { Zone(name: $0, index: index, fallThrough: settings.fallThrough) }
    }.sorted { $0.name.labelCount > $1.name.labelCount }
  }

  /// Whether the name is one of a cluster.
  func covers(_ name: DomainName) -> Bool { zone(of: name) != nil }

  private func zone(of name: DomainName) -> Zone? {
    zones.first { name.isAtOrBelow($0.name) }
  }

  func addresses(of host: DomainName) -> Found {
    var name = host.folded
    for _ in 0..<Self.maximumAliases {
      guard let zone = zone(of: name) else { return .elsewhere(name) }
      // Before the lookups: what they miss may come, and everything have been read, behind them.
      let isReading = zone.index.state == .loading
      var found: [IPAddress] = []
      var alias: DomainName?
      for type in [RecordType.a, .aaaa] {
        switch Self.lookup(name, type, in: zone) {
        case .addresses(let records):
          found += (0..<records.count).compactMap { IPAddress(octets: records.address($0).array) }
        case .podAddress(let address): found.append(address)
        case .alias(let target): alias = DomainName(wire: target.array)
        default: break
        }
      }
      if !found.isEmpty { return .addresses(found) }
      guard let alias else {
        if isReading { return .notYet }
        return zone.fallThrough.covers(name)
          ? .elsewhere(name) : .none("the cluster has no address of this name")
      }
      name = alias.folded
    }
    return .none("more than \(Self.maximumAliases) aliases")
  }

  private static func lookup(
    _ name: DomainName, _ type: RecordType, in zone: Zone
  ) -> ClusterIndex.Answer {
    var query = QueryName()
    guard name.octets.withOctets({ query.read($0, at: 0) }) else { return .nameError(.tooLong) }
    return zone.index.lookup(query, zoneLabels: zone.name.labelCount, type: type)
  }
}

extension Fallthrough {
  fileprivate func covers(_ name: DomainName) -> Bool {
    switch self {
    case .none: false
    case .all: true
    case .zones(let zones): zones.contains { name.isAtOrBelow($0) }
    }
  }
}
