@testable import Forwarding

/// The rules of what is kept, one row each.
enum ReplyRows {
  static let all = positive + chains + negative + signed + contradictions

  static let soa = "example.test. 900 IN SOA ns.example.test. host.example.test. 7 1 2 3 300"
  static let keptSOA = "example.test. 300 IN SOA ns.example.test. host.example.test. 7 1 2 3 300"

  static let positive = [
    ReplyRow(
      sentence: "addresses of the name itself", question: "www.example.test. A",
      answer: ["www.example.test. 60 IN A 192.0.2.1", "www.example.test. 60 IN A 192.0.2.2"],
      kept: ["www.example.test. 60 IN A 192.0.2.1", "www.example.test. 60 IN A 192.0.2.2"],
      ttl: 60),
    ReplyRow(
      sentence: "authority and additional of a positive answer are dropped",
      question: "www.example.test. AAAA", answer: ["www.example.test. 60 IN AAAA 2001:db8::1"],
      authority: ["example.test. 60 IN NS ns.example.test.", soa],
      additional: ["ns.example.test. 60 IN A 192.0.2.53"],
      kept: ["www.example.test. 60 IN AAAA 2001:db8::1"], ttl: 60),
    ReplyRow(
      sentence: "records of other names and other types are dropped",
      question: "www.example.test. A",
      answer: [
        "bank.test. 60 IN A 192.0.2.66", "www.example.test. 60 IN A 192.0.2.1",
        "www.example.test. 5 IN TXT \"x\"", "example.test. 60 IN A 192.0.2.67",
        "a.www.example.test. 60 IN A 192.0.2.68",
      ],
      kept: ["www.example.test. 60 IN A 192.0.2.1"], ttl: 60),
    ReplyRow(
      sentence: "an RRset has its smallest TTL and no record twice", question: "a.test. A",
      answer: [
        "a.test. 60 IN A 192.0.2.1", "a.test. 20 IN A 192.0.2.2", "a.test. 90 IN A 192.0.2.1",
      ],
      kept: ["a.test. 20 IN A 192.0.2.1", "a.test. 20 IN A 192.0.2.2"], ttl: 20),
    ReplyRow(
      sentence: "the same where names differ in spelling alone", question: "a.test. MX",
      answer: [
        "a.test. 60 IN MX 10 mail.a.test.", "a.test. 60 IN MX 10 MAIL.a.test.",
        "a.test. 50 IN MX 20 mail.a.test.",
      ],
      kept: ["a.test. 50 IN MX 10 mail.a.test.", "a.test. 50 IN MX 20 mail.a.test."], ttl: 50),
    ReplyRow(
      sentence: "the largest TTL stays", question: "a.test. TXT",
      answer: ["a.test. 2147483647 IN TXT \"x\""], kept: ["a.test. 2147483647 IN TXT \"x\""],
      ttl: 2_147_483_647),
    ReplyRow(
      sentence: "ANY keeps every type of the name, set by set", question: "a.test. ANY",
      answer: [
        "a.test. 60 IN A 192.0.2.1", "a.test. 50 IN TXT \"x\"", "a.test. 70 IN A 192.0.2.2",
        "b.test. 60 IN A 192.0.2.3",
      ],
      kept: [
        "a.test. 60 IN A 192.0.2.1", "a.test. 60 IN A 192.0.2.2", "a.test. 50 IN TXT \"x\"",
      ], ttl: 50),
    anyRow(types: 256, sentence: "ANY of as many types as are kept"),
    anyRow(types: 257, sentence: "ANY of one type more: it is left out"),
    anyRow(types: 2_000, sentence: "ANY of thousands of types: the first are kept"),
    ReplyRow(
      sentence: "the root's records", question: ". NS", answer: [". 60 IN NS a.root.test."],
      kept: [". 60 IN NS a.root.test."], ttl: 60),
    ReplyRow(
      sentence: "a type that nobody knows", question: "a.test. TYPE777",
      answer: ["a.test. 60 IN TYPE777 \\# 3 010203"],
      kept: ["a.test. 60 IN TYPE777 \\# 3 010203"], ttl: 60),
  ]

  /// Two records of each type, the second ones behind all first ones.
  private static func anyRow(types: Int, sentence: String) -> ReplyRow {
    let given = 0..<types
    let first = given.map { "a.test. 60 IN TYPE\(1_000 + $0) \\# 1 01" }
    let second = given.map { "a.test. 60 IN TYPE\(1_000 + $0) \\# 1 02" }
    let kept = given.prefix(ChainReader.maximumSets).flatMap { [first[$0], second[$0]] }
    return ReplyRow(
      sentence: sentence, question: "a.test. ANY", answer: first + second, kept: kept, ttl: 60)
  }

  static let chains = [
    ReplyRow(
      sentence: "a chain in any order is given in its own", question: "a.test. A",
      answer: [
        "c.test. 30 IN A 192.0.2.1", "b.test. 20 IN CNAME c.test.", "a.test. 40 IN CNAME b.test.",
      ],
      kept: [
        "a.test. 40 IN CNAME b.test.", "b.test. 20 IN CNAME c.test.", "c.test. 30 IN A 192.0.2.1",
      ], ttl: 20, aliases: 2),
    ReplyRow(
      sentence: "names of a chain may be spelled in any way", question: "a.test. A",
      answer: ["A.TEST. 40 IN CNAME B.other.", "b.OTHER. 30 IN A 192.0.2.1"],
      kept: ["a.test. 40 IN CNAME B.other.", "B.other. 30 IN A 192.0.2.1"], ttl: 30, aliases: 1),
    ReplyRow(
      sentence: "what is asked for as CNAME is not followed", question: "a.test. CNAME",
      answer: ["a.test. 40 IN CNAME b.test.", "b.test. 40 IN CNAME c.test."],
      kept: ["a.test. 40 IN CNAME b.test."], ttl: 40),
    ReplyRow(
      sentence: "of several CNAMEs of a name the first", question: "a.test. A",
      answer: [
        "a.test. 40 IN CNAME b.test.", "a.test. 40 IN CNAME c.test.", "b.test. 30 IN A 192.0.2.1",
        "c.test. 30 IN A 192.0.2.2",
      ],
      kept: ["a.test. 40 IN CNAME b.test.", "b.test. 30 IN A 192.0.2.1"], ttl: 30, aliases: 1),
    ReplyRow(
      sentence: "a DNAME with the CNAME that it yields", question: "x.a.test. A",
      answer: [
        "a.test. 50 IN DNAME b.test.", "x.a.test. 40 IN CNAME x.b.test.",
        "x.b.test. 30 IN A 192.0.2.1",
      ],
      kept: [
        "a.test. 50 IN DNAME b.test.", "x.a.test. 40 IN CNAME x.b.test.",
        "x.b.test. 30 IN A 192.0.2.1",
      ], ttl: 30, aliases: 1),
    ReplyRow(
      sentence: "not a DNAME that yields another name, nor one of another tree",
      question: "x.a.test. A",
      answer: [
        "a.test. 50 IN DNAME c.test.", "other.test. 50 IN DNAME b.test.",
        "x.a.test. 50 IN DNAME b.test.", "x.a.test. 40 IN CNAME x.b.test.",
        "x.b.test. 30 IN A 192.0.2.1",
      ],
      kept: ["x.a.test. 40 IN CNAME x.b.test.", "x.b.test. 30 IN A 192.0.2.1"], ttl: 30,
      aliases: 1),
    ReplyRow(
      sentence: "a DNAME without its CNAME leads nowhere", question: "x.a.test. A",
      answer: ["a.test. 50 IN DNAME b.test.", "x.b.test. 30 IN A 192.0.2.1"], kind: .incomplete),
    ReplyRow(
      sentence: "a chain in a circle is not kept for later", question: "a.test. A",
      answer: ["a.test. 40 IN CNAME b.test.", "b.test. 40 IN CNAME a.test."],
      authority: ["test. 60 IN SOA . . 1 2 3 4 5"],
      kind: .incomplete, kept: ["a.test. 40 IN CNAME b.test.", "b.test. 40 IN CNAME a.test."],
      aliases: 2),
    ReplyRow(
      sentence: "nor one of more than 16 CNAMEs", question: "a0.test. A",
      answer: (0..<17).map { "a\($0).test. 40 IN CNAME a\($0 + 1).test." }
        + ["a17.test. 40 IN A 192.0.2.1"],
      kind: .incomplete, kept: (0..<16).map { "a\($0).test. 40 IN CNAME a\($0 + 1).test." },
      aliases: 16),
    ReplyRow(
      sentence: "one of 16 is", question: "a0.test. A",
      answer: (0..<16).map { "a\($0).test. 40 IN CNAME a\($0 + 1).test." }
        + ["a16.test. 40 IN A 192.0.2.1"],
      kept: (0..<16).map { "a\($0).test. 40 IN CNAME a\($0 + 1).test." }
        + ["a16.test. 40 IN A 192.0.2.1"],
      ttl: 40, aliases: 16),
  ]

  static let negative = [
    ReplyRow(
      sentence: "NODATA with its SOA, which lives no longer than its MINIMUM",
      question: "www.example.test. AAAA", authority: [soa], kind: .noData,
      keptAuthority: [keptSOA], ttl: 300),
    ReplyRow(
      sentence: "nor longer than its TTL", question: "www.example.test. AAAA", flags: 0x8183,
      authority: ["example.test. 60 IN SOA ns.example.test. host.example.test. 7 1 2 3 300"],
      kind: .nameError,
      keptAuthority: ["example.test. 60 IN SOA ns.example.test. host.example.test. 7 1 2 3 300"],
      ttl: 60),
    ReplyRow(
      sentence: "one SOA, at or above the name; NS and others are dropped",
      question: "www.example.test. A", flags: 0x8183,
      authority: [
        "other.test. 900 IN SOA . . 1 2 3 4 5", "a.www.example.test. 900 IN SOA . . 1 2 3 4 5",
        "example.test. 60 IN NS ns.example.test.", soa, "test. 900 IN SOA . . 1 2 3 4 5",
      ],
      kind: .nameError, keptAuthority: [keptSOA], ttl: 300),
    ReplyRow(
      sentence: "NODATA without an SOA is given, not kept", question: "www.example.test. A",
      authority: ["other.test. 900 IN SOA . . 1 2 3 4 5"], kind: .incomplete),
    ReplyRow(
      sentence: "nor is NXDOMAIN", question: "www.example.test. A", flags: 0x8183,
      kind: .nameError),
    ReplyRow(
      sentence: "a referral is no answer", question: "www.example.test. A", flags: 0x8100,
      authority: ["example.test. 60 IN NS ns.example.test."],
      additional: ["ns.example.test. 60 IN A 192.0.2.53"], kind: .incomplete),
    ReplyRow(
      sentence: "NXDOMAIN behind a CNAME is said of its target", question: "a.other. A",
      flags: 0x8183, answer: ["a.other. 40 IN CNAME no.example.test."],
      authority: ["other. 900 IN SOA . . 1 2 3 4 5", soa], kind: .nameError,
      kept: ["a.other. 40 IN CNAME no.example.test."], keptAuthority: [keptSOA], ttl: 40,
      aliases: 1),
    ReplyRow(
      sentence: "NODATA behind a CNAME with the SOA of the first name is not kept",
      question: "a.other. A", answer: ["a.other. 40 IN CNAME no.example.test."],
      authority: ["other. 900 IN SOA . . 1 2 3 4 5"], kind: .incomplete,
      kept: ["a.other. 40 IN CNAME no.example.test."], aliases: 1),
  ]

  static let contradictions = [
    ReplyRow(
      sentence: "data with NXDOMAIN is given, not kept", question: "a.test. A", flags: 0x8183,
      answer: ["a.test. 40 IN A 192.0.2.1"], kind: .incomplete,
      kept: ["a.test. 40 IN A 192.0.2.1"]),
    ReplyRow(
      sentence: "a failure's records are dropped", question: "a.test. A", flags: 0x8182,
      answer: ["a.test. 40 IN A 192.0.2.1"], authority: [soa], kind: .failure),
    ReplyRow(
      sentence: "a refusal is one of the failures", question: "a.test. A", flags: 0x8185,
      kind: .failure),
  ]

  static func rrsig(
    _ owner: String, _ type: String, labels: Int, ttl: Int = 60, signer: String = "example.test."
  ) -> String {
    "\(owner) \(ttl) IN RRSIG \(type) 13 \(labels) 60 20300101000000 20200101000000 1 \(signer) "
      + "AAAA"
  }

  static let nsec = "a.example.test. 60 IN NSEC z.example.test. A RRSIG NSEC"

  static let signed = [
    ReplyRow(
      sentence: "signatures come with what they cover, at one TTL",
      question: "www.example.test. A +do",
      answer: [
        rrsig("www.example.test.", "A", labels: 3, ttl: 20),
        "www.example.test. 60 IN A 192.0.2.1", rrsig("www.example.test.", "TXT", labels: 3),
        rrsig("example.test.", "A", labels: 2),
      ],
      authority: [nsec, rrsig("a.example.test.", "NSEC", labels: 3)],
      kept: [
        "www.example.test. 20 IN A 192.0.2.1",
        rrsig("www.example.test.", "A", labels: 3, ttl: 20),
      ], ttl: 20),
    ReplyRow(
      sentence: "without DO there are none", question: "www.example.test. A",
      answer: [
        "www.example.test. 60 IN A 192.0.2.1", rrsig("www.example.test.", "A", labels: 2),
      ],
      authority: [nsec], kept: ["www.example.test. 60 IN A 192.0.2.1"], ttl: 60),
    ReplyRow(
      sentence: "a wildcard's answer comes with the proof that it may be",
      question: "www.example.test. A +do",
      answer: [
        "www.example.test. 60 IN A 192.0.2.1", rrsig("www.example.test.", "A", labels: 2),
      ],
      authority: [
        "example.test. 60 IN NS ns.example.test.", rrsig("example.test.", "NS", labels: 2), nsec,
        rrsig("a.example.test.", "NSEC", labels: 3),
      ],
      kept: ["www.example.test. 60 IN A 192.0.2.1", rrsig("www.example.test.", "A", labels: 2)],
      keptAuthority: [nsec, rrsig("a.example.test.", "NSEC", labels: 3)], ttl: 60),
    ReplyRow(
      sentence: "the wildcard's own name needs none", question: "*.example.test. A +do",
      answer: ["*.example.test. 60 IN A 192.0.2.1", rrsig("*.example.test.", "A", labels: 2)],
      authority: [nsec, rrsig("a.example.test.", "NSEC", labels: 3)],
      kept: ["*.example.test. 60 IN A 192.0.2.1", rrsig("*.example.test.", "A", labels: 2)],
      ttl: 60),
    ReplyRow(
      sentence: "NXDOMAIN with SOA, NSEC and their signatures",
      question: "www.example.test. A +do", flags: 0x8183,
      authority: [
        nsec, rrsig("a.example.test.", "NSEC", labels: 3),
        rrsig("example.test.", "SOA", labels: 2, ttl: 900), soa,
        rrsig("example.test.", "NS", labels: 2), "b.example.test. 60 IN A 192.0.2.9",
      ],
      kind: .nameError,
      keptAuthority: [
        keptSOA, rrsig("example.test.", "SOA", labels: 2, ttl: 300), nsec,
        rrsig("a.example.test.", "NSEC", labels: 3),
      ], ttl: 60),
    ReplyRow(
      sentence: "a signed DNAME and the chain it makes", question: "x.a.example.test. A +do",
      answer: [
        "a.example.test. 50 IN DNAME b.example.test.",
        rrsig("a.example.test.", "DNAME", labels: 3),
        "x.a.example.test. 50 IN CNAME x.b.example.test.", "x.b.example.test. 30 IN A 192.0.2.1",
        rrsig("x.b.example.test.", "A", labels: 4),
      ],
      kept: [
        "a.example.test. 50 IN DNAME b.example.test.",
        rrsig("a.example.test.", "DNAME", labels: 3, ttl: 50),
        "x.a.example.test. 50 IN CNAME x.b.example.test.", "x.b.example.test. 30 IN A 192.0.2.1",
        rrsig("x.b.example.test.", "A", labels: 4, ttl: 30),
      ], ttl: 30, aliases: 1),
  ]
}
