import Answering
import Forwarding
import Testing
import Wire
import ZoneFiles

/// What an upstream says to a question.
struct Said: Sendable {
  var code = ResponseCode.noError
  /// Besides QR and RD: `aa ra ad`.
  var flags = "ra"
  var answer: [String] = []
  var authority: [String] = []
  /// In place of a reply.
  var failure: ExchangeFailure?
  /// Not before clients have waited for long.
  var isSlow = false

  /// NOERROR with these records.
  static func data(_ answer: String..., flags: String = "ra") -> Said {
    Said(flags: flags, answer: answer)
  }

  /// NOERROR with these CNAMEs and an SOA.
  static func noData(_ answer: String..., soa: String = example) -> Said {
    Said(answer: answer, authority: [soa])
  }

  /// NXDOMAIN with these CNAMEs and an SOA.
  static func missing(_ answer: String..., soa: String = example) -> Said {
    Said(code: .nameError, answer: answer, authority: [soa])
  }

  static func fails(_ reason: ExchangeFailure.Reason, _ text: String) -> Said {
    Said(failure: ExchangeFailure(reason: reason, text: text))
  }

  /// The same, after a long time.
  var slowly: Said {
    var said = self
    said.isSlow = true
    return said
  }

  static let example = "example.net. 600 SOA ns.example.net. root.example.net. 1 2 3 4 60"
  static let silent = fails(.timeout, "192.0.2.53:53: no answer")

  /// What comes of the exchange: the reply in wire format, read as replies of upstreams are.
  func result(_ question: ForwardQuestion, from upstream: Upstream) throws -> ExchangeResult {
    if let failure { return .failure(failure) }
    let sent = UpstreamQuery.encode(question, id: 7, caseBits: nil, edns: false, cookie: nil)
    let bits: [Substring: UInt16] = ["aa": 0x0400, "ra": 0x0080, "ad": 0x0020]
    let flags = flags.split(separator: " ").reduce(0x8100 | code.rawValue & 15) {
      $0 | (bits[$1] ?? 0)
    }
    var message = big(7) + big(flags) + big(1) + big(UInt16(answer.count))
    let extended = code.rawValue >> 4
    message +=
      big(UInt16(authority.count)) + big(extended > 0 ? 1 : 0) + sent.dropFirst(Query.headerOctets)
    for line in answer + authority {
      let record = try RecordText.parse(line)
      message += record.owner.octets + big(record.type.rawValue) + big(question.recordClass)
      message += big(UInt16(record.ttl >> 16)) + big(UInt16(truncatingIfNeeded: record.ttl))
      message += big(UInt16(record.rdata.count)) + record.rdata
    }
    if extended > 0 { message += [0] + big(41) + big(1232) + big(extended << 8) + big(0) + big(0) }
    let read = message.withOctets {
      ReplyReader.read($0, sent: sent, question: question, overStream: true)
    }
    guard case .answer(let answer, _) = read else {
      throw ReplyMessage.Malformed(reason: "\(read)")
    }
    return .answer(GivenAnswer(answer, from: upstream))
  }
}

/// A query, and the reply that is expected to it.
struct Ask: Sendable {
  /// `name TYPE`.
  var question: String
  /// Virtual time.
  var second: UInt64 = 0
  /// What upstreams say from now on, by `name TYPE` or `address name TYPE`.
  var said: [String: Said] = [:]
  var transport = Peer.Transport.udp
  /// RD, AD, CD and the opcode of the query.
  var header: UInt16 = 0x0100
  var recordClass = Query.classIN
  /// The size that the query's EDNS states; nil without EDNS.
  var size: UInt16? = 1232
  var dnssecOK = false

  var code = ResponseCode.noError
  var flags = "qr rd ra"
  var answer: [String] = []
  var authority: [String] = []
  var additional: [String] = []
  /// The Extended DNS Error, `code text`.
  var error: String?
  /// Upstreams asked, `address name TYPE`.
  var asked: [String] = []
  var refreshed: [String] = []
  /// Nil where none answered.
  var plugin: String? = "forward"
  /// What `errors` reports.
  var report: String?
}

/// A configuration, and queries one after the other.
struct ForwardRow: Sendable, CustomTestStringConvertible {
  var title: String
  var setup = ForwardSetup.plain
  var asks: [Ask]

  init(_ title: String, _ setup: ForwardSetup = .plain, _ asks: Ask...) {
    (self.title, self.setup, self.asks) = (title, setup, asks)
  }

  var testDescription: String { "\(setup): \(title)" }
}

extension Ask {
  /// The query in wire format, the name spelled as in the row.
  func query() throws -> QueryMessage {
    let words = question.split(separator: " ")
    let owner = try RecordText.parse("\(words[0]) A 192.0.2.1").owner
    var query = QueryMessage(owner, try #require(RecordType(mnemonic: String(words[1]))))
    query.flags = header
    query.recordClass = recordClass
    query.edns = size.map { QueryMessage.OPT(size: $0, flags: dnssecOK ? 0x8000 : 0) }
    return query
  }

  /// Records as they are compared.
  static func lines(_ records: [String]) throws -> [String] {
    try records.map { RecordText.format(try RecordText.parse($0)) }.sorted()
  }
}
