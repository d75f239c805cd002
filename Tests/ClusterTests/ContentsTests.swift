import Testing
import Wire

@testable import Cluster

struct ContentsTests {
  private static func id(_ namespace: String, _ name: String) -> ObjectName {
    ObjectName(namespace: namespace, name: name)
  }

  private static func service(_ namespace: String, _ name: String) -> ClusterObject {
    .service(Service(id: id(namespace, name), kind: .headless, ports: []))
  }

  private static func slice(
    _ namespace: String, _ name: String, of service: String
  ) -> ClusterObject {
    .slice(
      EndpointSlice(
        id: id(namespace, name), serviceName: service, ports: [],
        endpoints: PackedEndpoints([Endpoint(addresses: [IPAddress(v4: 1)])])))
  }

  private static let objects: [ClusterObject] = [
    .namespace(Namespace(name: "a", labels: ["team": "x"])),
    .namespace(Namespace(name: "empty")),
    service("a", "web"), slice("a", "web-1", of: "web"), slice("a", "web-2", of: "web"),
    service("a", "db"), slice("a", "early-1", of: "early"), service("without", "object"),
    .endpoints(
      Endpoints(
        id: id("a", "old"),
        subsets: [
          EndpointSlice(
            id: id("a", "old"), serviceName: "old", ports: [], endpoints: PackedEndpoints())
        ])),
    .pod(Pod(id: id("a", "web-0"), addresses: [IPAddress(v4: 1)])),
    .pod(Pod(id: id("lonely", "p"), addresses: [IPAddress(v4: 2)])),
  ]

  private static func store(_ objects: [ClusterObject]) -> ClusterStore {
    let store = ClusterStore(
      index: ClusterIndex(
        epochs: Epochs(readers: 0), hash: NameHash(seed: 1), ttl: 5, pods: .verified),
      options: StoreOptions()
    ) { _ in }
    for object in objects { store.upsert(object) }
    return store
  }

  private static func rest(_ contents: ClusterStore.Contents) -> [ClusterObject] {
    var contents = contents
    var objects: [ClusterObject] = []
    while let object = contents.next() { objects.append(object) }
    return objects
  }

  @Test("All objects come, each once")
  func all() {
    let found = Self.rest(Self.store(Self.objects).contents())
    #expect(Set(found) == Set(Self.objects))
    #expect(found.count == Self.objects.count)
  }

  @Test("An empty store has nothing")
  func empty() {
    #expect(Self.rest(Self.store([]).contents()) == [])
  }

  @Test("A store filled from another's contents has the same")
  func refilled() {
    let first = Self.store(Self.objects)
    #expect(Set(Self.rest(Self.store(Self.rest(first.contents())).contents())) == Set(Self.objects))
  }

  @Test("What stays comes once, whatever goes and comes meanwhile", arguments: 0...11)
  func mutation(_ portion: Int) {
    let store = Self.store(Self.objects)
    var contents = store.contents()
    var found: [ClusterObject] = []
    for _ in 0..<portion { if let object = contents.next() { found.append(object) } }
    let leaving: [ClusterObject] = [
      Self.slice("a", "web-2", of: "web"), Self.service("without", "object"),
      .namespace(Namespace(name: "empty")),
    ]
    let coming: [ClusterObject] = [
      Self.service("a", "new"), Self.service("b", "new"), .namespace(Namespace(name: "b")),
      Self.slice("a", "db-1", of: "db"),
    ]
    for object in leaving { store.delete(object.key) }
    for object in coming { store.upsert(object) }
    found += Self.rest(contents)
    let staying = Set(Self.objects).subtracting(leaving)
    #expect(Set(found).isSuperset(of: staying))
    #expect(Set(found).subtracting(staying).isSubset(of: leaving + coming))
    #expect(found.count == Set(found).count)
  }
}
