import APIServerKit
import Cluster
import ClusterModel
import Documents
import Foundation
import Kubernetes
import Testing
import Wire

/// A server that changes and fails at random; when it is done with failing, what is known must be
/// what it has.
@Suite struct SeededWatchTests {
  /// More by `MARTLET_WATCH_SEEDS=N swift test --filter SeededWatchTests`; the first by
  /// `MARTLET_WATCH_FIRST_SEED`.
  static let seedCount =
    ProcessInfo.processInfo.environment["MARTLET_WATCH_SEEDS"].flatMap { Int($0) } ?? 1_000
  static let firstSeed =
    ProcessInfo.processInfo.environment["MARTLET_WATCH_FIRST_SEED"].flatMap { UInt64($0) } ?? 0

  private static let seedsTogether = 50

  /// What some seeds came to.
  private struct Sum {
    var counts: [FaultKind: Int] = [:]
    /// Virtual, nanoseconds.
    var time: UInt64 = 0
  }

  private static func play(_ seeds: Range<UInt64>) -> Sum {
    var sum = Sum()
    for seed in seeds {
      var run = SeededRun(seed: seed)
      run.play()
      sum.counts.merge(run.simulation.server.counts) { $0 + $1 }
      sum.time += run.simulation.now
      #expect(run.simulation.watch.isSynchronized, "seed \(seed)")
      let difference = run.difference
      #expect(difference.isEmpty, "seed \(seed): \(difference)")
      let names = run.nameDifferences
      #expect(names.isEmpty, "seed \(seed): \(names.prefix(5))")
      let losses = run.losses
      #expect(losses.isEmpty, "seed \(seed): \(losses)")
      #expect(run.simulation.watch.faults == [], "seed \(seed)")
    }
    return sum
  }

  @Test(arguments: Array<UInt64>(0..<20))
  func `a seed gives the same requests at the same times, always`(seed: UInt64) {
    func requests() -> [String] {
      var run = SeededRun(seed: seed)
      var requests: [String] = []
      run.simulation.onRequest = { [unowned simulation = run.simulation] request in
        requests.append("\(simulation.now) \(request.path)")
      }
      run.play()
      return requests
    }
    let first = requests()
    #expect(!first.isEmpty)
    #expect(requests() == first)
  }

  @Test func `whatever fails, what is known ends as what the server has`() async {
    let began = ContinuousClock.now
    var sum = Sum()
    let last = Self.firstSeed + UInt64(Self.seedCount)
    await withTaskGroup(of: Sum.self) { group in
      for first in stride(from: Self.firstSeed, to: last, by: Self.seedsTogether) {
        group.addTask { Self.play(first..<min(last, first + UInt64(Self.seedsTogether))) }
      }
      for await part in group {
        sum.counts.merge(part.counts) { $0 + $1 }
        sum.time += part.time
      }
    }
    let seconds = (ContinuousClock.now - began).components.seconds
    print(
      "\(Self.seedCount) seeds: \(sum.time / 3_600_000_000_000) hours of virtual time in "
        + "\(seconds) s; faults that occurred:")
    for (kind, count) in sum.counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      print("  \(kind.rawValue): \(count)")
    }
    // Each kind of fault must have been met, or the run shows less than it says.
    if Self.seedCount >= 1_000 {
      for kind in FaultKind.allCases { #expect(sum.counts[kind, default: 0] > 0, "\(kind)") }
    }
  }
}

/// One seed: five to thirty minutes of changes and faults, then as long as it takes to find what
/// was missed.
struct SeededRun {
  let simulation: Simulation
  private var random: SeededRandom
  private let faultsEnd: UInt64
  private let scope: WatchScope
  private let ledger = Ledger()
  private static let minute: UInt64 = 60_000_000_000

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    faultsEnd = UInt64.random(in: 5 * Self.minute...30 * Self.minute, using: &random)
    var settings = APIServerSettings()
    settings.supportsWatchList = seed % 3 != 0
    settings.historyLimit = [4, 50, 16_384].randomElement(using: &random) ?? 4
    var scope = WatchScope()
    scope.watchesPods = seed % 4 == 0
    if seed % 7 == 0 { scope.namespaces = ["a", "b"] }
    self.scope = scope
    simulation = Simulation(
      seed % 10 == 0
        ? FaultScript() : .random(seed: random.next(), until: Nanoseconds(faultsEnd)),
      scope: scope, settings: settings, servers: seed % 5 == 0 ? 3 : 1,
      holdsFirstList: seed % 6 == 0, seed: seed)
    simulation.isMultiplexed = seed % 2 == 0
    simulation.pieceOctets = [nil, 1...40, 1...3_000].randomElement(using: &random) ?? nil
    simulation.replica.onLoss = { [ledger, unowned simulation] key in
      // Data that is set back takes objects away for good.
      guard simulation.server.counts[.revisionsBackwards] == nil else { return }
      ledger.lose(key, simulation.now)
    }
  }

  mutating func play() {
    for _ in 0..<Int.random(in: 0...10, using: &random) { change() }
    simulation.start()
    let changeCount = Int.random(in: 0...60, using: &random)
    let times = (0..<changeCount).map { _ in UInt64.random(in: 0..<faultsEnd, using: &random) }
    for time in times.sorted() {
      simulation.run(until: time)
      change()
      if random.happens(0.03) { simulation.server.model.compact() }
    }
    // A change that was lost is found by the next comparison, at most 12.5 minutes later; then it
    // is looked at again and listed.
    simulation.run(until: faultsEnd + 15 * Self.minute)
  }

  private mutating func change() {
    let model = simulation.server.model
    let now = Nanoseconds(simulation.now)
    let namespace = ["a", "b", "c"].randomElement(using: &random) ?? "a"
    let service = ["web", "db", "api"].randomElement(using: &random) ?? "web"
    let number = Int.random(in: 1...250, using: &random)
    switch Int.random(in: 0..<12, using: &random) {
    case 0: model.put(.namespace(namespace), now: now)
    case 1: delete(.namespaces, namespace)
    case 2, 3:
      let type: APIObject.ServiceType =
        random.happens(0.4) ? .headless : .clusterIP(["10.96.0.\(number)"])
      model.put(.service(namespace, service, type, ports: [APIPort("http", 80)]), now: now)
    case 4:
      model.put(.service(namespace, service, .externalName("host\(number).example")), now: now)
    case 5: delete(.services, "\(namespace)/\(service)")
    case 6, 7, 8:
      let endpoints = (0..<Int.random(in: 0...3, using: &random)).map { index in
        APIEndpoint("10.0.\(index).\(number)", ready: random.happens(0.8))
      }
      let name = "\(service)-\(Int.random(in: 0...1, using: &random))"
      model.put(
        .slice(namespace, name, of: service, endpoints, ports: [APIPort("http", 8080)]), now: now)
    case 9: delete(.endpointslices, "\(namespace)/\(service)-0")
    case 10:
      model.put(
        .pod(namespace, "pod-\(number % 4)", address: "10.0.9.\(number)"), now: now)
    default: delete(.pods, "\(namespace)/pod-\(number % 4)")
    }
  }

  private func delete(_ resource: APIResource, _ key: String) {
    if let old = simulation.server.model.object(resource, key), let object = decode(old) {
      ledger.deletions[object.key, default: 0] += 1
    }
    simulation.server.model.delete(resource, key)
  }

  /// How often each object has been deleted on the server, and lost from sight.
  private final class Ledger {
    var deletions: [ObjectKey: Int] = [:]
    var losses: [ObjectKey: Int] = [:]
    var complaints: [String] = []

    func lose(_ key: ObjectKey, _ now: UInt64) {
      losses[key, default: 0] += 1
      guard losses[key, default: 0] > deletions[key, default: 0] else { return }
      complaints.append("\(key.kind) \(key.id.namespace)/\(key.id.name) at \(now)")
    }
  }

  // MARK: - What should be

  /// Objects that are known and not on the server, or the other way round, or not alike.
  var difference: [String] {
    let expected = expected
    let known = simulation.replica.visible
    return Set(expected.keys).union(known.keys).filter { expected[$0] != known[$0] }
      .map { "\($0.kind) \($0.id.namespace)/\($0.id.name)" }.sorted()
  }

  /// Objects that went out of sight before the server deleted them.
  var losses: [String] { ledger.complaints }

  /// Names that are served and should not be, or the other way round, or not alike.
  var nameDifferences: [String] {
    let expected = expected
    var addresses = Set(["10.96.0.1"])
    for object in expected.values {
      switch object {
      case .service(let service):
        if case .clusterIP(let own) = service.kind { addresses.formUnion(own.map(\.description)) }
      case .slice(let slice):
        for endpoint in slice.endpoints {
          addresses.formUnion(endpoint.addresses.map(\.description))
        }
      case .pod(let pod): addresses.formUnion(pod.addresses.map(\.description))
      case .namespace, .endpoints: break
      }
    }
    // Some of them: each is asked for below every name.
    let questions = Model.questions(
      namespaces: ["a", "b", "c"], names: ["web", "db", "api"], hostname: "none",
      addresses: Array(addresses.sorted().prefix(6)))
    return simulation.served.differences(from: expected, questions)
  }

  private var expected: [ObjectKey: ClusterObject] {
    var objects: [ObjectKey: ClusterObject] = [:]
    for resource in APIResource.allCases where resource != .pods || scope.watchesPods {
      for stored in simulation.server.model.objects(resource) {
        let namespace =
          resource == .namespaces ? stored.object.name : stored.object.namespace
        guard scope.namespaces.isEmpty || scope.namespaces.contains(namespace),
          let object = decode(stored)
        else { continue }
        objects[object.key] = object
      }
    }
    return objects
  }

  private func decode(_ stored: StoredObject) -> ClusterObject? {
    var decoder = ObjectDecoder()
    let type = ObjectType(
      apiVersion: stored.object.resource.apiVersion, kind: stored.object.resource.kind)
    guard let document = try? unsafe JSONReader().read(stored.text.span.bytes),
      case .object(let object) = try? decoder.decode(document.root, type: type)
    else { return nil }
    return object
  }
}
