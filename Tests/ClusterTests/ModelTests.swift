import ClusterModel
import Testing
import Wire

@testable import Cluster

/// Seeded sequences of changes, after which the published names must be those that a plain model
/// makes of the objects that are left.
@Suite struct ModelTests {
  @Test(arguments: 0..<1000)
  func `any sequence of changes ends where its last objects lead`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let options = Self.options(seed)
    let cluster = TestCluster(options: options)
    var model = Model(options: options)
    let completesAt = Int.random(in: 0..<40, using: &random)
    for step in 0..<Int.random(in: 1...40, using: &random) {
      Self.change(cluster, &model, &random)
      if step == completesAt {
        cluster.store.namespacesComplete()
        model.areNamespacesComplete = true
      }
      if Bool.random(using: &random) { cluster.publish() }
    }
    cluster.publish()
    Self.compare(cluster, model, seed)
  }

  @Test(arguments: 0..<1000)
  func `a list that replaces what is known shows when it is whole, and then as it is`(
    seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    let options = Self.options(seed)
    let cluster = TestCluster(options: options)
    var model = Model(options: options)
    for _ in 0..<Int.random(in: 1...30, using: &random) { Self.change(cluster, &model, &random) }
    if Bool.random(using: &random) {
      cluster.store.namespacesComplete()
      model.areNamespacesComplete = true
    }
    cluster.publish()
    for _ in 0..<3 {
      Self.replace(cluster, &model, &random, seed)
      Self.compare(cluster, model, seed)
    }
  }

  /// Reads lists of some kinds again, with ordinary changes of other objects between their pages in
  /// half of all cases.
  private static func replace(
    _ cluster: TestCluster, _ model: inout Model, _ random: inout SeededGenerator, _ seed: UInt64
  ) {
    let kinds: [ObjectKey.Kind] = [.service, .slice, .endpoints, .namespace, .pod]
      .filter { _ in Bool.random(using: &random) }
    var list = model.objects.filter { kinds.contains($0.key.kind) }
    for key in list.keys.sorted(by: { "\($0)" < "\($1)" })
    where Int.random(in: 0..<4, using: &random) == 0 {
      list[key] = nil
    }
    for _ in 0..<Int.random(in: 0...10, using: &random) {
      let object = object(&random)
      if kinds.contains(object.key.kind) { list[object.key] = object }
    }
    let isDisturbed = Bool.random(using: &random)
    let before = questions.map(cluster.look)
    let serial = cluster.index.serial
    for object in list.values.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      cluster.store.upsert(object, isHeldBack: true)
      if Bool.random(using: &random) { cluster.publish() }
      guard isDisturbed, Int.random(in: 0..<3, using: &random) == 0 else { continue }
      change(cluster, &model, &random) { !kinds.contains($0.key.kind) }
    }
    for kind in kinds {
      for key in cluster.store.keys(of: kind, in: nil) where list[key] == nil {
        cluster.store.delete(key, isHeldBack: true)
      }
    }
    cluster.publish()
    if !isDisturbed {
      #expect(questions.map(cluster.look) == before, "seed \(seed)")
      #expect(cluster.index.serial == serial, "seed \(seed)")
    }
    model.objects = model.objects.filter { !kinds.contains($0.key.kind) }
    model.objects.merge(list) { $1 }
    cluster.store.releaseHeldBack()
    cluster.publish()
  }

  private static func options(_ seed: UInt64) -> StoreOptions {
    var options = StoreOptions()
    options.naming.ignoresEmptyServices = seed % 5 == 1
    options.naming.noEndpoints = seed % 7 == 1
    options.namespacesAreListed = seed % 2 == 1
    options.exposesByLabels = seed % 11 == 1
    if seed % 3 == 1 { options.exposes = { name, labels in name == "a" || labels["x"] == "1" } }
    return options
  }

  /// Adds or removes an object that `isAllowed`.
  private static func change(
    _ cluster: TestCluster, _ model: inout Model, _ random: inout SeededGenerator,
    where isAllowed: (ClusterObject) -> Bool = { _ in true }
  ) {
    let object = object(&random)
    guard isAllowed(object) else { return }
    if Int.random(in: 0..<3, using: &random) == 0 {
      cluster.store.delete(object.key)
      model.objects[object.key] = nil
    } else {
      cluster.store.upsert(object)
      model.objects[object.key] = object
    }
  }

  private static func compare(_ cluster: TestCluster, _ model: Model, _ seed: UInt64) {
    for question in questions {
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

  private static let questions = Model.questions(
    namespaces: namespaces, names: names, hostname: "e",
    addresses: ["10.0.0.1", "10.0.1.1", "10.0.0.2"])
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
