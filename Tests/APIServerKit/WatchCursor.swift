/// One event of a watch.
public struct WatchEvent: Sendable, Equatable {
  /// As in `type`.
  public enum Kind: String, Sendable {
    /// The object is new, or matches the selector from now on.
    case added = "ADDED"
    /// The object changed.
    case modified = "MODIFIED"
    /// The object is gone, or matches no longer.
    case deleted = "DELETED"
    /// No object: all up to this ResourceVersion has been sent.
    case bookmark = "BOOKMARK"
    /// The watch cannot go on.
    case error = "ERROR"
  }

  /// What happened.
  public var kind: Kind
  /// `namespace/name`; empty for bookmarks and errors.
  public var key: String
  /// The ResourceVersion it carries.
  public var revision: UInt64
  /// As sent, with its newline.
  public var line: [UInt8]
  /// Whether it tells of what was there when the watch began.
  public var isInitial = false
}

/// Where a watch stands. It holds the model.
public final class WatchCursor {
  enum Start {
    /// The present objects as ADDED, and the marked bookmark when bookmarks are allowed.
    case initialEvents
    /// What happened after this ResourceVersion, which may be one that the server has not reached.
    case after(UInt64)
  }

  /// Whether the client has asked for bookmarks.
  public var allowsBookmarks: Bool { options.allowsBookmarks }
  /// The watched resource.
  public var resource: APIResource { target.resource }
  /// When the server ends the watch.
  public let deadline: Nanoseconds
  private let model: APIServerModel
  private let epoch: Int
  private let target: APITarget
  private let options: ListOptions
  private var needsInitialEvents: Bool
  /// The number of the next change to look at.
  private var nextChange: Int
  /// Changes up to here are known to the client.
  private let after: UInt64
  private var nextBookmark: Nanoseconds
  private var failure: APIStatus?
  private var hasFailed = false

  init(
    _ model: APIServerModel, _ target: APITarget, _ options: ListOptions, _ start: Start,
    now: Nanoseconds
  ) {
    self.model = model
    self.target = target
    self.options = options
    epoch = model.epoch
    let collection = model[target.resource]
    switch start {
    case .initialEvents:
      needsInitialEvents = true
      after = model.revision
    case .after(let revision):
      needsInitialEvents = false
      after = revision
      if revision < collection.oldest {
        failure = .watchTooOld(revision, oldest: collection.oldest)
      }
    }
    nextChange = collection.firstChange(after: after)
    let lasting = options.timeout.map { $0 * nanosecondsPerSecond } ?? model.settings.watchTimeout
    deadline = now + lasting
    nextBookmark = now
    nextBookmark = followingBookmark(now)
  }

  /// The lines that are due, possibly none; each is given once.
  public func next(_ now: Nanoseconds) -> [UInt8] {
    nextEvents(now).reduce(into: []) { $0 += $1.line }
  }

  /// The events that are due, possibly none; each is given once.
  public func nextEvents(_ now: Nanoseconds) -> [WatchEvent] {
    guard !isEnded(now) else { return [] }
    var events: [WatchEvent] = []
    if needsInitialEvents { events = initialEvents() }
    let collection = model[target.resource]
    if failure == nil, nextChange < collection.forgotten {
      failure = .watchTooOld(after, oldest: collection.oldest)
    }
    if let failure {
      hasFailed = true
      events.append(Self.errorEvent(failure))
      return events
    }
    while nextChange < collection.forgotten + collection.changes.count {
      let change = collection.changes[nextChange - collection.forgotten]
      nextChange += 1
      if change.revision > after, let event = event(of: change) { events.append(event) }
    }
    if options.allowsBookmarks, now >= nextBookmark {
      nextBookmark = followingBookmark(now)
      events.append(bookmark(model.revision))
    }
    return events
  }

  /// Whether the server has ended the response: its time is over, it has failed, or it was cut.
  public func isEnded(_ now: Nanoseconds) -> Bool {
    hasFailed || now >= deadline || isCut
  }

  /// Whether the connection was lost with the server's state, so that there is no proper end.
  public var isCut: Bool { model.epoch != epoch }

  /// When there is next something to do without any change of an object.
  public func nextWake(_ now: Nanoseconds) -> Nanoseconds {
    options.allowsBookmarks ? min(nextBookmark, deadline) : deadline
  }

  /// A bookmark with this ResourceVersion, which may be a wrong one.
  public func bookmark(_ revision: UInt64, endsInitialEvents: Bool = false) -> WatchEvent {
    let partial = options.isMetadataOnly
    let kind = partial ? "PartialObjectMetadata" : resource.kind
    let version = partial ? "meta.k8s.io/v1" : resource.apiVersion
    var text =
      "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"\(kind)\",\"apiVersion\":\"\(version)\","
    text += "\"metadata\":{\"resourceVersion\":\"\(revision)\""
    if model.settings.bookmarksHaveNullTimestamp { text += ",\"creationTimestamp\":null" }
    if endsInitialEvents { text += #","annotations":{"k8s.io/initial-events-end":"true"}"# }
    text += partial ? "}}}\n" : "},\(resource.emptyMembers)}}\n"
    return WatchEvent(kind: .bookmark, key: "", revision: revision, line: Array(text.utf8))
  }

  /// An ERROR event.
  public static func errorEvent(_ status: APIStatus) -> WatchEvent {
    let text = "{\"type\":\"ERROR\",\"object\":\(status.text)}\n"
    return WatchEvent(kind: .error, key: "", revision: 0, line: Array(text.utf8))
  }

  // MARK: - Making events

  private func initialEvents() -> [WatchEvent] {
    needsInitialEvents = false
    // As they were when the watch began; what happened since follows as changes.
    let collection = model[target.resource]
    guard after >= collection.oldest else {
      failure = .watchTooOld(after, oldest: collection.oldest)
      return []
    }
    let present = model.select(collection.objects(at: after), target, options)
    var events = present.map { event(.added, $0, $0.revision) }
    if options.allowsBookmarks { events.append(bookmark(after, endsInitialEvents: true)) }
    for index in events.indices { events[index].isInitial = true }
    return events
  }

  /// A change as this watch sees it: by its Namespace and selectors an object comes and goes.
  private func event(of change: Change) -> WatchEvent? {
    switch (change.previous.flatMap(matching), change.object.flatMap(matching)) {
    case (nil, let object?): event(.added, object, change.revision)
    case (.some, let object?): event(.modified, object, change.revision)
    // The last state that matched, with the ResourceVersion at which it ended.
    case (let previous?, nil): event(.deleted, previous, change.revision)
    case (nil, nil): nil
    }
  }

  private func matching(_ stored: StoredObject) -> StoredObject? {
    if let namespace = target.namespace, namespace != stored.object.namespace { return nil }
    return options.selector.matches(stored.object) ? stored : nil
  }

  /// A state of an object that came before the one of ResourceVersion `revision`, as MODIFIED.
  func olderState(of key: String, than revision: UInt64) -> WatchEvent? {
    let change = model[resource].changes.last {
      $0.revision <= revision && $0.previous?.object.key == key
    }
    guard let previous = change?.previous.flatMap(matching) else { return nil }
    return event(.modified, previous, previous.revision)
  }

  private func event(_ kind: WatchEvent.Kind, _ object: StoredObject, _ revision: UInt64)
    -> WatchEvent
  {
    var line: [UInt8] = []
    line.reserveCapacity(object.item.count + 128)
    line += "{\"type\":\"\(kind.rawValue)\",\"object\":".utf8
    object.write(
      to: &line, metadataOnly: options.isMetadataOnly,
      as: revision == object.revision ? nil : revision)
    line += "}\n".utf8
    return WatchEvent(kind: kind, key: object.object.key, revision: revision, line: line)
  }

  private func followingBookmark(_ now: Nanoseconds) -> Nanoseconds {
    let regular = now + model.settings.bookmarkPeriod
    let last = deadline - model.settings.lastBookmarkLead
    return last > now ? min(regular, last) : regular
  }
}
