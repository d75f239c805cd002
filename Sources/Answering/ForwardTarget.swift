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
    case .answer(let given):
      next.contains(given.header.code) || nextOnNoData && given.header.isNoData
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
