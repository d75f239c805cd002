internal import Wire

/// Picks the records of a reply that its question asked for: from the question's name along the
/// CNAMEs, and where the last name has nothing, the SOA and the proof of that.
struct ChainReader {
  /// Records that share an owner, a type and so a TTL (RFC 2181 §5.2), with their signatures.
  struct KeptSet {
    var owner: DomainName
    var type: RecordType
    var records: [MessageRecord]
    var signatures: [MessageRecord] = []
    var section = MessageWriter.Section.answer
    /// What the TTL is at most.
    var ttlLimit = UInt32.max
  }

  private(set) var kept: [KeptSet] = []
  private(set) var aliasCount = 0
  /// Whether there is data, or an SOA that says for how long there is none.
  private(set) var hasEnd = false

  let message: Octets
  let question: ForwardQuestion
  private let answers: [MessageRecord]
  private let authority: [MessageRecord]
  /// Octets of names that may still be read or compared: 4,000 addresses behind a few CNAMEs need
  /// half.
  private var comparisons = 1 << 20
  private var lastName: DomainName

  /// Sets of NSEC and NSEC3 records that are kept: each name of the longest chain needs two at most.
  static let maximumDenials = 2 * ReplyReader.maximumAliases
  /// Types kept of one name for ANY: more than there are types in use (RFC 6895 §3.1).
  static let maximumSets = 256

  init(
    _ message: Octets, _ survey: ReplyReader.Survey, _ question: ForwardQuestion
  ) throws(Unreadable) {
    self.message = message
    self.question = question
    lastName = question.name
    var at = survey.start
    var records: [MessageRecord] = []
    records.reserveCapacity(survey.answerCount + survey.authorityCount)
    for _ in 0..<(survey.answerCount + survey.authorityCount) {
      guard let record = message.record(at: at) else { throw Unreadable() }
      records.append(record)
      at = record.end
    }
    answers = Array(records.prefix(survey.answerCount))
    authority = Array(records.dropFirst(survey.answerCount))
  }

  private enum End {
    case data, nothing
    /// It runs in a circle, or is too long.
    case broken
  }

  /// Fills ``kept`` and says what the answer is (RFC 2308 §2; RFC 6604 §3: NXDOMAIN is said of the
  /// chain's last name).
  mutating func read(_ code: ResponseCode) throws(Unreadable) -> AnswerHeader.Kind {
    switch try follow() {
    case .broken: return .incomplete
    case .data:
      hasEnd = true
      // RFC 4035 §3.1.3.3: an answer made from a wildcard comes with the proof that it may be.
      if isFromWildcard { try keepDenials() }
      return code == .noError ? .positive : .incomplete
    case .nothing:
      hasEnd = try keepSOA()
      try keepDenials()
      if code == .nameError { return .nameError }
      return hasEnd ? .noData : .incomplete
    }
  }

  // MARK: - Chain

  private mutating func follow() throws(Unreadable) -> End {
    var visited: Set<DomainName> = [lastName]
    while true {
      let found = try records(at: lastName, in: answers)
      if keepData(found) { return .data }
      guard let alias = found.first(where: { $0.type == .cname }) else { return .nothing }
      guard aliasCount < ReplyReader.maximumAliases else { return .broken }
      let target = try name(in: alias)
      try keepDNAME(leadingTo: target)
      keep(.cname, [alias], signedIn: found)
      aliasCount += 1
      lastName = target
      guard visited.insert(target).inserted else { return .broken }
    }
  }

  /// Keeps what answers the question at the chain's last name; false where nothing does.
  private mutating func keepData(_ found: [MessageRecord]) -> Bool {
    guard question.type == .any else {
      let data = found.filter { $0.type == question.type && Self.isData($0.type) }
      keep(question.type, data, signedIn: found)
      return !data.isEmpty
    }
    let sets = Self.setsByType(found)
    for set in sets { keep(set[0].type, set, signedIn: []) }
    return !sets.isEmpty
  }

  /// The records of each type, in the order of the types' first ones. Beyond ``maximumSets`` the
  /// rest is left out: an answer to ANY need not have all there is (RFC 8482 §4.1).
  private static func setsByType(_ found: [MessageRecord]) -> [[MessageRecord]] {
    var sets: [[MessageRecord]] = []
    var places: [RecordType: Int] = [:]
    for record in found where isData(record.type) {
      if let place = places[record.type] {
        sets[place].append(record)
      } else if sets.count < maximumSets {
        places[record.type] = sets.count
        sets.append([record])
      }
    }
    return sets
  }

  /// Whether a type is of data: not OPT, nor of messages alone (RFC 6895 §3.1).
  private static func isData(_ type: RecordType) -> Bool {
    type != .opt && !(128...255).contains(type.rawValue) && type.rawValue != 0
  }

  /// Keeps the DNAME that the last name's CNAME to `target` follows from (RFC 6672 §3.1); any other
  /// says nothing about the question.
  private mutating func keepDNAME(leadingTo target: DomainName) throws(Unreadable) {
    for record in answers
    where record.type == .dname && record.recordClass == question.recordClass {
      let owner = try name(at: record.owner)
      guard lastName.octets.count > owner.octets.count, lastName.isAtOrBelow(owner) else {
        continue
      }
      let prefix = lastName.octets.dropLast(owner.octets.count)
      guard prefix + (try name(in: record)).octets == target.octets else { continue }
      let isKept = kept.contains { $0.type == .dname && $0.owner == owner }
      if !isKept {
        let found = question.dnssecOK ? try records(at: owner, in: answers) : []
        keep(.dname, [record], owner: owner, signedIn: found)
      }
      return
    }
  }

  // MARK: - Authority

  /// Keeps the first SOA at or above the chain's last name, its TTL at most its MINIMUM
  /// (RFC 2308 §5).
  private mutating func keepSOA() throws(Unreadable) -> Bool {
    for record in authority where record.type == .soa && record.recordClass == question.recordClass
    {
      let owner = try name(at: record.owner)
      guard lastName.isAtOrBelow(owner) else { continue }
      // Two names and five numbers (RFC 1035 §3.3.13).
      guard record.data.count >= 22 else { throw Unreadable() }
      let found = question.dnssecOK ? try records(at: owner, in: authority) : []
      keep(
        .soa, [record], owner: owner, signedIn: found, section: .authority,
        ttlLimit: message.u32(record.end - 4))
      return true
    }
    return false
  }

  /// Keeps the NSEC and NSEC3 records for those who check signatures.
  private mutating func keepDenials() throws(Unreadable) {
    guard question.dnssecOK else { return }
    let first = kept.count
    for record in authority
    where (record.type == .nsec || record.type == .nsec3)
      && record.recordClass == question.recordClass
    {
      let owner = try name(at: record.owner)
      let isKept = kept[first...].contains { $0.owner == owner && $0.type == record.type }
      guard !isKept, kept.count - first < Self.maximumDenials else { continue }
      let found = try records(at: owner, in: authority)
      keep(
        record.type, found.filter { $0.type == record.type }, owner: owner, signedIn: found,
        section: .authority)
    }
  }

  /// Whether a signature has fewer labels than its owner, `*` not counted (RFC 4034 §3.1.3).
  private var isFromWildcard: Bool {
    kept.contains { set in
      let isWildcard = set.owner.octets.starts(with: [1, UInt8(ascii: "*")])
      let labels = set.owner.labelCount - (isWildcard ? 1 : 0)
      let signatures = set.type == .rrsig ? set.records : set.signatures
      return signatures.contains {
        $0.data.count > 18 && message[$0.data.lowerBound + 3] < labels
      }
    }
  }

  // MARK: - Records

  private mutating func keep(
    _ type: RecordType, _ records: [MessageRecord], owner: DomainName? = nil,
    signedIn found: [MessageRecord], section: MessageWriter.Section = .answer,
    ttlLimit: UInt32 = .max
  ) {
    guard !records.isEmpty else { return }
    var set = KeptSet(
      owner: owner ?? lastName, type: type, records: records, section: section,
      ttlLimit: ttlLimit)
    if question.dnssecOK {
      set.signatures = found.filter {
        $0.type == .rrsig && $0.data.count > 18 && message.u16($0.data.lowerBound) == type.rawValue
      }
    }
    kept.append(set)
  }

  /// The records of the question's class at `name`.
  private mutating func records(
    at name: DomainName, in section: [MessageRecord]
  ) throws(Unreadable) -> [MessageRecord] {
    var found: [MessageRecord] = []
    // One set's owners are one pointer again and again.
    var lastPointer: UInt16 = 0
    var lastIsSame = false
    for record in section where record.recordClass == question.recordClass {
      let pointer = record.fields == record.owner + 2 ? message.u16(record.owner) : 0
      if pointer < 0xC000 || pointer != lastPointer {
        try spend(name)
        guard let isSame = message.name(at: record.owner, isFolded: name) else {
          throw Unreadable()
        }
        lastPointer = pointer
        lastIsSame = isSame
      }
      if lastIsSame { found.append(record) }
    }
    return found
  }

  private mutating func name(at place: Int) throws(Unreadable) -> DomainName {
    guard let name = message.name(at: place) else { throw Unreadable() }
    try spend(name)
    return name.folded
  }

  /// Takes what a look at a name costs from what one reply may.
  private mutating func spend(_ name: DomainName) throws(Unreadable) {
    comparisons -= name.octets.count + 8
    guard comparisons > 0 else { throw Unreadable() }
  }

  /// The name that is a record's whole RDATA.
  private mutating func name(in record: MessageRecord) throws(Unreadable) -> DomainName {
    guard message.endOfName(at: record.data.lowerBound) == record.end else { throw Unreadable() }
    return try name(at: record.data.lowerBound)
  }
}
