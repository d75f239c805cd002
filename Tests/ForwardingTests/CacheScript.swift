import Forwarding
import Wire

/// A cache and a clock, driven by lines: `a.test. A positive 300,60` keeps an answer with these
/// TTLs, `a.test. A` asks. `DO`, `CD`, `aliases=N`, `unkept` for what may not be kept and `RD=0` for
/// who does not want upstreams to be asked may follow.
struct CacheScript {
  static let hash = NameHash(seed: 11)
  static let second: UInt64 = 1_000_000_000

  let cache: AnswerCache
  var now: UInt64

  init(_ settings: AnswerCache.Settings = .init(), now: UInt64 = 1_000_000 * second) {
    cache = AnswerCache(settings: settings, hash: Self.hash)
    self.now = now
  }

  /// A step of a script.
  enum Step {
    /// Seconds after the begin.
    case at(Double)
    /// An answer comes; what its TTLs are then written as, where it is of interest.
    case keep(String, is: String? = nil)
    case fail(String, ExchangeFailure.Reason = .timeout)
    /// What is given; `-` for nothing.
    case ask(String, is: String)
    /// As `ask`, after the exchange failed.
    case askStale(String, is: String)
  }

  /// Runs `steps`; what differs from what they expect.
  mutating func run(_ steps: [Step]) -> [String] {
    let begin = now
    var differences: [String] = []
    func expect(_ line: String, _ found: String, _ expected: String) {
      if found != expected { differences.append("\(line): \(found), not \(expected)") }
    }
    for step in steps {
      switch step {
      case .at(let seconds):
        now = begin + UInt64(seconds * Double(Self.second))
      case .keep(let line, let expected):
        var answer = Self.answer(line)
        let outcome = cache.insert(&answer, for: Self.question(line), now: now)
        if let expected { expect(line, "\(outcome) \(Self.ttls(answer))", expected) }
      case .fail(let line, let reason):
        cache.insertFailure(
          ExchangeFailure(reason: reason, text: "10.0.0.10:53: nothing"),
          for: Self.question(line), now: now)
      case .ask(let line, let expected):
        expect(line, ask(line, .first), expected)
      case .askStale(let line, let expected):
        expect("\(line) (stale)", ask(line, .staleAllowed), expected)
      }
    }
    return differences
  }

  /// What is found for a line, in words.
  func ask(_ line: String, _ reason: AnswerCache.Reason = .first) -> String {
    find(Self.question(line), reason, mayRefresh: !line.hasSuffix("RD=0")) { view, hit in
      var words = ["\(view.header.kind)"]
      if hit.isCachedFailure { words.append("remembered") }
      if let text = hit.failureText { words.append(String(decoding: text.array, as: UTF8.self)) }
      let ttls = (0..<Int(view.header.ttlCount)).map { index in
        switch hit.ttl {
        case .countedDown(let age): "\(view.records.u32(view.ttlPlace(index)) - age)"
        case .fixed(let ttl): "\(ttl)"
        }
      }
      if !ttls.isEmpty { words.append(ttls.joined(separator: ",")) }
      if hit.isStale { words.append("stale") }
      if hit.refresh { words.append("refresh") }
      if hit.isCut { words.append("cut \(hit.cutOctets)") }
      return words.joined(separator: " ")
    } ?? "-"
  }

  func find<R>(
    _ question: ForwardQuestion, _ reason: AnswerCache.Reason = .first, mayRefresh: Bool = true,
    _ body: (AnswerView, AnswerCache.Hit) -> R
  ) -> R? {
    var name = QueryName()
    guard question.name.octets.withOctets({ name.read($0, at: 0) }) else { return nil }
    return cache.find(
      name, hash: question.hash, type: question.type, recordClass: question.recordClass,
      dnssecOK: question.dnssecOK, checkingDisabled: question.checkingDisabled, now: now,
      reason: reason, mayRefresh: mayRefresh, body)
  }

  // MARK: - Lines

  static func question(_ line: String) -> ForwardQuestion {
    let words = line.split(separator: " ")
    return question(
      DomainName(words[0]) ?? .root, RecordType(mnemonic: String(words[1])) ?? .a,
      dnssecOK: words.contains("DO"), checkingDisabled: words.contains("CD"))
  }

  static func question(
    _ name: DomainName, _ type: RecordType = .a, dnssecOK: Bool = false,
    checkingDisabled: Bool = false
  ) -> ForwardQuestion {
    ForwardQuestion(
      name: name, type: type, recordClass: 1, dnssecOK: dnssecOK,
      checkingDisabled: checkingDisabled, hash: hash)
  }

  private static let kinds: [Substring: (AnswerHeader.Kind, ResponseCode)] = [
    "positive": (.positive, .noError), "noData": (.noData, .noError),
    "nameError": (.nameError, .nameError), "SERVFAIL": (.failure, .serverFailure),
    "NOTIMP": (.failure, .notImplemented), "REFUSED": (.failure, .refused),
    "FORMERR": (.failure, .formatError), "incomplete": (.incomplete, .noError),
  ]

  static func answer(_ line: String) -> ForwardedAnswer {
    let words = line.split(separator: " ")
    let (kind, code) = kinds[words[2]] ?? (.positive, .noError)
    let ttls = words.count > 3 ? words[3].split(separator: ",").compactMap { UInt32($0) } : []
    let aliases = words.first { $0.hasPrefix("aliases=") }.flatMap { UInt16($0.dropFirst(8)) }
    var answer = answer(kind, code, ttls: ttls, aliases: aliases ?? 0)
    answer.header.mayBeKept = !words.contains("unkept")
    return answer
  }

  /// An answer whose records are six octets each, the TTL last, and `padding`.
  static func answer(
    _ kind: AnswerHeader.Kind = .positive, _ code: ResponseCode = .noError, ttls: [UInt32] = [300],
    aliases: UInt16 = 0, padding: Int = 0
  ) -> ForwardedAnswer {
    var octets: [UInt8] = []
    for ttl in ttls {
      octets += [0xC0, 0x0C] + (0..<4).map { UInt8(truncatingIfNeeded: ttl >> (24 - 8 * $0)) }
    }
    octets += [UInt8](repeating: 0, count: padding)
    let header = AnswerHeader(
      kind: kind, code: code, flags: 0x80, answerCount: UInt16(ttls.count), authorityCount: 0,
      recordOctets: UInt32(octets.count), ttlCount: UInt16(ttls.count), aliasCount: aliases,
      ttl: ttls.min() ?? 0)
    for index in ttls.indices { octets += [0, UInt8(6 * index + 2)] }
    return ForwardedAnswer(header: header, octets: octets)
  }

  private static func ttls(_ answer: ForwardedAnswer) -> String {
    answer.withView { view in
      (0..<Int(view.header.ttlCount)).map { "\(view.records.u32(view.ttlPlace($0)))" }
        .joined(separator: ",")
    }
  }
}

extension AnswerCache {
  /// Keeps what 10.0.0.10 says; `answer` becomes what its first client is given.
  @discardableResult
  func insert(
    _ answer: inout ForwardedAnswer, for question: ForwardQuestion, now: UInt64
  ) -> Insertion {
    let given = GivenAnswer(answer, from: Upstream(address: IPAddress(v4: 0x0A00_000A)))
    let kept = insert(given, for: question, now: now)
    answer = kept.answer.answer
    return kept.insertion
  }
}
