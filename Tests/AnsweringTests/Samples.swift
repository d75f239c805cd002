import Cluster
import Documents
import Foundation
import Kubernetes
import Testing
import Wire

/// What the rows are asked about.
enum Samples {
  /// All objects, labels kept.
  static let objects: [ClusterObject] = manifest("cluster.yaml") + big

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
