public import Cluster
public import Config
public import Wire

/// The cluster's names under the zones of one `kubernetes` directive.
@safe public final class KubernetesStep {
  /// Shared by all workers and therefore never counted on the way of a query; the owner of the
  /// plan keeps it alive.
  let index: Unmanaged<ClusterIndex>
  private let keepsAlive: ClusterIndex
  let zones: SuffixTable
  let isReverse: [Bool]
  let labelCounts: [Int]
  /// The first forward zone: what PTR records point into.
  let primaryZone: DomainName
  let fallThrough: FallthroughSet
  /// Addresses that the server is reached at, for NS and `ns.dns`.
  let ownAddresses: [IPAddress]

  public init(
    index: ClusterIndex, settings: KubernetesSettings, ownAddresses: [IPAddress], hash: NameHash
  ) {
    unsafe self.index = Unmanaged.passUnretained(index)
    keepsAlive = index
    zones = SuffixTable(settings.zones.enumerated().map { ($1, $0) }, hash: hash)
    isReverse = settings.zones.map(\.isReverse)
    labelCounts = settings.zones.map(\.labelCount)
    primaryZone = settings.zones.first { !$0.isReverse } ?? .root
    fallThrough = FallthroughSet(settings.fallThrough, hash: hash)
    self.ownAddresses = ownAddresses
  }

  /// Whether the name lies in one of the zones.
  func owns(_ name: borrowing QueryName) -> Bool { zones.find(name) != nil }
}

extension DomainName {
  private static let reverseZones = ["in-addr.arpa", "ip6.arpa"].compactMap { DomainName($0) }

  /// Whether the name is in-addr.arpa, ip6.arpa or below one of them.
  var isReverse: Bool { Self.reverseZones.contains { isAtOrBelow($0) } }
}
