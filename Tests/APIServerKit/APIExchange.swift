/// A response as it comes over a connection: octets that are due, and how it ends.
public final class APIExchange {
  /// How a response stands.
  public enum End: Sendable {
    /// More may come.
    case open
    /// Ended as HTTP ends a body.
    case clean
    /// The connection was lost.
    case cut
  }

  /// The HTTP status.
  public let status: Int
  /// Without those of the connection.
  public let headers: [APIHeader]
  /// Whether the body is to be coded with gzip, and the header for that to be added.
  public let isToBeCompressed: Bool
  /// Whether events come: such a body has no length.
  public var isWatch: Bool { cursor != nil }
  /// Octets in one chunk at most, when a fault says so.
  public private(set) var chunkLimit: Int?
  /// Until when not even the status line is sent.
  public private(set) var respondsFrom: Nanoseconds
  /// Whether the ends of events are noted for `takeMarks`.
  public var recordsMarks = false
  var faults: [FaultRule] = []
  var context = FaultyAPIServer.Context()

  private let server: FaultyAPIServer
  private let cursor: WatchCursor?
  private var pending: [UInt8]
  private var takenCount = 0
  private var marks: [Mark] = []
  private var ending: End?
  private var eventCount = 0
  private var silentUntil: Nanoseconds = 0
  /// What `slowStream` lets through: octets a second, from when, how many were sent, until when.
  private var pace: (rate: Int, since: Nanoseconds, sent: Int, until: Nanoseconds)?

  init(_ server: FaultyAPIServer, answer: APIAnswer, now: Nanoseconds) {
    self.server = server
    status = answer.status
    headers = answer.headers
    isToBeCompressed = answer.isToBeCompressed
    pending = answer.body
    cursor = nil
    ending = .clean
    respondsFrom = now
  }

  init(
    _ server: FaultyAPIServer, status: Int, headers: [APIHeader], cursor: WatchCursor,
    now: Nanoseconds
  ) {
    self.server = server
    self.status = status
    self.headers = headers
    self.cursor = cursor
    isToBeCompressed = false
    pending = []
    respondsFrom = now
  }

  /// The octets that are due, possibly none; each is given once.
  public func next(_ now: Nanoseconds) -> [UInt8] {
    server.observe(now)
    if end(now) == .open, server.isDown(now) {
      server.count(.down)
      pending = []
      ending = .cut
    }
    guard now >= respondsFrom else { return [] }
    if let cursor, ending == nil {
      for event in cursor.nextEvents(now) where ending == nil { pass(event, cursor, now) }
      if ending == nil, cursor.isEnded(now) { ending = cursor.isCut ? .cut : .clean }
    }
    if now < silentUntil { return [] }
    return taken(now)
  }

  /// How the response stands after what `next` has given.
  public func end(_ now: Nanoseconds) -> End {
    pending.isEmpty && now >= silentUntil && now >= respondsFrom ? ending ?? .open : .open
  }

  /// Where an event ends in the body.
  public struct Mark: Sendable {
    /// Octets from the beginning of the body to the event's end.
    public var end: Int
    /// `namespace/name`.
    public var key: String
    /// The ResourceVersion it carries.
    public var revision: UInt64
  }

  /// The events that were made since the last call, without initial ones and bookmarks.
  public func takeMarks() -> [Mark] {
    defer { marks = [] }
    return marks
  }

  /// When `next` may have something without any change of an object; not after `now` when it has
  /// something already.
  public func nextWake(_ now: Nanoseconds) -> Nanoseconds {
    // What is due before waits behind silence, and is given with its end.
    let held = max(respondsFrom, silentUntil)
    var wake = held
    if held <= now {
      wake = ending == nil ? cursor?.nextWake(now) ?? .max : .max
      // A tenth of a second is how finely a slow stream is cut.
      if pace != nil, !pending.isEmpty { wake = min(wake, now + nanosecondsPerSecond / 10) }
    }
    return min(wake, server.nextChange(now) ?? .max)
  }

  // MARK: - Faults

  /// Applies the faults that were drawn for this response.
  func begin(_ now: Nanoseconds) {
    for rule in faults {
      switch rule.kind {
      case .noResponse: respondsFrom = max(respondsFrom, rule.until)
      case .singleOctets: chunkLimit = 1
      case .slowStream: pace = (max(1, rule.amount), now, 0, rule.until)
      case .silence where cursor == nil || rule.amount == 0:
        silentUntil = max(silentUntil, rule.until)
      case .cutInsideEvent where cursor == nil: halve(.cut)
      case .halfEventThenEnd where cursor == nil: halve(.clean)
      default: continue
      }
      server.count(rule.kind)
    }
  }

  /// Sends half of a whole answer.
  private func halve(_ end: End) {
    pending.removeLast(pending.count - pending.count / 2)
    ending = end
  }

  private func pass(_ event: WatchEvent, _ cursor: WatchCursor, _ now: Nanoseconds) {
    defer { eventCount += 1 }
    for rule in faults where rule.kind == .silence && eventCount >= rule.amount {
      fallSilent(rule, now)
    }
    func happens(_ kind: FaultKind, before: Int = .max) -> FaultRule? {
      guard let rule = server.happens(kind, in: context, before: before, now) else { return nil }
      server.count(kind)
      return rule
    }
    for kind in FaultKind.atEvents where happens(kind, before: eventCount) != nil {
      breakOff(kind, event)
      return
    }
    if event.kind == .deleted, happens(.missingDeleted) != nil { return }
    if event.kind == .modified, happens(.missingModified) != nil { return }
    pending += event.line
    if recordsMarks, !event.isInitial, event.kind != .bookmark {
      let end = takenCount + pending.count
      marks.append(Mark(end: end, key: event.key, revision: event.revision))
    }
    // The initial events are in the order of keys: no ResourceVersion is older than another there.
    guard !event.isInitial, event.kind != .error else { return }
    if event.kind == .deleted, happens(.duplicateDeleted) != nil { pending += event.line }
    if event.kind != .bookmark, server.hasRule(.olderEvent),
      let older = cursor.olderState(of: event.key, than: event.revision),
      happens(.olderEvent) != nil
    {
      pending += older.line
    }
    guard cursor.allowsBookmarks else { return }
    if happens(.bookmarkWithoutProgress) != nil {
      pending += cursor.bookmark(event.revision).line
    }
    if let rule = happens(.lowerBookmark) {
      let lower = event.revision - min(event.revision - 1, UInt64(max(1, rule.amount)))
      pending += cursor.bookmark(lower).line
    }
  }

  private func fallSilent(_ rule: FaultRule, _ now: Nanoseconds) {
    guard silentUntil < rule.until, now < rule.until else { return }
    silentUntil = rule.until
    server.count(.silence)
  }

  /// Ends the stream at this event.
  private func breakOff(_ kind: FaultKind, _ event: WatchEvent) {
    ending = kind == .cutInsideEvent ? .cut : .clean
    if kind == .goneMidStream {
      pending += WatchCursor.errorEvent(.watchTooOld(event.revision, oldest: event.revision)).line
    } else {
      pending += event.line.prefix(event.line.count / 2)
      if kind == .malformedEvent { pending.append(UInt8(ascii: "\n")) }
    }
  }

  private func taken(_ now: Nanoseconds) -> [UInt8] {
    guard var pace, now < pace.until else {
      takenCount += pending.count
      defer { pending = [] }
      return pending
    }
    let allowed = Int(Double(now - pace.since) / 1e9 * Double(pace.rate)) - pace.sent
    let count = max(0, min(pending.count, allowed))
    pace.sent += count
    self.pace = pace
    let due = Array(pending.prefix(count))
    pending.removeFirst(count)
    takenCount += count
    return due
  }
}
