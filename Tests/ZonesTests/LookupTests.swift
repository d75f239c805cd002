import Testing
import Wire
import Zones

/// zones/example.org.zone: one of everything.
@Suite struct LookupTests {
  private let sample: SampleZone

  init() throws {
    sample = try SampleZone(
      "example.org.zone", apex: "example.org.",
      negativeSOA: "@ 300 SOA ns1 hostmaster 2024052101 7200 900 1209600 300")
  }

  @Test(arguments: [
    Row("the address of the apex", "@ A", .data, ["@ A 192.0.2.80"]),
    Row("the IPv6 address of the apex", "@ AAAA", .data, ["@ AAAA 2001:db8::80"]),
    Row(
      "the SOA keeps its own TTL in a positive answer", "@ SOA", .data,
      ["@ SOA ns1 hostmaster 2024052101 7200 900 1209600 300"]),
    Row(
      "name servers come with the addresses in the zone", "@ NS", .data,
      ["@ NS ns1", "@ NS ns2.example.net."],
      additional: ["ns1 A 192.0.2.53", "ns1 AAAA 2001:db8::53"]),
    Row(
      "mail exchangers come with the addresses in the zone", "@ MX", .data,
      ["@ MX 10 mail", "@ MX 20 mail.example.net."], additional: ["mail A 192.0.2.25"]),
    Row("text", "@ TXT", .data, ["@ TXT \"v=spf1 mx -all\""]),
    Row("CAA", "@ CAA", .data, ["@ CAA 0 issue \"ca.example.net\""]),
    Row(
      "ANY is one RRset (RFC 8482)", "@ ANY", .data,
      ["@ SOA ns1 hostmaster 2024052101 7200 900 1209600 300"]),
    Row("ANY of a missing name", "missing ANY", .nameError),
    Row("ANY of an empty non-terminal", "ent ANY", .nodata),
    Row("ANY at an alias is the CNAME", "web ANY", .data, ["web CNAME www"]),
    Row(
      "one TTL for an RRset, the smallest, and no record twice (RFC 2181 §5)", "www A", .data,
      ["www 60 A 192.0.2.81", "www 60 A 192.0.2.82"]),
    Row(
      "the question's spelling is kept (RFC 4343)", "WwW.ExAmPlE.oRg. A", .data,
      ["WwW.ExAmPlE.oRg. 60 A 192.0.2.81", "WwW.ExAmPlE.oRg. 60 A 192.0.2.82"]),
    Row(
      "several character strings", "text TXT", .data,
      [#"text TXT "one; two" "three" "four \"five\"""#]),
    Row(
      "a type without a mnemonic (RFC 3597)", "odd TYPE731", .data,
      ["odd TYPE731 \\# 6 abcdef012345"]),
    Row("a dot inside a label", #"odd\.dot A"#, .data, [#"odd\.dot A 192.0.2.70"#]),
    Row("a dot inside a label is no label end", "dot.odd A", .nameError),
    Row("the name exists, the type does not", "www AAAA", .nodata),
    Row("the apex exists, the type does not", "@ SRV", .nodata),
    Row("DS at the apex is the parent's: none here", "@ DS", .nodata),
    Row("no such name", "missing A", .nameError),
    Row("no such name deep below nothing", "a.b.missing A", .nameError),
    Row("no such name below a name", "x.www A", .nameError),
    Row("negative answers carry min(SOA TTL, MINIMUM) (RFC 2308)", "missing SOA", .nameError),
    Row("an empty non-terminal is there", "ent A", .nodata),
    Row("every empty non-terminal is there", "c.deep A", .nodata),
    Row("the upper one too", "deep A", .nodata),
    Row("beside an empty non-terminal is nothing", "x.deep A", .nameError),
    Row("below empty non-terminals is data", "a.b.c.deep A", .data, ["a.b.c.deep A 192.0.2.32"]),
    Row("the parent of a service name is there", "_udp SRV", .nodata),
    Row(
      "a name of another zone", "example.net. A", .nodata, rcode: .refused, aa: false,
      authority: []),
    Row("the parent of the zone", "org. NS", .nodata, rcode: .refused, aa: false, authority: []),
    Row(
      "a name that only ends in the same octets", "xexample.org. A", .nodata, rcode: .refused,
      aa: false, authority: []),
  ])
  func `data, NODATA and name errors`(row: Row) throws {
    try sample.check(row)
  }

  @Test(arguments: [
    Row(
      "services come with the addresses in the zone", "_sip._udp SRV", .data,
      [
        "_sip._udp SRV 10 60 5060 sip1", "_sip._udp SRV 10 40 5060 sip2",
        "_sip._udp SRV 20 0 5060 sip.example.net.",
      ],
      additional: ["sip1 A 192.0.2.61", "sip1 AAAA 2001:db8::61", "sip2 A 192.0.2.62"]),
    Row(
      "HTTPS comes with its target's address (RFC 9460 §4.1)", "svc HTTPS", .data,
      ["svc HTTPS 1 web-target alpn=h2"], additional: ["web-target A 192.0.2.90"]),
    Row(
      "glue is not given for a mail exchanger", "inchild MX", .data,
      ["inchild MX 5 host.child"]),
    Row(
      "an address from a wildcard's mail exchanger", "here.mx MX", .data,
      ["here.mx MX 10 mail"], additional: ["mail A 192.0.2.25"]),
  ])
  func `the additional section`(row: Row) throws {
    try sample.check(row)
  }

  @Test(arguments: [
    Row(
      "an alias and its address", "web A", .data,
      ["web CNAME www", "www 60 A 192.0.2.81", "www 60 A 192.0.2.82"]),
    Row(
      "an alias of an alias", "chain A", .data,
      ["chain CNAME web", "web CNAME www", "www 60 A 192.0.2.81", "www 60 A 192.0.2.82"]),
    Row("the alias itself is asked for", "chain CNAME", .data, ["chain CNAME web"]),
    Row("an alias whose target has not the type", "web AAAA", .nodata, ["web CNAME www"]),
    Row(
      "an alias whose target is missing: its RCODE (RFC 6604)", "broken A", .nameError,
      ["broken CNAME missing"]),
    Row("an alias of an empty non-terminal", "empty A", .nodata, ["empty CNAME ent"]),
    Row(
      "an alias out of the zone", "away A", .alias, ["away CNAME www.example.net."],
      target: "www.example.net."),
    Row(
      "a chain out of the zone", "far TXT", .alias,
      ["far CNAME away", "away CNAME www.example.net."], target: "www.example.net."),
    Row("an alias of itself, once", "self A", .alias, ["self CNAME self"]),
    Row("an alias of itself in capitals", "SELF A", .alias, ["SELF CNAME self"]),
    Row(
      "aliases in a circle, each once", "round A", .alias,
      ["round CNAME round2", "round2 CNAME round"]),
    Row(
      "an alias into a child zone brings the referral", "tochild A", .alias,
      ["tochild CNAME host.child"],
      authority: [
        "child NS ns.child", "child NS ns1", "child NS ns.sibling", "child NS ns.example.net.",
      ],
      additional: [
        "ns.child A 192.0.2.91", "ns.child AAAA 2001:db8::91", "ns1 A 192.0.2.53",
        "ns1 AAAA 2001:db8::53", "ns.sibling A 192.0.2.93",
      ],
      target: "host.child.example.org."),
    Row(
      "an alias to a wildcard", "towild A", .data,
      ["towild CNAME any.wild", "any.wild A 192.0.2.40"]),
    Row(
      "ten aliases are followed", "l1 A", .data,
      (1...10).map { "l\($0) CNAME l\($0 + 1)" } + ["l11 A 192.0.2.11"]),
    Row(
      "the eleventh is left to the client", "l0 A", .alias,
      (0...10).map { "l\($0) CNAME l\($0 + 1)" }, target: "l11.example.org."),
  ])
  func `aliases`(row: Row) throws {
    try sample.check(row)
  }

  @Test(arguments: [
    Row("a wildcard answers at the name asked", "any.wild A", .data, ["any.wild A 192.0.2.40"]),
    Row("over several labels", "a.b.any.wild A", .data, ["a.b.any.wild A 192.0.2.40"]),
    Row("with the question's spelling", "ANY.wild TXT", .data, ["ANY.wild TXT any"]),
    Row("without the type", "any.wild AAAA", .nodata),
    Row("asked for itself", "*.wild A", .data, ["*.wild A 192.0.2.40"]),
    Row("not at its parent", "wild A", .nodata),
    Row("not at an existing name", "taken.wild A", .nodata),
    Row("not below an existing name", "x.taken.wild A", .nameError),
    Row("not at an empty non-terminal", "sub.wild A", .nodata),
    Row("not below an empty non-terminal", "y.sub.wild A", .nameError),
    Row("an asterisk elsewhere is a plain label", "*.www A", .nameError),
    Row("an asterisk below a wildcard's parent", "x.*.wild A", .nameError),
    Row(
      "a wildcard alias", "x.alias A", .data,
      ["x.alias CNAME www", "www 60 A 192.0.2.81", "www 60 A 192.0.2.82"]),
    Row("a wildcard alias itself", "x.alias CNAME", .data, ["x.alias CNAME www"]),
    Row("ANY at a wildcard", "any.wild ANY", .data, ["any.wild A 192.0.2.40"]),
  ])
  func `wildcards`(row: Row) throws {
    try sample.check(row)
  }
}
