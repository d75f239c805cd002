import Testing
import Wire
import ZoneFiles

@testable import Zones

/// zones/signed.example.zone, signed beforehand with NSEC.
@Suite struct SignedZoneTests {
  struct SignedRow: Sendable, CustomTestStringConvertible {
    let title: String
    let question: String
    var dnssecOK = true
    /// One word a record: owner and type, of RRSIG the type covered; relative to the apex.
    let answer: String
    let authority: String
    var additional = ""

    var testDescription: String { title }
  }

  @Test(arguments: [
    SignedRow(
      title: "an address with its signature", question: "www A", answer: "www/A www/RRSIG(A)",
      authority: ""),
    SignedRow(
      title: "without DO no signature", question: "www A", dnssecOK: false, answer: "www/A",
      authority: ""),
    SignedRow(
      title: "without DO, but asked for", question: "www NSEC", dnssecOK: false,
      answer: "www/NSEC", authority: ""),
    SignedRow(
      title: "ANY leaves out what only serves DNSSEC", question: "www ANY",
      answer: "www/A www/RRSIG(A)", authority: ""),
    SignedRow(
      title: "an alias: each RRset its signature", question: "alias A",
      answer: "alias/CNAME alias/RRSIG(CNAME) www/A www/RRSIG(A)", authority: ""),
    SignedRow(
      title: "name servers with signed addresses", question: "@ NS",
      answer: "@/NS @/RRSIG(NS)", authority: "", additional: "ns/A ns/RRSIG(A)"),
    SignedRow(
      title: "NODATA: the NSEC at the name", question: "www AAAA", answer: "",
      authority: "@/SOA @/RRSIG(SOA) www/NSEC www/RRSIG(NSEC)"),
    SignedRow(
      title: "NODATA without DO", question: "www AAAA", dnssecOK: false, answer: "",
      authority: "@/SOA"),
    SignedRow(
      title: "NODATA at an empty non-terminal: the NSEC over it", question: "ent A", answer: "",
      authority: "@/SOA @/RRSIG(SOA) alias/NSEC alias/RRSIG(NSEC)"),
    SignedRow(
      title: "name error: over the name and over the wildcard", question: "nothing A", answer: "",
      authority: "@/SOA @/RRSIG(SOA) insecure/NSEC insecure/RRSIG(NSEC) @/NSEC @/RRSIG(NSEC)"),
    SignedRow(
      title: "name error: one NSEC for both", question: "aaa A", answer: "",
      authority: "@/SOA @/RRSIG(SOA) @/NSEC @/RRSIG(NSEC)"),
    SignedRow(
      title: "name error behind the last name", question: "zzz A", answer: "",
      authority: "@/SOA @/RRSIG(SOA) www/NSEC www/RRSIG(NSEC) @/NSEC @/RRSIG(NSEC)"),
    SignedRow(
      title: "wildcard: no closer match", question: "x.wild A", answer: "x.wild/A x.wild/RRSIG(A)",
      authority: "*.wild/NSEC *.wild/RRSIG(NSEC)"),
    SignedRow(
      title: "wildcard NODATA", question: "x.wild AAAA", answer: "",
      authority: "@/SOA @/RRSIG(SOA) *.wild/NSEC *.wild/RRSIG(NSEC)"),
    SignedRow(
      title: "a secure delegation", question: "x.secure A", answer: "",
      authority: "secure/NS secure/DS secure/RRSIG(DS)", additional: "ns.secure/A"),
    SignedRow(
      title: "an insecure delegation: no DS, proven", question: "x.insecure A", answer: "",
      authority: "insecure/NS insecure/NSEC insecure/RRSIG(NSEC)", additional: "ns.insecure/A"),
    SignedRow(
      title: "DS at a cut", question: "secure DS", answer: "secure/DS secure/RRSIG(DS)",
      authority: ""),
    SignedRow(
      title: "no DS at a cut", question: "insecure DS", answer: "",
      authority: "@/SOA @/RRSIG(SOA) insecure/NSEC insecure/RRSIG(NSEC)"),
  ])
  func `signatures and proofs`(row: SignedRow) throws {
    let sample = try SampleZone("signed.example.zone", apex: "signed.example.", negativeSOA: "")
    let (name, type) = try sample.question(row.question)
    let answer = sample.zone.lookup(name, type: type, dnssecOK: row.dnssecOK)
    #expect(words(answer.answer) == row.answer)
    #expect(words(answer.authority) == row.authority)
    #expect(words(answer.additional) == row.additional)
  }

  private func words(_ rrsets: [RRset]) -> String {
    rrsets.flatMap(\.records).map { record in
      let owner = record.owner.description.replacing("signed.example.", with: "")
      let covered = RRSIG.typeCovered(record.rdata).map { "(\($0))" } ?? ""
      return (owner.isEmpty ? "@" : String(owner.dropLast())) + "/\(record.type)"
        + (record.type == .rrsig ? covered : "")
    }.joined(separator: " ")
  }

  @Test func `the signature of a negative SOA has its TTL`() throws {
    let sample = try SampleZone("signed.example.zone", apex: "signed.example.", negativeSOA: "")
    let (name, type) = try sample.question("missing A")
    let authority = sample.zone.lookup(name, type: type, dnssecOK: true).authority
    #expect(authority.prefix(2).map(\.ttl) == [300, 300])
  }

  @Test func `names sort as in RFC 4034 §6.1`() throws {
    let names = [
      "example.", "a.example.", "yljkjljk.a.example.", "Z.a.example.", "zABC.a.EXAMPLE.",
      "z.example.", "\\001.z.example.", "*.z.example.", "\\200.z.example.",
    ]
    let keys = try names.map { CanonicalKey(try #require(DomainName($0))) }
    #expect(keys.sorted() == keys)
    #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
  }
}
