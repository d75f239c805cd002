public import Config
public import Telemetry
public import Wire

/// What a server block does with a query: made once when the configuration is loaded, one copy for
/// each worker, so that nothing in it is counted by two threads.
public final class QueryPlan {
  /// The block's zone as the metrics name it.
  public let zone: DomainName
  /// Which block of the configuration it is.
  public let block: Int
  public let steps: [Step]
  /// Queries come to a plugin, even if to none that answers; else they are refused.
  public let hasHandlers: Bool
  /// Address records begin at a random place of their set (`loadbalance`).
  public let rotates: Bool
  /// `errors` is there.
  public let reportsErrors: Bool
  public let logs: [LogStep]
  /// `prometheus` is there.
  public let counters: QueryCounters?
  /// The largest UDP payload, octets (`bufsize`, else 1232).
  public let bufferSize: UInt16
  /// The type of the addresses that `families` leaves out of every reply; nil for none.
  public let leftOut: RecordType?
  /// Upstreams are asked: for other classes, too.
  let forwards: Bool
  /// A `forward` has `families` of its own.
  let forwardsLeaveOut: Bool

  public init(
    zone: DomainName, block: Int, steps: [Step], hasHandlers: Bool, rotates: Bool,
    reportsErrors: Bool, logs: [LogStep], counters: QueryCounters?, bufferSize: UInt16,
    leftOut: RecordType? = nil
  ) {
    self.zone = zone
    self.block = block
    self.steps = steps
    self.hasHandlers = hasHandlers
    self.rotates = rotates
    self.reportsErrors = reportsErrors
    self.logs = logs
    self.counters = counters
    self.bufferSize = bufferSize
    self.leftOut = leftOut
    forwards = steps.contains { step in
      if case .forward = step { true } else { false }
    }
    forwardsLeaveOut = steps.contains { step in
      if case .forward(let forward) = step { forward.leftOut != nil } else { false }
    }
  }

  /// The first `forward` that the name would go to, and its place.
  func firstForward(of name: borrowing QueryName) -> (step: ForwardStep, index: Int)? {
    for index in steps.indices {
      if case .forward(let step) = steps[index], step.covers(name) { return (step, index) }
    }
    return nil
  }

  /// The question for the `forward` at `index`, with those that may be asked after it.
  func pending(
    _ step: ForwardStep, at index: Int, _ name: borrowing QueryName, _ reply: borrowing Reply
  ) -> PendingQuestion {
    var successors: ArraySlice<ForwardTarget> = []
    if step.target.mayPassOn {
      for case .forward(let other) in steps[(index + 1)...] where other.covers(name) {
        successors.append(other.target)
      }
    }
    return PendingQuestion(
      target: step.target, question: step.question(name, reply), successors: successors)
  }

  var cacheStep: CacheStep? {
    for case .cache(let step) in steps { return step }
    return nil
  }

  /// The plugin that a query comes to last; `errors`, which says so, where none answers.
  public var lastPlugin: String {
    steps.last.map { Step.pluginNames[$0.pluginIndex] } ?? "errors"
  }
}

/// One thing that may answer, in the order of the plugins. An enum of structs: an array of classes
/// or existentials costs 12 ns an element in reference counting.
public enum Step {
  case kubernetes(KubernetesStep)
  case file(FileStep)
  case cache(CacheStep)
  case forward(ForwardStep)
  case whoami

  /// The plugin's name, for logs and metrics.
  var pluginIndex: Int {
    switch self {
    case .kubernetes: 0
    case .file: 1
    case .cache: 2
    case .forward: 3
    case .whoami: 4
    }
  }

  /// Plugin names by ``pluginIndex``: what counters are made with.
  public static let pluginNames = ["kubernetes", "file", "cache", "forward", "whoami"]
}

/// One `log` directive, compiled.
public struct LogStep {
  public let zones: SuffixTable
  public let classes: Set<LogSettings.ResponseClass>
  /// Which of the worker's formats it is written in.
  public let format: Int

  public init(zones: SuffixTable, classes: Set<LogSettings.ResponseClass>, format: Int) {
    self.zones = zones
    self.classes = classes
    self.format = format
  }
}
