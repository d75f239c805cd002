internal import Cluster
internal import Documents

/// Keeps a sink like the objects of one kind on the server: lists them, watches them from there,
/// lists them again where that is the only way to be right. Sends nothing itself; ``ClusterWatch``
/// sends what ``nextRequest(_:)`` gives and hands it the answer.
final class Reflector {
  let resource: WatchedResource
  /// Why a list is wanted; nil: what is known needs only to be followed.
  var listReason: ListReason? = .first
  /// Whether a whole list has been taken over.
  var isSynchronized = false
  /// How far changes have been seen.
  var version: ResourceVersion?
  /// Why the list was needed that has just been taken over.
  var completed: ListReason?
  /// Of each object on the server its state, by the hash of its key. Some 40 octets an object;
  /// 64 bits of a seeded hash meet among a million with a probability of 3 in 100 million.
  var states: [Int: ObjectState] = [:]
  /// The list being taken over.
  var replacement: Replacement?
  var events: EventReader?
  var list: ListReader?
  /// Changes of the octets that are being read.
  var changes: [ObjectChange] = []
  var triggers: [(time: Double, slice: EndpointSlice)] = []
  var decoder: ObjectDecoder
  var invalid: Set<ObjectKey> = []
  var namelessCount = 0
  /// Whether the server is to be asked for lists as streams; some do not have them.
  var streamsLists = true
  var errorsInARow = 0
  /// Events of watches so far, those of streaming lists included.
  var eventCount: UInt64 = 0
  /// Objects whose events came late, which the next comparison is to look at soon.
  var hasDoubt = false
  /// Deleted since the last comparison began.
  var deletions: Set<Int> = []
  unowned let sink: any ReplicaSink
  let holdsFirstList: Bool
  let warn: (String) -> Void

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
    _ resource: WatchedResource, keepsPodNames: Bool, holdsFirstList: Bool,
    sink: any ReplicaSink,
    warn: @escaping (String) -> Void
  ) {
    self.resource = resource
    self.holdsFirstList = holdsFirstList
    self.sink = sink
    self.warn = warn
    // The server has selected by labels already.
    decoder = ObjectDecoder(keepsLabels: false, keepsPodNames: keepsPodNames)
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

  /// Notes that a watch was answered with an error; after some its version is given up.
  func noteError() {
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
