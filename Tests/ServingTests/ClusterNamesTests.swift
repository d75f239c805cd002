import Foundation
import Telemetry
import Testing
import Wire

@testable import Serving

/// Upstreams that are Services of the cluster itself.
@Suite struct ClusterNamesTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let host: String
    let found: ClusterNames.Found

    init(_ name: String, _ host: String, _ found: ClusterNames.Found) {
      testDescription = name
      (self.host, self.found) = (host, found)
    }
  }

  static let none = ClusterNames.Found.none("the cluster has no address of this name")

  static func elsewhere(_ name: String) -> ClusterNames.Found {
    .elsewhere(DomainName(name) ?? .root)
  }

  static func addresses(_ texts: String...) -> ClusterNames.Found {
    .addresses(texts.compactMap { IPAddress($0) })
  }

  static let rows: [Row] = [
    Row("a Service", "dns.infra.svc.cluster.local", addresses("10.96.0.53", "fd00::53")),
    Row("as spelled", "DNS.infra.svc.Cluster.Local.", addresses("10.96.0.53", "fd00::53")),
    Row("by the zone of another block", "dns.infra.svc.other.test", addresses("10.96.0.54")),
    Row("none of the cluster", "dns.example", elsewhere("dns.example")),
    Row("an ExternalName", "out.infra.svc.cluster.local", elsewhere("dns.example")),
    Row("one to a Service", "in.infra.svc.cluster.local", addresses("10.96.0.53", "fd00::53")),
    Row("one to itself", "self.infra.svc.cluster.local", .none("more than 8 aliases")),
    Row("no such Service", "no.infra.svc.cluster.local", none),
    Row("no name of a Service", "cluster.local", none),
    Row("what falls through", "no.infra.svc.open.test", elsewhere("no.infra.svc.open.test")),
  ]

  @Test(arguments: rows)
  func `a name of the cluster is looked up in what is known of it`(_ row: Row) throws {
    let names = try Self.names()
    #expect(names.addresses(of: try #require(DomainName(row.host))) == row.found)
  }

  @Test func `before objects are read nothing is known`() throws {
    let generation = try GenerationTests.generation(
      ".:53 {\nkubernetes cluster.local {\nmanifests x\n}\n}\n", GenerationTests.parts(), after: [])
    let host = try #require(DomainName("dns.infra.svc.cluster.local"))
    #expect(generation.clusterNames.addresses(of: host) == .notYet)
  }

  private static func names() throws -> ClusterNames {
    let folder = FileManager.default.temporaryDirectory.appending(path: "names-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in [
      "a.yaml": namespace
        + service("dns", "clusterIP: 10.96.0.53, clusterIPs: [10.96.0.53, 'fd00::53']")
        + service("out", "type: ExternalName, externalName: dns.example")
        + service("in", "type: ExternalName, externalName: dns.infra.svc.cluster.local")
        + service("self", "type: ExternalName, externalName: self.infra.svc.cluster.local"),
      "b.yaml": namespace + service("dns", "clusterIP: 10.96.0.54, clusterIPs: [10.96.0.54]"),
    ] { try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8) }
    let generation = try GenerationTests.generation(
      """
      .:53 {
      kubernetes cluster.local {
      manifests \(folder.path)/a.yaml
      }
      }
      b.test:53 {
      kubernetes other.test open.test {
      manifests \(folder.path)/b.yaml
      fallthrough open.test
      }
      }
      """, GenerationTests.parts(), after: [])
    generation.start()
    return generation.clusterNames
  }

  private static let namespace =
    "---\n{apiVersion: v1, kind: Namespace, metadata: {name: infra}}\n"

  private static func service(_ name: String, _ spec: String) -> String {
    "---\n{apiVersion: v1, kind: Service, metadata: {name: \(name), namespace: infra}, "
      + "spec: {\(spec), ports: [{name: dns, port: 53, protocol: UDP}]}}\n"
  }
}
