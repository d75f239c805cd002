import Synchronization
import Wire

/// The upstreams of one `forward` directive with what is known of each, shared by all threads:
/// every method takes a lock, queries' for less than a microsecond.
public final class UpstreamGroup: Sendable {
  /// Unique in the process: the group's part of an answer's key.
  public let number: Int
  /// The zone whose names are forwarded, `.` or `example.com.`.
  public let name: String
  public let options: ForwardOptions
  /// What a probe asks.
  let probeQuestion: ForwardQuestion
  let state: Mutex<GroupState>

  /// - Parameters:
  ///   - number: unique in the process.
  ///   - name: the FROM of the directive.
  ///   - upstreams: in the order written.
  public init(number: Int, name: String, options: ForwardOptions, upstreams: [Upstream]) {
    self.number = number
    self.name = name
    self.options = options
    probeQuestion = ForwardQuestion(
      name: options.healthCheck.domain, type: .ns, recordClass: 1, dnssecOK: false,
      checkingDisabled: false, hash: NameHash(seed: 0))
    state = Mutex(GroupState(upstreams: upstreams))
  }

  /// Takes other upstreams, since a resolver file changed or a host name was looked up; keeps what
  /// is known of those that stay. One that was dropped is asked again.
  public func replace(_ upstreams: [Upstream]) {
    state.withLock { $0.replace(upstreams) }
  }

  /// Never asks `upstream` again, until ``replace(_:)``: it is this server.
  public func drop(_ upstream: Upstream, because reason: String) {
    state.withLock { state in
      state.refusal = nil
      for index in state.upstreams.indices where state.upstreams[index].upstream == upstream {
        state.upstreams[index].dropped = reason
      }
    }
  }

  /// Counts a query over TCP or TLS: on a connection that was open, or one opened for it.
  public func noteStream(to upstream: Upstream, isReused: Bool) {
    state.withLock { state in
      guard let place = state.upstreams.firstIndex(where: { $0.upstream == upstream }) else {
        return
      }
      if isReused {
        state.upstreams[place].counters.streamsReused += 1
      } else {
        state.upstreams[place].counters.streamsOpened += 1
      }
    }
  }

  // MARK: - What is seen of it

  /// All upstreams in the order written.
  public func status() -> [UpstreamStatus] {
    state.withLock { $0.upstreams.map { $0.status() } }
  }

  public var counters: GroupCounters {
    state.withLock { $0.counters }
  }

  /// Whether an upstream is up.
  public var isUp: Bool {
    state.withLock { $0.upstreams.contains(where: \.isUp) }
  }
}

/// What a group's lock guards.
struct GroupState: Sendable {
  /// Exchanges' worth of hedges that may be saved up: a burst after a quiet time may hedge ten.
  static let mostHedgeCredit = 100
  /// What a hedge costs; an exchange earns 1, so one in ten is hedged at most.
  static let hedgeCost = 10

  var upstreams: [UpstreamState]
  /// Of the next upstream heard of.
  var nextNumber = 0
  var counters = GroupCounters()
  /// Exchanges under way in all threads, probes aside.
  var underWay = 0
  var hedgeCredit = Self.mostHedgeCredit
  /// Round robin's next beginning.
  var rotation = 0
  /// With all down: when one may be asked again, and whose turn it is.
  var nextTrial: UInt64 = 0
  var trialTurn = 0
  /// What queries are told with all down, and until when: with every query refused, its text is
  /// not made for each.
  var refusal: (failure: ExchangeFailure, until: UInt64)?

  init(upstreams: [Upstream]) {
    self.upstreams = []
    replace(upstreams)
  }

  mutating func replace(_ wanted: [Upstream]) {
    refusal = nil
    var known: [Upstream: UpstreamState] = [:]
    for state in upstreams { known[state.upstream] = state }
    var places = Set(wanted.compactMap { known[$0]?.number }.map { $0 & 63 })
    upstreams = []
    for upstream in wanted where !upstreams.contains(where: { $0.upstream == upstream }) {
      if var state = known[upstream] {
        state.dropped = nil
        upstreams.append(state)
      } else {
        // See ``UpstreamChoice/bit``.
        while places.count < 64, !places.insert(nextNumber & 63).inserted { nextNumber += 1 }
        upstreams.append(UpstreamState(number: nextNumber, upstream: upstream))
        nextNumber += 1
      }
    }
  }

  /// The place of an upstream by its number; nil where it was replaced.
  func place(of number: Int) -> Int? {
    upstreams.firstIndex { $0.number == number }
  }
}

extension UpstreamState {
  func status() -> UpstreamStatus {
    var status = UpstreamStatus(upstream: upstream)
    status.isUp = isUp
    status.reason = dropped ?? reason
    status.smoothedLatency = latency.smoothed == 0 ? nil : latency.smoothed
    status.counters = counters
    return status
  }
}
