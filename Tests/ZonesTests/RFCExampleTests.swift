import Testing
import Wire
import Zones

/// The worked examples of the RFCs, and a reverse zone.
@Suite struct RFCExampleTests {
  @Test(arguments: [
    Row(
      "host3 gets the MX", "host3 MX", .data, ["host3 MX 10 host1"],
      additional: ["host1 A 192.0.2.1"]),
    Row("host3 gets no A", "host3 A", .nodata),
    Row("foo.bar gets the TXT", "foo.bar TXT", .data, ["foo.bar TXT \"this is a wildcard\""]),
    Row("host1 exists, without MX", "host1 MX", .nodata),
    Row("sub.* exists, without MX", "sub.* MX", .nodata),
    Row(
      "_telnet._tcp.host1 has an encloser without wildcard", "_telnet._tcp.host1 SRV", .nameError),
    Row(
      "host.subdel is delegated", "host.subdel A", .delegation,
      authority: ["subdel NS ns.example.com.", "subdel NS ns.example.net."]),
    Row("ghost.* has no wildcard of its own", "ghost.* MX", .nameError),
    Row("_tcp.host2 is an empty non-terminal", "_tcp.host2 TXT", .nodata),
    Row("host2 is an empty non-terminal", "host2 MX", .nodata),
    Row(
      "the wildcard asked for itself", "* MX", .data, ["* MX 10 host1"],
      additional: ["host1 A 192.0.2.1"]),
    Row("sub.* itself", "sub.* TXT", .data, ["sub.* TXT \"this is not a wildcard\""]),
  ])
  func `RFC 4592 §2.2.1`(row: Row) throws {
    try SampleZone(
      "rfc4592.zone", apex: "example.",
      negativeSOA: "@ SOA ns.example.com. admin.example.com. 1 3600 900 86400 3600"
    ).check(row)
  }

  @Test(arguments: [
    Row(
      "§6.2.1 an address", "SRI-NIC.ARPA. A", .data,
      ["SRI-NIC.ARPA. 86400 A 26.0.0.73", "SRI-NIC.ARPA. 86400 A 10.0.0.51"]),
    Row(
      "§6.2.2 everything: one RRset since RFC 8482", "SRI-NIC.ARPA. ANY", .data,
      ["SRI-NIC.ARPA. 86400 A 26.0.0.73", "SRI-NIC.ARPA. 86400 A 10.0.0.51"]),
    Row(
      "§6.2.3 a mail exchanger", "SRI-NIC.ARPA. MX", .data,
      ["SRI-NIC.ARPA. 86400 MX 0 SRI-NIC.ARPA."],
      additional: ["SRI-NIC.ARPA. 86400 A 26.0.0.73", "SRI-NIC.ARPA. 86400 A 10.0.0.51"]),
    Row("§6.2.4 no such type", "SRI-NIC.ARPA. NS", .nodata),
    Row("§6.2.5 no such name", "SIR-NIC.ARPA. A", .nameError),
    Row(
      "§6.2.6 a referral", "BRL.MIL. A", .delegation,
      authority: ["MIL. 86400 NS SRI-NIC.ARPA.", "MIL. 86400 NS A.ISI.EDU."],
      additional: [
        "SRI-NIC.ARPA. 86400 A 26.0.0.73", "SRI-NIC.ARPA. 86400 A 10.0.0.51",
        "A.ISI.EDU. 86400 A 26.3.0.103",
      ]),
    Row(
      "§6.2.7 an alias, here into a child zone", "USC-ISIC.ARPA. A", .alias,
      ["USC-ISIC.ARPA. 86400 CNAME C.ISI.EDU."],
      authority: ["EDU. 86400 NS SRI-NIC.ARPA.", "EDU. 86400 NS C.ISI.EDU."],
      additional: [
        "SRI-NIC.ARPA. 86400 A 26.0.0.73", "SRI-NIC.ARPA. 86400 A 10.0.0.51",
        "C.ISI.EDU. 86400 A 10.0.0.52",
      ],
      target: "C.ISI.EDU."),
    Row(
      "§6.2.8 the alias itself", "USC-ISIC.ARPA. CNAME", .data,
      ["USC-ISIC.ARPA. 86400 CNAME C.ISI.EDU."]),
    Row(
      "§6.3.2 a pointer", "65.0.6.26.IN-ADDR.ARPA. PTR", .data,
      ["65.0.6.26.IN-ADDR.ARPA. 86400 PTR ACC.ARPA."]),
    Row("the root has no address", ". A", .nodata),
    Row(
      "the root's servers", ". NS", .data,
      [". 86400 NS A.ISI.EDU.", ". 86400 NS C.ISI.EDU.", ". 86400 NS SRI-NIC.ARPA."],
      additional: [
        "A.ISI.EDU. 86400 A 26.3.0.103", "C.ISI.EDU. 86400 A 10.0.0.52",
        "SRI-NIC.ARPA. 86400 A 26.0.0.73", "SRI-NIC.ARPA. 86400 A 10.0.0.51",
      ]),
  ])
  func `RFC 1034 §6`(row: Row) throws {
    try SampleZone(
      "rfc1034.zone", apex: ".",
      negativeSOA:
        ". 86400 SOA SRI-NIC.ARPA. HOSTMASTER.SRI-NIC.ARPA. 870611 1800 300 604800 86400"
    ).check(row)
  }

  @Test(arguments: [
    Row("a pointer", "25 PTR", .data, ["25 86400 PTR mail.example.org."]),
    Row(
      "two pointers", "80 PTR", .data,
      ["80 86400 PTR example.org.", "80 86400 PTR www.example.org."]),
    Row("an address without a name", "99 PTR", .nameError),
    Row("the whole network", "@ PTR", .nodata),
    Row(
      "a delegated quarter by aliases (RFC 2317)", "193 PTR", .alias,
      ["193 86400 CNAME 193.192/26"], authority: ["192/26 86400 NS ns.customer.example."],
      target: "193.192/26.2.0.192.in-addr.arpa."),
    Row(
      "the delegated quarter itself", "194.192/26 PTR", .delegation,
      authority: ["192/26 86400 NS ns.customer.example."]),
  ])
  func `a reverse zone`(row: Row) throws {
    try SampleZone(
      "2.0.192.in-addr.arpa.zone", apex: "2.0.192.in-addr.arpa.",
      negativeSOA: """
        @ 3600 SOA ns1.example.org. hostmaster.example.org. 2024052101 7200 900 1209600 3600
        """
    ).check(row)
  }
}
