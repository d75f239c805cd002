internal import Wire

/// Writes the records that are kept of a reply as ``ForwardedAnswer`` holds them.
struct AnswerBuilder {
  private let message: Octets
  private let question: ForwardQuestion
  /// The name of the question as it was spelled.
  private let spelling: Octets
  /// Where the records begin in a message.
  private let start: Int
  private var header: AnswerHeader
  private var ttlPlaces: [UInt16] = []

  /// Octets of records: no message has room for more.
  static let maximumOctets = 65_535

  /// Writes `sets` in their order; an answer's before the authority's.
  ///
  /// - Throws: where the RDATA of a record is not what its type says, or all is too large.
  static func build(
    _ sets: [ChainReader.KeptSet], _ message: Octets, _ question: ForwardQuestion,
    spelling: Octets, _ header: AnswerHeader
  ) throws(Unreadable) -> ForwardedAnswer {
    var builder = AnswerBuilder(message, question, spelling, header)
    return try builder.build(sets)
  }

  private init(
    _ message: Octets, _ question: ForwardQuestion, _ spelling: Octets, _ header: AnswerHeader
  ) {
    self.message = message
    self.question = question
    self.spelling = spelling[0..<max(0, spelling.count - 4)]
    self.header = header
    start = Query.headerOctets + question.octetCount
  }

  private mutating func build(
    _ sets: [ChainReader.KeptSet]
  ) throws(Unreadable) -> ForwardedAnswer {
    var records: [UInt8]?
    let capacity = start + Self.maximumOctets
    MessageWriter.withScratch(capacity: capacity) { writer in
      for _ in 0..<Query.headerOctets { writer.put8(0) }
      writer.put(question.name.octets)
      writer.put16(question.type.rawValue)
      writer.put16(question.recordClass)
      for set in sets {
        guard put(set, &writer) else { return }
      }
      records = writer.octets[start..<writer.count].array
    }
    guard var octets = records else { throw Unreadable() }
    header.recordOctets = UInt32(octets.count)
    header.ttlCount = UInt16(ttlPlaces.count)
    if ttlPlaces.isEmpty { header.ttl = 0 }
    for place in ttlPlaces {
      octets.append(UInt8(place >> 8))
      octets.append(UInt8(truncatingIfNeeded: place))
    }
    return ForwardedAnswer(header: header, octets: octets)
  }

  private mutating func put(_ set: ChainReader.KeptSet, _ writer: inout MessageWriter) -> Bool {
    let records = set.records + set.signatures
    let ttl = records.reduce(set.ttlLimit) { min($0, $1.soundTTL) }
    header.ttl = ttlPlaces.isEmpty ? ttl : min(header.ttl, ttl)
    var seen: Set<[UInt8]> = []
    for record in records {
      guard var rdata = message.uncompressedData(of: record) else { return false }
      foldSpelling(&rdata, record.type)
      // Signatures have a type of their own and cannot be taken for what they sign by its RDATA.
      let isNew =
        records.count == 1
        || seen.insert([record.type == set.type ? 0 : 1] + record.type.rdataLayout.canonical(rdata))
          .inserted
      guard isNew else { continue }
      guard put(record, rdata, of: set, ttl: ttl, &writer) else { return false }
    }
    return true
  }

  /// Folds the end of each name as far as it is spelled as the question's: servers put names together
  /// from it, and what was random is no client's to see.
  private func foldSpelling(_ rdata: inout [UInt8], _ type: RecordType) {
    // Signatures of the types up to RRSIG are over small letters (RFC 4034 §6.2, RFC 6840 §5.1).
    guard type.rawValue <= RecordType.rrsig.rawValue, type.rdataLayout.hasNames,
      let names = type.rdataLayout.nameRanges(in: rdata)
    else { return }
    for name in names {
      var left = spelling.count
      for at in name.reversed() {
        guard left > 0, rdata[at] == spelling[left - 1] else { break }
        left -= 1
        rdata[at] = question.name.octets[left]
      }
    }
  }

  private mutating func put(
    _ record: MessageRecord, _ rdata: [UInt8], of set: ChainReader.KeptSet, ttl: UInt32,
    _ writer: inout MessageWriter
  ) -> Bool {
    let place = writer.count
    guard
      writer.putRecord(
        owner: set.owner, type: record.type, ttl: ttl, rdata: rdata, in: set.section),
      let written = writer.octets.record(at: place)
    else { return false }
    if record.recordClass != Query.classIN { writer.set16(written.fields + 2, record.recordClass) }
    ttlPlaces.append(UInt16(written.ttlPlace - start))
    if set.section == .answer { header.answerCount += 1 } else { header.authorityCount += 1 }
    if record.type == question.type, record.type == .a || record.type == .aaaa {
      extendRun(written)
    }
    return true
  }

  /// Counts an address among those that may be rotated if its owner is a pointer alone: nothing
  /// points to such a record. They stand one behind the other, as they are of one set.
  private mutating func extendRun(_ written: MessageRecord) {
    guard written.fields == written.owner + 2 else { return }
    if header.runCount == 0 {
      header.runPlace = UInt16(written.owner - start)
      header.runSize = UInt16(written.end - written.owner)
    }
    let end = Int(header.runPlace) + Int(header.runCount) * Int(header.runSize)
    guard written.owner - start == end, written.end - written.owner == Int(header.runSize) else {
      return
    }
    header.runCount += 1
  }
}
