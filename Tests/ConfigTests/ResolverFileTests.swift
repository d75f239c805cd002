import Testing
import Wire

@testable import Config

struct ResolverFileTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var text: String
    var servers: [String]
    var problems: [String] = []
    var isStub = false
  }

  static let rows = [
    Row(
      testDescription: "comments, search lists and options are passed over",
      text: "# by hand\n; nameserver 192.0.2.9\nsearch a.org\nnameserver 192.0.2.1\n"
        + "options ndots:5\n nameserver\t2001:db8::1  # second\r\n",
      servers: ["192.0.2.1", "2001:db8::1"]),
    Row(
      testDescription: "a zone index belongs to IPv6",
      text: "nameserver fe80::1%eth0\nnameserver 192.0.2.1%eth0\nnameserver fe80::1%",
      servers: ["fe80::1%eth0"],
      problems: [
        "2: '192.0.2.1%eth0' is not an address", "3: 'fe80::1%' is not an address",
      ]),
    Row(
      testDescription: "a bad line is passed over and named",
      text: "nameserver\nnameserver dns.example\nnameserver 192.0.2.1:53\nnameserver 192.0.2.1",
      servers: ["192.0.2.1"],
      problems: [
        "1: after 'nameserver' comes no address", "2: 'dns.example' is not an address",
        "3: '192.0.2.1:53' is not an address",
      ]),
    Row(
      testDescription: "the first fifteen are asked",
      text: (1...16).map { "nameserver 192.0.2.\($0)\n" }.joined(),
      servers: (1...15).map { "192.0.2.\($0)" },
      problems: ["16: more than 15 name servers; '192.0.2.16' is not asked"]),
    Row(
      testDescription: "systemd-resolved's stub is known",
      text: "nameserver 127.0.0.53\nnameserver 127.0.0.54\noptions edns0 trust-ad\n",
      servers: ["127.0.0.53", "127.0.0.54"], isStub: true),
    Row(
      testDescription: "a stub beside another server is none",
      text: "nameserver 127.0.0.53\nnameserver 192.0.2.1\n",
      servers: ["127.0.0.53", "192.0.2.1"]),
    Row(
      testDescription: "an IPv6 address with a stub's last octets is none",
      text: "nameserver 2001:db8::7f00:35\n", servers: ["2001:db8::7f00:35"]),
    Row(testDescription: "an empty file names none", text: "", servers: []),
  ]

  @Test("A resolv.conf is read for its name servers", arguments: rows)
  func reading(_ row: Row) {
    let file = ResolverFile(text: row.text)
    #expect(
      file.nameServers.map { "\($0.address)" + ($0.zoneIndex.map { "%" + $0 } ?? "") }
        == row.servers)
    #expect(file.problems.map { "\($0.line): \($0.message)" } == row.problems)
    #expect(file.isStub == row.isStub)
  }

  @Test("Problems of a file that is something else are few")
  func manyProblems() {
    let file = ResolverFile(text: String(repeating: "nameserver x\n", count: 100))
    #expect(file.problems.count == ResolverFile.maximumProblems)
  }
}
