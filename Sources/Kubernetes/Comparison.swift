internal import Cluster
internal import Documents

/// Compares the names and versions that the server has with those that a ``Reflector`` knows: what
/// a watch has missed, no event will ever tell.
///
/// List and watch are never at the same point, so what differs is looked at again a while later,
/// when the watch has had time to say it.
struct Comparison {
  /// How long a watch may be behind a list, nanoseconds.
  static let grace: UInt64 = 15_000_000_000
  /// Differences that are remembered; one is enough for a new list.
  private static let mostDifferences = 1_000

  private static let sparePages = 20

  private var pageCount = 0
  private var list = ListReader()
  private var seen: Set<Int> = []
  /// Listed in another state than is known, or not known: hash of the key, state listed.
  private var differing: [Int: ObjectState] = [:]
  /// Known but not listed: hash of the key, state known.
  private var extra: [Int: ObjectState] = [:]
  /// How far the watch was when the list was asked for; it goes on while that is on its way.
  private let start: ResourceVersion?
  /// The version of the list.
  private var version = 0
  /// Set when all pages are there: when the differences are looked at again.
  private(set) var dueAt: UInt64?

  /// Where the next page begins, which has not been asked for yet.
  private(set) var continuation: String?

  init(from start: ResourceVersion?) {
    self.start = start
  }

  /// Takes octets of a page.
  ///
  /// - Throws: ``DocumentError`` where they are no list.
  mutating func receive(_ octets: RawSpan, _ reflector: Reflector) throws(DocumentError) {
    var pairs: [(hash: Int, state: ObjectState)] = []
    try list.read(octets) { value in
      guard let metadata = try? Metadata(value, reflector.resource.kind, reflector.resource.type)
      else { return }
      pairs.append((metadata.key.hashValue, ObjectState(of: value)))
    }
    for (hash, state) in pairs {
      seen.insert(hash)
      guard reflector.states[hash] != state, differing.count < Self.mostDifferences else {
        continue
      }
      differing[hash] = state
    }
  }

  /// Gives the next page's beginning to be asked for now.
  mutating func takeContinuation() -> String? {
    defer { continuation = nil }
    return continuation
  }

  enum Progress {
    /// Another page follows.
    case page
    /// All is listed: the differences are to be looked at again at `dueAt`, where there are any.
    case listed(hasDifferences: Bool)
    /// The list ends before what has been seen of the server.
    case wentBack
    /// Page follows page: it is no list to compare with.
    case endless
  }

  /// Takes the end of a page.
  mutating func endPage(_ reflector: Reflector, _ now: UInt64) -> Progress {
    continuation = list.continuation
    if continuation != nil {
      pageCount += 1
      // Twice as many pages as what is known fills, and some for what is not.
      guard pageCount <= reflector.states.count / 250 + Self.sparePages else { return .endless }
      list = ListReader()
      return .page
    }
    guard let last = list.version else { return .listed(hasDifferences: false) }
    if let start, last.precedes(start) { return .wentBack }
    version = last.number.map { Int(truncatingIfNeeded: $0) } ?? 0
    for (hash, state) in reflector.states
    where !seen.contains(hash) && state.version <= version && extra.count < Self.mostDifferences {
      extra[hash] = state
    }
    seen = []
    dueAt = now + Self.grace
    return .listed(hasDifferences: !differing.isEmpty || !extra.isEmpty)
  }

  /// Whether the watch has not said by now what the list said.
  func finds(_ reflector: Reflector) -> Bool {
    differing.contains { hash, listed in
      guard !reflector.deletions.contains(hash) else { return false }
      guard let known = reflector.states[hash] else { return true }
      // What is newer than the list, the list could not have.
      return known != listed && known.version >= 0 && known.version <= version
    }
      || extra.contains { hash, known in reflector.states[hash] == known }
  }
}
