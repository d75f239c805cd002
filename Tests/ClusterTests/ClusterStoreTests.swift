import Testing
import Wire

@testable import Cluster

@Suite struct ClusterStoreTests {
  @Test func `a service is seen when it is published, not before`() {
    let cluster = TestCluster()
    cluster.store.upsert(service("n/s", "10.0.0.1"))
    #expect(cluster.look("s.n.svc.zone A") == "NXDOMAIN")
    cluster.publish()
    #expect(cluster.look("s.n.svc.zone A") == "10.0.0.1")
    #expect(cluster.look("1.0.0.10.in-addr.arpa PTR") == "s.n.")
  }

  @Test(arguments: [[0, 1], [1, 0]])
  func `slices may come before their service or after it`(order: [Int]) {
    let cluster = TestCluster()
    let objects = [headless("n/h"), slice("n/h-1", of: "h", "a=10.1.0.1", ports: [http])]
    for index in order { cluster.apply(objects[index]) }
    #expect(cluster.look("h.n.svc.zone A") == "10.1.0.1")
    #expect(cluster.look("_http._tcp.h.n.svc.zone SRV") == "a:80")
    #expect(cluster.look("1.0.1.10.in-addr.arpa PTR") == "a.h.n.")
    for index in order { cluster.remove(objects[index]) }
    #expect(cluster.look("h.n.svc.zone A") == "NXDOMAIN")
    #expect(cluster.look("1.0.1.10.in-addr.arpa PTR") == "NXDOMAIN")
    #expect(cluster.look("10.in-addr.arpa PTR") == "NXDOMAIN")
  }

  @Test func `a service may have as many ports as fit into an object, each as often as it likes`() {
    let cluster = TestCluster()
    let ports = (1...20_000).flatMap { number in
      ["p\(number)", "p\(number)", "q\(number)"].map {
        Port(name: $0, transport: "tcp", number: UInt16(number))
      }
    }
    cluster.apply(service("n/s", "10.0.0.1", ports: ports))
    #expect(
      cluster.look("_p20000._tcp.s.n.svc.zone SRV") == cluster.look("_q20000._tcp.s.n.svc.zone SRV")
    )
    #expect(cluster.look("_p20000._tcp.s.n.svc.zone SRV") == "20000")
    #expect(cluster.look("_p20001._tcp.s.n.svc.zone SRV") == "NXDOMAIN")
  }

  @Test func `a slice that moves to another service leaves the first`() {
    let cluster = TestCluster()
    cluster.apply(headless("n/a"), headless("n/b"), slice("n/x", of: "a", "e=10.1.0.1"))
    #expect(cluster.look("a.n.svc.zone A") == "10.1.0.1")
    cluster.apply(slice("n/x", of: "b", "e=10.1.0.1"))
    #expect(cluster.look("a.n.svc.zone A") == "NXDOMAIN")
    #expect(cluster.look("b.n.svc.zone A") == "10.1.0.1")
    #expect(cluster.look("1.0.1.10.in-addr.arpa PTR") == "e.b.n.")
    cluster.remove(slice("n/x", of: "b"))
    #expect(cluster.look("b.n.svc.zone A") == "NXDOMAIN")
  }

  @Test func `Endpoints count only while there is no slice`() {
    let cluster = TestCluster()
    let endpoints = endpoints("n/h", (["old=10.1.0.9"], []))
    cluster.apply(headless("n/h"), endpoints)
    #expect(cluster.look("h.n.svc.zone A") == "10.1.0.9")
    cluster.apply(slice("n/h-1", of: "h", "new=10.1.0.1"))
    #expect(cluster.look("h.n.svc.zone A") == "10.1.0.1")
    #expect(cluster.look("9.0.1.10.in-addr.arpa PTR") == "NXDOMAIN")
    cluster.remove(slice("n/h-1", of: "h"))
    #expect(cluster.look("old.h.n.svc.zone A") == "10.1.0.9")
    cluster.remove(endpoints)
    #expect(cluster.look("h.n.svc.zone A") == "NXDOMAIN")
  }

  @Test func `a subset has its own ports, and the next version replaces all subsets`() {
    let cluster = TestCluster()
    let https = Port(name: "https", transport: "tcp", number: 443)
    cluster.apply(
      headless("n/h"), endpoints("n/h", (["a=10.1.0.1"], [http]), (["b=10.1.0.2"], [https])))
    #expect(cluster.look("h.n.svc.zone A") == "10.1.0.1 10.1.0.2")
    #expect(cluster.look("h.n.svc.zone SRV") == "a:80 b:443")
    #expect(cluster.look("_http._tcp.h.n.svc.zone SRV") == "a:80")
    #expect(cluster.look("_https._tcp.h.n.svc.zone SRV") == "b:443")
    cluster.apply(endpoints("n/h", (["b=10.1.0.2"], [https])))
    #expect(cluster.look("h.n.svc.zone SRV") == "b:443")
    cluster.apply(endpoints("n/h"))
    #expect(cluster.look("h.n.svc.zone A") == "NXDOMAIN")
  }

  @Test func `an address that services share keeps the names of those left`() {
    let cluster = TestCluster()
    cluster.apply(
      headless("n/a"), headless("n/b"), slice("n/a-1", of: "a", "10.1.0.1"),
      slice("n/b-1", of: "b", "10.1.0.1"))
    #expect(cluster.look("1.0.1.10.in-addr.arpa PTR") == "10-1-0-1.a.n. 10-1-0-1.b.n.")
    cluster.apply(service("n/c", "10.1.0.1"))
    #expect(cluster.look("1.0.1.10.in-addr.arpa PTR") == "c.n.")
    cluster.remove(service("n/c"))
    cluster.remove(headless("n/a"))
    #expect(cluster.look("1.0.1.10.in-addr.arpa PTR") == "10-1-0-1.b.n.")
    cluster.remove(slice("n/b-1", of: "b"))
    #expect(cluster.look("1.0.1.10.in-addr.arpa PTR") == "NXDOMAIN")
  }

  @Test func `prefixes exist as long as an address lies below them`() {
    let cluster = TestCluster()
    cluster.apply(service("n/a", "10.0.0.1"), service("n/b", "10.0.1.1"))
    #expect(cluster.look("0.10.in-addr.arpa PTR") == "ENT")
    #expect(cluster.look("0.0.10.in-addr.arpa PTR") == "ENT")
    cluster.remove(service("n/a"))
    #expect(cluster.look("0.0.10.in-addr.arpa PTR") == "NXDOMAIN")
    #expect(cluster.look("0.10.in-addr.arpa PTR") == "ENT")
    cluster.apply(service("n/b", "fd00::1"))
    #expect(cluster.look("10.in-addr.arpa PTR") == "NXDOMAIN")
    #expect(cluster.look("d.f.ip6.arpa PTR") == "ENT")
  }

  // MARK: - Namespaces

  @Test func `a namespace exists by what lives in it, until a Namespace object is known`() {
    let cluster = TestCluster()
    cluster.apply(service("a/s", "10.0.0.1"), service("b/s", "10.0.0.2"))
    #expect(cluster.look("a.svc.zone A") == "ENT")
    cluster.apply(namespace("a"))
    #expect(cluster.look("s.a.svc.zone A") == "10.0.0.1")
    #expect(cluster.look("s.b.svc.zone A") == "NXDOMAIN")
    #expect(cluster.look("b.svc.zone A") == "NXDOMAIN")
    #expect(cluster.look("2.0.0.10.in-addr.arpa PTR") == "NXDOMAIN")
    #expect(
      cluster.said == [
        "plugin/kubernetes: namespace 'b' does not exist: services not served: s"
      ])
    cluster.remove(namespace("a"))
    #expect(cluster.look("s.b.svc.zone A") == "10.0.0.2")
    #expect(cluster.look("2.0.0.10.in-addr.arpa PTR") == "s.b.")
    cluster.remove(service("b/s"))
    #expect(cluster.look("b.svc.zone A") == "NXDOMAIN")
  }

  @Test func `services that a missing Namespace hides are named, at most eight at a time`() {
    let cluster = TestCluster()
    let said = "plugin/kubernetes: namespace 'b' does not exist: services not served: "
    cluster.store.upsert(namespace("a"))
    for number in 1...8 { cluster.store.upsert(service("b/s\(number)", "10.0.0.\(number)")) }
    cluster.publish()
    #expect(cluster.said == [said + "s1, s2, s3, s4, s5, s6, s7, s8"])
    cluster.apply(service("b/s9", "10.0.0.9"))
    cluster.apply(service("b/s1", "10.0.0.10"))
    #expect(cluster.said.dropFirst() == [said + "s9"])
    cluster.apply(namespace("b"))
    cluster.remove(namespace("b"))
    #expect(cluster.said.dropFirst(2) == [said + "s1, s2, s3, s4, s5, s6, s7, s8 and 1 more"])
  }

  @Test func `a namespace's labels may expose it or hide it`() {
    var options = StoreOptions()
    options.exposes = { _, labels in labels["dns"] == "on" }
    let cluster = TestCluster(options: options)
    cluster.apply(namespace("n", labels: ["dns": "on"]), service("n/s", "10.0.0.1"))
    #expect(cluster.look("s.n.svc.zone A") == "10.0.0.1")
    cluster.apply(namespace("n"))
    #expect(cluster.look("s.n.svc.zone A") == "NXDOMAIN")
    #expect(cluster.look("n.svc.zone A") == "NXDOMAIN")
    #expect(cluster.look("0.0.10.in-addr.arpa PTR") == "NXDOMAIN")
    cluster.apply(namespace("n", labels: ["dns": "on"]))
    #expect(cluster.look("s.n.svc.zone A") == "10.0.0.1")
    #expect(cluster.look("0.0.10.in-addr.arpa PTR") == "ENT")
  }

  @Test func `hidden services still tell which names this server has`() {
    var options = StoreOptions()
    options.exposes = { name, _ in name == "n" }
    let cluster = TestCluster(options: options)
    cluster.apply(
      service("kube/dns", "10.0.0.10"), slice("kube/dns-1", of: "dns", "10.1.0.1"),
      headless("kube/hl"), slice("kube/hl-1", of: "hl", "r=10.1.0.1"))
    let names = cluster.index.nameServers(at: [address("10.1.0.1"), address("10.1.0.2")])
    #expect(names.map { DomainName.presentation($0.name) }.sorted() == ["dns.kube.", "r.hl.kube."])
    #expect(
      Set(names.map { $0.addresses.map(\.description) }) == [["10.0.0.10"], ["10.1.0.1"]])
  }

  // MARK: - Selection and warnings

  @Test func `an object that loses its labels is taken out`() {
    var options = StoreOptions()
    options.admits = { $0["app"] == "yes" }
    let cluster = TestCluster(options: options)
    let labelled = Service(
      id: ObjectName(namespace: "n", name: "s"), labels: ["app": "yes"],
      kind: .clusterIP([address("10.0.0.1")]), ports: [])
    cluster.apply(.service(labelled))
    #expect(cluster.look("s.n.svc.zone A") == "10.0.0.1")
    cluster.apply(service("n/s", "10.0.0.1"))
    #expect(cluster.look("s.n.svc.zone A") == "NXDOMAIN")
  }

  @Test func `a service without an address is named once`() {
    let cluster = TestCluster()
    cluster.apply(service("n/s"))
    cluster.apply(slice("n/s-1", of: "s", "10.1.0.1"))
    cluster.apply(slice("n/s-1", of: "s", "10.1.0.2"))
    #expect(cluster.said == ["plugin/kubernetes: service n/s has no address yet"])
    #expect(cluster.look("s.n.svc.zone A") == "NODATA")
    cluster.apply(service("n/s", "10.0.0.1"))
    cluster.apply(service("n/s"))
    #expect(cluster.said.count == 2)
  }

  @Test func `names of one address are limited, with a warning`() {
    let cluster = TestCluster()
    for number in 0..<1030 { cluster.store.upsert(service("n/s\(number)", "10.0.0.1")) }
    cluster.publish()
    #expect(
      cluster.said.map { $0.prefix(80) } == [
        "plugin/kubernetes: 10.0.0.1 belongs to more than 1024 names; PTR gives the first"
      ])
    #expect(!cluster.look("1.0.0.10.in-addr.arpa PTR").contains(" "))
    for number in 0..<1030 { cluster.store.delete(service("n/s\(number)").key) }
    cluster.publish()
    #expect(cluster.look("1.0.0.10.in-addr.arpa PTR") == "NXDOMAIN")
  }

  @Test func `names that were left out of a crowded address come back as others go`() {
    let cluster = TestCluster()
    for number in 1000..<2030 {
      cluster.store.upsert(headless("n/h\(number)"))
      cluster.store.upsert(slice("n/h\(number)", of: "h\(number)", "10.1.0.1"))
    }
    cluster.publish()
    func names() -> [Substring] { cluster.look("1.0.1.10.in-addr.arpa PTR").split(separator: " ") }
    #expect(names().count == 1024)
    #expect(names().last == "10-1-0-1.h2023.n.")
    // A service's name goes before those of endpoints, however many there are.
    cluster.apply(service("n/s", "10.1.0.1"))
    #expect(names() == ["s.n."])
    cluster.remove(service("n/s"), headless("n/h1000"), headless("n/h2029"))
    #expect(names().count == 1024)
    #expect(names().first == "10-1-0-1.h1001.n.")
    #expect(names().last == "10-1-0-1.h2024.n.")
    for number in 1001..<1020 { cluster.store.delete(headless("n/h\(number)").key) }
    cluster.publish()
    #expect(names().count == 1009)
    #expect(names().last == "10-1-0-1.h2028.n.")
    #expect(cluster.store.omittedNames.isEmpty)
    #expect(cluster.said.count == 1)
  }

  // MARK: - Pods

  @Test func `a pod's name exists in its namespace while a Pod has the address`() {
    let cluster = TestCluster()
    cluster.apply(pod("n/a", "10.2.0.1", "fd00::1"), pod("n/b", "10.2.0.1"))
    #expect(cluster.look("10-2-0-1.n.pod.zone A") == "pod 10.2.0.1")
    #expect(cluster.look("fd00--1.n.pod.zone AAAA") == "pod fd00::1")
    #expect(cluster.look("10-2-0-1.m.pod.zone A") == "NXDOMAIN")
    cluster.remove(pod("n/a"))
    #expect(cluster.look("10-2-0-1.n.pod.zone A") == "pod 10.2.0.1")
    #expect(cluster.look("fd00--1.n.pod.zone AAAA") == "NXDOMAIN")
    cluster.apply(pod("n/b", "10.2.0.2"))
    #expect(cluster.look("10-2-0-1.n.pod.zone A") == "NXDOMAIN")
    cluster.remove(pod("n/b"))
    #expect(cluster.look("n.pod.zone A") == "NXDOMAIN")
  }

  @Test(arguments: [ClusterIndex.PodNames.disabled, .insecure, .verified])
  func `a namespace exists by its Pods alone, however their names are answered`(
    pods: ClusterIndex.PodNames
  ) {
    let cluster = TestCluster(pods: pods)
    cluster.apply(pod("n/a", "10.2.0.1"), pod("n/b", "10.2.0.2"))
    #expect(cluster.look("n.svc.zone A") == "ENT")
    let other = cluster.look("10-9-9-9.n.pod.zone A")
    #expect(other == (pods == .insecure ? "pod 10.9.9.9" : "NXDOMAIN"))
    cluster.remove(pod("n/a"))
    #expect(cluster.look("n.svc.zone A") == "ENT")
    cluster.remove(pod("n/b"))
    #expect(cluster.look("n.svc.zone A") == "NXDOMAIN")
    #expect(cluster.look("10-9-9-9.n.pod.zone A") == "NXDOMAIN")
  }

  // MARK: - Serial

  struct SerialRow: Sendable, CustomTestStringConvertible {
    let title: String
    let before: UInt32
    let candidate: UInt32
    let after: UInt32

    var testDescription: String { title }
  }

  @Test(arguments: [
    SerialRow(title: "greater", before: 100, candidate: 101, after: 101),
    SerialRow(title: "much greater", before: 100, candidate: 2_000_000_000, after: 2_000_000_000),
    SerialRow(title: "the same", before: 100, candidate: 100, after: 101),
    SerialRow(title: "less", before: 100, candidate: 99, after: 101),
    SerialRow(
      title: "half the circle away is not greater", before: 100, candidate: 100 + 0x8000_0000,
      after: 101),
    SerialRow(
      title: "just under half of it", before: 100, candidate: 100 + 0x7FFF_FFFF,
      after: 100 + 0x7FFF_FFFF),
    SerialRow(title: "past the end", before: 0xFFFF_FFF0, candidate: 5, after: 5),
    SerialRow(title: "the number behind the last", before: .max, candidate: 0xFFFF_FFF0, after: 0),
  ])
  func `a change takes its candidate where RFC 1982 calls that greater, else the next number`(
    row: SerialRow
  ) {
    let cluster = TestCluster()
    cluster.store.upsert(service("n/s", "10.0.0.1"))
    cluster.publish(row.before)
    #expect(cluster.index.serial == row.before)
    cluster.store.upsert(service("n/s", "10.0.0.2"))
    cluster.publish(row.candidate)
    #expect(cluster.index.serial == row.after)
  }

  @Test func `what changes no record leaves the serial`() {
    let cluster = TestCluster()
    cluster.apply(
      service("n/s", "10.0.0.1"), headless("n/h"), slice("n/h-1", of: "h", "a=10.1.0.1"),
      pod("n/p", "10.2.0.1"))
    cluster.publish(200)
    #expect(cluster.index.serial == 100)
    let same: [ClusterObject] = [
      service("n/s", "10.0.0.1"), slice("n/h-2", of: "h", "a=10.1.0.1"),
      .pod(
        Pod(
          id: ObjectName(namespace: "n", name: "p"), labels: ["x": "y"],
          addresses: [address("10.2.0.1")])),
    ]
    for object in same { cluster.store.upsert(object) }
    cluster.publish(300)
    #expect(cluster.index.serial == 100)
    let different: [ClusterObject] = [
      service("n/s", "10.0.0.1", ports: [http]), slice("n/h-2", of: "h", "b=10.1.0.2"),
      pod("n/q", "10.2.0.2"), namespace("n"),
    ]
    for (number, object) in different.enumerated() {
      cluster.store.upsert(object)
      cluster.publish(400 + UInt32(number))
      // The namespace exists before its object does.
      #expect(cluster.index.serial == 400 + UInt32(min(number, 2)))
    }
    cluster.store.delete(pod("n/q").key)
    cluster.publish(500)
    #expect(cluster.index.serial == 500)
  }
}
