// CNAMEs of own zones whose targets are upstreams' to answer.

import Wire

extension ForwardTests {
  private static let www = Said.data("www.example.net. 300 A 192.0.2.10")
  private static let asked = ["192.0.2.53 www.example.net. A"]
  private static let zone = "ns.svc.cluster.local."
  private static let out = "out.\(zone) 5 CNAME www.Example.net."
  private static let soa = "example.net. 60 SOA ns.example.net. root.example.net. 1 2 3 4 60"

  /// A query for `name` in the namespace that asks for `www.example.net`.
  private static func follows(_ name: String, _ aliases: [String], second: UInt64 = 0) -> Ask {
    Ask(
      question: "\(name).\(zone) A", second: second, said: ["www.example.net. A": www],
      flags: "qr aa rd ra", answer: aliases + ["www.Example.net. 300 A 192.0.2.10"], asked: asked,
      plugin: "kubernetes")
  }

  static let aliasRows: [ForwardRow] = [
    ForwardRow(
      "an ExternalName's target is forwarded, then taken from the cache", .plain,
      follows("out", [out]),
      Ask(
        question: "out.\(zone) A", second: 100, flags: "qr aa rd ra",
        answer: [out, "www.Example.net. 200 A 192.0.2.10"], plugin: "kubernetes"),
      Ask(
        question: "www.example.net. A", second: 100,
        answer: ["www.example.net. 200 A 192.0.2.10"], plugin: "cache")),
    ForwardRow(
      "another type is asked for as such", .plain,
      Ask(
        question: "out.\(zone) TXT",
        said: ["www.example.net. TXT": .data("www.example.net. 300 TXT a")], flags: "qr aa rd ra",
        answer: [out, "www.Example.net. 300 TXT a"], asked: ["192.0.2.53 www.example.net. TXT"],
        plugin: "kubernetes")),
    ForwardRow(
      "its CNAME asked for is all there is to it", .plain,
      Ask(
        question: "out.\(zone) CNAME", flags: "qr aa rd", answer: [out], plugin: "kubernetes"),
      Ask(question: "out.\(zone) ANY", flags: "qr aa rd", answer: [out], plugin: "kubernetes")),
    ForwardRow(
      "a target in another block is that block's upstreams'", .plain,
      Ask(
        question: "stub.\(zone) A",
        said: ["db.stub.test. A": .data("db.stub.test. 300 A 192.0.2.6", flags: "aa ra")],
        flags: "qr aa rd ra",
        answer: ["stub.\(zone) 5 CNAME db.stub.test.", "db.stub.test. 300 A 192.0.2.6"],
        asked: ["192.0.2.54 db.stub.test. A"], plugin: "kubernetes")),
    ForwardRow(
      "a target that does not exist makes it NXDOMAIN", .plain,
      Ask(
        question: "gone.\(zone) A", said: ["gone.example.net. A": .missing()], code: .nameError,
        flags: "qr aa rd ra", answer: ["gone.\(zone) 5 CNAME gone.example.net."],
        authority: [soa], asked: ["192.0.2.53 gone.example.net. A"], plugin: "kubernetes"),
      Ask(
        question: "gone.\(zone) A", code: .nameError, flags: "qr aa rd ra",
        answer: ["gone.\(zone) 5 CNAME gone.example.net."], authority: [soa],
        plugin: "kubernetes")),
    ForwardRow(
      "an NXDOMAIN above the target is enough under `nxdomain_cut`", .cut,
      Ask(
        question: "example.net. A", said: ["example.net. A": .missing()], code: .nameError,
        authority: [soa], asked: ["192.0.2.53 example.net. A"]),
      Ask(
        question: "gone.\(zone) A", code: .nameError, flags: "qr aa rd ra",
        answer: ["gone.\(zone) 5 CNAME gone.example.net."], authority: [soa],
        plugin: "kubernetes")),
    ForwardRow(
      "a target without the type is NODATA", .plain,
      Ask(
        question: "out.\(zone) AAAA", said: ["www.example.net. AAAA": .noData()],
        flags: "qr aa rd ra", answer: [out],
        authority: ["Example.net. 60 SOA ns.Example.net. root.Example.net. 1 2 3 4 60"],
        asked: ["192.0.2.53 www.example.net. AAAA"], plugin: "kubernetes")),
    ForwardRow(
      "failures are told behind the CNAME", .plain,
      Ask(
        question: "out.\(zone) A", said: ["www.example.net. A": .silent], code: .serverFailure,
        flags: "qr aa rd", answer: [out],
        error: "22 forward: no upstream answered: 192.0.2.53:53: no answer", asked: asked,
        plugin: "kubernetes", report: "192.0.2.53:53: no answer"),
      Ask(
        question: "out.\(zone) A", second: 1, code: .serverFailure, flags: "qr aa rd",
        answer: [out],
        error: "13 cache: upstreams failed a moment ago: 192.0.2.53:53: no answer",
        plugin: "kubernetes")),
    ForwardRow(
      "what was so before is given behind it, too", .plain, follows("out", [out]),
      Ask(
        question: "out.\(zone) A", second: 400, said: ["www.example.net. A": .silent],
        flags: "qr aa rd ra", answer: [out, "www.Example.net. 30 A 192.0.2.10"],
        error: "3 cache: its TTL has run out: 192.0.2.53:53: no answer", asked: asked,
        plugin: "kubernetes"),
      Ask(
        question: "out.\(zone) A", second: 500, said: ["www.example.net. A": www.slowly],
        flags: "qr aa rd ra", answer: [out, "www.Example.net. 30 A 192.0.2.10"],
        error: "3 cache: its TTL has run out: upstreams are slow", asked: asked,
        plugin: "kubernetes")),
    ForwardRow(
      "without RD the CNAME is all there is, and what the cache has", .plain,
      Ask(
        question: "out.\(zone) A", header: 0, flags: "qr aa", answer: [out],
        plugin: "kubernetes"),
      follows("out", [out]),
      Ask(
        question: "out.\(zone) A", header: 0, flags: "qr aa ra",
        answer: [out, "www.Example.net. 300 A 192.0.2.10"], plugin: "kubernetes")),
    ForwardRow(
      "AD is of the target alone, and so not said", .plain,
      Ask(
        question: "out.\(zone) A",
        said: ["www.example.net. A": .data("www.example.net. 300 A 192.0.2.10", flags: "ra ad")],
        header: 0x0120, flags: "qr aa rd ra", answer: [out, "www.Example.net. 300 A 192.0.2.10"],
        asked: asked, plugin: "kubernetes")),
    ForwardRow(
      "aliases of aliases lead there, and CNAMEs of upstreams on", .plain,
      Ask(
        question: "one.\(zone) A",
        said: [
          "www.example.net. A": .data(
            "www.example.net. 300 CNAME www.cdn.test.", "www.cdn.test. 60 A 192.0.2.70")
        ], flags: "qr aa rd ra",
        answer: [
          "one.\(zone) 5 CNAME two.\(zone)", "two.\(zone) 5 CNAME out.\(zone)", out,
          "www.Example.net. 300 CNAME www.cdn.test.", "www.cdn.test. 60 A 192.0.2.70",
        ], asked: asked, plugin: "kubernetes")),
    ForwardRow(
      "an upstream's CNAME back into the cluster is the end of it", .plain,
      Ask(
        question: "out.\(zone) A",
        said: ["www.example.net. A": .data("www.example.net. 300 CNAME out.\(zone)")],
        flags: "qr aa rd ra", answer: [out, "www.Example.net. 300 CNAME out.\(zone)"],
        asked: asked, plugin: "kubernetes")),
    ForwardRow(
      "a circle through two zones is walked once", .plain,
      Ask(
        question: "ping.\(zone) A", flags: "qr aa rd",
        answer: [
          "ping.\(zone) 5 CNAME pong.own.test.", "pong.own.test. 300 CNAME ping.\(zone)",
        ], plugin: "kubernetes")),
    ForwardRow(
      "CNAMEs of a master file lead outside as well", .plain,
      Ask(
        question: "Out.own.test. A", said: ["www.example.net. A": www], flags: "qr aa rd ra",
        answer: [
          "Out.own.test. 300 CNAME www.example.net.", "www.example.net. 300 A 192.0.2.10",
        ], asked: asked, plugin: "file"),
      Ask(
        question: "fileout.\(zone) A", flags: "qr aa rd ra",
        answer: [
          "fileout.\(zone) 5 CNAME out.own.test.", "out.own.test. 300 CNAME www.example.net.",
          "www.example.net. 300 A 192.0.2.10",
        ], plugin: "kubernetes"),
      Ask(
        question: "tofile.\(zone) A", flags: "qr aa rd",
        answer: ["tofile.\(zone) 5 CNAME www.own.test.", "www.own.test. 300 A 192.0.2.80"],
        plugin: "kubernetes")),
    ForwardRow(
      "a target that nothing here answers stays the client's", .zones,
      Ask(
        question: "stub.\(zone) A", flags: "qr aa rd",
        answer: ["stub.\(zone) 5 CNAME db.stub.test."], plugin: "kubernetes")),
    ForwardRow(
      "a target in no block stays the client's", .bare,
      Ask(question: "out.\(zone) A", flags: "qr aa rd", answer: [out], plugin: "kubernetes")),
    ForwardRow(
      "the second `forward` is asked for targets, too", .next,
      Ask(
        question: "out.\(zone) A",
        said: ["192.0.2.53 www.example.net. A": .missing(), "192.0.2.54 www.example.net. A": www],
        flags: "qr aa rd ra", answer: [out, "www.Example.net. 300 A 192.0.2.10"],
        asked: ["192.0.2.53 www.example.net. A", "192.0.2.54 www.example.net. A"],
        plugin: "kubernetes")),
    ForwardRow(
      "an old target is given at once and fetched anew", .immediate, follows("out", [out]),
      Ask(
        question: "out.\(zone) A", second: 400, flags: "qr aa rd ra",
        answer: [out, "www.Example.net. 0 A 192.0.2.10"], error: "3 cache: its TTL has run out",
        refreshed: asked, plugin: "kubernetes")),
  ]
}
