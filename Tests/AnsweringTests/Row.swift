import Answering
import Testing
import Wire
import ZoneFiles

/// A question and the sections of its reply in master-file notation. Names without a final dot end
/// in `svc.cluster.local.`, a record without a TTL has the configuration's.
struct Row: Sendable, CustomTestStringConvertible {
  /// What of ``Bullets`` it holds, separated by blanks.
  var tags: String
  /// `name TYPE`.
  var question: String
  var setup = Setup.standard
  var code = ResponseCode.noError
  var answer: [String] = []
  /// Nil: the SOA of the zone that the last name lies in.
  var authority: [String]?
  var additional: [String] = []
  var flags = "qr aa rd"
  /// The text of the Extended DNS Error, empty for none; nil where it does not matter.
  var why: String?
  /// The code of the Extended DNS Error; nil where it does not matter.
  var error: UInt16?

  var testDescription: String { "\(tags) \(setup) \(question)" }

  /// NOERROR with an answer.
  static func data(
    _ tags: String, _ question: String, _ answer: [String], more: [String] = [],
    in setup: Setup = .standard
  ) -> Row {
    Row(
      tags: tags, question: question, setup: setup, answer: answer, authority: [],
      additional: more)
  }

  /// NOERROR with the zone's SOA, perhaps behind a CNAME.
  static func noData(
    _ tags: String, _ question: String, _ answer: [String] = [], why: String? = nil,
    in setup: Setup = .standard
  ) -> Row {
    Row(tags: tags, question: question, setup: setup, answer: answer, why: why)
  }

  /// NXDOMAIN with the zone's SOA, perhaps behind a CNAME.
  static func missing(
    _ tags: String, _ question: String, _ answer: [String] = [], why: String? = nil,
    in setup: Setup = .standard
  ) -> Row {
    Row(tags: tags, question: question, setup: setup, code: .nameError, answer: answer, why: why)
  }

  /// SERVFAIL with the zone's SOA.
  static func fails(
    _ tags: String, _ question: String, why: String? = nil, authority: [String]? = nil,
    flags: String = "qr aa rd", in setup: Setup
  ) -> Row {
    Row(
      tags: tags, question: question, setup: setup, code: .serverFailure, authority: authority,
      flags: flags, why: why)
  }

  /// The same where the API server is away: what it is, and since when nobody knows.
  func noted(_ error: UInt16) -> Row {
    var row = self
    row.error = error
    let reason = why.map { $0.isEmpty ? "" : ": " + $0 }
    row.why = reason.map { "kubernetes: answered from the last known state" + $0 }
    return row
  }

  /// No sections at all.
  static func refused(
    _ tags: String, _ question: String, why: String? = nil, in setup: Setup = .standard
  ) -> Row {
    Row(
      tags: tags, question: question, setup: setup, code: .refused, authority: [],
      flags: "qr rd", why: why)
  }
}

// MARK: - Expectations

extension Row {
  static let origin = DomainName("svc.cluster.local") ?? .root

  /// The question's name, spelled as in the row, and type.
  func parsedQuestion() throws -> (DomainName, RecordType) {
    let words = question.split(separator: " ")
    let owner = try RecordText.parse("\(words[0]) A 192.0.2.1", origin: Self.origin).owner
    return (owner, try #require(RecordType(mnemonic: String(words[1]))))
  }

  /// - Parameter transport: what stands for `{transport}`.
  func lines(_ records: [String], _ transport: Peer.Transport = .udp) throws -> [String] {
    try records.map { line in
      let text = line.replacing("{transport}", with: "\(transport)")
      return RecordText.format(
        try RecordText.parse("$TTL \(setup.ttl)\n" + text, origin: Self.origin))
    }.sorted()
  }

  /// The authority section that is expected.
  func authorityLines(_ world: World) throws -> [String] {
    if let authority { return try lines(authority) }
    var last = try parsedQuestion().0
    for line in answer {
      let record = try RecordText.parse(line, origin: Self.origin)
      if record.type == .cname, record.owner.folded == last.folded {
        last = try #require(DomainName(wire: record.rdata))
      }
    }
    let zone = try #require(world.clusterZones.first { last.isAtOrBelow($0) }, "\(last)")
    var spelled = last
    while spelled.labelCount > zone.labelCount { spelled = try #require(spelled.parent) }
    return [Self.soa(spelled.description, setup.ttl)]
  }

  /// The SOA record of a cluster zone.
  static func soa(_ zone: String, _ ttl: UInt32 = 5) -> String {
    "\(zone) \(min(ttl, 300)) IN SOA ns.dns.\(zone) hostmaster.\(zone) \(World.serial) 7200 1800 "
      + "86400 \(ttl)"
  }
}

func presentation(_ records: [ResourceRecord]) -> [String] {
  records.map(RecordText.format).sorted()
}
