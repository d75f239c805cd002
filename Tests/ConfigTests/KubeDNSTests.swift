import Testing

@testable import Config

/// ConfigMaps of kube-dns by the Corefile that they equal.
struct KubeDNSTests {
  static let root = """
    .:53 {
        errors
        health
        ready
        prometheus :9153
        kubernetes cluster.local in-addr.arpa ip6.arpa {
            pods insecure
            ttl 30
            fallthrough in-addr.arpa ip6.arpa
        }
        forward . /etc/resolv.conf
        cache 30
        reload
    }

    """

  static func stub(_ domain: String, _ servers: String) -> String {
    """

    \(domain):53 {
        errors
        prometheus :9153
        forward . \(servers)
        cache 30
    }

    """
  }

  static func map(_ data: String, name: String = "kube-dns") -> String {
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \(name)\n" + data
  }

  struct Shape: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var text: String
    var corefile: String
    var warnings: [String] = []
  }

  static let shapes = [
    Shape(
      testDescription: "no data",
      text: map(""), corefile: root),
    Shape(
      testDescription: "empty data, as an add-on manager leaves it",
      text: map("  labels:\n    addonmanager.kubernetes.io/mode: EnsureExists\ndata: {}\n"),
      corefile: root),
    Shape(
      testDescription: "block text and both keys",
      text: map(
        "data:\n  stubDomains: |\n    {\"acme.local\": [\"1.2.3.4\"]}\n"
          + "  upstreamNameservers: |\n    [\"8.8.8.8\", \"8.8.4.4:5353\", \"2001:db8::1\"]\n"),
      corefile: root.replacing("/etc/resolv.conf", with: "8.8.8.8 8.8.4.4:5353 2001:db8::1")
        + stub("acme.local", "1.2.3.4")),
    Shape(
      testDescription: "without metadata, block text without its line end",
      text: "kind: ConfigMap\napiVersion: v1\ndata:\n  stubDomains: |-\n    {\n"
        + "      \"a.org\": [\"10.0.0.1\", \"10.0.0.2:5353\", \"[2001:DB8::1]:53\", \"2001:db8::2\"]\n"
        + "    }\n",
      corefile: root
        + stub("a.org", "10.0.0.1 10.0.0.2:5353 [2001:db8::1]:53 2001:db8::2")),
    Shape(
      testDescription: "an object in JSON",
      text: #"{"kind":"ConfigMap","data":{"stubDomains":"{\"a.org\":[\"ns.b.org\"]}"}}"#,
      corefile: root + stub("a.org", "ns.b.org")),
    Shape(
      testDescription: "a list of the API server",
      text: "kind: List\napiVersion: v1\nitems:\n- metadata:\n    name: other\n  data:\n    a: b\n"
        + "- data:\n    upstreamNameservers: '[\"9.9.9.9\"]'\n",
      corefile: root.replacing("/etc/resolv.conf", with: "9.9.9.9")),
    Shape(
      testDescription: "values that say nothing",
      text: map(
        "data:\n  stubDomains: \"\"\n  upstreamNameservers: '[]'\n  federations: \"null\"\n",
        name: "dns"),
      corefile: root),
    Shape(
      testDescription: "domains stay in their order, reverse zones are domains too",
      text: map(
        "data:\n  stubDomains: '{\"z.org\":[\"10.0.0.1\"],\"10.in-addr.arpa\":[\"10.0.0.2\"],"
          + "\"foo.cluster.local\":[\"10.0.0.3\"]}'\n"),
      corefile: root + stub("z.org", "10.0.0.1") + stub("10.in-addr.arpa", "10.0.0.2")
        + stub("foo.cluster.local", "10.0.0.3")),
    Shape(
      testDescription: "a domain above the cluster's does not take its names",
      text: map("data:\n  stubDomains: '{\"local\":[\"10.0.0.1\"],\"arpa\":[\"10.0.0.2\"]}'\n"),
      corefile: root.replacing(
        ".:53", with: ".:53 cluster.local:53 in-addr.arpa:53 ip6.arpa:53")
        + stub("local", "10.0.0.1") + stub("arpa", "10.0.0.2")),
    Shape(
      testDescription: "a host name that looks like a file",
      text: map("data:\n  stubDomains: '{\"a.org\":[\"dns.conf\"]}'\n"),
      corefile: root + stub("a.org", "dns://dns.conf")),
    Shape(
      testDescription: "federations",
      text: map("data:\n  federations: |\n    {\"prod\": \"example.com\"}\n"), corefile: root,
      warnings: ["7:5: warning: 'federations' has no effect any more and is ignored"]),
    Shape(
      testDescription: "all reverse lookups",
      text: map("data:\n  stubDomains: |\n    {\"in-addr.arpa\": [\"10.0.0.1\"]}\n"),
      corefile: root + stub("in-addr.arpa", "10.0.0.1"),
      warnings: [
        "7:6: warning: stubDomains: 'in-addr.arpa' takes the PTR records of the cluster's "
          + "addresses with it"
      ]),
    Shape(
      testDescription: "a domain twice",
      text: map(
        "data:\n  stubDomains: |\n    {\"a.org\": [\"10.0.0.1\"],\n     \"a.org\": [\"10.0.0.2\"]}\n"
      ),
      corefile: root + stub("a.org", "10.0.0.2"),
      warnings: ["8:6: warning: stubDomains: 'a.org' stands twice; the last counts"]),
    Shape(
      testDescription: "a key of another kind beside",
      text: map("data:\n  stubDomain: '{}'\n  upstreamNameservers: '[]'\n"), corefile: root,
      warnings: ["1:1: warning: 'stubDomain' is no key of kube-dns and is ignored"]),
  ]

  @Test("A ConfigMap equals a Corefile", arguments: shapes)
  func shape(_ shape: Shape) throws {
    let result = load(shape.text)
    #expect(result.corefile == shape.corefile)
    #expect(result.headlines == shape.warnings)
    #expect(result.sources == ["Corefile"])
    let configuration = try #require(result.configuration)
    let again = load(shape.corefile)
    #expect(again.rendered == "")
    #expect(
      again.configuration.map(EffectivePlan.describe)
        == EffectivePlan.describe(configuration).replacing("Corefile#Corefile", with: "Corefile"))
  }
}
