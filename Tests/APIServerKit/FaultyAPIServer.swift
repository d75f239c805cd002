/// A model behind a fault script: what a client would get over a connection.
///
/// Pure as the model is; one thread at a time.
public final class FaultyAPIServer {
  /// The state, to be changed by the test.
  public let model: APIServerModel
  /// Tokens that are taken; nil takes every request. Independent of faults.
  public var acceptedTokens: Set<String>?
  /// How often each fault has really occurred.
  public private(set) var counts: [FaultKind: Int] = [:]
  /// Requests by resource, `nil` for other paths.
  public private(set) var requestCounts: [APIResource?: Int] = [:]
  private var rules: [RuleState]
  private var random: SeededRandom
  private var requestCount = 0

  private struct RuleState {
    var rule: FaultRule
    var hits = 0
    /// The token that `unauthorized` refuses.
    var refusedToken: String??
    /// What `revisionsBackwards` returns to.
    var backup: APIServerModel.Snapshot?
  }

  /// A server; without a script it behaves as the model does.
  public init(_ model: APIServerModel, _ script: FaultScript = FaultScript()) {
    self.model = model
    rules = script.rules.map { RuleState(rule: $0) }
    random = SeededRandom(seed: script.seed)
  }

  /// Replaces the script; counts go on.
  public func use(_ script: FaultScript) {
    rules = script.rules.map { RuleState(rule: $0) }
    random = SeededRandom(seed: script.seed)
  }

  /// Whether no connection is taken now.
  public func isDown(_ now: Nanoseconds) -> Bool {
    rules.contains { $0.rule.kind == .down && holds($0.rule, now) }
  }

  /// When a rule begins or ends next, or a restore is due; nil when nothing does any more.
  public func nextChange(_ now: Nanoseconds) -> Nanoseconds? {
    rules.flatMap { [$0.rule.from, middle($0.rule), $0.rule.until] }
      .filter { $0 > now && $0 != .max }.min()
  }

  /// Answers a request, or nil when the connection is refused or lost.
  public func respond(to request: APIRequestText, now: Nanoseconds) -> APIExchange? {
    observe(now)
    requestCount += 1
    requestCounts[request.resource, default: 0] += 1
    if isDown(now) {
      count(.down)
      return nil
    }
    if let acceptedTokens, !acceptedTokens.contains(request.bearerToken ?? "") {
      return APIExchange(self, answer: model.refusal(.unauthorized), now: now)
    }
    if let refusal = refusal(request, now) {
      return APIExchange(self, answer: refusal, now: now)
    }
    if request.isWatch, hit(.goneAtOnce, request, now) {
      return gone(request, now)
    }
    let exchange: APIExchange
    switch model.respond(to: request, now: now) {
    case .complete(let answer): exchange = APIExchange(self, answer: answer, now: now)
    case .watch(let status, let headers, let cursor):
      exchange = APIExchange(self, status: status, headers: headers, cursor: cursor, now: now)
    }
    exchange.context = context(request)
    exchange.faults = rules.indices.filter { index in
      let kind = rules[index].rule.kind
      return (kind.isOfStream || (kind.isAtEvent && !exchange.isWatch))
        && draw(index, exchange.context, now)
    }.map { rules[$0].rule }
    exchange.begin(now)
    return exchange
  }

  // MARK: - Instead of the answer

  private func refusal(_ request: APIRequestText, _ now: Nanoseconds) -> APIAnswer? {
    for index in rules.indices where rules[index].rule.kind.isRefusal {
      let rule = rules[index].rule
      if rule.kind == .unauthorized, let refused = rules[index].refusedToken, holds(rule, now),
        refused == request.bearerToken
      {
        count(.unauthorized)
        return model.refusal(.unauthorized)
      }
      guard draw(index, context(request), now) else { continue }
      count(rule.kind)
      if rule.kind == .unauthorized { rules[index].refusedToken = .some(request.bearerToken) }
      return model.refusal(status(rule, request))
    }
    guard !request.isWatch, let token = request.query.first(where: { $0.name == "continue" }),
      !token.value.isEmpty, hit(.goneAtOnce, request, now)
    else { return nil }
    let after = (try? ContinueToken(token.value))?.after ?? ""
    return model.refusal(.continueTooOld(ContinueToken(revision: nil, after: after).text))
  }

  private func status(_ rule: FaultRule, _ request: APIRequestText) -> APIStatus {
    switch rule.kind {
    case .unauthorized: return .unauthorized
    case .forbidden:
      guard let target = APITarget(path: request.path) else { return .unknownResource }
      let verb = request.isWatch ? "watch" : target.name == nil ? "list" : "get"
      return .forbidden(target.resource, verb: verb, namespace: target.namespace)
    case .tooManyRequests: return .tooManyRequests(retryAfter: rule.amount)
    case .serverError: return .internalError
    case .unavailable: return .unavailable
    case .redirect:
      // Port 1 of loopback: nothing listens there.
      return APIStatus(
        code: 302, reason: nil, message: "Found",
        headers: [APIHeader("Location", "http://127.0.0.1:1\(request.target)")])
    default: return .unknownResource
    }
  }

  private func gone(_ request: APIRequestText, _ now: Nanoseconds) -> APIExchange {
    var answer = model.refusal(.watchTooOld(1, oldest: model.revision))
    answer.status = 200
    answer.body = WatchCursor.errorEvent(.watchTooOld(1, oldest: model.revision)).line
    return APIExchange(self, answer: answer, now: now)
  }

  // MARK: - Rules

  /// Does what depends on time alone; called whenever the caller shows the time.
  func observe(_ now: Nanoseconds) {
    for index in rules.indices where rules[index].rule.kind == .revisionsBackwards {
      let rule = rules[index].rule
      guard holds(rule, now), rules[index].hits == 0 else { continue }
      if rules[index].backup == nil { rules[index].backup = model.snapshot() }
      if now >= middle(rule), let backup = rules[index].backup, backup.revision < model.revision {
        rules[index].hits = 1
        model.restore(from: backup)
        count(.revisionsBackwards)
      }
    }
  }

  /// The rule by which a fault happens at an event of a watch, `before` events having come before.
  func happens(
    _ kind: FaultKind, in context: Context, before: Int = .max, _ now: Nanoseconds
  ) -> FaultRule? {
    for index in rules.indices where rules[index].rule.kind == kind {
      guard before >= rules[index].rule.amount, draw(index, context, now) else { continue }
      return rules[index].rule
    }
    return nil
  }

  func hasRule(_ kind: FaultKind) -> Bool { rules.contains { $0.rule.kind == kind } }

  func count(_ kind: FaultKind) { counts[kind, default: 0] += 1 }

  /// What a request is to the rules.
  struct Context {
    var resource: APIResource?
    var isWatch = false
    /// The number of the request, and the one among those of its resource.
    var number = 0
    var numberOfResource = 0
  }

  private func context(_ request: APIRequestText) -> Context {
    Context(
      resource: request.resource, isWatch: request.isWatch, number: requestCount,
      numberOfResource: requestCounts[request.resource] ?? 0)
  }

  private func hit(_ kind: FaultKind, _ request: APIRequestText, _ now: Nanoseconds) -> Bool {
    let isHit = rules.indices.contains {
      rules[$0].rule.kind == kind && draw($0, context(request), now)
    }
    if isHit { count(kind) }
    return isHit
  }

  private func draw(_ index: Int, _ context: Context, _ now: Nanoseconds) -> Bool {
    let rule = rules[index].rule
    let number = rule.resource == nil ? context.number : context.numberOfResource
    guard holds(rule, now), rule.resource == nil || rule.resource == context.resource,
      rule.watches == nil || rule.watches == context.isWatch,
      rule.requests?.contains(number) ?? true, rules[index].hits < rule.times,
      random.happens(rule.chance)
    else { return false }
    rules[index].hits += 1
    return true
  }

  private func holds(_ rule: FaultRule, _ now: Nanoseconds) -> Bool {
    rule.from <= now && now < rule.until
  }

  private func middle(_ rule: FaultRule) -> Nanoseconds {
    rule.from + (rule.until - rule.from) / 2
  }
}

extension FaultKind {
  /// Whether it answers in the server's place.
  var isRefusal: Bool {
    switch self {
    case .unauthorized, .forbidden, .notFound, .tooManyRequests, .serverError, .unavailable,
      .redirect:
      true
    default: false
    }
  }

  /// Whether it is drawn once for a response and acts while that is sent.
  var isOfStream: Bool {
    switch self {
    case .silence, .noResponse, .slowStream, .singleOctets: true
    default: false
    }
  }

  /// Whether it ends a watch at an event; of these, some halve a list.
  var isAtEvent: Bool { Self.atEvents.contains(self) }

  static let atEvents: [FaultKind] = [
    .goneMidStream, .cutInsideEvent, .halfEventThenEnd, .malformedEvent,
  ]
}
