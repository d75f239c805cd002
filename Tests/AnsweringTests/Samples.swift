import Cluster
import Documents
import Foundation
import Kubernetes
import Testing
import Wire

/// What the rows are asked about.
enum Samples {
  /// All objects, labels kept.
  static let objects: [ClusterObject] = manifest("cluster.yaml") + big + crowd + loopback

  /// A headless service of a thousand endpoints, in ten slices.
  static let big: [ClusterObject] = {
    let id = ObjectName(namespace: "testns", name: "big")
    let port = Port(name: "http", transport: "tcp", number: 80)
    return [.service(Service(id: id, kind: .headless, ports: []))]
      + (0..<10).map { slice in
        let endpoints = (0..<100).map { number in
          Endpoint(addresses: [IPAddress(v4: 0xAC1F_0000 + UInt32(slice * 256 + number))])
        }
        return .slice(
          EndpointSlice(
            id: ObjectName(namespace: "testns", name: "big-\(slice)"), serviceName: "big",
            ports: [port], endpoints: PackedEndpoints(endpoints)))
      }
  }()

  /// Seven hundred services with one endpoint, as a DaemonSet on the host's network may have.
  static let crowd: [ClusterObject] =
    [.namespace(Namespace(name: "crowd"))]
    + (0..<700).flatMap { number -> [ClusterObject] in
      let id = ObjectName(namespace: "crowd", name: "s\(number)")
      let endpoint = Endpoint(addresses: [IPAddress(v4: 0x0AF4_0707)])
      return [
        .service(
          Service(id: id, kind: .clusterIP([crowdAddress(number)]), ports: [])),
        .slice(
          EndpointSlice(
            id: id, serviceName: id.name, ports: [], endpoints: PackedEndpoints([endpoint]))),
      ]
    }

  /// An endpoint at an address that every host has: it must not name this server.
  static let loopback: [ClusterObject] = {
    let id = ObjectName(namespace: "crowd", name: "local")
    let endpoint = Endpoint(addresses: [IPAddress(v4: 0x7F00_0001)])
    return [
      .service(Service(id: id, kind: .headless, ports: [])),
      .slice(
        EndpointSlice(
          id: id, serviceName: id.name, ports: [], endpoints: PackedEndpoints([endpoint]))),
    ]
  }()

  /// The ClusterIP of service `number` of ``crowd``.
  static func crowdAddress(_ number: Int) -> IPAddress {
    IPAddress(v4: 0x0A08_0000 + UInt32(number))
  }

  /// A master file: of this target, or of the samples that users find in zones/.
  static func path(_ file: String) -> String {
    let own = folder + "/" + file
    guard !FileManager.default.fileExists(atPath: own) else { return own }
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    return root.joined(separator: "/") + "/zones/" + file
  }

  private static var folder: String {
    Bundle.module.path(forResource: "Samples", ofType: nil) ?? ""
  }

  private static func manifest(_ file: String) -> [ClusterObject] {
    var rest = FileManager.default.contents(atPath: folder + "/" + file).map { [UInt8]($0) } ?? []
    var decoder = ObjectDecoder(keepsLabels: true)
    var objects: [ClusterObject] = []
    do {
      try ItemReader.read(.yaml) {
        defer { rest = [] }
        return rest
      } _: { (_, document, _) throws(DocumentError) in
        decoder.decodeAll(document.root) { result in
          switch result {
          case .success(.object(let object)): objects.append(object)
          case .success: break
          case .failure(let error): Issue.record("\(error)")
          }
        }
      }
    } catch {
      Issue.record("\(file): \(error)")
    }
    return objects
  }
}
