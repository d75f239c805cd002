import Forwarding
import Testing
import Wire

@testable import Serving

/// The addresses of an upstream given by name, by what the two questions for them have brought.
@Suite struct HostLookUpTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let title: String
    var known: [String] = []
    let a: Said
    let aaaa: Said
    let found: [String]
    var failure: String?
    var isWhole = true
    var lifetime: UInt32 = 60

    var testDescription: String { title }
  }

  enum Said: Sendable {
    case addresses([String], ttl: UInt32)
    case code(ResponseCode)
    case silence
  }

  private static let old = ["192.0.2.1", "2001:db8::1"]

  @Test(arguments: [
    Row(
      title: "both families", a: .addresses(["192.0.2.1"], ttl: 60),
      aaaa: .addresses(["2001:db8::1"], ttl: 90), found: old),
    Row(
      title: "one family alone", a: .addresses(["192.0.2.1"], ttl: 60), aaaa: .code(.noError),
      found: ["192.0.2.1"]),
    Row(
      title: "a family that has gone is gone", known: old,
      a: .addresses(["192.0.2.1"], ttl: 60), aaaa: .code(.noError), found: ["192.0.2.1"]),
    Row(
      title: "a family that could not be looked up stays as it was, and is asked for again soon",
      known: old, a: .silence, aaaa: .addresses(["2001:db8::2"], ttl: 3600),
      found: ["192.0.2.1", "2001:db8::2"], isWhole: false, lifetime: 3600),
    Row(
      title: "SERVFAIL says nothing of a family", known: old,
      a: .addresses(["192.0.2.2"], ttl: 60), aaaa: .code(.serverFailure),
      found: ["192.0.2.2", "2001:db8::1"], isWhole: false),
    Row(
      title: "nobody answers: all stays, and it is said why", known: old, a: .silence,
      aaaa: .silence, found: old, failure: "192.0.2.53:53: no reply", isWhole: false,
      lifetime: 3600),
    Row(
      title: "no such name", known: old, a: .code(.nameError), aaaa: .code(.nameError), found: [],
      failure: "192.0.2.53:53: NXDOMAIN", isWhole: false, lifetime: 3600),
    Row(
      title: "a name without addresses", a: .code(.noError), aaaa: .code(.noError), found: [],
      failure: "no A and no AAAA record", isWhole: false, lifetime: 3600),
    Row(
      title: "a short TTL", a: .addresses(["192.0.2.1"], ttl: 1), aaaa: .code(.noError),
      found: ["192.0.2.1"], lifetime: 30),
  ])
  func `what is found`(row: Row) throws {
    let known = try row.known.map { try #require(IPAddress($0)) }
    var lookUp = HostLookUp(known: known)
    lookUp.take(try result(row.a, .a), isV4: true)
    lookUp.take(try result(row.aaaa, .aaaa), isV4: false)
    #expect(lookUp.found.map(\.description) == row.found)
    #expect(lookUp.failure == row.failure)
    #expect(lookUp.isWhole == row.isWhole)
    #expect(lookUp.lifetime == row.lifetime)
  }

  private func result(_ said: Said, _ type: RecordType) throws -> ExchangeResult {
    let upstream = Upstream(address: try #require(IPAddress("192.0.2.53")))
    var code = ResponseCode.noError
    var records: [UInt8] = []
    var count: UInt8 = 0
    switch said {
    case .silence:
      return .failure(ExchangeFailure(reason: .timeout, text: "192.0.2.53:53: no reply"))
    case .code(let said): code = said
    case .addresses(let addresses, let ttl):
      for text in addresses {
        let address = try #require(IPAddress(text))
        let octets = address.octets
        records += [0xC0, 12, 0, UInt8(type.rawValue), 0, 1, 0, 0]
        records += [UInt8(ttl >> 8), UInt8(ttl & 255), 0, UInt8(octets.count)] + octets
        count += 1
      }
    }
    let question = ForwardQuestion(
      name: try #require(DomainName("up.example")), type: type, recordClass: Query.classIN,
      dnssecOK: false, checkingDisabled: false, hash: NameHash(seed: 7))
    let sent = UpstreamQuery.encode(question, id: 7, caseBits: nil, edns: false, cookie: nil)
    let header: [UInt8] = [0, 7, 0x81, 0x80 | UInt8(code.rawValue), 0, 1, 0, count, 0, 0, 0, 0]
    let message = header + sent.dropFirst(12) + records
    let read = message.withOctets {
      ReplyReader.read($0, sent: sent, question: question, overStream: true)
    }
    guard case .answer(let answer, _) = read else { throw Unreadable() }
    return .answer(GivenAnswer(answer, from: upstream))
  }

  private struct Unreadable: Error {}
}
