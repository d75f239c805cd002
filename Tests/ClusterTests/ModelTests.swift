import Testing
import Wire

@testable import Cluster

/// Seeded sequences of changes, after which the published names must be those that a plain model
/// makes of the objects that are left.
@Suite struct ModelTests {
  @Test(arguments: 0..<1000)
  func `any sequence of changes ends where its last objects lead`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var options = StoreOptions()
    options.naming.ignoresEmptyServices = seed % 5 == 1
    options.naming.noEndpoints = seed % 7 == 1
    if seed % 3 == 1 { options.exposes = { name, labels in name == "a" || labels["x"] == "1" } }
    let cluster = TestCluster(options: options)
    var model = Model(options: options)
    for _ in 0..<Int.random(in: 1...40, using: &random) {
      let object = Self.object(&random)
      if Int.random(in: 0..<3, using: &random) == 0 {
        cluster.store.delete(object.key)
        model.objects[object.key] = nil
      } else {
        cluster.store.upsert(object)
        model.objects[object.key] = object
      }
      if Bool.random(using: &random) { cluster.publish() }
    }
    cluster.publish()
    for question in Self.questions {
      #expect(cluster.look(question) == model.look(question), "seed \(seed): \(question)")
    }
  }

  private static let namespaces = ["a", "b"]
  private static let names = ["s", "t"]
  private static let addresses = ["10.0.0.1", "10.0.0.2", "10.0.1.1", "fd00::1"]
  private static let hostnames = ["", "", "e", "f"]

  private static func object(_ random: inout SeededGenerator) -> ClusterObject {
    func pick(_ texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
    let id = ObjectName(namespace: pick(namespaces), name: pick(names))
    switch Int.random(in: 0..<10, using: &random) {
    case 0...2:
      let kind: Service.Kind =
        switch Int.random(in: 0..<8, using: &random) {
        case 0: .externalName(DomainName("x.test"))
        case 1: .clusterIP([])
        case 2...4: .headless
        default: .clusterIP([address(pick(addresses))])
        }
      return .service(Service(id: id, kind: kind, ports: [http]))
    case 3...5:
      return .slice(
        slice(ObjectName(namespace: id.namespace, name: "x\(pick(names))"), id.name, &random))
    case 6:
      let subsets = (0..<Int.random(in: 0...2, using: &random)).map { _ in
        slice(id, id.name, &random)
      }
      return .endpoints(Endpoints(id: id, subsets: subsets))
    case 7: return namespace(id.namespace, labels: ["x": pick(["1", "2"])])
    default: return .pod(Pod(id: id, addresses: [address(pick(addresses))]))
    }
  }

  private static func slice(
    _ id: ObjectName, _ service: String, _ random: inout SeededGenerator
  ) -> EndpointSlice {
    func pick(_ texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
    let endpoints = (0..<Int.random(in: 0...2, using: &random)).map { _ in
      Endpoint(addresses: [address(pick(addresses))], hostname: pick(hostnames))
    }
    let number = UInt16.random(in: 80...81, using: &random)
    return EndpointSlice(
      id: id, serviceName: service, ports: [Port(name: "http", transport: "tcp", number: number)],
      endpoints: PackedEndpoints(endpoints))
  }

  private static let questions: [String] = {
    var questions: [String] = []
    for namespace in namespaces {
      questions += ["\(namespace).svc.zone A", "\(namespace).pod.zone A"]
      for name in names {
        let base = "\(name).\(namespace).svc.zone"
        questions += ["A", "AAAA", "SRV", "TXT"].map { "\(base) \($0)" }
        questions += ["e.\(base) A", "10-0-0-1.\(base) A", "fd00--1.\(base) AAAA"]
        questions += ["_tcp.\(base) A", "_http._tcp.\(base) SRV", "_http._tcp.\(base) A"]
      }
      questions += ["10-0-0-1", "10-0-1-1"].map { "\($0).\(namespace).pod.zone A" }
      questions.append("fd00--1.\(namespace).pod.zone AAAA")
    }
    questions += ["1.0.0.10", "2.0.0.10", "1.1.0.10", "0.0.10", "1.0.10", "0.10", "10"].map {
      "\($0).in-addr.arpa PTR"
    }
    return questions + ["d.f.ip6.arpa PTR"]
  }()
}

/// The same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
