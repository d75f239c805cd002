import Cluster
import Kubernetes
import Testing
import Wire

/// What was recorded of a real API server, fed in pieces of many sizes, and what is to be made of it.
@Suite struct RecordedFileTests {
  static let pieces = [1, 2, 3, 7, 64, 1_000, 1_460, 16_384, .max]

  static let namespaces = [
    "namespace default", "namespace kube-node-lease", "namespace kube-public",
    "namespace kube-system", "namespace samples",
  ]

  static let services = [
    "default/kubernetes 10.96.0.1 https:443",
    "samples/cluster-ip 10.96.131.24 http:80 https:443",
    "samples/dual-stack 10.96.103.179 fd00:10:96::4:c6f8 http:80 https:443",
    "samples/external-ips 10.96.57.16 http:80 https:443",
    "samples/external-name alias www.example.test.",
    "samples/external-name-dot alias www.example.test.",
    "samples/headless None http:80 https:443",
    "samples/headless-no-ports None",
    "samples/headless-not-ready None http:80 https:443",
    "samples/load-balancer 10.96.102.227 http:80 https:443",
    "samples/no-endpoints 10.96.249.159 http:80 https:443",
    "samples/node-port 10.96.133.203 http:80 https:443",
    "samples/udp-and-tcp 10.96.187.236 dns:53/udp dns-tcp:53 sctp:9/sctp",
    "samples/unnamed-port 10.96.68.125 :8080",
  ]

  /// The slice without a service and the one of host names are nothing to DNS.
  static let slices = [
    "default/kubernetes of kubernetes 192.0.2.10 https:6443",
    "samples/cluster-ip-a of cluster-ip web-0=10.130.0.1 web-1=10.130.0.2 10.130.0.5"
      + " http:8080 https:8443",
    "samples/headless-a of headless web-0=10.130.0.1 web-1=10.130.0.2 10.130.0.5"
      + " http:8080 https:8443",
    "samples/headless-no-ports-a of headless-no-ports 10.130.2.1",
    "samples/headless-not-ready-a of headless-not-ready web-0=10.130.0.1 web-2=10.130.0.3"
      + " 10.130.0.4 http:8080 https:8443",
    "samples/headless-v6 of headless web-0=fd00:10:244::1 http:8080 https:8443",
    "samples/udp-and-tcp-a of udp-and-tcp 10.130.1.1 dns:5353/udp dns-tcp:5353",
  ]

  static let pods = ["pod samples/web-0 10.130.0.1 fd00:10:244::1"]

  private static var scope: WatchScope {
    var scope = WatchScope()
    scope.watchesPods = true
    return scope
  }

  @Test(arguments: pieces)
  func `streaming lists`(piece: Int) {
    let talk = Conversation(Self.scope)
    talk.start()
    for resource in ["namespaces", "services", "endpointslices", "pods"] {
      talk.grant("stream \(resource)", Samples.octets("watchlist-\(resource)"), piece: piece)
    }
    #expect(talk.watch.isSynchronized)
    #expect(Self.lines(talk) == Self.namespaces + Self.services + Self.slices + Self.pods)
    talk.pass(5)
    for name in talk.underWay { talk.finish(name) }
    #expect(
      Set(talk.underWay) == [
        "watch namespaces 288", "watch services 286", "watch endpointslices 285", "watch pods 288",
      ])
    #expect(talk.said == [])
  }

  @Test(arguments: pieces)
  func `a list anew of the same objects changes nothing`(piece: Int) {
    let talk = Conversation()
    talk.start()
    for resource in ["namespaces", "services", "endpointslices"] {
      talk.grant("stream \(resource)", Samples.octets("watchlist-\(resource)"))
    }
    talk.pass(5)
    talk.feed("stream endpointslices", Samples.text("watch-410-gone"))
    talk.grant("stream endpointslices", Samples.octets("watch-rv0"), piece: piece)
    #expect(Self.lines(talk) == Self.namespaces + Self.services + Self.slices)
    talk.pass(5)
    talk.finish("stream endpointslices")
    #expect(talk.underWay.contains("watch endpointslices 314"))
  }

  @Test(arguments: pieces)
  func `lists in one page`(piece: Int) {
    let talk = Conversation(Self.scope)
    talk.start()
    for resource in ["namespaces", "services", "endpointslices", "pods"] {
      if resource == "namespaces" || talk.underWay.contains("stream \(resource)") {
        talk.refuse("stream \(resource)", 422)
      }
      let text = Samples.octets("list-\(resource)")
      talk.grant("list \(resource)", text, piece: piece, ends: true)
    }
    #expect(Self.lines(talk) == Self.namespaces + Self.services + Self.slices + Self.pods)
    #expect(
      Set(talk.underWay) == [
        "watch namespaces 270", "watch services 270", "watch endpointslices 270", "watch pods 270",
      ])
  }

  @Test func `lists with metadata alone are compared with what was listed, and are the same`() {
    let talk = Conversation()
    talk.start()
    talk.grant("stream namespaces", Samples.octets("watchlist-namespaces"))
    talk.grant("stream services", ObjectText.stream(286))
    talk.grant("stream endpointslices", ObjectText.stream(285))
    talk.version = 288
    talk.passUntilAsked("compare namespaces", within: 800)
    let text = Samples.text("list-namespaces-partialmeta")
      .replacing(/"resourceVersion":"27\d"/) { _ in #""resourceVersion":"288""# }
    talk.answer("compare namespaces", text)
    #expect(
      talk.metric(#"martlet_kubernetes_comparisons_total{resource="namespaces",result="same"}"#)
        == "1")
  }

  // MARK: - Watches

  /// Follows the objects of one namespace through a recorded watch, line by line.
  private static func follow(
    _ resource: String, from version: Int, _ sample: String, piece: Int, upTo count: Int = .max
  ) -> Conversation {
    let talk = Conversation()
    talk.start()
    for name in ["namespaces", "services", "endpointslices"] {
      talk.grant("stream \(name)", ObjectText.stream(version))
    }
    let lines = Samples.text(sample).split(separator: "\n").prefix(count)
    talk.pass(5)
    talk.finish("stream \(resource)")
    talk.grant(
      "watch \(resource) \(version)", Array((lines.joined(separator: "\n") + "\n").utf8),
      piece: piece)
    return talk
  }

  @Test func `a service is made, changed, turned into an alias and deleted`() {
    let steps: [[String]] = [
      ["samples/ev 10.96.206.230 http:80 https:443"], ["samples/ev 10.96.206.230 new:81"],
      ["samples/ev alias moved.example.test. new:81"], [], [],
    ]
    for (index, expected) in steps.enumerated() {
      let talk = Self.follow(
        "services", from: 270, "watch-services", piece: 100, upTo: index + 1)
      #expect(Self.lines(talk) == expected, "after event \(index)")
    }
  }

  @Test(arguments: pieces)
  func `the services of a namespace come and go`(piece: Int) {
    let made = Self.follow("services", from: 322, "demo-watch-services", piece: piece, upTo: 3)
    #expect(
      Self.lines(made) == [
        "demo/db None pg:5432", "demo/ext alias www.example.test.", "demo/web 10.96.132.38 http:80",
      ])
    let gone = Self.follow("services", from: 322, "demo-watch-services", piece: piece)
    #expect(Self.lines(gone) == [])
    gone.pass(5)
    gone.finish("watch services")
    #expect(gone.underWay.contains("watch services 659"))
  }

  @Test func `the slices of a namespace as real controllers write them`() {
    let steps: [(count: Int, expected: [String])] = [
      (2, ["demo/db-srgvq of db", "demo/web-m72b8 of web"]),
      (
        4,
        [
          "demo/db-srgvq of db db-0=10.120.111.1 pg:5432",
          "demo/web-m72b8 of web 10.120.111.3 10.120.111.2 10.120.111.4 http:8080",
        ]
      ),
      (
        6,
        [
          "demo/db-srgvq of db db-0=10.120.111.1 db-1=10.120.111.5 pg:5432",
          "demo/web-m72b8 of web 10.120.111.3 10.120.111.2 10.120.111.4 http:8080",
        ]
      ),
      (.max, []),
    ]
    for (count, expected) in steps {
      let talk = Self.follow(
        "endpointslices", from: 322, "demo-watch-endpointslices", piece: 1_400, upTo: count)
      #expect(Self.lines(talk) == expected, "after \(count) events")
      #expect(talk.watch.faults == [])
    }
  }

  // MARK: - Objects as text

  /// What is visible, a line for each object in the order of kinds and names.
  private static func lines(_ talk: Conversation) -> [String] {
    func sorted(_ line: (ClusterObject) -> String?) -> [String] {
      talk.replica.visible.values.compactMap(line).sorted()
    }
    return sorted { if case .namespace(let own) = $0 { "namespace \(own.name)" } else { nil } }
      + sorted { if case .service(let own) = $0 { line(own) } else { nil } }
      + sorted { if case .slice(let own) = $0 { line(own) } else { nil } }
      + sorted { object in
        guard case .pod(let pod) = object else { return nil }
        let addresses = pod.addresses.map(\.description)
        return (["pod \(pod.id.namespace)/\(pod.id.name)"] + addresses).joined(separator: " ")
      }
  }

  private static func line(_ service: Service) -> String {
    var words = ["\(service.id.namespace)/\(service.id.name)"]
    switch service.kind {
    case .clusterIP(let addresses): words += addresses.map(\.description)
    case .headless: words.append("None")
    case .externalName(let target): words += ["alias", target?.description ?? "-"]
    }
    return (words + service.ports.map(word)).joined(separator: " ")
  }

  private static func line(_ slice: EndpointSlice) -> String {
    var words = ["\(slice.id.namespace)/\(slice.id.name)", "of", slice.serviceName]
    for endpoint in slice.endpoints {
      let name = endpoint.hostname.isEmpty ? "" : endpoint.hostname + "="
      words += endpoint.addresses.map { name + $0.description }
    }
    return (words + slice.ports.map(word)).joined(separator: " ")
  }

  private static func word(_ port: Port) -> String {
    let transport = port.transport == "tcp" ? "" : "/\(port.transport)"
    return "\(port.name):\(port.number.map { "\($0)" } ?? "any")\(transport)"
  }
}
