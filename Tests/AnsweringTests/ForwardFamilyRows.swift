// `families` on a block and on a `forward`.

import Wire

extension ForwardTests {
  private static let zone = "ns.svc.cluster.local."
  private static let filtered = "17 families: addresses of the other family are left out"
  private static let v4 = "www.example.net. 300 A 192.0.2.10"
  private static let v6 = "www.example.net. 300 AAAA 2001:db8::10"
  private static let asked = ["192.0.2.53 www.example.net. AAAA"]
  private static let both: [String: Said] = [
    "www.example.net. A": .data(v4), "www.example.net. AAAA": .data(v6),
    "www.example.net. ANY": .data(v4, v6),
  ]

  private static func absence(_ name: String) -> String {
    "\(name) 30 SOA \(name) nobody.invalid. 1 3600 1200 604800 30"
  }

  /// An AAAA that is there and yet not given.
  private static let left = Ask(
    question: "www.example.net. AAAA", said: both, authority: [absence("www.example.net.")],
    error: filtered, asked: asked)

  static let familyRows: [ForwardRow] = [
    ForwardRow(
      "addresses of the other family are left out, from the cache too", .ipv4, left,
      Ask(
        question: "Www.example.net. AAAA", authority: [absence("Www.example.net.")],
        error: filtered, plugin: "cache"),
      Ask(
        question: "www.example.net. A", answer: [v4], asked: ["192.0.2.53 www.example.net. A"]),
      Ask(
        question: "www.example.net. ANY", answer: [v4], error: filtered,
        asked: ["192.0.2.53 www.example.net. ANY"])),
    ForwardRow(
      "the other way round", .ipv6,
      Ask(question: "www.example.net. AAAA", said: both, answer: [v6], asked: asked),
      Ask(
        question: "www.example.net. A", authority: [absence("www.example.net.")],
        error: filtered, asked: ["192.0.2.53 www.example.net. A"])),
    ForwardRow(
      "CNAMEs stay, and the SOA is at the last name", .ipv4,
      Ask(
        question: "a.example.net. AAAA",
        said: [
          "a.example.net. AAAA": .data(
            "a.example.net. 300 CNAME b.example.net.", "b.example.net. 300 AAAA 2001:db8::7")
        ],
        answer: ["a.example.net. 300 CNAME b.example.net."],
        authority: [absence("b.example.net.")], error: filtered,
        asked: ["192.0.2.53 a.example.net. AAAA"])),
    ForwardRow(
      "an alias into a block of the other family has addresses of neither", .mixedFamilies,
      Ask(
        question: "stub.\(zone) AAAA",
        said: ["db.stub.test. AAAA": .data("db.stub.test. 300 AAAA 2001:db8::10")],
        flags: "qr aa rd ra", answer: ["stub.\(zone) 5 CNAME db.stub.test."],
        authority: [absence("db.stub.test.")], error: filtered,
        asked: ["192.0.2.54 db.stub.test. AAAA"], plugin: "kubernetes"),
      Ask(
        question: "stub.\(zone) A",
        said: ["db.stub.test. A": .data("db.stub.test. 300 A 192.0.2.10")],
        flags: "qr aa rd ra", answer: ["stub.\(zone) 5 CNAME db.stub.test."],
        authority: [absence("db.stub.test.")], error: filtered,
        asked: ["192.0.2.54 db.stub.test. A"], plugin: "kubernetes")),
    ForwardRow(
      "what is not there is not left out", .ipv4,
      Ask(
        question: "www.example.net. AAAA", said: ["www.example.net. AAAA": Said()],
        authority: [absence("www.example.net.")], asked: asked),
      Ask(
        question: "www.example.net. AAAA", said: ["www.example.net. AAAA": .noData()],
        authority: ["example.net. 60 SOA ns.example.net. root.example.net. 1 2 3 4 60"],
        asked: asked),
      Ask(
        question: "no.example.net. AAAA", said: ["no.example.net. AAAA": .missing()],
        code: .nameError,
        authority: ["example.net. 60 SOA ns.example.net. root.example.net. 1 2 3 4 60"],
        asked: ["192.0.2.53 no.example.net. AAAA"])),
    ForwardRow(
      "failures are no empty answers", .ipv4,
      Ask(
        question: "www.example.net. AAAA",
        said: ["www.example.net. AAAA": Said(code: .serverFailure)], code: .serverFailure,
        error: "22 forward: the upstream failed: 192.0.2.53:53: SERVFAIL", asked: asked)),
    ForwardRow(
      "names of addresses stay", .ipv4,
      Ask(
        question: "1.0.0.0.ip6.arpa. PTR",
        said: ["1.0.0.0.ip6.arpa. PTR": .data("1.0.0.0.ip6.arpa. 300 PTR host.test.")],
        answer: ["1.0.0.0.ip6.arpa. 300 PTR host.test."],
        asked: ["192.0.2.53 1.0.0.0.ip6.arpa. PTR"])),
    ForwardRow(
      "on a block it is also of the cluster's names", .ipv4,
      Ask(
        question: "both.\(zone) AAAA", flags: "qr aa rd", authority: [absence("both.\(zone)")],
        error: filtered, plugin: "kubernetes"),
      Ask(
        question: "both.\(zone) A", flags: "qr aa rd", answer: ["both.\(zone) 5 A 10.0.0.2"],
        plugin: "kubernetes"),
      Ask(
        question: "dual.\(zone) AAAA", flags: "qr aa rd",
        answer: ["dual.\(zone) 5 CNAME both.\(zone)"], authority: [absence("both.\(zone)")],
        error: filtered, plugin: "kubernetes"),
      Ask(
        question: "both.\(zone) SRV", flags: "qr aa rd",
        answer: ["both.\(zone) 5 SRV 0 100 80 both.\(zone)"],
        additional: ["both.\(zone) 5 A 10.0.0.2"], plugin: "kubernetes")),
    ForwardRow(
      "on a `forward` it is of forwarded names alone", .forwardIPv4,
      Ask(
        question: "both.\(zone) AAAA", flags: "qr aa rd",
        answer: ["both.\(zone) 5 AAAA fd00::2"], plugin: "kubernetes"),
      left,
      Ask(
        question: "www.example.net. AAAA", authority: [absence("www.example.net.")],
        error: filtered, plugin: "cache"),
      Ask(
        question: "out.\(zone) AAAA", flags: "qr aa rd ra",
        answer: ["out.\(zone) 5 CNAME www.Example.net."],
        authority: [absence("www.Example.net.")], error: filtered, plugin: "kubernetes")),
    ForwardRow(
      "on both it is the same", .ipv4Twice, left,
      Ask(
        question: "both.\(zone) AAAA", flags: "qr aa rd", authority: [absence("both.\(zone)")],
        error: filtered, plugin: "kubernetes")),
    ForwardRow(
      "that of the block of an alias's target counts", .otherBlockIPv4,
      Ask(
        question: "stub.\(zone) AAAA",
        said: ["db.stub.test. AAAA": .data("db.stub.test. 300 AAAA 2001:db8::6")],
        flags: "qr aa rd ra", answer: ["stub.\(zone) 5 CNAME db.stub.test."],
        authority: [absence("db.stub.test.")], error: filtered,
        asked: ["192.0.2.54 db.stub.test. AAAA"], plugin: "kubernetes"),
      Ask(
        question: "www.example.net. AAAA", said: both, answer: [v6], asked: asked)),
  ]
}
