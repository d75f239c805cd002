public import Synchronization
public import Wire

/// The names of a cluster as published: written by one ``ClusterStore``, looked up by any number
/// of threads that keep to ``Epochs``. It knows nothing of zones, so blocks with other zones over
/// the same objects share it.
public final class ClusterIndex: Sendable {
  public let epochs: Epochs
  /// TTL of its records, seconds; prepared records carry it already.
  public let ttl: UInt32
  public let pods: PodNames

  let services: RecordTable
  let addresses: RecordTable
  /// Reverse names that have an address below them, see ``ReverseName``.
  let prefixes: RecordTable
  let namespaces: RecordTable
  let podAddresses: RecordTable
  let serialNumber = Atomic<UInt32>(0)
  let publishedState = Atomic<State>(.loading)

  /// How far what is published can be trusted.
  public enum State: UInt8, Sendable, AtomicRepresentable {
    /// Objects are still being read for the first time: a miss proves nothing.
    case loading
    /// Everything has been read, and changes are followed.
    case live
    /// Everything had been read once, but changes are not seen any more: the API server is away.
    case stale
  }

  /// How `a-b-c-d.<namespace>.pod` is answered.
  public enum PodNames: Sendable {
    case disabled
    /// Any address, in a namespace that exists.
    case insecure
    /// The address of a Pod in that namespace.
    case verified
  }

  public init(epochs: Epochs, hash: NameHash, ttl: UInt32, pods: PodNames) {
    self.epochs = epochs
    self.ttl = ttl
    self.pods = pods
    services = RecordTable(hash: hash, epochs: epochs)
    addresses = RecordTable(hash: hash, epochs: epochs)
    prefixes = RecordTable(hash: hash, epochs: epochs)
    namespaces = RecordTable(hash: hash, epochs: epochs)
    podAddresses = RecordTable(hash: hash, epochs: epochs)
  }

  /// The SOA serial of the latest change of a record (RFC 1982).
  public var serial: UInt32 { serialNumber.load(ordering: .relaxed) }

  /// Read before a lookup it holds for that lookup: what a ``State/live`` index lacks was not there.
  @inline(__always)
  public var state: State { publishedState.load(ordering: .acquiring) }

  /// Whether everything that was to be read has been, once.
  public var isSynchronized: Bool { state != .loading }

  // MARK: - Lookup

  /// What a name in a zone of the cluster is, for a type.
  public enum Answer {
    case addresses(AddressRecords)
    /// The address that a pod name spells.
    case podAddress(IPAddress)
    /// SRV records: all ports of the service, or those with this name and transport.
    case ports(ServiceRecord, PortFilter)
    case pointers(AddressRecord)
    /// An ExternalName's target, an uncompressed name.
    case alias(Octets)
    case version
    case startOfAuthority
    case nameServers
    case serverAddresses(AddressFamily)
    case noData(Reason)
    case nameError(Reason)
  }

  /// Why there is nothing: what an Extended DNS Error says.
  public enum Reason: Sendable {
    case none
    case emptyNonTerminal
    case noSuchNamespace
    case noSuchService
    case noReadyEndpoints
    case noSuchEndpoint
    case noSuchPort
    case noAddressYet
    case podNamesDisabled
    case noSuchPod
    case notAnAddress
    case noSuchAddress
    case belowAlias
    case targetIsAddress
    case tooLong
  }

  /// Lower case, without underscores; both empty for all ports of the service.
  public struct PortFilter {
    public let name: Octets
    public let transport: Octets

    /// Whether it lists all ports of the service.
    public var isAll: Bool { transport.isEmpty }

    /// Whether SRV asked with this filter lists `port`.
    public func selects(_ port: PortView) -> Bool {
      isAll || matches(port)
    }

    func matches(_ port: PortView) -> Bool {
      !name.isEmpty && port.name.equals(name) && port.transport.equals(transport)
    }
  }

  /// Looks up the service `labels` (service, namespace) where it is not hidden.
  @inline(__always)
  func service(_ labels: Octets) -> ServiceRecord? {
    guard let record = services.find(labels) else { return nil }
    let service = ServiceRecord(record: record)
    return service.isHidden ? nil : service
  }

  @inline(__always)
  func hasNamespace(_ label: Octets) -> Bool {
    namespaces.find(label) != nil
  }
}

extension Octets {
  @inline(__always)
  var isEmpty: Bool { count == 0 }
}
