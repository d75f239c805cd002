import Testing
import Wire

@testable import Cluster

/// Lists read again, and Namespaces that come one after the other.
@Suite struct ReplacementTests {
  @Test func `a change held back is seen when it is released and published`() {
    let cluster = TestCluster()
    cluster.apply(service("n/s", "10.0.0.1"), service("n/t", "10.0.0.2"))
    cluster.store.upsert(service("n/s", "10.0.0.9"), isHeldBack: true)
    cluster.store.delete(service("n/t").key, isHeldBack: true)
    cluster.publish(200)
    #expect(cluster.look("s.n.svc.zone A") == "10.0.0.1")
    #expect(cluster.look("t.n.svc.zone A") == "10.0.0.2")
    #expect(cluster.look("1.0.0.10.in-addr.arpa PTR") == "s.n.")
    #expect(cluster.index.serial == 100)
    cluster.store.releaseHeldBack()
    cluster.publish(200)
    #expect(cluster.look("s.n.svc.zone A") == "10.0.0.9")
    #expect(cluster.look("t.n.svc.zone A") == "NXDOMAIN")
    #expect(cluster.look("1.0.0.10.in-addr.arpa PTR") == "NXDOMAIN")
    #expect(cluster.index.serial == 200)
  }

  /// Enough services that old names go before the last new ones have come.
  @Test func `where most addresses change, each has the names of the services that have it now`() {
    let cluster = TestCluster()
    func text(_ block: Int, _ number: Int) -> String {
      "10.\(block).\(number / 200).\(number % 200)"
    }
    func reverse(_ block: Int, _ number: Int) -> String {
      "\(number % 200).\(number / 200).\(block).10.in-addr.arpa PTR"
    }
    for number in 0..<6_000 { cluster.store.upsert(service("n/s\(number)", text(0, number))) }
    cluster.publish()
    // Of each ten, five hand their addresses on, one goes, and four get addresses that none had.
    for number in 0..<6_000 {
      let (ten, place) = (number / 10 * 10, number % 10)
      switch place {
      case 0..<5:
        let next = text(0, ten + (place + 1) % 5)
        cluster.store.upsert(service("n/s\(number)", next), isHeldBack: true)
      case 5: cluster.store.delete(service("n/s\(number)").key, isHeldBack: true)
      default: cluster.store.upsert(service("n/s\(number)", text(1, number)), isHeldBack: true)
      }
    }
    cluster.store.releaseHeldBack()
    cluster.publish()
    var wrong: [String] = []
    for number in 0..<6_000 {
      let (ten, place) = (number / 10 * 10, number % 10)
      let before = place < 5 ? "s\(ten + (place + 4) % 5).n." : "NXDOMAIN"
      let now = place > 5 ? "s\(number).n." : "NXDOMAIN"
      if cluster.look(reverse(0, number)) != before { wrong.append(text(0, number)) }
      if cluster.look(reverse(1, number)) != now { wrong.append(text(1, number)) }
    }
    #expect(wrong.isEmpty)
    #expect(cluster.look("1.10.in-addr.arpa PTR") == "ENT")
  }

  @Test func `an ordinary change of a service shows what is held back of it`() {
    let cluster = TestCluster()
    cluster.apply(headless("n/h"), slice("n/h-1", of: "h", "a=10.1.0.1"))
    cluster.store.upsert(slice("n/h-2", of: "h", "b=10.1.0.2"), isHeldBack: true)
    cluster.apply(slice("n/h-1", of: "h", "a=10.1.0.3"))
    #expect(cluster.look("h.n.svc.zone A") == "10.1.0.2 10.1.0.3")
    cluster.store.releaseHeldBack()
    cluster.publish()
    #expect(cluster.look("h.n.svc.zone A") == "10.1.0.2 10.1.0.3")
  }

  @Test func `a namespace that goes and one that comes are held back with their services`() {
    var options = StoreOptions()
    options.namespacesAreListed = true
    let cluster = TestCluster(options: options)
    cluster.apply(namespace("a"), service("a/s", "10.0.0.1"), service("b/s", "10.0.0.2"))
    cluster.store.namespacesComplete()
    cluster.publish()
    cluster.store.upsert(namespace("b"), isHeldBack: true)
    cluster.store.delete(namespace("a").key, isHeldBack: true)
    cluster.publish()
    #expect(cluster.look("s.a.svc.zone A") == "10.0.0.1")
    #expect(cluster.look("s.b.svc.zone A") == "NXDOMAIN")
    // A service of a namespace that is going is still shown.
    cluster.apply(service("a/t", "10.0.0.3"))
    #expect(cluster.look("t.a.svc.zone A") == "10.0.0.3")
    cluster.store.releaseHeldBack()
    cluster.publish()
    #expect(cluster.look("s.a.svc.zone A") == "NXDOMAIN")
    #expect(cluster.look("t.a.svc.zone A") == "NXDOMAIN")
    #expect(cluster.look("s.b.svc.zone A") == "10.0.0.2")
  }

  @Test func `Pods are held back`() {
    let cluster = TestCluster()
    cluster.apply(pod("n/p", "10.2.0.1"))
    cluster.store.upsert(pod("n/p", "10.2.0.2"), isHeldBack: true)
    cluster.publish(200)
    #expect(cluster.look("10-2-0-1.n.pod.zone A") == "pod 10.2.0.1")
    #expect(cluster.look("10-2-0-2.n.pod.zone A") == "NXDOMAIN")
    #expect(cluster.index.serial == 100)
    cluster.store.releaseHeldBack()
    cluster.publish(200)
    #expect(cluster.look("10-2-0-1.n.pod.zone A") == "NXDOMAIN")
    #expect(cluster.look("10-2-0-2.n.pod.zone A") == "pod 10.2.0.2")
  }

  @Test func `objects that are known as they are leave no trace`() {
    let objects = [
      service("n/s", "10.0.0.1"), headless("n/h"), slice("n/h-1", of: "h", "a=10.1.0.1"),
      endpoints("n/s", (["10.1.0.2"], [http])), namespace("n", labels: ["x": "1"]),
      pod("n/p", "10.1.0.1"),
    ]
    let cluster = TestCluster()
    for object in objects { cluster.store.upsert(object) }
    cluster.publish()
    for isHeldBack in [false, true] {
      for object in objects { cluster.store.upsert(object, isHeldBack: isHeldBack) }
      for id in ["n/x", "m/s"] {
        cluster.store.delete(service(id).key, isHeldBack: isHeldBack)
        cluster.store.delete(endpoints(id).key, isHeldBack: isHeldBack)
        cluster.store.delete(pod(id).key, isHeldBack: isHeldBack)
        cluster.store.delete(slice(id, of: "x").key, isHeldBack: isHeldBack)
      }
    }
    for touched in [cluster.store.touched] + cluster.store.heldBack.values {
      #expect(touched.services.isEmpty)
      #expect(touched.namespaces.isEmpty)
      #expect(touched.podAddresses.isEmpty)
    }
  }

  @Test func `the objects that a list may lack are named by kind and namespace`() {
    let cluster = TestCluster()
    cluster.apply(
      service("n/s", "10.0.0.1"), headless("m/h"), slice("m/h-1", of: "h", "10.1.0.1"),
      slice("m/x-1", of: "x", "10.1.0.1"), endpoints("n/e"), namespace("n"), pod("m/p", "10.1.0.1"))
    cluster.store.upsert(slice("n/s-1", of: "s"), isHeldBack: true)
    func names(_ kind: ObjectKey.Kind, _ namespace: String? = nil) -> [String] {
      cluster.store.keys(of: kind, in: namespace).map { "\($0.id.namespace)/\($0.id.name)" }
        .sorted()
    }
    #expect(names(.service) == ["m/h", "n/s"])
    #expect(names(.service, "n") == ["n/s"])
    #expect(names(.slice) == ["m/h-1", "m/x-1", "n/s-1"])
    #expect(names(.slice, "m") == ["m/h-1", "m/x-1"])
    #expect(names(.endpoints) == ["n/e"])
    #expect(names(.endpoints, "m") == [])
    #expect(names(.namespace) == ["/n"])
    #expect(names(.namespace, "n") == [])
    #expect(names(.pod) == ["m/p"])
    #expect(names(.pod, "nowhere") == [])
  }

  // MARK: - Namespaces one after the other

  @Test func `until all Namespaces are listed, a namespace exists by what lives in it, too`() {
    var options = StoreOptions()
    options.namespacesAreListed = true
    let cluster = TestCluster(options: options)
    cluster.apply(service("a/s", "10.0.0.1"), service("b/s", "10.0.0.2"), namespace("a"))
    #expect(cluster.look("s.a.svc.zone A") == "10.0.0.1")
    #expect(cluster.look("s.b.svc.zone A") == "10.0.0.2")
    cluster.store.namespacesComplete()
    cluster.publish()
    #expect(cluster.look("s.a.svc.zone A") == "10.0.0.1")
    #expect(cluster.look("s.b.svc.zone A") == "NXDOMAIN")
    cluster.apply(namespace("b"))
    #expect(cluster.look("s.b.svc.zone A") == "10.0.0.2")
    cluster.remove(namespace("a"))
    cluster.remove(namespace("b"))
    #expect(cluster.look("s.a.svc.zone A") == "NXDOMAIN")
    #expect(cluster.look("s.b.svc.zone A") == "NXDOMAIN")
    #expect(cluster.said == [])
  }

  @Test func `a namespace selected by its labels is not shown before they are known`() {
    var options = StoreOptions()
    options.namespacesAreListed = true
    options.exposesByLabels = true
    options.exposes = { _, labels in labels["hidden"] == nil }
    let cluster = TestCluster(options: options)
    cluster.apply(service("a/s", "10.0.0.1"))
    #expect(cluster.look("s.a.svc.zone A") == "NXDOMAIN")
    cluster.apply(namespace("a"))
    #expect(cluster.look("s.a.svc.zone A") == "10.0.0.1")
    cluster.apply(namespace("a", labels: ["hidden": ""]))
    #expect(cluster.look("s.a.svc.zone A") == "NXDOMAIN")
  }
}
