import Testing
import Wire

@testable import Config

/// What people really write: taken where the meaning is plain.
struct WildTests {
  struct Row: CustomTestStringConvertible {
    var title: String
    var text: String
    /// The keys of all blocks.
    var keys: [String]
    var warnings: [String]
    var testDescription: String { title }

    init(_ title: String, _ text: String, _ keys: [String], warnings: [String] = []) {
      (self.title, self.text, self.keys, self.warnings) = (title, text, keys, warnings)
    }
  }

  static let takenByCoreDNS = [
    Row("the brace on the line after the key", ".:53\n{\nlog\n}", [".:53"]),
    Row("no braces at all", ".:53\nlog\n", [".:53"]),
    Row("an empty file", "", []),
    Row("an empty block", ". {}", [".:53"]),
    Row("a byte order mark and CR LF", "\u{FEFF}. {\r\nlog\r\n}\r\n", [".:53"]),
    Row("a default for a variable", "{$NO:a.org} {\nlog\n}", ["a.org:53"]),
    Row(
      "an empty variable as key", "{$EMPTY} {\nlog\n}", [],
      warnings: ["1:10: warning: the server block has no key and is left out"]),
    Row("keys split after a comma", "a.org,\nb.org {\nlog\n}", ["a.org:53", "b.org:53"]),
    Row(
      "tcp://", "tcp://a.org:5353 {\nlog\n}", ["a.org:5353"],
      warnings: ["1:1: warning: 'tcp://' chooses no protocol; read as 'dns://'"]),
    Row(
      "*.zone", "*.a.org {\nlog\n}", ["*.a.org:53"],
      warnings: [
        "1:1: warning: '*' is no wildcard here: only names below '*.a.org' itself belong to it"
      ]),
    Row(
      "a zone beyond ASCII", "bücher.example {\nlog\n}", ["b\\195\\188cher.example:53"],
      warnings: [
        "1:1: warning: 'bücher.example' has letters beyond ASCII; clients ask for its xn-- form"
      ]),
    Row(
      "a classless zone", "32/27.104.21.172.in-addr.arpa {\nlog\n}",
      ["32/27.104.21.172.in-addr.arpa:53"]),
    Row(
      "tls:// without a tls line", "tls://. {\nlog\n}", ["tls://.:853"],
      warnings: [
        "1:1: warning: 'tls://' is not served by this version of martlet: no port is opened"
      ]),
    Row(
      "https:// without a tls line", "https://a.org {\nlog\n}", ["https://a.org:443"],
      warnings: [
        "1:1: warning: 'https://' is not served by this version of martlet: no port is opened"
      ]),
    Row("errors stdout", ". {\nerrors stdout\n}", [".:53"]),
    Row(
      "log stdout", ". {\nlog stdout\n}", [".:53"],
      warnings: ["2:5: warning: 'stdout' is no name to log; queries are logged there anyhow"]),
    Row(
      "a pattern that matches nothing, at the top and inside",
      "import custom/*.server\n. {\nimport custom/*.override\n}", [".:53"],
      warnings: [
        "1:8: warning: no file matches 'custom/*.server'",
        "3:8: warning: no file matches 'custom/*.override'",
      ]),
    Row("a colon in the name of a snippet", "(a:b) {\nlog\n}\n. {\nimport a:b\n}", [".:53"]),
    Row(
      "a body of forward on one line", ". {\nforward . 1.1.1.1 { max_concurrent 1000 }\n}", [".:53"]
    ),
    Row(
      "an address and a resolv.conf", ". {\nforward . 192.168.90.1 /etc/resolv.conf\n}", [".:53"]),
    Row("an upstream by name", ". {\nforward . dns.example.org\n}", [".:53"]),
    Row("plugins in any order", ". {\nforward . 1.1.1.1\nlog\ncache\nerrors\n}", [".:53"]),
  ]

  static let rejectedByCoreDNS = [
    Row(
      "kubernetes with upstream and resyncperiod",
      "a.org {\nkubernetes {\nupstream 1.1.1.1\nresyncperiod 5m\n}\n}", ["a.org:53"],
      warnings: [
        "3:1: warning: 'upstream' has no effect any more and is ignored",
        "4:1: warning: 'resyncperiod' has no effect any more and is ignored",
      ]),
    Row(
      "proxy", ". {\nproxy . /etc/resolv.conf\n}", [".:53"],
      warnings: ["2:1: warning: 'proxy' is read as 'forward'"]),
    Row(
      "federation", ". {\nfederation cluster.local {\nprod example.org\n}\n}", [".:53"],
      warnings: ["2:1: warning: 'federation' has no effect any more and is ignored"]),
    Row(
      "health on one line", ". {\nhealth { lameduck 5s }\n}", [".:53"],
      warnings: ["2:8: warning: the body of health stands on one line"]),
    Row(
      "kubernetes on one line", "a.org {\nkubernetes { pods insecure }\n}", ["a.org:53"],
      warnings: ["2:12: warning: the body of kubernetes stands on one line"]),
    Row(
      "cache on one line", ". {\ncache { success 100 }\n}", [".:53"],
      warnings: ["2:7: warning: the body of cache stands on one line"]),
    Row(
      "a body on the next line", ". {\nhealth\n{\nlameduck 5s\n}\n}", [".:53"],
      warnings: ["3:1: warning: '{' wants to stand on the line of health"]),
    Row(
      ":53 without a zone", ":53 {\nlog\n}", [".:53"],
      warnings: ["1:1: warning: no zone stands before ':53'; read as the root"]),
    Row(
      ".:53{ without a space", ".:53{\nlog\n}", [".:53"],
      warnings: ["1:5: warning: '{' wants a space before it"]),
    Row(
      "a trailing semicolon", ". {\nlog;\n}", [".:53"],
      warnings: ["2:4: warning: a line needs no ';' at its end"]),
    Row(
      "ready 80", ". {\nready 80\n}", [".:53"],
      warnings: ["2:7: warning: '80' is no address; read as ':80'"]),
    Row(
      "prometheus twice with one address", ". {\nprometheus :9153\nprometheus :9153\n}", [".:53"],
      warnings: ["3:1: warning: 'prometheus' stands twice with the same address"]),
    Row("prometheus twice with two addresses", ". {\nprometheus :1\nprometheus :2\n}", [".:53"]),
    Row(
      "a zone twice in blocks that are the same", ". {\nlog\n}\n. {\n  log\n}", [".:53"],
      warnings: ["4:1: warning: the server block is the same as on line 1 and left out"]),
    Row(
      "a zone twice, told apart by bind", ". {\nbind 127.0.0.1\n}\n. {\nbind ::1\n}",
      [".:53", ".:53"]),
    Row(
      "a key twice in one block", "a.org A.org. {\nlog\n}", ["a.org:53"],
      warnings: ["1:7: warning: 'A.org.' stands twice among the keys"]),
    Row(
      "errors twice the same", ". {\nerrors\nerrors\n}", [".:53"],
      warnings: ["3:1: warning: 'errors' stands twice in the server block"]),
    Row(
      "plugins without a key", "errors\nlog\n", ["errors:53"],
      warnings: [
        "1:1: warning: 'errors' is read as a zone because the block has no key before it"
      ]),
    Row(
      "an address as key", "10.0.0.10 {\nlog\n}", ["10.0.0.10:53"],
      warnings: ["1:1: warning: '10.0.0.10' is read as a domain name, not as an address"]),
  ]

  @Test("What CoreDNS takes is taken", arguments: takenByCoreDNS)
  func taken(_ row: Row) { check(row) }

  @Test("What CoreDNS rejects though it is plain is taken", arguments: rejectedByCoreDNS)
  func plain(_ row: Row) { check(row) }

  private func check(_ row: Row) {
    let result = load(row.text, environment: ["EMPTY": ""])
    #expect(result.configuration?.blocks.flatMap(\.keys).map(\.description) == row.keys)
    #expect(result.headlines == row.warnings)
  }

  static let ambiguous = [
    Row("a zone twice with other plugins", ". {\nlog\n}\n. {\nerrors\n}", ["4:1"]),
    Row("a zone twice, one bound", ". {\nbind 127.0.0.1\n}\n. {\nerrors\n}", ["4:1"]),
    Row("a zone twice on one address", "a {\nbind ::1\n}\na {\nbind 0:0::1 ::2\n}", ["4:1"]),
    Row("cache twice with other limits", ". {\ncache 5\ncache 30\n}", ["3:1"]),
    Row("kubernetes twice", "a.org {\nkubernetes\nkubernetes b.org\n}", ["3:1"]),
    Row("an IPv6 address as key", "2001:db8::1 {\nlog\n}", ["1:1"]),
    Row("a port out of range", ".:70000 {\nlog\n}", ["1:1"]),
    Row("port 0", ".:0 {\nlog\n}", ["1:1"]),
    Row("a colon without a port", "a.org: {\nlog\n}", ["1:1"]),
    Row("an unknown scheme", "dsn://a.org {\nlog\n}", ["1:1"]),
    Row("a comma and no further key", "a.org, {\nlog\n}", ["1:1"]),
    Row("a snippet without a body", "(a)\nlog\n", ["1:1"]),
    Row("only reverse zones", "in-addr.arpa {\nkubernetes\n}", ["2:1"]),
    Row("view, which this version lacks", "a.org {\nview a {\nexpr true\n}\n}", ["2:1"]),
  ]

  @Test("What is ambiguous is an error at its place", arguments: ambiguous)
  func rejected(_ row: Row) {
    let result = load(row.text)
    #expect(result.configuration == nil)
    let places = result.diagnostics.filter { $0.severity == .error }
      .map { "\($0.place.line):\($0.place.column)" }
    #expect(places == row.keys)
  }

  @Test(
    "CIDR keys become reverse zones",
    arguments: [
      ("10.0.0.0/8", ["10.in-addr.arpa."]),
      ("10.96.0.0/15", ["96.10.in-addr.arpa.", "97.10.in-addr.arpa."]),
      ("10.97.1.2/15:5353", ["96.10.in-addr.arpa.", "97.10.in-addr.arpa."]),
      ("192.0.2.1/32", ["1.2.0.192.in-addr.arpa."]),
      (
        "192.0.2.252/30",
        ["252", "253", "254", "255"].map { "\($0).2.0.192.in-addr.arpa." }
      ),
      ("0.0.0.0/0", ["in-addr.arpa."]),
      ("2001:db8::/32", ["8.b.d.0.1.0.0.2.ip6.arpa."]),
      ("2001:db8::/31", ["8.b.d.0.1.0.0.2.ip6.arpa.", "9.b.d.0.1.0.0.2.ip6.arpa."]),
      ("::/0", ["ip6.arpa."]),
      ("10.0.0.0/33", ["10.0.0.0/33."]),
    ])
  func addressBlocks(_ key: String, _ zones: [String]) {
    let result = load("\(key) {\nlog\n}")
    #expect(result.block?.keys.map(\.zone.description) == zones)
  }

  @Test("A key without a port has the flag's, a key with one its own")
  func defaultPort() {
    let result = load("a.org b.org:53 {\nlog\n}", defaultPort: 1053)
    #expect(result.block?.keys.map(\.port) == [1053, 53])
  }
}
