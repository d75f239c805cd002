// What goes to the upstreams of one `forward` and comes back, at first and from the cache.

import Answering
import Wire

extension ForwardTests {
  private static let www = Said.data("www.example.net. 300 A 192.0.2.10")
  private static let asked = ["192.0.2.53 www.example.net. A"]
  private static let soa = "example.net. 60 SOA ns.example.net. root.example.net. 1 2 3 4 60"

  private static let signedAlias =
    "signed.example.net. 9 RRSIG CNAME 13 3 9 20300101000000 20200101000000 1 example.net. c2ln"
  private static let signature =
    "www.example.net. 300 RRSIG A 13 3 300 20300101000000 20200101000000 1 example.net. AAAA"

  static let passedRows: [ForwardRow] = [
    ForwardRow(
      "an answer is passed on, then given from the cache with its TTL counted down", .plain,
      Ask(
        question: "www.example.net. A", said: ["www.example.net. A": www],
        answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked),
      Ask(
        question: "www.example.net. A", second: 10,
        answer: ["www.example.net. 290 A 192.0.2.10"], plugin: "cache"),
      Ask(
        question: "www.example.net. A", second: 300, answer: ["www.example.net. 300 A 192.0.2.10"],
        asked: asked)),
    ForwardRow(
      "without a cache upstreams are asked each time", .uncached,
      Ask(
        question: "www.example.net. A", said: ["www.example.net. A": www],
        answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked),
      Ask(
        question: "www.example.net. A", answer: ["www.example.net. 300 A 192.0.2.10"],
        asked: asked)),
    ForwardRow(
      "the upstream's AA is passed on, but not kept", .plain,
      Ask(
        question: "www.example.net. A",
        said: ["www.example.net. A": .data("www.example.net. 300 A 192.0.2.10", flags: "aa")],
        flags: "qr aa rd", answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked),
      Ask(
        question: "www.example.net. A", flags: "qr rd",
        answer: ["www.example.net. 300 A 192.0.2.10"], plugin: "cache")),
    ForwardRow(
      "AD is given to those who ask for it by AD or DO", .plain,
      Ask(
        question: "www.example.net. A",
        said: ["www.example.net. A": .data("www.example.net. 300 A 192.0.2.10", flags: "ra ad")],
        answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked),
      Ask(
        question: "www.example.net. A", header: 0x0120, flags: "qr rd ra ad",
        answer: ["www.example.net. 300 A 192.0.2.10"], plugin: "cache"),
      Ask(
        question: "www.example.net. A", dnssecOK: true, flags: "qr rd ra ad",
        answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked)),
    ForwardRow(
      "CD asks another question, and is copied", .plain,
      Ask(
        question: "www.example.net. A", said: ["www.example.net. A": www], header: 0x0110,
        flags: "qr rd ra cd", answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked),
      Ask(
        question: "www.example.net. A", answer: ["www.example.net. 300 A 192.0.2.10"],
        asked: asked)),
    ForwardRow(
      "signatures are for those who ask for them", .plain,
      Ask(
        question: "www.example.net. A",
        said: ["www.example.net. A": .data("www.example.net. 300 A 192.0.2.10", signature)],
        dnssecOK: true, answer: ["www.example.net. 300 A 192.0.2.10", signature], asked: asked),
      Ask(
        question: "www.example.net. A", answer: ["www.example.net. 300 A 192.0.2.10"],
        asked: asked),
      Ask(
        question: "www.example.net. A", dnssecOK: true,
        answer: ["www.example.net. 300 A 192.0.2.10", signature], plugin: "cache")),
    ForwardRow(
      "names are given as the client spells them, upstreams asked in lower case", .plain,
      Ask(
        question: "WWW.Example.net. A", said: ["www.example.net. A": www],
        answer: ["WWW.Example.net. 300 A 192.0.2.10"], asked: asked),
      Ask(
        question: "www.eXample.NET. A", answer: ["www.eXample.NET. 300 A 192.0.2.10"],
        plugin: "cache")),
    ForwardRow(
      "a query without EDNS gets a reply without", .plain,
      Ask(
        question: "www.example.net. A", said: ["www.example.net. A": www], size: nil,
        answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked),
      Ask(
        question: "www.example.net. A", transport: .tcp, size: nil,
        answer: ["www.example.net. 300 A 192.0.2.10"], plugin: "cache")),
    ForwardRow(
      "NODATA and NXDOMAIN come with their SOA, for as long as it says", .plain,
      Ask(
        question: "www.example.net. MX", said: ["www.example.net. MX": .noData()],
        authority: [soa], asked: ["192.0.2.53 www.example.net. MX"]),
      Ask(
        question: "www.example.net. MX", second: 59,
        authority: ["example.net. 1 SOA ns.example.net. root.example.net. 1 2 3 4 60"],
        plugin: "cache"),
      Ask(
        question: "no.example.net. A", said: ["no.example.net. A": .missing()], code: .nameError,
        authority: [soa], asked: ["192.0.2.53 no.example.net. A"]),
      Ask(question: "No.example.net. A", code: .nameError, authority: [soa], plugin: "cache")),
    ForwardRow(
      "an NXDOMAIN denies the names below it where `nxdomain_cut` says so", .cut,
      Ask(
        question: "no.example.net. A", said: ["no.example.net. A": .missing()], code: .nameError,
        authority: [soa], asked: ["192.0.2.53 no.example.net. A"]),
      Ask(
        question: "below.NO.example.net. MX", code: .nameError, authority: [soa], plugin: "cache")),
    ForwardRow(
      "a CNAME chain is given whole", .plain,
      Ask(
        question: "a.example.net. A",
        said: [
          "a.example.net. A": .data(
            "a.example.net. 300 CNAME b.example.net.", "b.example.net. 200 CNAME c.example.org.",
            "c.example.org. 100 A 192.0.2.7")
        ],
        answer: [
          "a.example.net. 300 CNAME b.example.net.", "b.example.net. 200 CNAME c.example.org.",
          "c.example.org. 100 A 192.0.2.7",
        ], asked: ["192.0.2.53 a.example.net. A"]),
      Ask(
        question: "a.example.net. A", second: 40,
        answer: [
          "a.example.net. 260 CNAME b.example.net.", "b.example.net. 160 CNAME c.example.org.",
          "c.example.org. 60 A 192.0.2.7",
        ], plugin: "cache")),
    ForwardRow(
      "a chain that ends in NXDOMAIN is one", .plain,
      Ask(
        question: "a.example.net. A",
        said: ["a.example.net. A": .missing("a.example.net. 300 CNAME b.example.net.")],
        code: .nameError, answer: ["a.example.net. 300 CNAME b.example.net."], authority: [soa],
        asked: ["192.0.2.53 a.example.net. A"])),
    ForwardRow(
      "what upstreams say of a name of the cluster is not looked up here", .plain,
      Ask(
        question: "a.example.net. A",
        said: ["a.example.net. A": .data("a.example.net. 300 CNAME svc.ns.svc.cluster.local.")],
        answer: ["a.example.net. 300 CNAME svc.ns.svc.cluster.local."],
        asked: ["192.0.2.53 a.example.net. A"])),
    ForwardRow(
      "single labels, the root and ANY are forwarded", .plain,
      Ask(
        question: "host. A", said: ["host. A": .data("host. 300 A 192.0.2.9")],
        answer: ["host. 300 A 192.0.2.9"], asked: ["192.0.2.53 host. A"]),
      Ask(
        question: ". NS", said: [". NS": .data(". 300 NS a.root.test.")],
        answer: [". 300 NS a.root.test."], asked: ["192.0.2.53 . NS"]),
      Ask(
        question: "www.example.net. ANY", said: ["www.example.net. ANY": www],
        answer: ["www.example.net. 300 A 192.0.2.10"],
        asked: ["192.0.2.53 www.example.net. ANY"])),
    ForwardRow(
      "other classes are forwarded outside own zones, and refused within", .plain,
      Ask(
        question: "version.bind. TXT", said: ["version.bind. TXT": .data("version.bind. TXT 9")],
        recordClass: Query.classCH, answer: ["version.bind. 3600 TXT 9"],
        asked: ["192.0.2.53 version.bind. TXT"]),
      Ask(
        question: "version.bind. TXT", recordClass: Query.classCH,
        answer: ["version.bind. 3600 TXT 9"], plugin: "cache"),
      Ask(
        question: "svc.ns.svc.cluster.local. A", recordClass: Query.classCH, code: .refused,
        flags: "qr rd", error: "21 the server block does not answer such queries",
        plugin: "kubernetes"),
      Ask(
        question: "www.own.test. A", recordClass: 255, code: .refused, flags: "qr rd",
        error: "21 the server block does not answer such queries", plugin: "file")),
  ]

  // MARK: - Which forward

  static let chosenRows: [ForwardRow] = [
    ForwardRow(
      "`next` has the second `forward` asked, whose answer is kept", .next,
      Ask(
        question: "www.example.net. A",
        said: ["192.0.2.53 www.example.net. A": .missing(), "192.0.2.54 www.example.net. A": www],
        answer: ["www.example.net. 300 A 192.0.2.10"],
        asked: ["192.0.2.53 www.example.net. A", "192.0.2.54 www.example.net. A"]),
      Ask(
        question: "www.example.net. A", answer: ["www.example.net. 300 A 192.0.2.10"],
        plugin: "cache")),
    ForwardRow(
      "the last one's answer is given whatever it is", .next,
      Ask(
        question: "no.example.net. A", said: ["no.example.net. A": .missing()], code: .nameError,
        authority: [soa],
        asked: ["192.0.2.53 no.example.net. A", "192.0.2.54 no.example.net. A"]),
      Ask(question: "no.example.net. A", code: .nameError, authority: [soa], plugin: "cache")),
    ForwardRow(
      "`next SERVFAIL` is also for upstreams that do not answer", .next,
      Ask(
        question: "www.example.net. A",
        said: ["192.0.2.53 www.example.net. A": .silent, "192.0.2.54 www.example.net. A": www],
        answer: ["www.example.net. 300 A 192.0.2.10"],
        asked: ["192.0.2.53 www.example.net. A", "192.0.2.54 www.example.net. A"])),
    ForwardRow(
      "where the second one is slow, what was so before is given", .next,
      Ask(
        question: "www.example.net. A", said: ["www.example.net. A": www],
        answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked),
      Ask(
        question: "www.example.net. A", second: 400,
        said: [
          "192.0.2.53 www.example.net. A": .missing(),
          "192.0.2.54 www.example.net. A": www.slowly,
        ],
        answer: ["www.example.net. 30 A 192.0.2.10"],
        error: "3 cache: its TTL has run out: upstreams are slow",
        asked: ["192.0.2.53 www.example.net. A", "192.0.2.54 www.example.net. A"],
        plugin: "cache")),
    ForwardRow(
      "a refresh goes on to the next `forward` as a query does", .nextImmediate,
      Ask(
        question: "www.example.net. A",
        said: ["192.0.2.53 www.example.net. A": .missing(), "192.0.2.54 www.example.net. A": www],
        answer: ["www.example.net. 300 A 192.0.2.10"],
        asked: ["192.0.2.53 www.example.net. A", "192.0.2.54 www.example.net. A"]),
      Ask(
        question: "www.example.net. A", second: 400,
        said: ["192.0.2.54 www.example.net. A": .data("www.example.net. 300 A 192.0.2.11")],
        answer: ["www.example.net. 0 A 192.0.2.10"], error: "3 cache: its TTL has run out",
        refreshed: ["192.0.2.53 www.example.net. A", "192.0.2.54 www.example.net. A"],
        plugin: "cache"),
      Ask(
        question: "www.example.net. A", second: 401,
        answer: ["www.example.net. 299 A 192.0.2.11"], plugin: "cache")),
    ForwardRow(
      "`next` leads nowhere for names that go to no other `forward`", .nextElsewhere,
      Ask(
        question: "no.example.net. A", said: ["no.example.net. A": .missing()], code: .nameError,
        authority: [soa], asked: ["192.0.2.53 no.example.net. A"]),
      Ask(question: "no.example.net. A", code: .nameError, authority: [soa], plugin: "cache")),
    ForwardRow(
      "`next_on_nodata` is for names without the type, behind CNAMEs too", .nextNoData,
      Ask(
        question: "www.example.net. A",
        said: [
          "192.0.2.53 www.example.net. A": .noData("www.example.net. 9 CNAME a.example.net."),
          "192.0.2.54 www.example.net. A": www,
        ],
        answer: ["www.example.net. 300 A 192.0.2.10"],
        asked: ["192.0.2.53 www.example.net. A", "192.0.2.54 www.example.net. A"]),
      Ask(
        question: "no.example.net. A", said: ["192.0.2.53 no.example.net. A": .missing()],
        code: .nameError, authority: [soa], asked: ["192.0.2.53 no.example.net. A"]),
      Ask(
        question: "signed.example.net. A",
        said: [
          "192.0.2.53 signed.example.net. A": .noData(
            "signed.example.net. 9 CNAME a.example.net.", signedAlias),
          "192.0.2.54 signed.example.net. A": .data("signed.example.net. 300 A 192.0.2.11"),
        ],
        dnssecOK: true, answer: ["signed.example.net. 300 A 192.0.2.11"],
        asked: ["192.0.2.53 signed.example.net. A", "192.0.2.54 signed.example.net. A"]),
      Ask(
        question: "www.moved.example.net. A",
        said: [
          "192.0.2.53 www.moved.example.net. A": .noData(
            "moved.example.net. 9 DNAME new.example.net.",
            "www.moved.example.net. 9 CNAME www.new.example.net."),
          "192.0.2.54 www.moved.example.net. A": .data(
            "www.moved.example.net. 300 A 192.0.2.12"),
        ],
        answer: ["www.moved.example.net. 300 A 192.0.2.12"],
        asked: ["192.0.2.53 www.moved.example.net. A", "192.0.2.54 www.moved.example.net. A"])),
    ForwardRow(
      "each `forward` has its zone, less what it excepts", .zones,
      Ask(
        question: "www.example.net. A", said: ["www.example.net. A": www],
        answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked),
      Ask(
        question: "www.org. A", said: ["www.org. A": .data("www.org. 300 A 192.0.2.5")],
        answer: ["www.org. 300 A 192.0.2.5"], asked: ["192.0.2.54 www.org. A"]),
      Ask(
        question: "www.not.org. A", code: .serverFailure, flags: "qr rd",
        error: "0 no plugin of the server block answers this name", plugin: nil,
        report: "no next plugin found")),
    ForwardRow(
      "what is excepted is the next plugin's", .except,
      Ask(
        question: "www.example.net. TXT", size: 1232, flags: "qr aa rd",
        additional: [
          "www.example.net. 0 A 198.51.100.1",
          "_udp.www.example.net. 0 SRV 0 0 40212 .",
        ], plugin: "whoami")),
    ForwardRow(
      "the longest block has its own upstreams and its own cache", .plain,
      Ask(
        question: "www.stub.test. A",
        said: ["www.stub.test. A": .data("www.stub.test. 300 A 192.0.2.6")],
        answer: ["www.stub.test. 300 A 192.0.2.6"], asked: ["192.0.2.54 www.stub.test. A"]),
      Ask(
        question: "www.stub.test. A", answer: ["www.stub.test. 300 A 192.0.2.6"],
        plugin: "cache")),
  ]

  // MARK: - What nobody is asked for

  private static let clusterSOA =
    "cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1700000000 7200 1800 "
    + "86400 5"

  static let refusedRows: [ForwardRow] = [
    ForwardRow(
      "without RD a cached answer is given, and otherwise nobody asked", .plain,
      Ask(
        question: "www.example.net. A", header: 0, code: .refused, flags: "qr",
        error: "20 forward: recursion is not desired"),
      Ask(
        question: "www.example.net. A", said: ["www.example.net. A": www],
        answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked),
      Ask(
        question: "www.example.net. A", header: 0, flags: "qr ra",
        answer: ["www.example.net. 300 A 192.0.2.10"], plugin: "cache")),
    ForwardRow(
      "transfers are refused", .plain,
      Ask(
        question: "example.net. AXFR", transport: .tcp, code: .refused, flags: "qr rd",
        error: "21 the server block does not answer such queries", plugin: nil),
      Ask(
        question: "own.test. IXFR", code: .refused, flags: "qr rd",
        error: "21 the server block does not answer such queries", plugin: nil)),
    ForwardRow(
      "a NOTIFY stays here", .plain,
      Ask(
        question: "example.net. SOA", header: 0x2000, code: .notAuthoritative, flags: "qr",
        error: "21 the server block does not answer such queries", plugin: nil)),
    ForwardRow(
      "names of own zones are nobody else's", .plain,
      Ask(
        question: "no.ns.svc.cluster.local. A", code: .nameError, flags: "qr aa rd",
        authority: [clusterSOA], error: "0 no such service in this namespace",
        plugin: "kubernetes"),
      Ask(
        question: "svc.ns.svc.cluster.local. MX", flags: "qr aa rd", authority: [clusterSOA],
        plugin: "kubernetes"),
      Ask(
        question: "9.0.0.10.in-addr.arpa. PTR", code: .nameError, flags: "qr aa rd",
        authority: [
          "10.in-addr.arpa. 5 SOA ns.dns.10.in-addr.arpa. hostmaster.10.in-addr.arpa. 1700000000 "
            + "7200 1800 86400 5"
        ], error: "0 no service or endpoint has this address", plugin: "kubernetes"),
      Ask(
        question: "no.own.test. A", code: .nameError, flags: "qr aa rd",
        authority: ["own.test. 300 SOA ns.own.test. root.own.test. 1 2 3 4 300"],
        plugin: "file")),
    ForwardRow(
      "`fallthrough` passes them on", .passing,
      Ask(
        question: "9.0.0.10.in-addr.arpa. PTR",
        said: ["9.0.0.10.in-addr.arpa. PTR": .data("9.0.0.10.in-addr.arpa. 300 PTR host.test.")],
        answer: ["9.0.0.10.in-addr.arpa. 300 PTR host.test."],
        asked: ["192.0.2.53 9.0.0.10.in-addr.arpa. PTR"]),
      Ask(
        question: "1.0.0.10.in-addr.arpa. PTR", flags: "qr aa rd",
        answer: ["1.0.0.10.in-addr.arpa. 5 PTR svc.ns.svc.cluster.local."], plugin: "kubernetes"),
      Ask(
        question: "no.ns.svc.cluster.local. A", code: .nameError, flags: "qr aa rd",
        authority: [clusterSOA], error: "0 no such service in this namespace",
        plugin: "kubernetes")),
  ]
}
