internal import Cluster
internal import Documents

/// Keeps a sink like the objects of one kind on the server: lists them, watches them from there,
/// lists them again where that is the only way to be right. Sends nothing itself; ``ClusterWatch``
/// sends what ``nextRequest(_:)`` gives and hands it the answer.
final class Reflector {
  let resource: WatchedResource
  /// Why a list is wanted; nil: what is known needs only to be followed.
  private(set) var listReason: ListReason? = .first
  /// Whether a whole list has been taken over.
  private(set) var isSynchronized = false
  /// How far changes have been seen.
  private(set) var version: ResourceVersion?
  /// Why the list was needed that has just been taken over.
  private var completed: ListReason?
  /// Of each object on the server its state, by the hash of its key. Some 40 octets an object;
  /// 64 bits of a seeded hash meet among a million with a probability of 3 in 100 million.
  private(set) var states: [Int: ObjectState] = [:]
  /// The list being taken over.
  private(set) var replacement: Replacement?
  private var events: EventReader?
  private var list: ListReader?
  /// Changes of the octets that are being read.
  private var changes: [ObjectChange] = []
  private var triggers: [(time: Double, slice: EndpointSlice)] = []
  private var decoder: ObjectDecoder
  private var invalid: Set<ObjectKey> = []
  private var namelessCount = 0
  /// Whether the server is to be asked for lists as streams; some do not have them.
  private(set) var streamsLists = true
  private var errorsInARow = 0
  /// Events of watches so far, those of streaming lists included.
  private(set) var eventCount: UInt64 = 0
  /// Objects whose events came late, which the next comparison is to look at soon.
  private(set) var hasDoubt = false
  /// Deleted since the last comparison began.
  private(set) var deletions: Set<Int> = []
  private unowned let sink: any ReplicaSink
  private let holdsFirstList: Bool
  private let warn: (String) -> Void

  enum ListReason: String {
    case first
    /// The server has forgotten the version (410).
    case expired
    /// The server has gone back to an earlier version.
    case backwards
    /// A comparison with the server has found a difference.
    case difference
    /// Watching from the version has failed again and again.
    case failing
  }

  struct Replacement {
    let reason: ListReason
    var states: [Int: ObjectState] = [:]
    var continuation: String?
    /// Pages have expired once: the list is asked for as a whole.
    var isWhole = false
  }

  /// What an answer has led to.
  enum Verdict: Hashable {
    case goesOn
    /// The answer is of no more use: why, for the operator, where that is a fault.
    case over(String?)
  }

  /// - Parameters:
  ///   - holdsFirstList: there is something from before to answer from until the list is complete.
  ///   - warn: takes a sentence for the log.
  init(
    _ resource: WatchedResource, holdsFirstList: Bool, sink: any ReplicaSink,
    warn: @escaping (String) -> Void
  ) {
    self.resource = resource
    self.holdsFirstList = holdsFirstList
    self.sink = sink
    self.warn = warn
    // The server has selected by labels already.
    decoder = ObjectDecoder(keepsLabels: false)
  }

  // MARK: - Asking

  /// Objects of a page: as client-go asks for.
  private static let pageCount = 500

  /// What is to be sent next; its answer is fed to ``receive(_:)``.
  ///
  /// - Parameter seconds: how long the server is to keep a watch open.
  func nextRequest(_ seconds: UInt64) -> APIRequest {
    var parameters: [(name: String, value: String)] = []
    guard let listReason else {
      events = EventReader()
      parameters = [("resourceVersion", version?.text ?? "0")]
      return watch(parameters, seconds)
    }
    if streamsLists {
      replacement = Replacement(reason: listReason)
      events = EventReader()
      parameters = [
        ("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan"),
      ]
      return watch(parameters, seconds)
    }
    var replacement = self.replacement ?? Replacement(reason: listReason)
    if !replacement.isWhole { parameters.append(("limit", "\(Self.pageCount)")) }
    if let continuation = replacement.continuation {
      parameters.append(("continue", continuation))
    } else {
      replacement.states = [:]
    }
    self.replacement = replacement
    list = ListReader()
    return APIRequest(.list, path: resource.path(parameters))
  }

  private func watch(
    _ parameters: [(name: String, value: String)], _ seconds: UInt64
  ) -> APIRequest {
    let common = [
      ("watch", "1"), ("allowWatchBookmarks", "true"), ("timeoutSeconds", "\(seconds)"),
    ]
    return APIRequest(.watch, path: resource.path(common + parameters))
  }

  /// A list of names and versions alone, from where the last page ended.
  func comparisonRequest(_ continuation: String?) -> APIRequest {
    var parameters: [(name: String, value: String)] = [("limit", "\(Self.pageCount)")]
    if let continuation { parameters.append(("continue", continuation)) }
    return APIRequest(.comparison, path: resource.path(parameters))
  }

  // MARK: - Answers

  /// Takes octets of the body of a 200.
  func receive(_ octets: RawSpan) -> Verdict {
    do throws(DocumentError) {
      if list != nil {
        try receiveList(octets)
        return .goesOn
      }
      return try receiveEvents(octets)
    } catch {
      passOn()
      abandon()
      return .over("not what a list or watch is: \(error.message)")
    }
  }

  /// Takes the end of a complete answer.
  func end() -> Verdict {
    defer { events = nil }
    guard let list else {
      // A stream that ends before its list has: what it gave is given again by pages.
      if replacement != nil {
        streamsLists = false
        return giveUpList()
      }
      return .over(nil)
    }
    self.list = nil
    guard let version = list.version else {
      _ = giveUpList()
      return .over("a list without a resourceVersion")
    }
    if let next = list.continuation, next == replacement?.continuation {
      _ = giveUpList()
      return .over("the server gives the same page again")
    }
    replacement?.continuation = list.continuation
    if list.continuation == nil { _ = takeOver(version) }
    return .over(nil)
  }

  /// Takes an answer that is an error.
  ///
  /// - Parameter message: of its Status; empty where it has none, as from a proxy on the way.
  func refuse(_ status: Int, _ message: String) {
    let wasStream = list == nil
    let hadPages = replacement?.continuation != nil
    (events, list) = (nil, nil)
    switch status {
    case 410 where hadPages:
      // The pages' version is forgotten before the last is read: in one piece it cannot be.
      replacement?.continuation = nil
      replacement?.isWhole = true
      return
    case 410 where listReason == nil: want(.expired)
    // The server is behind what has been seen from it; other timeouts say nothing of that.
    case 504 where listReason == nil && message.contains("Too large resource version"):
      want(.backwards)
    case 400 where listReason != nil && wasStream, 422 where listReason != nil && wasStream:
      streamsLists = false
    // What the server says of a version that it cannot read. 502 to 504 come of proxies or load, and
    // a list would add to that.
    case 400 where listReason == nil, 500 where listReason == nil: noteError()
    default: break
    }
    replacement = nil
  }

  /// Notes that the answer cannot go on: the connection is gone or given up.
  func abandon() {
    (events, list, replacement) = (nil, nil, nil)
  }

  /// The stream has given no end of its initial events: the server knows no streaming lists.
  func stopStreaming() {
    streamsLists = false
    abandon()
  }

  /// Another server may have what the last did not.
  func startStreaming() {
    streamsLists = true
  }

  /// Has everything listed again.
  func want(_ reason: ListReason) {
    if listReason == nil { listReason = reason }
  }

  /// Errors on a watch, one after the other, after which its version is given up.
  private static let mostErrorsInARow = 3

  private func noteError() {
    errorsInARow += 1
    if errorsInARow >= Self.mostErrorsInARow {
      errorsInARow = 0
      want(.failing)
    }
  }

  private func giveUpList() -> Verdict {
    replacement = nil
    return .over(nil)
  }
}

// MARK: - Lists

extension Reflector {
  private func receiveList(_ octets: RawSpan) throws(DocumentError) {
    guard var reader = list else { return }
    list = nil
    try reader.read(octets) { take($0, isGone: false) }
    list = reader
    passOn()
  }

  /// Takes an object as it is now.
  private func take(_ value: Value, isGone: Bool) {
    do throws(ObjectError) {
      if isGone {
        delete(try key(of: value), value)
        return
      }
      switch try decoder.decode(value, type: resource.type) {
      case .object(let object):
        note(object.key, value)
        changes.append(.upsert(object))
        if replacement == nil, case .slice(let slice) = object { noteTrigger(value, slice) }
      case .passedOver, .kindMissing:
        // It may have been one for DNS before.
        let key = try key(of: value)
        note(key, value)
        changes.append(.delete(key))
      }
    } catch {
      if let key = error.key { note(key, value) }
      if isNews(error.key) { warn("passed over: \(AccessError.line(error.description))") }
    }
  }

  /// Invalid objects that are named in the log, each once; and as many without a name.
  private static let mostNamedInvalid = 100

  private func isNews(_ key: ObjectKey?) -> Bool {
    guard let key else {
      namelessCount += 1
      return namelessCount <= Self.mostNamedInvalid
    }
    return invalid.count < Self.mostNamedInvalid && invalid.insert(key).inserted
  }

  private func key(of value: Value) throws(ObjectError) -> ObjectKey {
    try Metadata(value, resource.kind, resource.type).key
  }

  private func note(_ key: ObjectKey, _ value: Value) {
    let state = ObjectState(of: value)
    if replacement != nil {
      replacement?.states[key.hashValue] = state
    } else {
      states[key.hashValue] = state
    }
  }

  private func delete(_ key: ObjectKey, _ value: Value) {
    if replacement != nil {
      replacement?.states[key.hashValue] = nil
    } else {
      states[key.hashValue] = nil
      if deletions.count < Self.mostDeletions { deletions.insert(key.hashValue) }
    }
    changes.append(.delete(key))
  }

  /// Deletions that are remembered for a comparison; one more may look like a difference, and what
  /// that costs is a list.
  private static let mostDeletions = 100_000

  private func noteTrigger(_ value: Value, _ slice: EndpointSlice) {
    let annotations = value["metadata"]?["annotations"]
    let text = annotations?["endpoints.kubernetes.io/last-change-trigger-time"]?.string
    if let time = text.flatMap(Timestamp.readPrecisely) { triggers.append((time, slice)) }
  }

  /// Hands on what has been read.
  private func passOn() {
    guard !changes.isEmpty else { return }
    let isPart = replacement != nil && (isSynchronized || holdsFirstList)
    if isPart {
      sink.hold(changes)
    } else {
      sink.apply(changes)
      for (time, slice) in triggers { sink.noteTrigger(time, of: slice) }
    }
    changes.removeAll(keepingCapacity: changes.count < 1_000)
    triggers.removeAll()
  }

  /// What the list does not have is gone; answers change over to it at once.
  private func takeOver(_ version: ResourceVersion) -> Verdict {
    guard let replacement else { return .over(nil) }
    passOn()
    var gone: [ObjectChange] = []
    for key in sink.keys(of: resource.kind, in: resource.namespace)
    where resource.covers(key) && replacement.states[key.hashValue] == nil {
      gone.append(.delete(key))
    }
    sink.hold(gone)
    states = replacement.states
    self.version = version
    self.replacement = nil
    listReason = nil
    isSynchronized = true
    hasDoubt = false
    deletions = []
    errorsInARow = 0
    completed = replacement.reason
    // Whoever hears of it may ask whether this was the last that was missing.
    sink.release(resource.kind)
    return .goesOn
  }

  /// Why a list was needed that has been taken over since the last call; nil: none was.
  func takeCompleted() -> ListReason? {
    defer { completed = nil }
    return completed
  }
}

// MARK: - Watches

extension Reflector {
  private func receiveEvents(_ octets: RawSpan) throws(DocumentError) -> Verdict {
    guard var reader = events else { return .over(nil) }
    events = nil
    var verdict = Verdict.goesOn
    try reader.read(octets) { event in
      if verdict == .goesOn { verdict = receive(event) }
    }
    events = reader
    passOn()
    if verdict != .goesOn { events = nil }
    return verdict
  }

  private func receive(_ event: WatchEvent) -> Verdict {
    eventCount += 1
    switch event.kind {
    case .error: return refuse(event.object)
    case .bookmark: return receiveBookmark(event)
    case .added, .modified, .deleted: break
    }
    errorsInARow = 0
    guard replacement == nil else {
      take(event.object, isGone: event.kind == .deleted)
      return .goesOn
    }
    guard let new = ResourceVersion(of: event.object) else {
      return .over("an event without a resourceVersion")
    }
    if let version, new == version || new.precedes(version) {
      // Given before, or an old state: the stream is behind itself, and something may be missing.
      if new != version { hasDoubt = true }
      return .goesOn
    }
    take(event.object, isGone: event.kind == .deleted)
    version = new
    return .goesOn
  }

  private func receiveBookmark(_ event: WatchEvent) -> Verdict {
    guard let new = ResourceVersion(of: event.object) else { return .goesOn }
    if replacement != nil {
      if event.endsInitialEvents { return takeOver(new) }
      // Before Kubernetes 1.27 servers pass over what they are asked, and just watch; their first
      // bookmark tells, as that of a streaming list is the one at its end.
      stopStreaming()
      return .over(nil)
    }
    errorsInARow = 0
    if let version, new.precedes(version) {
      // What the server knows ends before what was seen of it: its data was set back, and events
      // up to our version would be passed over in silence.
      want(.backwards)
      return .over("the server has gone back from version \(version.text) to \(new.text)")
    }
    version = new
    return .goesOn
  }

  private func refuse(_ status: Value) -> Verdict {
    let code = status["code"]?.integer ?? 0
    let message = status["message"]?.string ?? "an error without a message"
    if code == 410 {
      // Of a first list, too: the server has lost its place in the history.
      want(.expired)
      replacement = nil
      return .over(nil)
    }
    replacement = nil
    noteError()
    return .over("the watch ended with error \(code): \(AccessError.line(message))")
  }

  /// Begins to gather what is deleted, for a comparison.
  func beginComparison() {
    hasDoubt = false
    deletions = []
  }
}
