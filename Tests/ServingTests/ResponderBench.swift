import Answering
import Cluster
import Config
import Telemetry
import Testing
import Wire
import ZoneFiles
import Zones

/// Responders over the same cluster, zones and seed, so that two of them answer alike; the objects
/// have every shape that a reply can take.
struct ResponderBench: ~Copyable {
  private var responder: Responder
  private let keepsAlive: ClusterStore
  private let transport: Peer.Transport
  private var buffer = [UInt8](repeating: 0, count: 65_535)

  static let bufferSize = 1232

  init(_ transport: Peer.Transport) throws {
    self.transport = transport
    let hash = NameHash(seed: 7)
    let index = ClusterIndex(
      epochs: Epochs(readers: 1), hash: hash, ttl: 5, pods: .insecure)
    keepsAlive = ClusterStore(index: index, options: StoreOptions()) { _ in }
    for object in try Self.objects() { keepsAlive.upsert(object) }
    keepsAlive.publish(candidate: 1)
    keepsAlive.setState(.live)
    responder = Responder(plans: try Self.plans(index, hash), hash: hash, seed: 7)
  }

  /// The reply to `message`; nil where there is none.
  mutating func reply(to message: [UInt8]) -> [UInt8]? {
    let transport = transport
    return unsafe buffer.withUnsafeMutableBytes { buffer -> [UInt8]? in
      guard let base = buffer.baseAddress else { return nil }
      let capacity = transport == .udp ? 4096 : buffer.count
      var writer = unsafe MessageWriter(base: base, capacity: capacity)
      let peer = Peer(
        transport: transport, address: IPAddress(v4: 0x7F00_0001), port: 4000,
        localAddress: IPAddress(v4: 0x7F00_0001), localPort: 53)
      let outcome = message.withOctets {
        responder.respond(to: $0, from: peer, into: &writer, now: 0)
      }
      return outcome == nil ? nil : writer.octets.array
    }
  }

  // MARK: - What is served

  private static func name(_ text: String) throws -> DomainName {
    try #require(DomainName(text))
  }

  private static func plans(
    _ index: ClusterIndex, _ hash: NameHash
  ) throws -> [(zone: DomainName, plan: QueryPlan)] {
    let place = Place(file: "Corefile", line: 1, column: 1)
    var kubernetes = KubernetesSettings(
      zones: [
        try name("cluster.local."), try name("10.in-addr.arpa."), try name("ip6.arpa."),
      ], place: place)
    kubernetes.pods = .insecure
    kubernetes.fallThrough = .zones([try name("ip6.arpa.")])
    let cluster = Step.kubernetes(
      KubernetesStep(
        index: index, settings: kubernetes, ownAddresses: [IPAddress(v4: 0x7F00_0001)], hash: hash))
    let apex = try name("example.org.")
    let slot = ZoneSlot()
    slot.publish(try ZoneFile.zone(path: zonePath("example.org.zone"), apex: apex))
    let files = FileSettings(path: "example.org.zone", zones: [apex], place: place)
    let file = Step.file(FileStep(slots: [slot], settings: files, hash: hash))
    return [
      (.root, plan(.root, [cluster])), (apex, plan(apex, [file])),
      (try name("whoami.test."), plan(try name("whoami.test."), [.whoami])),
      (try name("empty.test."), plan(try name("empty.test."), [])),
    ]
  }

  private static func plan(_ zone: DomainName, _ steps: [Step]) -> QueryPlan {
    QueryPlan(
      zone: zone, block: 0, steps: steps, hasHandlers: !steps.isEmpty, rotates: true,
      reportsErrors: true, logs: [],
      counters: nil, bufferSize: UInt16(bufferSize))
  }

  private static func zonePath(_ file: String) -> String {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    return root.joined(separator: "/") + "/zones/" + file
  }

  private static func objects() throws -> [ClusterObject] {
    let web = Port(name: "web", transport: "TCP", number: 80)
    let dns = Port(name: "dns", transport: "UDP", number: 53)
    func id(_ name: String) -> ObjectName { ObjectName(namespace: "test", name: name) }
    func v4(_ low: UInt32) -> IPAddress { IPAddress(v4: 0x0A00_0000 + low) }
    func service(_ name: String, _ kind: Service.Kind) -> ClusterObject {
      .service(Service(id: id(name), kind: kind, ports: [web, dns]))
    }
    func slice(_ name: String, _ endpoints: [Endpoint]) -> ClusterObject {
      .slice(
        EndpointSlice(
          id: id(name + "-1"), serviceName: name, ports: [web, dns],
          endpoints: PackedEndpoints(endpoints)))
    }
    return [
      .namespace(Namespace(name: "test")),
      service("one", .clusterIP([v4(1)])),
      service("dual", .clusterIP([v4(2), IPAddress(high: 0xFD00 << 48, low: 2)])),
      service("none", .clusterIP([])),
      service("few", .headless),
      slice(
        "few",
        [
          Endpoint(addresses: [v4(17)], hostname: "web-0"), Endpoint(addresses: [v4(18)]),
        ]),
      service("many", .headless),
      slice("many", (0..<400).map { Endpoint(addresses: [v4(4096 + $0)]) }),
      service("inside", .externalName(try name("inside2.test.svc.cluster.local."))),
      service("inside2", .externalName(try name("few.test.svc.cluster.local."))),
      service("circle", .externalName(try name("circle2.test.svc.cluster.local."))),
      service("circle2", .externalName(try name("circle.test.svc.cluster.local."))),
      service("outside", .externalName(try name("a.a.example."))),
      service("zone", .externalName(try name("www.example.org."))),
    ]
  }

  /// Names that the fuzzer starts from.
  static let names = [
    "one.test.svc.cluster.local.", "dual.test.svc.cluster.local.", "many.test.svc.cluster.local.",
    "few.test.svc.cluster.local.", "web-0.few.test.svc.cluster.local.",
    "_web._tcp.many.test.svc.cluster.local.", "_dns._udp.few.test.svc.cluster.local.",
    "inside.test.svc.cluster.local.", "circle.test.svc.cluster.local.",
    "outside.test.svc.cluster.local.", "zone.test.svc.cluster.local.",
    "none.test.svc.cluster.local.",
    "no.test.svc.cluster.local.", "no.no.svc.cluster.local.", "svc.cluster.local.",
    "cluster.local.", "ns.dns.cluster.local.", "dns-version.cluster.local.",
    "10-0-0-1.test.pod.cluster.local.", "fd00--2.test.pod.cluster.local.",
    "17.0.0.10.in-addr.arpa.", "10.in-addr.arpa.", "1.0.0.11.in-addr.arpa.",
    "2." + String(repeating: "0.", count: 27) + "0.0.d.f.ip6.arpa.", "ip6.arpa.",
    "example.org.", "www.example.org.", "no.example.org.", "whoami.test.", "x.whoami.test.",
    "empty.test.", ".", "a.b.c.",
  ]
}
