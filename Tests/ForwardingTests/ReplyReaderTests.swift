import Forwarding
import Testing
import Wire

/// A reply and what is kept of it.
struct ReplyRow: CustomTestStringConvertible {
  var sentence: String
  var question: String
  var flags: UInt16 = 0x8180
  var answer: [String] = []
  var authority: [String] = []
  var additional: [String] = []
  var kind = AnswerHeader.Kind.positive
  var kept: [String] = []
  var keptAuthority: [String] = []
  var ttl: UInt32 = 0
  var aliases: UInt16 = 0

  var testDescription: String { sentence }
}

@Suite struct ReplyReaderTests {
  @Test(arguments: ReplyRows.all, [true, false])
  func `what belongs to the question is kept`(row: ReplyRow, compressed: Bool) throws {
    var message = try UpstreamMessage(row.question)
    message.flags = row.flags
    message.answer = row.answer
    message.authority = row.authority
    message.additional = row.additional
    message.compresses = compressed
    let (answer, details) = try message.kept()
    let lines = try answer.lines(message.question)
    #expect(try lines.answer == ForwardedText.canonical(row.kept))
    #expect(try lines.authority == ForwardedText.canonical(row.keptAuthority))
    #expect(answer.header.kind == row.kind)
    #expect(answer.header.ttl == row.ttl)
    #expect(answer.header.aliasCount == row.aliases)
    #expect(answer.header.code.rawValue == row.flags & 15)
    #expect(!details.isTruncated && !details.hasEDNS)
  }

  @Test(
    arguments: [
      (0x8180, 0x0080), (0x8580, 0x0480), (0x81A0, 0x00A0), (0x8100, 0), (0x87B0, 0x06A0),
    ] as [(UInt16, UInt16)])
  func `AA, TC, RA and AD are kept of the flags`(flags: UInt16, kept: UInt16) throws {
    var message = try UpstreamMessage("a.test. A")
    message.flags = flags
    message.answer = ["a.test. 5 IN A 192.0.2.1"]
    #expect(try message.kept().0.header.flags == kept)
    message.answer.insert("b.test. 5 IN A 192.0.2.1", at: 0)
    #expect(try message.kept().0.header.flags == kept)
  }

  @Test func `a TTL with its first bit set is 0`() throws {
    for type in ["A 192.0.2.1", "TXT x"] {
      var message = try UpstreamMessage("a.test. \(type.split(separator: " ")[0])")
      message.answer = ["a.test. 1 IN \(type)", "a.test. 2 IN \(type == "TXT x" ? "TXT y" : type)"]
      var octets = try message.octets()
      // Behind the question: pointer, TYPE, CLASS.
      octets[24 + 6] = 0x80
      let reply = octets.withOctets {
        ReplyReader.read($0, sent: message.sent, question: message.question, overStream: false)
      }
      guard case .answer(let answer, _) = reply else {
        Issue.record("\(reply)")
        continue
      }
      #expect(answer.header.ttl == 0)
      #expect(try answer.lines(message.question).answer.allSatisfy { $0.contains(" 0 IN ") })
    }
  }

  @Test(
    arguments: [
      ("a.test. A", "A", ["192.0.2.1", "10.0.0.4"]),
      // The lower half as an A record would have it: RDLENGTH 4, then 10.0.0.1.
      ("a.test. AAAA", "AAAA", ["2001:db8::4:a00:1", "2001:db8::1"]),
      ("a.test. TXT", "TXT", []),
    ] as [(String, String, [String])])
  func `addresses are read as what was asked for`(
    question: String, type: String, expected: [String]
  ) throws {
    for alias in [false, true] {
      var message = try UpstreamMessage(question)
      let owner = alias ? "b.test." : "a.test."
      message.answer =
        (alias ? ["a.test. 5 IN CNAME b.test."] : [])
        + (expected.isEmpty ? ["x"] : expected).map { "\(owner) 5 IN \(type) \($0)" }
      let (answer, _) = try message.kept()
      #expect(answer.addresses.map { "\($0)" } == expected)
    }
  }

  @Test(
    arguments: [
      ("NXDOMAIN without SOA", 0x8183, [], [], false),
      ("NODATA without SOA", 0x8180, [], [], false),
      ("NXDOMAIN with an SOA", 0x8183, [], [ReplyRows.soa], true),
      (
        "an SOA for no time is one", 0x8183, [],
        ["example.test. 0 IN SOA ns.example.test. host.example.test. 7 1 2 3 0"], true
      ),
      ("an answer", 0x8180, ["www.example.test. 5 IN A 192.0.2.1"], [], true),
      ("an answer for no time", 0x8180, ["www.example.test. 0 IN A 192.0.2.1"], [], true),
      ("part of an answer", 0x8380, ["www.example.test. 5 IN A 192.0.2.1"], [], false),
    ] as [(String, UInt16, [String], [String], Bool)])
  func `what may be kept (RFC 2308 §5)`(
    title: String, flags: UInt16, records: [String], authority: [String], isKept: Bool
  ) throws {
    var message = try UpstreamMessage("www.example.test. A")
    message.flags = flags
    message.answer = records
    message.authority = authority
    #expect(try message.kept().0.header.mayBeKept == isKept, "\(title)")
  }

  @Test(
    arguments: [
      ("www.example.test. MX", ["www.example.test. 5 IN MX 10 mail.example.test."]),
      (
        "_x._tcp.example.test. SRV", ["_x._tcp.example.test. 5 IN SRV 0 33 53 web-0.example.test."]
      ),
      (
        "www.example.test. A",
        ["www.example.test. 5 IN CNAME a.example.test.", "a.example.test. 5 IN A 192.0.2.1"]
      ),
    ])
  func `what was spelled at random stays between us and the upstream`(
    question: String, records: [String]
  ) throws {
    var message = try UpstreamMessage(question)
    message.answer = records
    let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
    #expect(try !message.kept().0.octets.contains { capitals.contains($0) })
    // Servers that put names together from the question's without pointers.
    message.compresses = false
    let spelled = try message.octets()
    let question = Array(spelled[12..<(12 + message.question.name.octets.count)])
    #expect(question.contains { capitals.contains($0) })
    let zone = question.suffix(14)
    let small = message.question.name.octets.suffix(14)
    var octets = Array(spelled[..<24])
    var at = 24
    while at < spelled.count {
      let isZone = at > 24 + question.count && spelled[at...].starts(with: small)
      octets += isZone ? Array(zone) : [spelled[at]]
      at += isZone ? 14 : 1
    }
    let reply = octets.withOctets {
      ReplyReader.read($0, sent: message.sent, question: message.question, overStream: false)
    }
    guard case .answer(let answer, _) = reply else {
      Issue.record("\(reply)")
      return
    }
    #expect(!answer.octets.contains { capitals.contains($0) })
  }

  @Test func `what was written in capitals stays so`() throws {
    var message = try UpstreamMessage("_ipp._tcp.example.test. PTR")
    message.answer = ["_ipp._tcp.example.test. 5 IN PTR My-Printer._ipp._tcp.example.test."]
    let (answer, _) = try message.kept()
    #expect(
      answer.octets.withOctets { octets in
        (0..<(octets.count - 2)).contains { octets[$0..<($0 + 2)].array == Array("My".utf8) }
      })
  }

  @Test func `names without end are not read`() throws {
    var message = try UpstreamMessage("a0.test. A")
    message.answer = (0..<15).map { "a\($0).test. 5 IN CNAME a\($0 + 1).test." }
    message.answer += ["a15.test. 5 IN A 192.0.2.1"]
    #expect(try message.kept().0.header.kind == .positive)
    message.answer += (0..<2_500).map { "d\($0).test. 5 IN DNAME x." }
    #expect(try message.read() == .wrong(.unreadable))
  }

  @Test func `addresses in a row can be rotated`() throws {
    for (question, size) in [("a.test. A", 16), ("a.test. AAAA", 28)] as [(String, UInt16)] {
      let data = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map { size == 16 ? $0 : "::\($0)" }
      let type = size == 16 ? "A" : "AAAA"
      for alias in [false, true] {
        var message = try UpstreamMessage(question)
        message.answer =
          (alias ? ["a.test. 5 IN CNAME b.test."] : [])
          + data.map { "\(alias ? "b" : "a").test. 5 IN \(type) \($0)" }
        let header = try message.kept().0.header
        #expect(header.runCount == 3)
        #expect(header.runSize == size)
        // Pointer, fields, `1 b` and a pointer.
        #expect(header.runPlace == (alias ? 16 : 0))
      }
    }
  }

  @Test func `the OPT record's options are read`() throws {
    let cookie = [UInt8](1...24)
    var message = try UpstreamMessage("a.test. A")
    message.flags = 0x8182
    message.extendedCode = 1
    message.options = [0, 10, 0, 24] + cookie + [0, 15, 0, 6, 0, 23] + Array("why\n".utf8)
    let (answer, details) = try message.kept()
    #expect(details.hasEDNS)
    #expect(details.code.rawValue == 18)
    #expect(details.cookie == cookie)
    #expect(answer.reason == "BADTIME, extended error 23: why?")
    #expect(answer.header.code.rawValue == 18)
    #expect(answer.header.kind == .failure)
    message.options = [0, 10, 0, 3, 1, 2, 3]
    #expect(try message.kept().1.cookie == nil)
    message.options = [0, 10, 0, 3, 1, 2]
    #expect(try message.read() == .wrong(.unreadable))
  }

  @Test func `a truncated answer is never kept, whole or not`() throws {
    var message = try UpstreamMessage("a.test. A")
    message.flags = 0x8380
    message.answer = ["a.test. 60 IN A 192.0.2.1", "a.test. 60 IN A 192.0.2.2"]
    let (whole, details) = try message.kept()
    #expect(details.isTruncated)
    #expect(whole.header.ttl == 0)
    #expect(whole.header.answerCount == 2)
    let cut = Array(try message.octets().dropLast(7))
    let reply = cut.withOctets {
      ReplyReader.read($0, sent: message.sent, question: message.question, overStream: false)
    }
    guard case .answer(let answer, let rest) = reply else {
      Issue.record("\(reply)")
      return
    }
    #expect(rest.isTruncated)
    #expect(answer.header.kind == .incomplete)
    #expect(answer.octets.isEmpty)
  }

  // MARK: - Not the reply

  @Test func `what is not the reply is told apart`() throws {
    var message = try UpstreamMessage("www.example.test. A")
    message.answer = ["www.example.test. 60 IN A 192.0.2.1"]
    let good = try message.octets()
    let rows: [(WrongReply, ([UInt8]) -> [UInt8])] = [
      (.notAReply, { Array($0[..<11]) }), (.notAReply, { Self.set($0, 2, 0x01) }),
      (.notAReply, { Self.set($0, 2, 0xA1) }), (.otherID, { Self.set($0, 0, 0) }),
      (.otherQuestion, { Self.set($0, 5, 2) }), (.otherQuestion, { Self.set($0, 5, 0) }),
      (.otherQuestion, { Self.set($0, 14, UInt8(ascii: "x")) }),
      (.otherQuestion, { Self.set($0, 31, 28) }), (.otherQuestion, { Self.set($0, 33, 3) }),
      (.otherQuestion, { Array($0[..<30]) }), (.otherCase, { Self.set($0, 13, $0[13] ^ 0x20) }),
      (.unreadable, { Array($0.dropLast()) }), (.unreadable, { Self.set($0, 7, 2) }),
      (.unreadable, { Self.set($0, 8, 0xFF) }), (.unreadable, { Self.set($0, 34, 0xC0, 34) }),
      (.unreadable, { Self.set($0, 34, 0xC0, 11) }), (.unreadable, { Self.set($0, 34, 0x80, 12) }),
      (.unreadable, { Self.set($0, 45, 3) + [] }),
    ]
    for (wrong, change) in rows {
      let reply = change(good).withOctets {
        ReplyReader.read($0, sent: message.sent, question: message.question, overStream: true)
      }
      // Octets behind the last record are ignored, so a shorter RDATA is an A record's fault.
      #expect(reply == .wrong(wrong))
    }
  }

  private static func set(_ octets: [UInt8], _ at: Int, _ values: UInt8...) -> [UInt8] {
    var octets = octets
    octets.replaceSubrange(at..<(at + values.count), with: values)
    return octets
  }

  @Test(arguments: [1, 2, 4, 5, 0, 3] as [UInt8])
  func `an error without the question is believed over a stream alone`(code: UInt8) throws {
    let message = try UpstreamMessage("www.example.test. A")
    let header: [UInt8] = [0x4D, 0x61, 0x81, 0x80 | code, 0, 0, 0, 0, 0, 0, 0, 0]
    for overStream in [false, true] {
      let reply = header.withOctets {
        ReplyReader.read(
          $0, sent: message.sent, question: message.question, overStream: overStream)
      }
      guard overStream, code != 0, code != 3 else {
        // Of one that may not know EDNS, the machine makes what it can.
        let isOld = code == 1 || code == 4
        #expect(
          reply == .wrong(isOld ? .bareError(ResponseCode(rawValue: UInt16(code))) : .otherQuestion)
        )
        continue
      }
      guard case .answer(let answer, let details) = reply else {
        Issue.record("\(reply)")
        continue
      }
      #expect(answer.header.kind == .failure)
      #expect(details.code.rawValue == UInt16(code))
    }
  }

  @Test func `a count beyond the limit is refused before any record is read`() throws {
    let message = try UpstreamMessage("a.test. A")
    var octets = try message.octets() + [UInt8](repeating: 0, count: 60_000)
    for place in [6, 8, 10] {
      octets[place] = 0x10
      octets[place + 1] = 1
      let reply = octets.withOctets {
        ReplyReader.read($0, sent: message.sent, question: message.question, overStream: true)
      }
      #expect(reply == .wrong(.unreadable))
      octets[place] = 0
      octets[place + 1] = 0
    }
  }

  @Test func `names that take too long to compare are refused`() throws {
    // A chain, and thousands of owners that differ from its names in the last label.
    let label = String(repeating: "a", count: 62)
    let name = "\(label).\(label).\(label).\(label)"
    var message = try UpstreamMessage("\(name). A")
    message.answer = ["\(name). 1 IN CNAME b\(name.dropFirst())."]
    var octets = try message.octets()
    let owner = octets[12..<(12 + 189)] + [1, UInt8(ascii: "x"), 0]
    let long = octets.count
    octets += owner + [0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4]
    for index in 0..<3_900 {
      // Pointers to the long owner, by turns to its first label and to its second.
      let place = long + (index % 2) * 63
      octets += [0xC0 | UInt8(place >> 8), UInt8(place & 255)]
      octets += [0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4]
    }
    octets[6] = UInt8(3_902 >> 8)
    octets[7] = UInt8(3_902 & 255)
    let reply = octets.withOctets {
      ReplyReader.read($0, sent: message.sent, question: message.question, overStream: true)
    }
    #expect(reply == .wrong(.unreadable))
  }
}
