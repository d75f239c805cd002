import Cluster
import Wire

/// Objects as the decoder could have made them, from a seed.
struct ObjectMaker: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  mutating func object(_ number: Int, hasLabels: Bool) -> ClusterObject {
    let id = ObjectName(namespace: pick(["default", "kube-system", "1"]), name: "o-\(number)")
    let labels = hasLabels ? self.labels() : [:]
    switch Int.random(in: 0..<6, using: &self) {
    case 0: return .namespace(Namespace(name: id.name, labels: labels))
    case 1: return .pod(Pod(id: id, labels: labels, addresses: several(1...2) { $0.address() }))
    case 2:
      let subsets = several(0...3) { $0.subset(id) }
      return .endpoints(Endpoints(id: id, labels: labels, subsets: subsets))
    case 3, 4: return .slice(slice(id, hasLabels ? labels : nil))
    default:
      return .service(
        Service(
          id: id, labels: labels, kind: kind(), ports: several(0...3) { $0.port(needsNumber: true) }
        ))
    }
  }

  mutating func several<Element>(
    _ count: ClosedRange<Int>, _ make: (inout ObjectMaker) -> Element
  ) -> [Element] {
    (0..<Int.random(in: count, using: &self)).map { _ in make(&self) }
  }

  private mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: elements.indices, using: &self)]
  }

  private mutating func labels() -> [String: String] {
    let texts = [
      "", "plain", "\"quoted\"", "back\\slash", "\u{0}\u{1}\n\t\u{1F}", "\u{7F}\u{80}", "żółw",
      "日本語", "👩‍👩‍👧", "e\u{301}", "}]{[,:", "</script>", "\u{2028}\u{FFFF}", "items",
    ]
    var labels: [String: String] = [:]
    for _ in 0..<Int.random(in: 0...4, using: &self) { labels[pick(texts)] = pick(texts) }
    return labels
  }

  private mutating func address() -> IPAddress {
    switch Int.random(in: 0..<4, using: &self) {
    case 0: IPAddress(high: next(), low: next())
    case 1: IPAddress(high: 0x2001_0DB8_0000_0000, low: UInt64.random(in: 0...9, using: &self))
    default: IPAddress(v4: UInt32(truncatingIfNeeded: next()))
    }
  }

  private mutating func port(needsNumber: Bool) -> Port {
    let hasNumber = needsNumber || Bool.random(using: &self)
    return Port(
      name: pick(["", "http", "dns-tcp"]), transport: pick(["tcp", "udp", "sctp"]),
      number: hasNumber ? UInt16.random(in: 1...65535, using: &self) : nil)
  }

  private mutating func kind() -> Service.Kind {
    switch Int.random(in: 0..<5, using: &self) {
    case 0: .headless
    case 1: .externalName(pick([nil, DomainName("Example.ORG"), DomainName("_a.b-c.example.")]))
    case 2: .clusterIP([])
    default: .clusterIP([IPAddress(v4: 0x0A60_0001), IPAddress(high: next(), low: 1)])
    }
  }

  private mutating func slice(_ id: ObjectName, _ labels: [String: String]?) -> EndpointSlice {
    let service = pick(["web", "db"])
    return EndpointSlice(
      id: id,
      labels: labels?.merging(["kubernetes.io/service-name": service]) { $1 } ?? [:],
      serviceName: service, ports: several(0...3) { $0.port(needsNumber: false) },
      endpoints: PackedEndpoints(several(0...5) { $0.endpoint(addresses: 0...3) }),
      notReadyCount: pick([0, 0, 1, 7]))
  }

  private mutating func subset(_ id: ObjectName) -> EndpointSlice {
    EndpointSlice(
      id: id, serviceName: id.name, ports: several(0...2) { $0.port(needsNumber: true) },
      endpoints: PackedEndpoints(several(0...4) { $0.endpoint(addresses: 1...1) }),
      notReadyCount: pick([0, 3]))
  }

  private mutating func endpoint(addresses: ClosedRange<Int>) -> Endpoint {
    Endpoint(
      addresses: several(addresses) { $0.address() }, hostname: pick(["", "web-0"]),
      podName: pick(["", "web-6d4b75cb6d-hwzk9", "Odd \"name\"\\é"]))
  }
}
