public import Forwarding
import Wire

/// What a query that waited has got since: its reply is made anew with it, from the beginning.
/// Used again for another query after ``reset()``.
public final class Resumption {
  /// Upstreams are slow: a stale answer is better than none.
  public var allowsStale = false
  /// An older answer of the cache goes before what upstreams have said (`prefer_positive`).
  private var prefersOlder = false
  /// No upstream is asked: this is what came of it.
  public var refusal: ExchangeFailure?
  /// Most queries ask one question.
  private var first: Entry?
  private var others: [Entry] = []

  private struct Entry {
    let pending: PendingQuestion
    let result: ExchangeResult
    /// The next `forward` is asked in its place.
    let isPassedOn: Bool
  }

  public init() {}

  /// As if it were new.
  public func reset() {
    allowsStale = false
    prefersOlder = false
    refusal = nil
    first = nil
    others = []
  }

  /// Adds what came of a question: a query asks one for each name of its chain at most.
  ///
  /// - Parameter prefersOlder: an older answer of the cache goes before it (`prefer_positive`).
  public func add(
    _ result: ExchangeResult, of pending: PendingQuestion, prefersOlder: Bool = false
  ) {
    let entry = Entry(pending: pending, result: result, isPassedOn: pending.passesOn(result))
    if first == nil { first = entry } else { others.append(entry) }
    if prefersOlder { self.prefersOlder = true }
  }

  /// How many questions have been asked for the query.
  public var count: Int { first == nil ? 0 : 1 + others.count }

  /// What `target` has said of a name, or what stood in its place before a reload: what the query
  /// has waited for is not asked again. All else of the question is the query's, and so the same
  /// for all of them.
  func result(of name: borrowing QueryName, from target: ForwardTarget) -> ExchangeResult? {
    func isWanted(_ entry: Entry) -> Bool {
      entry.pending.target.place == target.place && entry.pending.question.asks(for: name)
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
      guard entry.pending.question.asks(for: name) else { return }
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
