// Zones from master files, beside the cluster's and leading into it.

import Wire

extension RowTests {
  static let fileRows: [Row] = [
    .data(
      "§5.3", "tosvc.aliases.test. A",
      ["tosvc.aliases.test. 60 CNAME svc1.testns", "svc1.testns A 10.0.0.1"], in: .files),
    .data(
      "§5.3", "tosvc2.aliases.test. A",
      [
        "tosvc2.aliases.test. 60 CNAME tosvc.aliases.test.",
        "tosvc.aliases.test. 60 CNAME svc1.testns", "svc1.testns A 10.0.0.1",
      ], in: .files),
    .data(
      "§5.1", "tosvc.aliases.test. CNAME", ["tosvc.aliases.test. 60 CNAME svc1.testns"], in: .files),
    .noData(
      "§5.3", "tosvc.aliases.test. AAAA", ["tosvc.aliases.test. 60 CNAME svc1.testns"], in: .files),
    .missing(
      "§5.3", "tomiss.aliases.test. A", ["tomiss.aliases.test. 60 CNAME missing.testns"],
      why: "no such service in this namespace", in: .files),
    .data(
      "§5.3 §1.12", "tohdls.aliases.test. SRV",
      [
        "tohdls.aliases.test. 60 CNAME mixed.testns.svc.Cluster.Local.",
        "mixed.testns.svc.Cluster.Local. SRV 0 100 80 m0.mixed.testns.svc.Cluster.Local.",
      ],
      more: [
        "m0.mixed.testns.svc.Cluster.Local. A 172.0.1.1",
        "m0.mixed.testns.svc.Cluster.Local. AAAA fd00:1::1",
      ], in: .files),
    .data(
      "§5.3", "any.wild.aliases.test. A",
      ["any.wild.aliases.test. 60 CNAME svc1.testns", "svc1.testns A 10.0.0.1"], in: .files),
    .data(
      "§5.3", "svc1.tree.aliases.test. A",
      [
        "tree.aliases.test. 60 DNAME testns", "svc1.tree.aliases.test. 60 CNAME svc1.testns",
        "svc1.testns A 10.0.0.1",
      ], in: .files),
    .data(
      "§5.4", "loop.aliases.test. A",
      [
        "loop.aliases.test. 60 CNAME extfileloop.testns",
        "extfileloop.testns CNAME loop.aliases.test.",
      ], in: .files),
    .data(
      "§5.2", "away.aliases.test. A", ["away.aliases.test. 60 CNAME www.example.net."], in: .files),
    .data(
      "§5.2", "web.aliases.test. A",
      ["web.aliases.test. 60 CNAME www.aliases.test.", "www.aliases.test. 60 A 192.0.2.80"],
      in: .files),
    .data(
      "§5.2", "_x._tcp.aliases.test. SRV",
      ["_x._tcp.aliases.test. 60 SRV 0 0 80 www.aliases.test."],
      more: ["www.aliases.test. 60 A 192.0.2.80", "www.aliases.test. 60 AAAA 2001:db8::80"],
      in: .files),
    Row(
      tags: "§13.9", question: "child.aliases.test. DS", setup: .files,
      authority: [aliasesSOA]),
    whoami("§13.9", "host.child.aliases.test. DS", in: .files),
    .data(
      "§13.6", "example.org. NS",
      ["example.org. 3600 NS ns1.example.org.", "example.org. 3600 NS ns2.example.net."],
      more: ["ns1.example.org. 3600 A 192.0.2.53", "ns1.example.org. 3600 AAAA 2001:db8::53"],
      in: .files),
    .data(
      "§13.6", "WWW.example.org. A",
      ["WWW.example.org. 60 A 192.0.2.81", "WWW.example.org. 60 A 192.0.2.82"], in: .files),
    .data(
      "§13.6", "text.example.org. TXT",
      [#"text.example.org. 3600 TXT "one; two" three "four \"five\"""#], in: .files),
    Row(
      tags: "§13.6", question: "host.child.example.org. A", setup: .files, answer: [],
      authority: [
        "child.example.org. 3600 NS ns.child.example.org.",
        "child.example.org. 3600 NS ns1.example.org.",
        "child.example.org. 3600 NS ns.sibling.example.org.",
        "child.example.org. 3600 NS ns.example.net.",
      ],
      additional: [
        "ns.child.example.org. 3600 A 192.0.2.91", "ns.child.example.org. 3600 AAAA 2001:db8::91",
        "ns1.example.org. 3600 A 192.0.2.53", "ns1.example.org. 3600 AAAA 2001:db8::53",
        "ns.sibling.example.org. 3600 A 192.0.2.93",
      ], flags: "qr rd"),
    Row(
      tags: "§13.6", question: "nope.example.org. A", setup: .files, code: .nameError,
      authority: [
        "example.org. 300 SOA ns1.example.org. hostmaster.example.org. 2024052101 7200 900 1209600 300"
      ]),
    .data(
      "§13.6", "80.2.0.192.in-addr.arpa. PTR",
      [
        "80.2.0.192.in-addr.arpa. 86400 PTR example.org.",
        "80.2.0.192.in-addr.arpa. 86400 PTR www.example.org.",
      ], in: .files),
    .fails(
      "§13.8", "x.missing.test. A", why: "file: the zone has not been read yet", authority: [],
      flags: "qr rd", in: .files),
    whoami("§7.4", "nope.passing.test. A", in: .files),
    Row(
      tags: "§7.4", question: "ns.passing.test. AAAA", setup: .files,
      authority: ["passing.test. 5 SOA ns.passing.test. hostmaster.passing.test. 1 2 3 4 5"]),
    .refused("§13.7", "x.bare.test. A", in: .files),
    Row(
      tags: "§13.8", question: "x.silent.test. A", setup: .files, code: .serverFailure,
      authority: [], flags: "qr rd", why: "no plugin of the server block answers this name"),
    // 250 octets leave room for `_udp`, 251 do not.
    whoami("§7.4", "\(longName(250)) A", in: .files),
    Row(
      tags: "§7.4", question: "\(longName(251)) A", setup: .files, authority: [],
      additional: ["\(longName(251)) 0 A 198.51.100.1"]),
    .refused("§13.6", "www.example.net. A", in: .files),
    .refused("§13.6", "www.example.net. A", why: "no server block is for this name"),
    .refused("§13.6", ". NS"),
    .refused("§2.4", "example.org. AXFR", in: .files),
  ]

  /// A name below `passing.test` of so many octets.
  private static func longName(_ octets: Int) -> String {
    let label = String(repeating: "a", count: 63)
    let rest = String(repeating: "b", count: octets - 3 * 64 - "passing.test".count - 2 - 1)
    return "\(label).\(label).\(label).\(rest).passing.test."
  }
}
