// ExternalName services, pods by address, and what of them lies elsewhere.

import Wire

extension RowTests {
  static let aliasRows: [Row] = [
    .data("§5.1", "ext.testns CNAME", ["ext.testns CNAME www.Example.net."]),
    .data("§5.1", "extin.testns CNAME", ["extin.testns CNAME svc1.testns"]),
    .data("§5.1", "extmiss.testns CNAME", ["extmiss.testns CNAME missing.testns"]),
    .data("§5.2", "ext.testns A", ["ext.testns CNAME www.Example.net."]),
    .data("§5.2", "ext.testns AAAA", ["ext.testns CNAME www.Example.net."]),
    .data(
      "§5.3 §2.1", "extin.testns A",
      ["extin.testns CNAME svc1.testns", "svc1.testns A 10.0.0.1"]),
    .noData("§5.3", "extin.testns AAAA", ["extin.testns CNAME svc1.testns"]),
    .data(
      "§5.3", "extdual.testns AAAA",
      ["extdual.testns CNAME dual.testns", "dual.testns AAAA fd00::2"]),
    .data(
      "§5.3 §1.12", "exthdls.testns A",
      [
        "exthdls.testns CNAME mixed.testns.svc.Cluster.Local.",
        "mixed.testns.svc.Cluster.Local. A 172.0.1.1",
      ]),
    .data(
      "§5.3 §5.5", "exthdls.testns SRV",
      [
        "exthdls.testns CNAME mixed.testns.svc.Cluster.Local.",
        "mixed.testns.svc.Cluster.Local. SRV 0 100 80 m0.mixed.testns.svc.Cluster.Local.",
      ],
      more: [
        "m0.mixed.testns.svc.Cluster.Local. A 172.0.1.1",
        "m0.mixed.testns.svc.Cluster.Local. AAAA fd00:1::1",
      ]),
    .missing(
      "§5.3", "extmiss.testns A", ["extmiss.testns CNAME missing.testns"],
      why: "no such service in this namespace"),
    .missing("§5.3", "extmiss.testns TXT", ["extmiss.testns CNAME missing.testns"]),
    .data(
      "§5.3", "c2.testns A",
      (2...10).map { "c\($0).testns CNAME c\($0 + 1).testns" } + ["c11.testns CNAME svc1.testns"]),
    .data(
      "§5.3", "c3.testns A",
      (3...10).map { "c\($0).testns CNAME c\($0 + 1).testns" }
        + ["c11.testns CNAME svc1.testns", "svc1.testns A 10.0.0.1"]),
    .data("§5.3", "c1.testns A", (1...10).map { "c\($0).testns CNAME c\($0 + 1).testns" }),
    .data("§5.4", "extself.testns A", ["extself.testns CNAME extself.testns"]),
    .data("§5.4", "extself.testns CNAME", ["extself.testns CNAME extself.testns"]),
    .data("§5.4", "extself.testns TXT", ["extself.testns CNAME extself.testns"]),
    .data("§5.4", "ExtSelf.testns A", ["ExtSelf.testns CNAME extself.testns"]),
    .data(
      "§5.4", "exta.testns A", ["exta.testns CNAME extb.testns", "extb.testns CNAME exta.testns"]),
    .data("§5.5", "ext.testns SRV", ["ext.testns CNAME www.Example.net."]),
    .data(
      "§5.5", "extin.testns SRV",
      ["extin.testns CNAME svc1.testns", "svc1.testns SRV 0 100 80 svc1.testns"],
      more: ["svc1.testns A 10.0.0.1"]),
    .missing("§5.5", "_http._tcp.ext.testns SRV", why: "nothing is below an ExternalName"),
    .data("§5.6", "ext.testns TXT", ["ext.testns CNAME www.Example.net."]),
    .data("§5.6", "ext.testns MX", ["ext.testns CNAME www.Example.net."]),
    .data("§5.6", "ext.testns HTTPS", ["ext.testns CNAME www.Example.net."]),
    .data("§5.6", "ext.testns ANY", ["ext.testns CNAME www.Example.net."]),
    .data("§5.6", "extin.testns ANY", ["extin.testns CNAME svc1.testns"]),
    .data("§5.6", "ext.testns NS", ["ext.testns CNAME www.Example.net."]),
    .data("§5.6", "ext.testns SOA", ["ext.testns CNAME www.Example.net."]),
    .noData("§5.6", "extin.testns TXT", ["extin.testns CNAME svc1.testns"]),
    .missing("§5.7", "x.ext.testns A", why: "nothing is below an ExternalName"),
    .missing("§5.7", "_tcp.ext.testns A"),
    .missing("§5.7", "a.b.c.ext.testns A"),
    .missing("§5.8", "extip.testns A", why: "the ExternalName is an address, not a name"),
    .missing("§5.8", "extip.testns CNAME"),
    .missing("§5.8", "x.extip.testns A"),
    .data("§5.9", "ext.testns A", ["ext.testns 3600 CNAME www.Example.net."], in: .ttl3600),
    .data(
      "§5.9 §5.2", "extfile.testns A",
      ["extfile.testns CNAME www.aliases.test.", "www.aliases.test. 60 A 192.0.2.80"], in: .files),
    .data(
      "§5.2", "extfile.testns AAAA",
      ["extfile.testns CNAME www.aliases.test.", "www.aliases.test. 60 AAAA 2001:db8::80"],
      in: .files),
    .data(
      "§5.2", "extfile.testns CNAME", ["extfile.testns CNAME www.aliases.test."], in: .files),
    Row(
      tags: "§5.2", question: "extfile.testns MX", setup: .files,
      answer: ["extfile.testns CNAME www.aliases.test."], authority: [aliasesSOA]),
    Row(
      tags: "§5.2", question: "extfilemiss.testns A", setup: .files, code: .nameError,
      answer: ["extfilemiss.testns CNAME missing.aliases.test."], authority: [aliasesSOA]),
    .data(
      "§5.4", "extfileloop.testns A",
      [
        "extfileloop.testns CNAME loop.aliases.test.",
        "loop.aliases.test. 60 CNAME extfileloop.testns",
      ], in: .files),
    .data(
      "§5.2", "extback.testns A",
      [
        "extback.testns CNAME tosvc.aliases.test.", "tosvc.aliases.test. 60 CNAME svc1.testns",
        "svc1.testns A 10.0.0.1",
      ], in: .files),
    .data(
      "§5.2", "extchild.testns A", ["extchild.testns CNAME host.child.aliases.test."], in: .files),
  ]

  static let aliasesSOA =
    "aliases.test. 30 SOA ns.aliases.test. hostmaster.aliases.test. 7 3600 600 86400 30"

  static let podRows: [Row] = [
    .missing("§6.1", "10-1-2-3.testns.pod.cluster.local. A", why: "pod names are disabled"),
    .missing("§6.1", "testns.pod.cluster.local. A"),
    .missing("§6.1", "10-240-0-1.testns.pod.cluster.local. A"),
    .data(
      "§6.2", "10-1-2-3.empty.pod.cluster.local. A",
      ["10-1-2-3.empty.pod.cluster.local. A 10.1.2.3"], in: .insecure),
    .noData("§6.2", "10-1-2-3.testns.pod.cluster.local. AAAA", in: .insecure),
    .noData("§6.2", "10-1-2-3.testns.pod.cluster.local. TXT", in: .insecure),
    .data(
      "§6.2", "fd00-1--2.testns.pod.cluster.local. AAAA",
      ["fd00-1--2.testns.pod.cluster.local. AAAA fd00:1::2"], in: .insecure),
    .data(
      "§6.2", "1-2-3-4-5-6-7-8.testns.pod.cluster.local. AAAA",
      ["1-2-3-4-5-6-7-8.testns.pod.cluster.local. AAAA 1:2:3:4:5:6:7:8"], in: .insecure),
    .data(
      "§6.2", "--1.testns.pod.cluster.local. AAAA", ["--1.testns.pod.cluster.local. AAAA ::1"],
      in: .insecure),
    .data(
      "§6.2", "fd00-1--.testns.pod.cluster.local. AAAA",
      ["fd00-1--.testns.pod.cluster.local. AAAA fd00:1::"], in: .insecure),
    .data(
      "§6.2", "FD00-1--A.testns.pod.cluster.local. AAAA",
      ["FD00-1--A.testns.pod.cluster.local. AAAA fd00:1::a"], in: .insecure),
    .noData("§6.2", "fd00-1--2.testns.pod.cluster.local. A", in: .insecure),
    .missing(
      "§6.2", "10-1-2-256.testns.pod.cluster.local. A", why: "not an address", in: .insecure),
    .missing("§6.2", "10-1-2.testns.pod.cluster.local. A", in: .insecure),
    .missing("§6.2", "10-1-2-03.testns.pod.cluster.local. A", in: .insecure),
    .missing("§6.2", "10-1-2-3-4.testns.pod.cluster.local. A", in: .insecure),
    .missing("§6.2", "10--2-3.testns.pod.cluster.local. A", in: .insecure)
      .replacedByIPv6,
    .missing("§6.2", "web.testns.pod.cluster.local. A", in: .insecure),
    .missing("§6.2", "a-b-c-d.testns.pod.cluster.local. A", in: .insecure),
    .missing("§6.2", "1--2--3.testns.pod.cluster.local. AAAA", in: .insecure),
    .missing(
      "§6.2", "10-1-2-3.nons.pod.cluster.local. A", why: "no such namespace", in: .insecure),
    .missing("§6.2 §8.4", "10-1-2-3.ghost.pod.cluster.local. A", in: .insecure),
    .noData("§6.2", "testns.pod.cluster.local. A", why: "", in: .insecure),
    .noData("§6.2", "empty.pod.cluster.local. TXT", in: .insecure),
    .missing("§6.2", "nons.pod.cluster.local. A", in: .insecure),
    .missing("§18.2", "x.10-1-2-3.testns.pod.cluster.local. A", why: "no such pod", in: .insecure),
    .missing("§18.2", "a.b.10-1-2-3.testns.pod.cluster.local. A", in: .insecure),
    .data(
      "§6.3", "10-240-0-1.testns.pod.cluster.local. A",
      ["10-240-0-1.testns.pod.cluster.local. A 10.240.0.1"], in: .verified),
    .data(
      "§6.3", "fd00-5--1.testns.pod.cluster.local. AAAA",
      ["fd00-5--1.testns.pod.cluster.local. AAAA fd00:5::1"], in: .verified),
    .data(
      "§6.3", "10-240-0-1.other.pod.cluster.local. A",
      ["10-240-0-1.other.pod.cluster.local. A 10.240.0.1"], in: .verified),
    .noData("§6.3", "10-240-0-1.testns.pod.cluster.local. AAAA", in: .verified),
    .missing("§6.3", "10-240-0-2.testns.pod.cluster.local. A", why: "no such pod", in: .verified),
    .missing("§6.3", "10-240-0-3.testns.pod.cluster.local. A", in: .verified),
    .missing("§6.3", "10-240-0-8.testns.pod.cluster.local. A", in: .verified),
    .missing("§6.3", "10-240-0-4.testns.pod.cluster.local. A", in: .verified),
    .missing("§6.3 §8.4", "10-240-0-6.ghost.pod.cluster.local. A", in: .verified),
    .missing("§6.3", "fd00-5--1.other.pod.cluster.local. AAAA", in: .verified),
    .noData("§6.3", "testns.pod.cluster.local. A", in: .verified),
  ]
}

extension Row {
  /// Dashes beside one another make it an IPv6 address, so that A is NODATA.
  fileprivate var replacedByIPv6: Row {
    var row = self
    row.code = .noError
    return row
  }
}
