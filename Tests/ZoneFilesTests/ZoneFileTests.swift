import Testing
import Wire
import ZoneFiles

/// Master files: what they may leave out, directives, files in files, and errors with their place.
@Suite struct ZoneFileTests {
  struct Sample: Sendable, CustomTestStringConvertible {
    let title: String
    let files: [String: String]
    /// The records of `main`, in their one presentation.
    var records: [String] = []
    /// Or the error, without the directory.
    var error = ""
    var testDescription: String { title }

    init(_ title: String, _ text: String, _ records: [String]) {
      self.init(title, ["main": text], records)
    }

    init(_ title: String, _ files: [String: String], _ records: [String]) {
      (self.title, self.files, self.records) = (title, files, records)
    }

    init(_ title: String, _ text: String, error: String) {
      self.init(title, ["main": text], error: error)
    }

    init(_ title: String, _ files: [String: String], error: String) {
      (self.title, self.files, self.error) = (title, files, error)
    }
  }

  @Test(arguments: [
    Sample("an empty file", "", []),
    Sample("only comments and blanks", "; nothing\n\n   \n\t; here\n", []),
    Sample("no line end at the end", "a 1 IN A 192.0.2.1", ["a.example. 1 IN A 192.0.2.1"]),
    Sample("line ends of DOS", "a 1 IN A 192.0.2.1\r\n", ["a.example. 1 IN A 192.0.2.1"]),
    Sample("TTL first", "a 60 IN A 192.0.2.1\n", ["a.example. 60 IN A 192.0.2.1"]),
    Sample("class first", "a IN 60 A 192.0.2.1\n", ["a.example. 60 IN A 192.0.2.1"]),
    Sample("no class", "a 60 A 192.0.2.1\n", ["a.example. 60 IN A 192.0.2.1"]),
    Sample("lower case", "a 60 in a 192.0.2.1\n", ["a.example. 60 IN A 192.0.2.1"]),
    Sample("TTL with units", "a 1h30m A 192.0.2.1\n", ["a.example. 5400 IN A 192.0.2.1"]),
    Sample("the longest TTL", "a 2147483647 A 192.0.2.1", ["a.example. 2147483647 IN A 192.0.2.1"]),
    Sample(
      "the owner of the line before", "a 1 A 192.0.2.1\n  1 A 192.0.2.2\n\t1 A 192.0.2.3\n",
      (1...3).map { "a.example. 1 IN A 192.0.2.\($0)" }),
    Sample("@ is the origin", "@ 1 NS @", ["example. 1 IN NS example."]),
    Sample(
      "an owner that looks like a TTL", "300 1 A 192.0.2.1", ["300.example. 1 IN A 192.0.2.1"]),
    Sample(
      "an owner that looks like a class", "in 1 A 192.0.2.1", ["in.example. 1 IN A 192.0.2.1"]),
    Sample(
      "an escaped owner", #"a\.b\032c 1 A 192.0.2.1"#, [#"a\.b\032c.example. 1 IN A 192.0.2.1"#]),
    Sample(
      "parentheses over lines, with comments",
      "a 1 SOA ns host ( ; one\n 1 2\n\n3 ; three )\n 4 5)\nb 1 A 192.0.2.1",
      [
        "a.example. 1 IN SOA ns.example. host.example. 1 2 3 4 5", "b.example. 1 IN A 192.0.2.1",
      ]),
    Sample(
      "signs in quotes are text", #"a 1 TXT "; ( ) $ @" x"y"#,
      [#"a.example. 1 IN TXT "; ( ) $ @" "x\"y""#]),
    Sample("escaped signs are text", #"a 1 TXT \; \( \)"#, [#"a.example. 1 IN TXT ";" "(" ")""#]),
    Sample("an unknown type", "a 1 TYPE731 \\# 2 ABCD", ["a.example. 1 IN TYPE731 \\# 2 abcd"]),
    Sample("a known type in octets", "a 1 A \\# 4 C0000201", ["a.example. 1 IN A 192.0.2.1"]),
  ])
  func `records`(sample: Sample) throws {
    try check(sample)
  }

  @Test(arguments: [
    Sample("$TTL", "$TTL 1d\na A 192.0.2.1", ["a.example. 86400 IN A 192.0.2.1"]),
    Sample(
      "$TTL after a stated TTL", "a 5 A 192.0.2.1\n$ttl 9\nb A 192.0.2.2",
      ["a.example. 5 IN A 192.0.2.1", "b.example. 9 IN A 192.0.2.2"]),
    Sample("$TTL 0", "$TTL 0\na A 192.0.2.1", ["a.example. 0 IN A 192.0.2.1"]),
    Sample(
      "without $TTL the last one stated (RFC 1035 §5.1)", "a 5 A 192.0.2.1\nb A 192.0.2.2",
      ["a.example. 5 IN A 192.0.2.1", "b.example. 5 IN A 192.0.2.2"]),
    Sample(
      "with $TTL the last one stated has no force", "$TTL 9\na 5 A 192.0.2.1\nb A 192.0.2.2",
      ["a.example. 5 IN A 192.0.2.1", "b.example. 9 IN A 192.0.2.2"]),
    Sample(
      "without any TTL the SOA's MINIMUM", "@ SOA ns host 1 2 3 4 55\na A 192.0.2.1",
      [
        "example. 55 IN SOA ns.example. host.example. 1 2 3 4 55", "a.example. 55 IN A 192.0.2.1",
      ]),
    Sample(
      "$ORIGIN, absolute and relative",
      "$TTL 1\n$ORIGIN b.example.\na A 192.0.2.1\n$ORIGIN c\na A 192.0.2.2\n$ORIGIN .\na A 192.0.2.3",
      ["a.b.example. 1 IN A 192.0.2.1", "a.c.b.example. 1 IN A 192.0.2.2", "a. 1 IN A 192.0.2.3"]),
    Sample(
      "$ORIGIN keeps the last owner", "$TTL 1\na A 192.0.2.1\n$ORIGIN b\n A 192.0.2.2",
      ["a.example. 1 IN A 192.0.2.1", "a.example. 1 IN A 192.0.2.2"]),
    Sample(
      "$INCLUDE", ["main": "$TTL 1\n$INCLUDE other ; there\nb NS c\n", "other": "a NS c\n"],
      ["a.example. 1 IN NS c.example.", "b.example. 1 IN NS c.example."]),
    Sample(
      "$INCLUDE with an origin leaves ours as it was",
      ["main": "$TTL 1\n$INCLUDE \"other\" x\nb NS c\n", "other": "a NS c\n$ORIGIN y\nd NS e"],
      [
        "a.x.example. 1 IN NS c.x.example.", "d.y.x.example. 1 IN NS e.y.x.example.",
        "b.example. 1 IN NS c.example.",
      ]),
    Sample(
      "TTL and owner of an included file stay there",
      [
        "main": "$TTL 1\na NS b\n$INCLUDE other\n TXT t\n", "other": "$TTL 2\nc NS d\n",
      ],
      [
        "a.example. 1 IN NS b.example.", "c.example. 2 IN NS d.example.",
        "a.example. 1 IN TXT \"t\"",
      ]),
    Sample(
      "relative to the including file",
      [
        "main": "$TTL 1\n$INCLUDE sub/one", "sub/one": "a NS b\n$INCLUDE two", "sub/two": "c NS d",
      ],
      ["a.example. 1 IN NS b.example.", "c.example. 1 IN NS d.example."]),
  ])
  func `directives`(sample: Sample) throws {
    try check(sample)
  }

  @Test(arguments: [
    Sample(
      "a missing file", [:], error: "main: error: cannot open the file: No such file or directory"),
    Sample(
      "no TTL", "\na A 192.0.2.1",
      error: "main:2: error: no TTL: give the record one, or the file a $TTL before it"),
    Sample("no owner", " 1 A 192.0.2.1", error: "main:1: error: the first record names no owner"),
    Sample("no type", "a 1 IN", error: "main:1: error: the record has no type"),
    Sample("only an owner", "a", error: "main:1: error: the record has no type"),
    Sample("an unknown type", "a 1 IN FOO x", error: "main:1: error: unknown type FOO"),
    Sample(
      "an unknown type, owner left out", "a 1 A 192.0.2.1\n 1 FOO x",
      error: "main:2: error: unknown type FOO"),
    Sample(
      "another class", "a 1 CH TXT x", error: "main:1: error: class CH is not served, only IN"),
    Sample(
      "a numbered class", "a 1 CLASS3 TXT x",
      error: "main:1: error: class CLASS3 is not served, only IN"),
    Sample(
      "a TTL that is too long", "a 2147483648 A 192.0.2.1",
      error: "main:1: error: the TTL is above 2147483647 seconds"),
    Sample(
      "a TTL far too long", "a 99999999999999999999w A 192.0.2.1",
      error: "main:1: error: the TTL is above 2147483647 seconds"),
    Sample(
      "an address with three numbers", "a 1 A 192.0.2",
      error: "main:1: error: cannot read the A record: Syntax error, could not parse the RR's rdata"
    ),
    Sample(
      "RDATA left over", "a 1 A 192.0.2.1 x",
      error: "main:1: error: cannot read the A record: Syntax error, superfluous text present"),
    Sample(
      "RDATA missing", "a 1 MX 10",
      error: "main:1: error: cannot read the MX record: Syntax error, value expected"),
    Sample(
      "a preference that is too large", "a 1 MX 65536 b",
      error: "main:1: error: 65536 is above 65535"),
    Sample(
      "a port that is too large", "a 1 IN SRV 0 0 70000 b",
      error: "main:1: error: 70000 is above 65535"),
    Sample(
      "a serial that is too large", "a 1 SOA b c 4294967296 1 1 1 1",
      error: "main:1: error: 4294967296 is above 4294967295"),
    Sample(
      "the line where the entry begins", "\n\na 1 SOA b c (\n1\n2\n3\nx y )\n",
      error:
        "main:3: error: cannot read the SOA record: Syntax error, could not parse the RR's rdata"),
    Sample(
      "an open parenthesis", "\na 1 A ( 192.0.2.1\n\n",
      error: "main:2: error: a parenthesis is never closed"),
    Sample(
      "a closing parenthesis", "a 1 A 192.0.2.1 )",
      error: "main:1: error: a closing parenthesis without an opening one"),
    Sample(
      "an open quote", "a 1 TXT \"x\nb 1 TXT \"y",
      error: "main:1: error: a quoted string does not end on its line"),
    Sample(
      "a backslash at the end", "a 1 TXT x\\\n", error: "main:1: error: a backslash ends the line"),
    Sample("a NUL octet", "a 1 TXT x\0y\n", error: "main:1: error: the text holds a NUL octet"),
    Sample(
      "an unknown directive", "\n$GENERATE 1-2 a A 192.0.2.$",
      error: "main:2: error: unknown directive $GENERATE"),
    Sample(
      "$ORIGIN without a name", "$ORIGIN",
      error: "main:1: error: wrong number of arguments for $ORIGIN"),
    Sample(
      "$ORIGIN with an empty label", "$ORIGIN a..b.",
      error: "main:1: error: a..b. is not a domain name"),
    Sample(
      "$TTL that is none", "$TTL x",
      error: "main:1: error: x is no TTL: seconds, or a form such as 1h30m"),
    Sample(
      "$TTL that is too long", "$TTL 3000000000",
      error: "main:1: error: the TTL is above 2147483647 seconds"),
    Sample(
      "an error in an included file", ["main": "$INCLUDE other", "other": "\n\na 1 A x"],
      error:
        "other:3: error: cannot read the A record: Syntax error, could not parse the RR's rdata"),
    Sample(
      "a missing included file", "$INCLUDE other",
      error: "other: error: cannot open the file: No such file or directory"),
    Sample(
      "a file that includes itself", "\n$INCLUDE main",
      error: "main:2: error: files are included more than 10 deep"),
    Sample("a directory", "$INCLUDE .", error: ".: error: not a regular file"),
    Sample(
      "an owner that is too long",
      "$TTL 1\n\((0..<5).map { _ in String(repeating: "x", count: 60) }.joined(separator: ".")) NS x",
      error: "main:2: error: cannot read the NS record: Syntax error, could not parse the RR"),
    Sample(
      "an entry without end", "a 1 TXT ( " + String(repeating: "x ", count: 150_001),
      error: "main:1: error: the entry is longer than 300000 octets"),
  ])
  func `errors name file and line`(sample: Sample) throws {
    try check(sample)
  }

  private func check(
    _ sample: Sample, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let directory = try TemporaryDirectory(sample.files)
    let origin = try #require(DomainName("example."))
    do {
      let records = try ZoneFile.read(path: directory.path + "/main", origin: origin)
      #expect(records.map(RecordText.format) == sample.records, sourceLocation: sourceLocation)
      #expect(sample.error.isEmpty, sourceLocation: sourceLocation)
    } catch {
      let text = error.description.replacing(directory.path + "/", with: "")
      #expect(text == sample.error, sourceLocation: sourceLocation)
    }
  }

  @Test func `a missing file can be told from bad text`() throws {
    let directory = try TemporaryDirectory(["bad": "x"])
    func error(_ name: String) -> ZoneFileError? {
      #expect(throws: ZoneFileError.self) {
        try ZoneFile.read(path: directory.path + "/" + name, origin: .root)
      }
    }
    #expect(error("missing")?.errorNumber == 2)
    #expect(error("bad")?.errorNumber == nil)
  }

  @Test func `what a zone refuses is an error of its file`() throws {
    let directory = try TemporaryDirectory(["main": "a 1 A 192.0.2.1\n"])
    let apex = try #require(DomainName("example."))
    let path = directory.path + "/main"
    let error = #expect(throws: ZoneFileError.self) { try ZoneFile.zone(path: path, apex: apex) }
    #expect(error?.description == "\(path): error: no SOA record at the zone apex example.")
  }

  @Test func `entries over the edges of blocks`() throws {
    let text = (0..<9000).map { "n\($0) 1 A 192.0.2.\($0 % 256) ; comment\n" }.joined()
    let directory = try TemporaryDirectory(["main": text])
    var count = 0
    try ZoneFile.forEachRecord(path: directory.path + "/main", origin: .root) { record in
      #expect(record.rdata == [192, 0, 2, UInt8(count % 256)])
      #expect(record.owner == DomainName("n\(count)."))
      count += 1
    }
    #expect(count == 9000)
  }
}
