import ClusterModel
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
  func look(_ question: String) -> String { index.look(question) }
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
