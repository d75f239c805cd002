import Wire

@testable import Cluster

/// A store with its index, and what a reader sees of it as text.
final class TestCluster {
  let index: ClusterIndex
  let store: ClusterStore
  private(set) var warnings: [String] = []

  init(options: StoreOptions = StoreOptions(), pods: ClusterIndex.PodNames = .verified) {
    index = ClusterIndex(
      epochs: Epochs(readers: 1), hash: NameHash(seed: 3), ttl: options.naming.ttl, pods: pods)
    let box = Warnings()
    store = ClusterStore(index: index, options: options) { box.lines.append($0) }
    self.box = box
  }

  private final class Warnings { var lines: [String] = [] }
  private let box: Warnings
  var said: [String] { box.lines }

  func publish(_ candidate: UInt32 = 100) { store.publish(candidate: candidate) }

  func apply(_ objects: ClusterObject...) {
    for object in objects { store.upsert(object) }
    publish()
  }

  func remove(_ objects: ClusterObject...) {
    for object in objects { store.delete(object.key) }
    publish()
  }

  /// What `name TYPE` is: sorted addresses, names or ports, else why there are none.
  func look(_ question: String) -> String { Self.look(question, in: index) }

  static func look(_ question: String, in index: ClusterIndex) -> String {
    let words = question.split(separator: " ")
    guard let name = DomainName(words[0]), let type = RecordType(mnemonic: String(words[1])) else {
      return "not a question"
    }
    var query = QueryName()
    guard name.octets.withOctets({ query.read($0, at: 0) }) else { return "not a name" }
    index.epochs.enter(0)
    defer { index.epochs.leave(0) }
    let isReverse = words[0].hasSuffix(".arpa")
    let answer =
      isReverse
      ? index.reverseLookup(query, zoneLabels: 2, type: type)
      : index.lookup(query, zoneLabels: 1, type: type)
    return describe(answer)
  }

  private static func describe(_ answer: ClusterIndex.Answer) -> String {
    switch answer {
    case .addresses(let records):
      return (0..<records.count).compactMap { IPAddress(octets: records.address($0).array) }
        .map(\.description).sorted().joined(separator: " ")
    case .podAddress(let address): return "pod \(address)"
    case .ports(let service, let filter): return describe(service, filter)
    case .pointers(let record):
      var names = record.names
      var texts: [String] = []
      while let name = names.next() { texts.append(DomainName.presentation(name.array)) }
      return texts.sorted().joined(separator: " ")
    case .alias(let target): return "alias " + DomainName.presentation(target.array)
    case .version: return "version"
    case .startOfAuthority: return "SOA"
    case .nameServers: return "NS"
    case .serverAddresses: return "own"
    case .noData(let reason): return reason == .emptyNonTerminal ? "ENT" : "NODATA"
    case .nameError: return "NXDOMAIN"
    }
  }

  private static func describe(
    _ service: ServiceRecord, _ filter: ClusterIndex.PortFilter
  ) -> String {
    let ports = service.ports(for: filter)
    var lines: Set<String> = []
    for index in 0..<ports.count where filter.selects(ports[index]) {
      let port = ports[index]
      guard service.isHeadless else {
        lines.insert("\(port.number)")
        continue
      }
      for member in 0..<port.memberCount {
        let label = String(decoding: service.member(member, of: port).label.array, as: UTF8.self)
        lines.insert("\(label):\(port.number)")
      }
    }
    return lines.sorted().joined(separator: " ")
  }
}

// MARK: - Objects

func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(v4: 0) }

func service(_ id: String, _ addresses: String..., ports: [Port] = []) -> ClusterObject {
  .service(Service(id: name(id), kind: .clusterIP(addresses.map(address)), ports: ports))
}

func headless(_ id: String) -> ClusterObject {
  .service(Service(id: name(id), kind: .headless, ports: []))
}

/// A slice of `service` in the namespace of `id`; endpoints as `hostname=address`.
func slice(
  _ id: String, of service: String, _ endpoints: String..., ports: [Port] = []
) -> ClusterObject {
  .slice(subset(id, of: service, endpoints, ports))
}

/// An Endpoints object of these subsets, each of endpoints as `hostname=address` and ports.
func endpoints(_ id: String, _ subsets: ([String], [Port])...) -> ClusterObject {
  let service = name(id).name
  return .endpoints(
    Endpoints(id: name(id), subsets: subsets.map { subset(id, of: service, $0.0, $0.1) }))
}

private func subset(
  _ id: String, of service: String, _ endpoints: [String], _ ports: [Port]
) -> EndpointSlice {
  let packed = endpoints.map { text in
    let parts = text.split(separator: "=")
    return parts.count == 2
      ? Endpoint(addresses: [address(String(parts[1]))], hostname: String(parts[0]))
      : Endpoint(addresses: [address(text)])
  }
  return EndpointSlice(
    id: name(id), serviceName: service, ports: ports, endpoints: PackedEndpoints(packed))
}

func pod(_ id: String, _ addresses: String...) -> ClusterObject {
  .pod(Pod(id: name(id), addresses: addresses.map(address)))
}

func namespace(_ name: String, labels: [String: String] = [:]) -> ClusterObject {
  .namespace(Namespace(name: name, labels: labels))
}

let http = Port(name: "http", transport: "tcp", number: 80)

/// `namespace/name`.
private func name(_ text: String) -> ObjectName {
  let parts = text.split(separator: "/")
  return ObjectName(namespace: String(parts[0]), name: String(parts[1]))
}
