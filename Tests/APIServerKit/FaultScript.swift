/// What can go wrong between an API server and its client.
public enum FaultKind: String, CaseIterable, Sendable, Hashable {
  // MARK: Instead of the answer

  /// 401 for the token of this request, until another one comes.
  case unauthorized
  /// 403.
  case forbidden
  /// 404, as from a server without the resource.
  case notFound
  /// 429; `amount` is Retry-After in seconds.
  case tooManyRequests
  /// 500.
  case serverError
  /// 503.
  case unavailable
  /// 302 to a place where nothing listens.
  case redirect
  /// A watch, or a page after the first, from a ResourceVersion that the server forgot.
  case goneAtOnce

  // MARK: On the way; the first four at an event of a watch after `amount` others, or in a list

  /// ERROR 410, then the end.
  case goneMidStream
  /// Half an event or list, then the connection is lost.
  case cutInsideEvent
  /// Half an event or list, then a proper end.
  case halfEventThenEnd
  /// A line that is not JSON.
  case malformedEvent
  /// Nothing comes any more while the rule holds.
  case silence
  /// Not even a status line while the rule holds.
  case noResponse
  /// `amount` octets a second.
  case slowStream
  /// Every octet in a chunk of its own.
  case singleOctets

  // MARK: Event by event

  /// After an event, an earlier state of the same object.
  case olderEvent
  /// A DELETED twice.
  case duplicateDeleted
  /// A DELETED is lost.
  case missingDeleted
  /// A MODIFIED is lost.
  case missingModified
  /// A bookmark with the ResourceVersion of the event before.
  case bookmarkWithoutProgress
  /// A bookmark whose ResourceVersion is `amount` too low.
  case lowerBookmark

  // MARK: The whole server

  /// No connection is taken, and those that are open are lost.
  case down
  /// Half through the rule's time, objects and ResourceVersion return to those of its beginning.
  case revisionsBackwards
}

/// When a fault happens: all that is given must hold.
public struct FaultRule: Sendable, Equatable {
  /// What goes wrong.
  public var kind: FaultKind
  /// Only for requests of this resource; nil for any.
  public var resource: APIResource?
  /// Only for watches (true) or for the rest (false).
  public var watches: Bool?
  /// Only for requests of these numbers, counted from 1, of `resource` or of any.
  public var requests: ClosedRange<Int>?
  /// The probability: for each event in watches, where a fault happens at an event; else for each
  /// request.
  public var chance: Double
  /// How often at most.
  public var times: Int
  /// Not before.
  public var from: Nanoseconds
  /// Not from here on; what holds something back lets go.
  public var until: Nanoseconds
  /// See the kinds.
  public var amount: Int

  /// A rule; by default it holds always, for everything.
  public init(
    _ kind: FaultKind, resource: APIResource? = nil, watches: Bool? = nil,
    requests: ClosedRange<Int>? = nil, chance: Double = 1, times: Int = .max,
    from: Nanoseconds = 0, until: Nanoseconds = .max, amount: Int? = nil
  ) {
    self.kind = kind
    self.resource = resource
    self.watches = watches
    self.requests = requests
    self.chance = chance
    self.times = times
    self.from = from
    self.until = until
    self.amount = amount ?? Self.usualAmount(kind)
  }

  private static func usualAmount(_ kind: FaultKind) -> Int {
    switch kind {
    case .tooManyRequests: 1
    case .slowStream: 1000
    case .lowerBookmark: 10
    default: 0
    }
  }
}

/// Rules, and the seed of their chances.
public struct FaultScript: Sendable, Equatable {
  /// In this order; the first that answers a request does.
  public var rules: [FaultRule]
  /// The same script and the same requests give the same faults.
  public var seed: UInt64

  /// A script; empty, it changes nothing.
  public init(_ rules: [FaultRule] = [], seed: UInt64 = 0) {
    self.rules = rules
    self.seed = seed
  }

  /// Every kind now and then, each in a time of its own, all over at `until`.
  public static func random(
    seed: UInt64, until: Nanoseconds, kinds: [FaultKind] = FaultKind.allCases
  ) -> FaultScript {
    var random = SeededRandom(seed: seed)
    var rules: [FaultRule] = []
    // Some kinds in each run: all at once would leave no run that gets anywhere.
    for kind in kinds where random.happens(0.4) {
      let from = Nanoseconds.random(in: 0..<max(1, until * 3 / 4), using: &random)
      let longest = kind == .down || kind == .unauthorized ? until / 8 : until
      let lasting = Nanoseconds.random(in: 0..<max(1, longest), using: &random)
      var rule = FaultRule(
        kind, chance: chance(kind), from: from, until: min(until, from + lasting))
      if random.happens(0.5) { rule.resource = APIResource.allCases.randomElement(using: &random) }
      rule.amount = amount(kind, &random)
      rules.append(rule)
    }
    return FaultScript(rules, seed: random.next())
  }

  private static func chance(_ kind: FaultKind) -> Double {
    switch kind {
    case .down, .revisionsBackwards: 1
    case .silence, .noResponse, .slowStream: 0.2
    case .singleOctets: 0.3
    case .goneMidStream, .cutInsideEvent, .halfEventThenEnd, .malformedEvent: 0.05
    default: 0.15
    }
  }

  private static func amount(_ kind: FaultKind, _ random: inout SeededRandom) -> Int {
    switch kind {
    case .tooManyRequests: Int.random(in: 1...3, using: &random)
    case .slowStream: Int.random(in: 200...20_000, using: &random)
    case .lowerBookmark: Int.random(in: 1...50, using: &random)
    default: Int.random(in: 0...6, using: &random)
    }
  }
}
