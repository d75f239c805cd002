import Answering
import Cluster
import Config
import Wire
import ZoneFiles
import Zones

/// The configurations that forwarding is asked under, over the same cluster and master file.
enum ForwardSetup: String, CaseIterable {
  case plain, uncached, bare
  case next, nextNoData, zones, except
  case immediate, verify, preferPositive, prefetch, cut
  case ipv4, ipv6, forwardIPv4, otherBlockIPv4
  case passing, many, rotating, ipv4Twice, mixedFamilies, nextImmediate, nextElsewhere

  var corefile: String {
    switch self {
    case .plain: block("forward . 192.0.2.53\n cache") + Self.stub()
    case .uncached: block("forward . 192.0.2.53")
    case .bare: block("whoami", zone: "cluster.local")
    case .next:
      block("forward . 192.0.2.53 {\n next NXDOMAIN SERVFAIL \n}\n forward . 192.0.2.54\n cache")
    case .nextImmediate:
      block(
        "forward . 192.0.2.53 {\n next NXDOMAIN \n}\n forward . 192.0.2.54\n"
          + "cache {\n serve_stale 1h immediate \n}")
    case .nextElsewhere:
      block("forward . 192.0.2.53 {\n next NXDOMAIN \n}\n forward org 192.0.2.54\n cache")
    case .nextNoData:
      block("forward . 192.0.2.53 {\n next_on_nodata \n}\n forward . 192.0.2.54")
    case .zones:
      block(
        "forward example.net 192.0.2.53\n forward org 192.0.2.54 {\n except not.org \n}\n cache")
    case .except: block("forward . 192.0.2.53 {\n except example.net \n}\n whoami")
    case .immediate: block("forward . 192.0.2.53\n cache {\n serve_stale 1h immediate \n}")
    case .verify: block("forward . 192.0.2.53\n cache {\n serve_stale 1h verify \n}")
    case .preferPositive:
      block(
        "forward . 192.0.2.53\n cache {\n serve_stale 1h verify\n"
          + "serve_stale_policy prefer_positive \n}")
    case .prefetch: block("forward . 192.0.2.53\n cache {\n prefetch 2 \n}")
    case .cut: block("forward . 192.0.2.53\n cache {\n nxdomain_cut \n}")
    case .ipv4: block("families ipv4\n forward . 192.0.2.53\n cache")
    case .ipv6: block("families ipv6\n forward . 192.0.2.53\n cache")
    case .forwardIPv4: block("forward . 192.0.2.53 {\n families ipv4 \n}\n cache")
    case .otherBlockIPv4:
      block("forward . 192.0.2.53\n cache") + Self.stub("families ipv4")
    case .mixedFamilies:
      block("families ipv4\n forward . 192.0.2.53\n cache") + Self.stub("families ipv6")
    case .passing:
      block("forward . 192.0.2.53\n cache", properties: "fallthrough in-addr.arpa")
    case .rotating: block("loadbalance\n forward . 192.0.2.53\n cache")
    case .ipv4Twice:
      block("families ipv4\n forward . 192.0.2.53 {\n families ipv4 \n}\n cache")
    case .many:
      block(
        (1...ForwardSettings.maximumRun).map { "forward . 192.0.2.\($0) {\n next SERVFAIL \n}\n" }
          .joined())
    }
  }

  private func block(_ directives: String, zone: String = ".", properties: String = "") -> String {
    """
    \(zone) {
      errors
      kubernetes cluster.local 10.in-addr.arpa {
        \(properties)
      }
      file own.zone own.test
      \(directives)
    }

    """
  }

  private static func stub(_ directive: String = "") -> String {
    """
    stub.test {
      \(directive)
      forward . 192.0.2.54
      cache
    }

    """
  }

  // MARK: - Contents

  /// ExternalName services of the namespace `ns` and where they lead.
  private static let aliases = [
    "out": "www.Example.net", "stub": "db.stub.test", "gone": "gone.example.net",
    "tofile": "www.own.test", "self": "self.ns.svc.cluster.local",
    "in": "svc.ns.svc.cluster.local", "dual": "both.ns.svc.cluster.local",
    "one": "two.ns.svc.cluster.local", "two": "out.ns.svc.cluster.local",
    "ping": "pong.own.test", "fileout": "out.own.test",
  ]

  static let serial: UInt32 = 1_700_000_000

  /// `svc` (10.0.0.1) and `both` (10.0.0.2, fd00::2; port http 80) besides the aliases.
  func makeIndex(_ configuration: Configuration) throws -> ClusterIndex {
    var settings = configuration.blocks.lazy.flatMap(\.kubernetes).first
    settings?.source = .manifests([])
    guard let settings else { throw ZoneFileError(path: "", line: 0, reason: "no kubernetes") }
    let index = ClusterIndex(settings, epochs: Epochs(readers: 1), hash: ForwardWorld.hash)
    let store = ClusterStore(index: index, options: StoreOptions(settings)) { _ in }
    store.upsert(.namespace(Namespace(name: "ns")))
    let port = Port(name: "http", transport: "tcp", number: 80)
    let two = [IPAddress(v4: 0x0A00_0002), IPAddress("fd00::2")].compactMap { $0 }
    put("svc", .clusterIP([IPAddress(v4: 0x0A00_0001)]), [port], store)
    put("both", .clusterIP(two), [port], store)
    for (name, target) in Self.aliases { put(name, .externalName(DomainName(target)), [], store) }
    store.namespacesComplete()
    store.publish(candidate: Self.serial)
    store.setState(.live)
    return index
  }

  private func put(_ name: String, _ kind: Service.Kind, _ ports: [Port], _ store: ClusterStore) {
    let id = ObjectName(namespace: "ns", name: name)
    store.upsert(.service(Service(id: id, kind: kind, ports: ports)))
  }

  static func fileZone() throws -> Zone {
    let lines = [
      "own.test. 300 SOA ns.own.test. root.own.test. 1 2 3 4 300", "own.test. 300 NS ns.own.test.",
      "ns.own.test. 300 A 192.0.2.1", "www.own.test. 300 A 192.0.2.80",
      "out.own.test. 300 CNAME www.example.net.",
      "pong.own.test. 300 CNAME ping.ns.svc.cluster.local.",
    ]
    guard let apex = DomainName("own.test") else {
      throw ZoneFileError(path: "", line: 0, reason: "no name")
    }
    return try Zone(apex: apex, records: lines.map { try RecordText.parse($0) })
  }
}
