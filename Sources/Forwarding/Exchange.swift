import Wire

/// One question on its way to an answer. A class, as an attempt is: most of what happens to one
/// touches a field or two, and copies of the whole would cost more than all else. Used again when it
/// has ended: see ``begin(_:of:kind:overStream:end:mostAsked:)``.
final class Exchange {
  enum Kind {
    case query
    /// The only message to a group of which every upstream is down.
    case trial
    /// For the upstream's health alone; nobody waits for the answer.
    case probe
  }

  private(set) var question: ForwardQuestion
  private(set) var group: UpstreamGroup
  private(set) var kind: Kind
  /// Whether the client came over a stream.
  private(set) var overStream: Bool
  /// When it is over, whatever happens.
  private(set) var end: UInt64
  /// When ``ExchangeAction/slow(exchange:)`` is due, and when a second upstream is asked;
  /// never where nothing is set.
  var slowAt = UInt64.max
  var hedgeAt = UInt64.max
  var hedgePause = ExchangeLimits.hedgePause

  /// Upstreams asked, see ``UpstreamChoice/bit``; how many in all, of how many.
  var tried: UInt64 = 0
  /// Those that an error of this exchange was held against, each once: it may be the question's.
  var blamed: UInt64 = 0
  var asked = 0
  private(set) var mostAsked: Int
  var followUps = 0
  var lastAsked = 0

  /// What becomes the result if nothing better comes: the answer whose code asks for another
  /// upstream, else the last failure of each.
  var fallback: GivenAnswer?
  private var failures: [(upstream: Int, failure: ExchangeFailure)] = []
  /// What came of an answer over UDP whose whole is to come over a stream: better than none, for
  /// clients over UDP.
  var part: GivenAnswer?

  /// The first of its attempts under way, a list through ``Attempt/next``.
  var firstAttempt: Int32 = -1
  /// The next exchange of the same place in ``Outstanding``.
  var nextOutstanding: Int32 = -1

  init(
    _ question: ForwardQuestion, of group: UpstreamGroup, kind: Kind, overStream: Bool,
    end: UInt64, mostAsked: Int
  ) {
    self.question = question
    self.group = group
    self.kind = kind
    self.overStream = overStream
    self.end = end
    self.mostAsked = mostAsked
  }

  /// Makes one that has ended and let go another, as if it were new: every field is set.
  func begin(
    _ question: ForwardQuestion, of group: UpstreamGroup, kind: Kind, overStream: Bool,
    end: UInt64, mostAsked: Int
  ) {
    self.question = question
    self.group = group
    self.kind = kind
    self.overStream = overStream
    self.end = end
    self.mostAsked = mostAsked
    slowAt = .max
    hedgeAt = .max
    hedgePause = ExchangeLimits.hedgePause
    tried = 0
    blamed = 0
    asked = 0
    followUps = 0
    lastAsked = 0
    firstAttempt = -1
    nextOutstanding = -1
  }

  /// Forgets the answers and failures that it has got. Its group it keeps until another begins.
  func letGo() {
    fallback = nil
    part = nil
    if !failures.isEmpty { failures = [] }
  }
}

extension Exchange {
  /// Notes how asking an upstream has failed, in place of how it failed before.
  func note(_ reason: ExchangeFailure.Reason, _ text: String, of choice: UpstreamChoice) {
    failures.removeAll { $0.upstream == choice.number }
    failures.append((choice.number, ExchangeFailure(reason: reason, text: text)))
  }

  /// What all of them say, the last one's reason; nil where none has failed.
  var failure: ExchangeFailure? {
    failures.last.map { last in
      let texts = failures.map(\.failure.text)
      return ExchangeFailure(
        reason: last.failure.reason, text: texts.joined(separator: "; "))
    }
  }
}

/// One message to one upstream.
final class Attempt {
  /// How a message differs from the first one of its upstream.
  struct Way {
    var isStream: Bool
    var usesEDNS: Bool
    /// Whether letters are spelled at random.
    var isSpelled: Bool
    /// Sent anew with the cookie of a BADCOOKIE.
    var hasRetriedCookie = false
    /// Sent anew without EDNS, since the upstream said that it wants none.
    var isPlainRetry = false
    /// Sent anew in small letters, since a reply came that had others than the question.
    var isSmallRetry = false
    /// Sent anew since a datagram came that could not be read.
    var isUnreadableRetry = false
    /// Over a stream for something said, or not said, over UDP.
    var reason: StreamReason?

    /// Whether a datagram without spelling, without EDNS, or from another port, would settle what
    /// the stream is for.
    var hasWayBack: Bool {
      reason == .spelling && isSpelled || reason == .bareError && usesEDNS || reason == .unreadable
    }
  }

  /// Why a stream is tried beside or behind a datagram.
  enum StreamReason: String {
    case truncated = "truncated over UDP"
    case spelling = "spelled otherwise over UDP"
    case wrongDatagrams = "wrong datagrams over UDP"
    case cookie = "no cookie over UDP"
    case bareError = "an error without the question over UDP"
    case unreadable = "unreadable reply over UDP"
  }

  /// The slot of its exchange.
  private(set) var exchange: Int
  private(set) var choice: UpstreamChoice
  private(set) var way: Way
  /// The message that asks.
  private(set) var query: [UInt8] = []
  private(set) var sent: UInt64
  private(set) var deadline: UInt64
  var wrongDatagrams = 0
  /// A stream was tried beside it.
  var hasStream = false
  /// A datagram came that may be the upstream's answer, but is not believed.
  var mayBeAnswered = false
  /// Of what came, how many have the question and cannot be read.
  var unreadableMessages = 0
  var isUnreadable: Bool { unreadableMessages > 0 }
  /// When a datagram is sent beside this stream that is to settle what one left in doubt, see
  /// ``ExchangeLimits/streamPatience``; never once it was.
  var wayBackAt = UInt64.max
  /// The next attempt of its exchange.
  var next: Int32

  init(
    exchange: Int, choice: UpstreamChoice, way: Way, sent: UInt64, deadline: UInt64, next: Int32
  ) {
    self.exchange = exchange
    self.choice = choice
    self.way = way
    self.sent = sent
    self.deadline = deadline
    self.next = next
  }

  /// Makes one that has ended another, as if it were new: every field is set, ``query`` soon.
  func begin(
    exchange: Int, choice: UpstreamChoice, way: Way, sent: UInt64, deadline: UInt64, next: Int32
  ) {
    self.exchange = exchange
    self.choice = choice
    self.way = way
    self.sent = sent
    self.deadline = deadline
    self.next = next
    wrongDatagrams = 0
    hasStream = false
    mayBeAnswered = false
    unreadableMessages = 0
    wayBackAt = .max
  }

  /// Writes and returns ``query``.
  func writeQuery(for exchange: Exchange, id: UInt16, caseBits: SIMD4<UInt64>?) -> [UInt8] {
    let isProbe = exchange.kind == .probe
    UpstreamQuery.encode(
      exchange.question, id: id, caseBits: caseBits, edns: way.usesEDNS,
      cookie: isProbe ? nil : choice.cookie, into: &query)
    if isProbe, !exchange.group.options.healthCheck.recursionDesired { query[2] &= ~1 }
    return query
  }

  /// Whether its failure says something of the upstream's health: a datagram that may have been
  /// answered and a stream behind it do not.
  var countsForHealth: Bool { way.reason == nil && !mayBeAnswered && !way.isUnreadableRetry }

  /// What came before it of the same upstream; nil where it is the first.
  var before: StreamReason? { way.reason ?? (way.isUnreadableRetry ? .unreadable : nil) }
}

/// Which question is under way, found by its hash: a chained table over the exchanges' slots.
struct Outstanding {
  /// Chains of four with every slot taken.
  private static let places = 4096
  private static let none: Int32 = -1
  private var heads = [Int32](repeating: Self.none, count: Self.places)

  private static func place(_ question: ForwardQuestion, _ group: UpstreamGroup) -> Int {
    let hash = question.hash ^ UInt64(question.type.rawValue) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: (hash &+ UInt64(truncatingIfNeeded: group.number)))
      & (places - 1)
  }

  func find(
    _ question: ForwardQuestion, _ group: UpstreamGroup, in exchanges: borrowing SlotTable<Exchange>
  ) -> Int? {
    var at = heads[Self.place(question, group)]
    while at != Self.none {
      let slot = Int(at)
      if exchanges[slot].group === group, exchanges[slot].question == question { return slot }
      at = exchanges[slot].nextOutstanding
    }
    return nil
  }

  mutating func insert(_ slot: Int, in exchanges: inout SlotTable<Exchange>) {
    let place = Self.place(exchanges[slot].question, exchanges[slot].group)
    exchanges[slot].nextOutstanding = heads[place]
    heads[place] = Int32(slot)
  }

  mutating func remove(_ slot: Int, in exchanges: inout SlotTable<Exchange>) {
    let place = Self.place(exchanges[slot].question, exchanges[slot].group)
    let next = exchanges[slot].nextOutstanding
    guard heads[place] != Int32(slot) else {
      heads[place] = next
      return
    }
    var at = heads[place]
    while at != Self.none {
      if exchanges[Int(at)].nextOutstanding == Int32(slot) {
        exchanges[Int(at)].nextOutstanding = next
        return
      }
      at = exchanges[Int(at)].nextOutstanding
    }
  }
}
