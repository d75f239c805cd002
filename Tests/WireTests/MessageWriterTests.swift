import Testing

import Wire

@Suite struct MessageWriterTests {
  /// Calls `body` with a writer of a reply to a question of `name`; the octets written.
  static func write(
    _ name: String = "example.", type: UInt16 = 1, limit: Int = 4096,
    _ body: (inout MessageWriter) -> Void
  ) -> [UInt8] {
    var queryName = QueryName()
    var buffer = [UInt8](repeating: 0xEE, count: 4096)
    return MessageBuilder.question(name, type).octets.withOctets { message in
      guard case .query(let query) = Query.read(message, name: &queryName) else { return [] }
      return unsafe buffer.withUnsafeMutableBytes { buffer -> [UInt8] in
        guard let base = buffer.baseAddress else { return [] }
        var writer = unsafe MessageWriter(base: base, capacity: buffer.count)
        writer.begin(query, message)
        writer.limit = limit
        body(&writer)
        return writer.octets.array
      }
    }
  }

  static func name(_ text: String) -> DomainName { DomainName(text) ?? .root }

  /// The name at `start`, pointers followed; each must lead backwards.
  static func expand(_ message: [UInt8], at start: Int) -> DomainName? {
    var octets: [UInt8] = []
    var at = start
    var bound = start
    while at < message.count {
      let length = message[at]
      if length >= 0xC0 {
        guard at + 1 < message.count else { return nil }
        let target = Int(length & 0x3F) << 8 | Int(message[at + 1])
        guard target < bound else { return nil }
        (at, bound) = (target, target)
        continue
      }
      guard at + Int(length) < message.count else { return nil }
      octets += message[at...(at + Int(length))]
      if length == 0 { return DomainName(wire: octets) }
      at += Int(length) + 1
    }
    return nil
  }

  @Test(arguments: [
    ("example.", "example.", 2), ("example.", "EXAMPLE.", 2), ("example.", "a.example.", 4),
    ("a.b.example.", "c.b.example.", 4), ("example.", ".", 1), (".", "a.", 3), (".", ".", 1),
    ("example.", "a.a.test.", 10), ("example.", "a.a.a.a.", 9), ("example.", "x.a.x.a.", 9),
    ("a.", "a.a.a.", 6), ("example.", "test.test.test.test.", 21),
  ])
  func `a name takes as few octets as what stands in the message allows`(
    question: String, name: String, octets: Int
  ) {
    var start = 0
    let message = Self.write(question) { writer in
      start = writer.count
      _ = writer.putName(Self.name(name))
    }
    #expect(message.count - start == octets)
    #expect(Self.expand(message, at: start)?.folded == Self.name(name).folded)
  }

  @Test func `a later name points into an earlier one`() {
    let names = ["ns1.a.test.", "ns2.a.test.", "b.test.", "x.ns2.a.test.", "a.test."]
    var starts: [Int] = []
    let message = Self.write { writer in
      for name in names {
        starts.append(writer.count)
        _ = writer.putName(Self.name(name))
      }
    }
    #expect(zip(starts.dropFirst(), starts + [message.count]).map { $0.0 }.count == 4)
    for (start, name) in zip(starts, names) {
      #expect(Self.expand(message, at: start) == Self.name(name))
    }
    #expect(message.count - starts[4] == 2)
  }

  @Test func `whatever the limit, a record is written whole or not at all`() {
    let owner = Self.name("www.a.a.example.")
    let target = Self.name("target.x.x.www.example.")
    var whole = 0
    for limit in 12..<140 {
      var before: [UInt8] = []
      var fits = true
      let message = Self.write(limit: limit) { writer in
        before = writer.octets.array
        fits = writer.putRecord(
          owner: owner, type: .cname, ttl: 5, rdata: target.octets, in: .answer)
        // Places of what was taken back must not be pointed to.
        _ = fits || writer.putName(owner)
      }
      #expect(message.count <= max(limit, before.count))
      if fits {
        whole += 1
        #expect(message[7] == 1)
        #expect(Self.expand(message, at: before.count) == owner)
      } else {
        #expect(message[7] == 0)
        if message.count > before.count {
          #expect(Self.expand(message, at: before.count) == owner)
        }
      }
    }
    #expect(whole > 0 && whole < 128)
  }

  @Test func `names beyond the places that are kept are written, and read back`() {
    let names = (0..<200).map { Self.name("n\($0).zone\($0 % 70).test.") }
    var starts: [Int] = []
    let message = Self.write { writer in
      for name in names {
        starts.append(writer.count)
        _ = writer.putName(name)
      }
    }
    for (start, name) in zip(starts, names) {
      #expect(Self.expand(message, at: start) == name)
    }
  }

  @Test func `data of types newer than RFC 1035 is not compressed`() {
    let target = Self.name("a.example.")
    for (type, compresses) in [(RecordType.cname, true), (.srv, false)] {
      let rdata = (type == .srv ? [0, 1, 0, 2, 0, 3] : []) + target.octets
      var start = 0
      let message = Self.write { writer in
        start = writer.count
        _ = writer.putRecord(
          owner: Self.name("example."), type: type, ttl: 1, rdata: rdata, in: .answer)
      }
      #expect(message.count - start == 2 + 10 + (compresses ? 4 : rdata.count))
    }
  }

  @Test func `data that is not what its type says is written as it is`() {
    for rdata in [[], [1], [63, 1, 2], [0xC0, 12], [1, 97]] as [[UInt8]] {
      let message = Self.write { writer in
        _ = writer.putRecord(
          owner: .root, type: .cname, ttl: 1, rdata: rdata, in: .answer)
      }
      #expect(Array(message.suffix(rdata.count + 2)) == [0, UInt8(rdata.count)] + rdata)
    }
  }

  @Test func `the header of a reply keeps ID, opcode, RD and CD alone`() {
    var queryName = QueryName()
    var buffer = [UInt8](repeating: 0xEE, count: 512)
    let message = MessageBuilder.question("a.", flags: 0x27FF).octets
    message.withOctets { message in
      guard case .query(let query) = Query.read(message, name: &queryName) else { return }
      unsafe buffer.withUnsafeMutableBytes {
        guard let base = $0.baseAddress else { return }
        var writer = unsafe MessageWriter(base: base, capacity: 512)
        writer.begin(query, message)
      }
    }
    #expect(Array(buffer[..<12]) == [0x12, 0x34, 0xA1, 0x10, 0, 1, 0, 0, 0, 0, 0, 0])
  }

  @Test func `the OPT record carries RCODE, size and options`() {
    let message = Self.write { writer in
      writer.putOPT(
        size: 1232, code: .badVersion, dnssecOK: true, keepalive: 100,
        error: ExtendedError(code: 14, text: "why"))
    }
    let expected: [UInt8] = [
      0, 0, 41, 4, 208, 1, 0, 128, 0, 0, 15, 0, 11, 0, 2, 0, 100, 0, 15, 0, 5, 0, 14,
    ]
    #expect(Array(message.suffix(26)) == expected + Array("why".utf8))
    #expect(message[11] == 1)
  }

  @Test(arguments: [
    ("", 0), ("10.0.0.10:53: connection refused", 32), (String(repeating: "x", count: 128), 128),
    (String(repeating: "x", count: 500), 128), (String(repeating: "ü", count: 100), 128),
    ("x" + String(repeating: "ü", count: 100), 127),
  ])
  func `an extended error says what it is about, in whole characters`(subject: String, sent: Int) {
    let error = ExtendedError(code: 22, text: "no upstream", subject: subject)
    let message = Self.write { writer in
      writer.putOPT(size: 1232, code: .serverFailure, dnssecOK: false, keepalive: nil, error: error)
    }
    let text = "no upstream: " + (error.subject ?? "")
    #expect(error.subject?.utf8.count == sent)
    #expect(subject.hasPrefix(error.subject ?? "-"))
    #expect(error.octetCount == 6 + text.utf8.count)
    #expect(Array(message.suffix(text.utf8.count)) == Array(text.utf8))
    let length = message[message.count - text.utf8.count - 3]
    #expect(Int(length) == text.utf8.count + 2)
  }

  @Test func `what is taken back is not pointed to`() {
    var start = 0
    let message = Self.write { writer in
      start = writer.count
      _ = writer.putName(Self.name("a.b.test."))
      writer.removeAll(from: start)
      _ = writer.putName(Self.name("x.a.b.test."))
    }
    #expect(message.count - start == 12)
    #expect(Self.expand(message, at: start) == Self.name("x.a.b.test."))
  }
}
