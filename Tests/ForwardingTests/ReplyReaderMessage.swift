import Forwarding
import Testing
import Wire
import ZoneFiles

/// A reply of an upstream, in master-file notation.
struct UpstreamMessage {
  var question: ForwardQuestion
  var flags: UInt16 = 0x8180
  var answer: [String] = []
  var authority: [String] = []
  var additional: [String] = []
  /// Options of an OPT record; nil for none.
  var options: [UInt8]?
  var extendedCode: UInt8 = 0
  /// Whether names are written as pointers where they can be.
  var compresses = true

  static let id: UInt16 = 0x4D61

  /// - Parameter question: `name TYPE`, `+do` behind it for DO.
  init(_ question: String) throws {
    let words = question.split(separator: " ")
    self.question = ForwardQuestion(
      name: try #require(DomainName(words[0])),
      type: try #require(RecordType(mnemonic: String(words[1]))), recordClass: 1,
      dnssecOK: words.contains("+do"), checkingDisabled: false, hash: NameHash(seed: 7))
  }

  /// The query it is a reply to.
  var sent: [UInt8] {
    UpstreamQuery.encode(
      question, id: Self.id, caseBits: [0xA5A5_5A5A_0FF0_33CC, 5, 6, 7], edns: true, cookie: nil)
  }

  func octets() throws -> [UInt8] {
    let records = [
      try answer.map { try RecordText.parse($0) }, try authority.map { try RecordText.parse($0) },
      try additional.map { try RecordText.parse($0) },
    ]
    var octets = Array(sent[..<(12 + question.octetCount)])
    octets[2] = UInt8(flags >> 8)
    octets[3] = UInt8(flags & 255)
    octets[11] = 0
    octets = compresses ? Self.compressed(octets, records) : Self.plain(octets, records)
    if let options {
      octets[11] += 1
      octets += [0, 0, 41, 4, 208, extendedCode, 0, 0, 0]
      octets += [UInt8(options.count >> 8), UInt8(options.count & 255)] + options
    }
    return octets
  }

  func read(overStream: Bool = false) throws -> UpstreamReply {
    try octets().withOctets {
      ReplyReader.read($0, sent: sent, question: question, overStream: overStream)
    }
  }

  /// What is kept; an expectation fails where the reply is not taken.
  func kept() throws -> (ForwardedAnswer, ReplyDetails) {
    let reply = try read()
    guard case .answer(let answer, let details) = reply else {
      throw Unexpected(reply: reply)
    }
    return (answer, details)
  }

  struct Unexpected: Error {
    let reply: UpstreamReply
  }

  private static func plain(_ head: [UInt8], _ sections: [[ResourceRecord]]) -> [UInt8] {
    var octets = head
    for (index, records) in sections.enumerated() {
      octets[6 + 2 * index] = UInt8(records.count >> 8)
      octets[7 + 2 * index] = UInt8(records.count & 255)
      for record in records {
        octets += record.owner.octets
        let numbers: [UInt16] = [
          record.type.rawValue, 1, UInt16(record.ttl >> 16), UInt16(record.ttl & 0xFFFF),
          UInt16(record.rdata.count),
        ]
        octets += numbers.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } + record.rdata
      }
    }
    return octets
  }

  private static func compressed(_ head: [UInt8], _ sections: [[ResourceRecord]]) -> [UInt8] {
    MessageWriter.withScratch(capacity: 65_535) { writer in
      writer.put(head)
      for (section, records) in zip(
        [MessageWriter.Section.answer, .authority, .additional], sections)
      {
        for record in records {
          _ = writer.putRecord(
            owner: record.owner, type: record.type, ttl: record.ttl, rdata: record.rdata,
            in: section)
        }
      }
      return writer.octets.array
    }
  }
}

extension ForwardedAnswer {
  /// The records as lines, answer and authority.
  func lines(_ question: ForwardQuestion) throws -> (answer: [String], authority: [String]) {
    let head = [UInt8](repeating: 0, count: 12) + question.name.octets + [0, 0, 0, 0]
    let lines = try ForwardedText.lines(
      head + octets.prefix(Int(header.recordOctets)), from: head.count)
    #expect(lines.count == Int(header.answerCount) + Int(header.authorityCount))
    #expect(lines.count == Int(header.ttlCount))
    let answers = Int(header.answerCount)
    return (Array(lines.prefix(answers)), Array(lines.dropFirst(answers)))
  }
}

enum ForwardedText {
  /// Records from `start` to the end of a message.
  static func lines(_ message: [UInt8], from start: Int) throws -> [String] {
    try #require(message.withOctets { records($0, from: start) }).map(RecordText.format)
  }

  /// Nil where they are malformed.
  static func records(_ message: Octets, from start: Int) -> [ResourceRecord]? {
    var records: [ResourceRecord] = []
    var at = start
    while at < message.count {
      guard let record = message.record(at: at), let owner = message.name(at: at),
        let rdata = message.uncompressedData(of: record)
      else { return nil }
      records.append(
        ResourceRecord(owner: owner, type: record.type, ttl: record.ttl, rdata: rdata))
      at = record.end
    }
    return records
  }

  /// Lines as they are written when parsed.
  static func canonical(_ lines: [String]) throws -> [String] {
    try lines.map { RecordText.format(try RecordText.parse($0)) }
  }
}
