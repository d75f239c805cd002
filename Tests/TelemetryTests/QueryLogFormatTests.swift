import Telemetry
import Testing

@Suite struct QueryLogFormatTests {
  static let query = LoggedQuery(
    type: "A", name: "web.default.svc.cluster.local.", className: "IN", transport: "udp",
    remote: "10.244.0.7", remotePort: 40_212, local: "10.96.0.10", id: 1053, opcode: 0,
    dnssecOK: false, bufferSize: 512, size: 47,
    reply: LoggedQuery.Reply(responseCode: 0, flags: 0x8500, size: 106), nanoseconds: 105_216)

  private static func line(_ format: String, _ query: LoggedQuery = query) -> String {
    var octets: [UInt8] = []
    QueryLogFormat(format).append(query, to: &octets)
    return String(decoding: octets, as: UTF8.self)
  }

  @Test(arguments: [
    (
      "{common}",
      #"10.244.0.7:40212 - 1053 "A IN web.default.svc.cluster.local. udp 47 false 512" NOERROR qr,aa,rd 106 0.000105216s"#
    ),
    (
      "{combined}",
      #"10.244.0.7:40212 - 1053 "A IN web.default.svc.cluster.local. udp 47 false 512" NOERROR qr,aa,rd 106 0.000105216s "0""#
    ),
    (
      "x {common}",
      #"x 10.244.0.7:40212 - 1053 "A IN web.default.svc.cluster.local. udp 47 false 512" NOERROR qr,aa,rd 106 0.000105216s"#
    ),
    ("{type} {name} {class} {proto}", "A web.default.svc.cluster.local. IN udp"),
    ("{remote} {port} {local}", "10.244.0.7 40212 10.96.0.10"),
    ("{size} {rsize} {>bufsize} {>do} {>id} {>opcode}", "47 106 512 false 1053 0"),
    ("{rcode}{>rflags}{duration}", "NOERRORqr,aa,rd0.000105216s"),
    ("{/kubernetes/client-pod-name}|{/}", "-|-"),
    ("plain", "plain"),
    ("", ""),
    ("{unknown} {>nope} {Type} {>ID} {}", "{unknown} {>nope} {Type} {>ID} {}"),
    ("{ {type} }", "{ A }"),
    ("{{type}}", "{A}"),
    ("a } b {type} c { d", "a } b A c { d"),
    ("{unknown}{type}", "{unknown}A"),
    ("{", "{"),
    ("}", "}"),
  ])
  func `a format prints`(format: String, line: String) {
    #expect(Self.line(format) == line)
  }

  @Test(
    arguments: [
      (105_216, "0.000105216s"), (13_270, "0.00001327s"), (1, "0.000000001s"), (0, "0s"),
      (1_000_000_000, "1s"), (2_500_000_000, "2.5s"), (100_000_000, "0.1s"),
      (12_000_000_000, "12s"), (120_000_000_000, "120s"), (1_000_000_001, "1.000000001s"),
    ] as [(UInt64, String)])
  func `a duration has no trailing zeros`(nanoseconds: UInt64, text: String) {
    var query = Self.query
    query.nanoseconds = nanoseconds
    #expect(Self.line("{duration}", query) == text)
  }

  @Test(
    arguments: [
      (0x8000, "qr"), (0x8500, "qr,aa,rd"), (0x8780, "qr,aa,tc,rd,ra"),
      (0x87F0, "qr,aa,tc,rd,ra,z,ad,cd"), (0x0000, "-"), (0x8583, "qr,aa,rd,ra"),
    ] as [(UInt16, String)])
  func `flags are named in the order of the header`(flags: UInt16, text: String) {
    var query = Self.query
    query.reply?.flags = flags
    #expect(Self.line("{>rflags}", query) == text)
  }

  @Test func `an IPv6 address stands in brackets`() {
    var query = Self.query
    query.remote = "fd00:10:244::7"
    query.local = "::1"
    #expect(Self.line("{remote}:{port} {local}", query) == "[fd00:10:244::7]:40212 [::1]")
  }

  @Test func `type 0 is None, an unknown RCODE its number, a missing reply dashes`() {
    var query = Self.query
    query.type = "TYPE0"
    query.reply?.responseCode = 3841
    #expect(Self.line("{type} {rcode}", query) == "None 3841")
    query.reply = nil
    #expect(Self.line("{rcode} {>rflags} {rsize}", query) == "- - -")
  }

  @Test func `a batch prints a query as information`() {
    let capture = Capture()
    let batch = LogBatch(Log(capture))
    batch.append(Self.query, QueryLogFormat("{name} {rcode}"))
    batch.flush()
    #expect(capture.writes == ["[INFO] web.default.svc.cluster.local. NOERROR\n"])
  }

  struct Reply: CustomTestStringConvertible {
    var opcode: UInt8 = 0
    var type: UInt16 = 1
    var code = 0
    var hasAnswer = false
    var hasSOA = false
    var expected: ResponseClass
    var testDescription: String { "opcode \(opcode) type \(type) \(code) \(hasAnswer) \(hasSOA)" }
  }

  @Test(arguments: [
    Reply(hasAnswer: true, expected: .success),
    Reply(hasAnswer: true, hasSOA: true, expected: .success),
    Reply(hasSOA: true, expected: .denial),
    Reply(expected: .success),
    Reply(code: 3, hasSOA: true, expected: .denial),
    Reply(code: 3, hasAnswer: true, hasSOA: true, expected: .denial),
    Reply(code: 3, expected: .error),
    Reply(code: 2, expected: .error),
    Reply(code: 5, hasSOA: true, expected: .error),
    Reply(code: 1, expected: .error),
    Reply(code: 16, expected: .error),
    Reply(type: 252, code: 5, expected: .success),
    Reply(type: 251, code: 2, expected: .success),
    Reply(opcode: 4, code: 4, expected: .success),
    Reply(opcode: 5, code: 4, expected: .success),
  ])
  func `a reply has a class`(reply: Reply) {
    let got = ResponseClass.of(
      opcode: reply.opcode, type: reply.type, responseCode: reply.code,
      hasAnswer: reply.hasAnswer, hasSOA: reply.hasSOA)
    #expect(got == reply.expected)
  }
}
