public import Config
public import Forwarding
import Wire

/// What the workers share of one `forward` directive: its upstreams, and the cache of its block.
public final class ForwardTarget: Sendable {
  public let group: UpstreamGroup
  /// Nil where the block has no `cache`.
  public let cache: AnswerCache?
  /// Response codes for which the next `forward` is asked.
  let next: Set<ResponseCode>
  let nextOnNoData: Bool
  /// Which `forward` of its block it is.
  let place: Int

  /// - Parameter place: which `forward` of its block it is.
  public init(group: UpstreamGroup, cache: AnswerCache?, settings: ForwardSettings, place: Int) {
    self.group = group
    self.cache = cache
    self.place = place
    next = settings.next
    nextOnNoData = settings.nextOnNoData
  }

  /// Whether there are results for which the next `forward` is asked.
  var mayPassOn: Bool { nextOnNoData || !next.isEmpty }

  /// Whether the next `forward`, if the name goes to another, is asked instead of giving `result`.
  func passesOn(_ result: ExchangeResult) -> Bool {
    switch result {
    case .answer(let answer, _):
      next.contains(answer.header.code) || nextOnNoData && answer.header.isNoData
    case .failure:
      next.contains(.serverFailure)
    }
  }

  /// Nanoseconds after which a client gets a stale answer, if there is one, though upstreams are
  /// still being asked; nil for never.
  public var patience: UInt64? { cache.flatMap { $0.settings.patience } }
}

/// A question that upstreams are to be asked before there can be a reply. A class, since what it
/// consists of would be counted piece by piece wherever it is handed on.
public final class PendingQuestion: Sendable {
  public let target: ForwardTarget
  public let question: ForwardQuestion
  /// Those that may be asked after it, by `next`.
  private let successors: ArraySlice<ForwardTarget>

  init(
    target: ForwardTarget, question: ForwardQuestion, successors: ArraySlice<ForwardTarget>
  ) {
    self.target = target
    self.question = question
    self.successors = successors
  }

  /// Whether the next `forward` is asked instead of giving `result`.
  public func passesOn(_ result: ExchangeResult) -> Bool {
    !successors.isEmpty && target.passesOn(result)
  }

  /// The same question for the next `forward`; nil after the last one.
  public var following: PendingQuestion? {
    guard let next = successors.first else { return nil }
    return PendingQuestion(target: next, question: question, successors: successors.dropFirst())
  }
}

/// What a query that waited has got since: its reply is made anew with it, from the beginning.
public final class Resumption {
  /// Upstreams are slow: a stale answer is better than none.
  public var allowsStale = false
  /// An older answer of the cache goes before what upstreams have said (`prefer_positive`).
  public var prefersOlder = false
  /// No upstream is asked: this is what came of it.
  public var refusal: ExchangeFailure?
  /// Most queries ask one question.
  private var first: Entry?
  private var others: [Entry] = []

  private struct Entry {
    let place: Int
    let question: ForwardQuestion
    let result: ExchangeResult
    /// The next `forward` is asked in its place.
    let isPassedOn: Bool
  }

  public init() {}

  /// Adds what came of a question: a query asks one for each name of its chain at most.
  public func add(_ result: ExchangeResult, of pending: PendingQuestion) {
    let entry = Entry(
      place: pending.target.place, question: pending.question, result: result,
      isPassedOn: pending.passesOn(result))
    if first == nil { first = entry } else { others.append(entry) }
  }

  /// How many questions have been asked for the query.
  public var count: Int { first == nil ? 0 : 1 + others.count }

  /// What `target` has said of a name, or what stood in its place before a reload: what the query
  /// has waited for is not asked again. All else of the question is the query's, and so the same
  /// for all of them.
  func result(of name: borrowing QueryName, from target: ForwardTarget) -> ExchangeResult? {
    func isWanted(_ entry: Entry) -> Bool {
      entry.place == target.place && entry.question.asks(for: name)
    }
    if let first, isWanted(first) { return first.result }
    return others.first(where: isWanted)?.result
  }

  /// Why the cache is asked once more for a name; nil where what upstreams have said counts.
  func reason(for name: borrowing QueryName) -> AnswerCache.Reason? {
    guard refusal == nil else { return nil }
    var isSaid = false
    var isOver = false
    func note(_ entry: Entry) {
      guard entry.question.asks(for: name) else { return }
      isSaid = true
      if !entry.isPassedOn { isOver = true }
    }
    if let first { note(first) }
    for entry in others { note(entry) }
    // One `forward` may have said something, and the next one be slow.
    if prefersOlder || allowsStale && !isOver { return .staleAllowed }
    return isSaid ? nil : .first
  }
}
