import Testing
import Wire
import ZoneFiles

/// Where names sit in RDATA.
@Suite struct RDATALayoutTests {
  @Test(arguments: [
    ("x. A 192.0.2.1", [], true),
    ("x. NS Ns.Example.", ["Ns.Example."], true),
    ("x. SOA a. b. 1 2 3 4 5", ["a.", "b."], true),
    ("x. MX 10 mail.example.", ["mail.example."], true),
    ("x. RP a. b.", ["a.", "b."], false),
    ("x. SRV 1 2 3 target.example.", ["target.example."], false),
    (#"x. NAPTR 1 2 "u" "sip" "!^.*$!x!" r.example."#, ["r.example."], false),
    ("x. DNAME y.", ["y."], false),
    ("x. NSEC y. A TXT", ["y."], false),
    ("x. HTTPS 1 svc.example. alpn=h2", ["svc.example."], false),
    ("x. TYPE731 \\# 3 016100", [], false),
  ])
  func `names are found`(text: String, names: [String], compressible: Bool) throws {
    let record = try RecordText.parse(text)
    let layout = record.type.rdataLayout
    let ranges = try #require(layout.nameRanges(in: record.rdata))
    #expect(ranges.map { DomainName.presentation(record.rdata[$0]) } == names)
    for case .name(let isCompressible) in layout.fields {
      #expect(isCompressible == compressible)
    }
  }

  @Test(arguments: ["x. A 192.0.2.1", "x. SRV 1 2 3 a.b.", "x. SOA a. b. 1 2 3 4 5"])
  func `a record that is cut short is malformed`(text: String) throws {
    let record = try RecordText.parse(text)
    for count in 0..<record.rdata.count {
      #expect(record.type.rdataLayout.nameRanges(in: Array(record.rdata.prefix(count))) == nil)
    }
    #expect(record.type.rdataLayout.nameRanges(in: record.rdata + [0]) == nil)
  }

  @Test func `only names are folded`() throws {
    let record = try RecordText.parse(#"x. NAPTR 1 2 "U" "SIP" "" R.Example."#)
    let canonical = try RecordText.parse(#"x. NAPTR 1 2 "U" "SIP" "" r.example."#)
    #expect(record.type.rdataLayout.canonical(record.rdata) == canonical.rdata)
  }
}
