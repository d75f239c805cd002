import Cluster
import Documents
import Kubernetes
import Testing
import Wire

@Suite struct ObjectDecoderTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let name: String
    /// YAML.
    let text: String
    /// As ``describe`` tells the objects; `-` where one is passed over; or the error.
    let object: String

    init(_ name: String, _ text: String, _ object: String) {
      (self.name, self.text, self.object) = (name, text, object)
    }

    var testDescription: String { name }
  }

  private static func service(_ spec: String) -> String {
    "{apiVersion: v1, kind: Service, metadata: {namespace: n, name: s}, spec: {\(spec)}}"
  }

  private static func slice(_ rest: String) -> String {
    "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: "
      + "{namespace: n, name: s-1, labels: {kubernetes.io/service-name: s}}, \(rest)}"
  }

  private static func pod(_ rest: String) -> String {
    "{apiVersion: v1, kind: Pod, metadata: {namespace: n, name: p}, \(rest)}"
  }

  static let rows: [Row] = [
    // Services
    Row(
      "clusterIPs", service("clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, 'fd00::1']"),
      "service n/s [10.0.0.1, fd00::1] []"),
    Row("clusterIP alone", service("clusterIP: 10.0.0.1"), "service n/s [10.0.0.1] []"),
    Row(
      "an address twice", service("clusterIPs: [10.0.0.1, 10.0.0.1]"), "service n/s [10.0.0.1] []"),
    Row("no address yet", service("clusterIP: ''"), "service n/s [] []"),
    Row("no spec", "{kind: Service, metadata: {name: s}}", "service default/s [] []"),
    Row("headless", service("clusterIP: None, clusterIPs: [None]"), "service n/s headless []"),
    Row(
      "ports",
      service(
        "clusterIP: 10.0.0.1, ports: [{port: 80}, {name: dns, port: 53, protocol: UDP}, {name: x, port: 1, protocol: SCTP}]"
      ),
      "service n/s [10.0.0.1] [/tcp/80, dns/udp/53, x/sctp/1]"),
    Row(
      "ExternalName", service("type: ExternalName, externalName: www.Example.test."),
      "service n/s www.Example.test. []"),
    Row(
      "ExternalName of an IPv4 literal", service("type: ExternalName, externalName: 192.0.2.1"),
      "service n/s no name []"),
    Row(
      "ExternalName of an IPv6 literal", service("type: ExternalName, externalName: 'fd00::1'"),
      "service n/s no name []"),
    Row(
      "ExternalName with nothing", service("type: ExternalName"), "Service n/s: has no externalName"
    ),
    Row(
      "ExternalName with an empty label", service("type: ExternalName, externalName: a..b"),
      "Service n/s: externalName 'a..b' is not a DNS name"),
    Row(
      "ExternalName with an escape", service(#"type: ExternalName, externalName: 'a\000b'"#),
      #"Service n/s: externalName 'a\000b' is not a DNS name"#),
    Row(
      "a port that is none", service("ports: [{port: 65536}]"),
      "Service n/s: ports: a port is not a number from 1 to 65535"),
    Row(
      "a port in quotes", service("ports: [{port: '80'}]"),
      "Service n/s: ports: a port is not a number from 1 to 65535"),
    Row(
      "a port's name that is no label", service("ports: [{name: a_b, port: 80}]"),
      "Service n/s: ports: name 'a_b' is not a DNS label"),
    Row(
      "a protocol that is none", service("ports: [{port: 80, protocol: ICMP}]"),
      "Service n/s: ports: protocol 'ICMP' is not TCP, UDP or SCTP"),
    Row(
      "an address that is none", service("clusterIP: 10.0.0.256"),
      "Service n/s: clusterIPs: '10.0.0.256' is not an IP address"),
    // EndpointSlices
    Row(
      "endpoints count when ready is true or not said",
      slice(
        "endpoints: [{addresses: [10.1.0.1], conditions: {ready: true}}, {addresses: [10.1.0.2], conditions: {ready: false, serving: true}}, {addresses: [10.1.0.3], conditions: {}}, {addresses: [10.1.0.4]}, {addresses: [10.1.0.5], conditions: {ready: null}}]"
      ),
      "slice n/s-1 of s [10.1.0.1, 10.1.0.3, 10.1.0.4, 10.1.0.5] 1 not ready []"),
    Row(
      "host names and Pods",
      slice(
        "endpoints: [{addresses: [10.1.0.1], hostname: h, targetRef: {kind: Pod, name: p}}, {addresses: [10.1.0.2], targetRef: {kind: Node, name: x}}]"
      ),
      "slice n/s-1 of s [10.1.0.1 h p, 10.1.0.2] 0 not ready []"),
    Row(
      "several addresses", slice("endpoints: [{addresses: [10.1.0.1, 10.1.0.2]}]"),
      "slice n/s-1 of s [10.1.0.1 10.1.0.2] 0 not ready []"),
    Row(
      "IPv6 addresses", slice("endpoints: [{addresses: ['fd00::1']}]"),
      "slice n/s-1 of s [fd00::1] 0 not ready []"),
    Row(
      "endpoints and ports null", slice("endpoints: null, ports: null"),
      "slice n/s-1 of s [] 0 not ready []"),
    Row(
      "a port left open",
      slice("endpoints: [], ports: [{name: '', port: null, protocol: TCP}, {name: x}]"),
      "slice n/s-1 of s [] 0 not ready [/tcp/any, x/tcp/any]"),
    Row(
      "v1beta1",
      "{apiVersion: discovery.k8s.io/v1beta1, kind: EndpointSlice, metadata: {name: a, labels: {kubernetes.io/service-name: s}}}",
      "slice default/a of s [] 0 not ready []"),
    Row("a slice of no Service", "{kind: EndpointSlice, metadata: {name: a}, endpoints: []}", "-"),
    Row(
      "addresses that are names",
      "{kind: EndpointSlice, addressType: FQDN, metadata: {name: a, labels: {kubernetes.io/service-name: s}}, endpoints: [{addresses: [a.test]}]}",
      "-"),
    Row(
      "a host name that is no label", slice("endpoints: [{addresses: [10.1.0.1], hostname: A.b}]"),
      "EndpointSlice n/s-1: hostname 'A.b' is not a DNS label"),
    Row(
      "an address that is none in a slice", slice("endpoints: [{addresses: [x]}]"),
      "EndpointSlice n/s-1: endpoints.addresses: 'x' is not an IP address"),
    Row(
      "a name longer than a label",
      "{kind: EndpointSlice, metadata: {name: \(String(repeating: "a", count: 69)), labels: {kubernetes.io/service-name: s}}}",
      "slice default/\(String(repeating: "a", count: 69)) of s [] 0 not ready []"),
    // Endpoints
    Row(
      "Endpoints, every subset with its ports",
      "{apiVersion: v1, kind: Endpoints, metadata: {name: s}, subsets: [{addresses: [{ip: 10.1.0.1, hostname: h, targetRef: {kind: Pod, name: p}}], notReadyAddresses: [{ip: 10.1.0.2}, {ip: 10.1.0.3}], ports: [{name: a, port: 1}]}, {addresses: [{ip: 10.1.0.4}], ports: [{name: a, port: 1}, {name: b, port: 2}]}]}",
      "endpoints default/s: [10.1.0.1 h p] 2 not ready [a/tcp/1]"
        + ", [10.1.0.4] 0 not ready [a/tcp/1, b/tcp/2]"),
    Row(
      "Endpoints without subsets", "{kind: Endpoints, metadata: {name: s}, subsets: null}",
      "endpoints default/s: "),
    Row("Endpoints that no Service can have", "{kind: Endpoints, metadata: {name: a.b}}", "-"),
    // Namespaces and Pods
    Row("a Namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: n}}", "namespace n"),
    Row(
      "a Pod with two addresses",
      pod("status: {phase: Running, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}, {ip: 'fd00::1'}]}"),
      "pod n/p [10.1.0.1, fd00::1]"),
    Row("a Pod with podIP alone", pod("status: {podIP: 10.1.0.1}"), "pod n/p [10.1.0.1]"),
    Row("a Pod without an address", pod("status: {phase: Pending}"), "-"),
    Row("a Pod that has ended", pod("status: {phase: Succeeded, podIP: 10.1.0.1}"), "-"),
    Row("a Pod that has failed", pod("status: {phase: Failed, podIP: 10.1.0.1}"), "-"),
    Row("a Pod of unknown phase", pod("status: {phase: Unknown, podIP: 10.1.0.1}"), "-"),
    Row(
      "a Pod being deleted",
      "{kind: Pod, metadata: {name: p, deletionTimestamp: 2026-11-21T00:00:00Z}, status: {podIP: 10.1.0.1}}",
      "-"),
    // What surrounds them
    Row("another kind", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}", "-"),
    Row(
      "a Service of another group",
      "{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: c}}", "-"),
    Row(
      "a list in a list",
      "{kind: List, items: [{kind: NamespaceList, items: [{metadata: {name: a}}]}, {kind: Namespace, metadata: {name: b}}]}",
      "namespace a, namespace b"),
    Row("no kind", "{metadata: {name: a}}", "kind missing"),
    Row("no name", "{kind: Service, metadata: {}}", "Service: has no metadata.name"),
    Row(
      "a name in capitals", "{kind: Service, metadata: {name: A}}",
      "Service default/A: the name is not a DNS label"),
    Row(
      "a name longer than a label in a Service",
      "{kind: Service, metadata: {name: \(String(repeating: "a", count: 64))}}",
      "Service default/\(String(repeating: "a", count: 64)): the name is not a DNS label"),
    Row(
      "a name with an empty part", "{kind: Pod, metadata: {name: a..b}}",
      "Pod default/a..b: the name is not a DNS subdomain"),
    Row(
      "a namespace that is no label", "{kind: Service, metadata: {name: a, namespace: b.c}}",
      "Service b.c/a: the namespace is not a DNS label"),
    Row("no object", "[1]", "a array: is not an object"),
    Row(
      "fields of other types than they should be",
      "{kind: Service, metadata: {name: a}, spec: [], status: 1}", "service default/a [] []"),
  ]

  @Test(arguments: rows)
  func `an object is read`(row: Row) throws {
    var told: [String] = []
    try read(row.text) { root in
      var decoder = ObjectDecoder()
      decoder.decodeAll(root) { result in
        switch result {
        case .success(.object(let object)): told.append(Self.describe(object))
        case .success(.passedOver): told.append("-")
        case .success(.kindMissing): told.append("kind missing")
        case .failure(let error): told.append(error.description)
        }
      }
    }
    #expect(told.joined(separator: ", ") == row.object)
  }

  @Test func `labels are kept when asked for`() throws {
    try read("{kind: Namespace, metadata: {name: n, labels: {a: b, c: d}}}") { root in
      for keeps in [false, true] {
        var decoder = ObjectDecoder(keepsLabels: keeps)
        guard case .object(.namespace(let namespace)) = try? decoder.decode(root) else {
          Issue.record("no namespace")
          return
        }
        #expect(namespace.labels == (keeps ? ["a": "b", "c": "d"] : [:]))
      }
    }
  }

  private func read(_ text: String, _ take: (Value) -> Void) throws {
    // Inside, so that a list is not taken apart before the decoder sees it.
    var rest = Array("{object: \(text)}".utf8)
    try ItemReader.read(.yaml) {
      defer { rest = [] }
      return rest
    } _: { (_, document, _) throws(DocumentError) in
      take(document.root["object"] ?? document.root)
    }
  }

  private static func describe(_ object: ClusterObject) -> String {
    func text(_ id: ObjectName) -> String { "\(id.namespace)/\(id.name)" }
    func text(_ ports: [Port]) -> String {
      "["
        + ports.map { "\($0.name)/\($0.transport)/" + ($0.number.map(String.init) ?? "any") }
        .joined(separator: ", ") + "]"
    }
    func text(_ addresses: [IPAddress]) -> String {
      "[" + addresses.map(\.description).joined(separator: ", ") + "]"
    }
    func contents(_ slice: EndpointSlice) -> String {
      let endpoints = slice.endpoints.map { endpoint in
        (endpoint.addresses.map(\.description) + [endpoint.hostname, endpoint.podName])
          .filter { !$0.isEmpty }.joined(separator: " ")
      }
      return "[" + endpoints.joined(separator: ", ")
        + "] \(slice.notReadyCount) not ready \(text(slice.ports))"
    }
    switch object {
    case .service(let service):
      let kind =
        switch service.kind {
        case .clusterIP(let addresses): text(addresses)
        case .headless: "headless"
        case .externalName(let name): name?.description ?? "no name"
        }
      return "service \(text(service.id)) \(kind) \(text(service.ports))"
    case .slice(let slice):
      return "slice \(text(slice.id)) of \(slice.serviceName) " + contents(slice)
    case .endpoints(let endpoints):
      return "endpoints \(text(endpoints.id)): "
        + endpoints.subsets.map(contents).joined(separator: ", ")
    case .namespace(let namespace): return "namespace \(namespace.name)"
    case .pod(let pod): return "pod \(text(pod.id)) \(text(pod.addresses))"
    }
  }
}
