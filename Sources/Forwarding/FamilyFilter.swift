public import Wire

extension MessageWriter {
  /// Seconds for which a client may keep that a name has no address of the family.
  static let absentFamilyTTL: UInt32 = 30

  /// Takes the address records of one family, and the signatures over them, out of a finished reply
  /// that has no OPT record yet.
  ///
  /// CNAMEs, RCODE and flags stay. Where an answer of NOERROR is left with no more than a chain,
  /// and so too where a query for `type` found none, an SOA says so (RFC 2308 §2.2): the reply's
  /// own, or one at the chain's last name, whose TTL and MINIMUM are 30. As the server of
  /// RFC 6303 §3 does, it has the name itself as MNAME and `nobody.invalid.` as RNAME. Address
  /// hints of SVCB and HTTPS records stay: signatures are over them, `mandatory` may name them, and
  /// clients look the addresses up all the same (RFC 9460 §7.3).
  ///
  /// Places in the message behind the question mean nothing afterwards. Allocates only where
  /// records stay behind one that goes.
  ///
  /// - Parameter type: A or AAAA, what goes.
  public mutating func removeAddresses(of type: RecordType) {
    guard octets.count >= Query.headerOctets, octets.u16(4) == 1,
      let nameEnd = octets.endOfName(at: Query.headerOctets), nameEnd + 4 <= count
    else { return }
    let filter = FamilyFilter(type: type, start: nameEnd + 4)
    let found = filter.survey(octets)
    if found.removed > 0 {
      if let tail = found.tail {
        removeAll(from: tail)
        for section in FamilyFilter.sections { setCount(section, found.kept(section)) }
      } else {
        rewrite(filter)
      }
    }
    let isAsked = octets.u16(nameEnd) == type.rawValue && !found.hasReferral
    let isEmptied = found.kept(.answer) == found.chain && (found.removedAnswers > 0 || isAsked)
    guard isEmptied, !found.hasSOA, octets.u16(2) & 15 == 0 else { return }
    putAbsence(filter)
  }

  private mutating func setCount(_ section: Section, _ records: Int) {
    set16(section.rawValue, UInt16(records))
  }

  /// Writes all records but those that go anew, since names may point into what goes.
  private mutating func rewrite(_ filter: FamilyFilter) {
    let message = octets.array
    removeAll(from: filter.start)
    let counts = FamilyFilter.sections.map { Int(octets.u16($0.rawValue)) }
    for section in FamilyFilter.sections { setCount(section, 0) }
    message.withOctets { message in
      var at = filter.start
      for (section, count) in zip(FamilyFilter.sections, counts) {
        for _ in 0..<count {
          guard let record = message.record(at: at) else { return setTruncated() }
          at = record.end
          guard !filter.removes(record, message) else { continue }
          guard putCopy(of: record, message, in: section) else {
            // Additional records may be left out (RFC 2181 §9).
            if section != .additional { setTruncated() }
            return
          }
        }
      }
    }
  }

  private mutating func putCopy(
    of record: MessageRecord, _ message: Octets, in section: Section
  ) -> Bool {
    guard let owner = message.name(at: record.owner),
      let rdata = message.uncompressedData(of: record)
    else { return false }
    return putRecord(
      owner: owner, type: record.type, ttl: record.ttl, rdata: rdata, in: section)
  }

  /// Adds the SOA. Additional records, of which an empty answer needs none, make way.
  private mutating func putAbsence(_ filter: FamilyFilter) {
    let ends = filter.survey(octets)
    removeAll(from: ends.endOfAuthority)
    setCount(.additional, 0)
    var place = ends.lastAlias ?? Query.headerOctets
    if octets[place] >= 0xC0 { place = Int(octets.u16(place) & 0x3FFF) }
    // A chain of signed CNAMEs may be longer than pointers reach; then it goes without.
    guard hasRoom(FamilyFilter.absenceOctets), place < 0x4000 else { return }
    putPointer(place)
    putFields(.soa, ttl: Self.absentFamilyTTL, dataCount: FamilyFilter.absenceOctets - 12)
    putPointer(place)
    put("\u{6}nobody\u{7}invalid")
    put8(0)
    put32(1)
    put32(3600)
    put32(1200)
    put32(604_800)
    put32(Self.absentFamilyTTL)
    count(.authority, 1)
  }
}

/// Which records of a reply go.
private struct FamilyFilter {
  let type: RecordType
  /// Where the records begin.
  let start: Int

  static let sections: [MessageWriter.Section] = [.answer, .authority, .additional]
  /// Octets of the SOA: owner, fields, MNAME, RNAME, five numbers.
  static let absenceOctets = 2 + 10 + 2 + 16 + 20

  struct Findings {
    var answers = 0
    var authority = 0
    var additional = 0
    var removed = 0
    var removedAnswers = 0
    /// Where the records that go begin if nothing stays behind them.
    var tail: Int?
    /// Records of the answer that lead on: CNAME, DNAME and the signatures over them.
    var chain = 0
    /// Where the last CNAME's target stands: the chain's last name, as answers are in its order.
    var lastAlias: Int?
    var hasSOA = false
    /// NS in the authority: the answer is elsewhere.
    var hasReferral = false
    var endOfAuthority = 0

    /// Records of a section that stay.
    func kept(_ section: MessageWriter.Section) -> Int {
      switch section {
      case .answer: answers
      case .authority: authority
      case .additional: additional
      }
    }
  }

  func survey(_ message: Octets) -> Findings {
    var found = Findings()
    var at = start
    let answers = Int(message.u16(MessageWriter.Section.answer.rawValue))
    let beforeAdditional = answers + Int(message.u16(MessageWriter.Section.authority.rawValue))
    let all = beforeAdditional + Int(message.u16(MessageWriter.Section.additional.rawValue))
    found.endOfAuthority = at
    for index in 0..<all {
      guard let record = message.record(at: at) else { break }
      if removes(record, message) {
        found.removed += 1
        if index < answers { found.removedAnswers += 1 }
        if found.removed == 1 { found.tail = at }
      } else {
        found.tail = nil
        if index < answers {
          found.answers += 1
          note(record, message, in: &found)
        } else if index < beforeAdditional {
          found.authority += 1
          found.hasSOA = found.hasSOA || record.type == .soa
          found.hasReferral = found.hasReferral || record.type == .ns
        } else {
          found.additional += 1
        }
      }
      at = record.end
      if index < beforeAdditional { found.endOfAuthority = at }
    }
    return found
  }

  /// Counts a record of the answer that is of the chain.
  private func note(_ record: MessageRecord, _ message: Octets, in found: inout Findings) {
    switch Self.covered(record, message) ?? record.type {
    case .cname, .dname:
      found.chain += 1
      if record.type == .cname { found.lastAlias = record.data.lowerBound }
    default: break
    }
  }

  /// Whether a record is of the family, or a signature over such.
  func removes(_ record: MessageRecord, _ message: Octets) -> Bool {
    record.type == type || Self.covered(record, message) == type
  }

  /// The type that a signature covers (RFC 4034 §3.1.1).
  private static func covered(_ record: MessageRecord, _ message: Octets) -> RecordType? {
    guard record.type == .rrsig, record.data.count >= 2 else { return nil }
    return RecordType(rawValue: message.u16(record.data.lowerBound))
  }
}
