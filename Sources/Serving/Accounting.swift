import Answering
import Config
import IO
import Telemetry
import Wire

/// What sees a reply on its way out: metrics, query log, error log. Belongs to one worker.
final class Accounting {
  private let log: LogBatch
  private let formats: [QueryLogFormat]
  private let reporter: ErrorReporter
  private let dropped: QueryCounters?

  init(_ generation: WorkerGeneration, log: Log, dropped: QueryCounters?) {
    self.log = LogBatch(log)
    formats = generation.logFormats
    reporter = generation.reporter
    self.dropped = dropped
  }

  /// Whether any block logs its queries.
  var logs: Bool { !formats.isEmpty }

  /// Counts and logs one reply.
  @inline(__always)
  func add(
    _ outcome: Responder.Outcome, _ size: Int, _ reply: Octets, _ peer: Peer,
    _ responder: inout Responder, nanoseconds: UInt64
  ) {
    let plan = outcome.plan.map { responder.plan($0) }
    if let counters = plan.map({ $0.counters }) ?? dropped {
      counters.record(
        transport: peer.transport.rawValue, family: peer.address.isV4 ? 1 : 2,
        type: outcome.query?.type.rawValue ?? 0, requestSize: size, responseSize: reply.count,
        dnssecOK: outcome.query?.edns?.dnssecOK ?? false,
        responseCode: Int(outcome.code.rawValue), plugin: outcome.plugin, nanoseconds: nanoseconds)
    }
    guard let plan, let query = outcome.query else { return }
    if let error = outcome.error, plan.reportsErrors {
      reporter.report(
        plan,
        QueryError(
          responseCode: Int(outcome.code.rawValue), name: responder.queryName.description,
          type: query.type.description,
          message: error.utf8CodeUnitCount > 0
            ? "plugin/\(plan.lastPlugin): \(error)" : responder.failure ?? ""))
    }
    if !plan.logs.isEmpty {
      write(outcome, query, plan, size, reply, peer, &responder, nanoseconds)
    }
  }

  /// Replies that the kernel did not take.
  func countLost(_ count: Int) {
    reporter.lostReplies.add(count)
  }

  /// Hands the batch's log lines on.
  func flush() { log.flush() }

  private func write(
    _ outcome: Responder.Outcome, _ query: Query, _ plan: QueryPlan, _ size: Int, _ reply: Octets,
    _ peer: Peer, _ responder: inout Responder, _ nanoseconds: UInt64
  ) {
    let view = ReplyView(reply)
    let found = ResponseClass.of(
      opcode: query.opcode, type: query.type.rawValue, responseCode: Int(outcome.code.rawValue),
      hasAnswer: view.hasAnswer, hasSOA: view.deniesWithSOA)
    for step in plan.logs where responder.selects(step.zones) {
      guard step.classes.contains(.all) || step.classes.contains(found.setting) else { continue }
      let name = responder.queryName.folded.description
      log.append(
        LoggedQuery(
          type: query.type.description, name: name, className: Self.name(query.recordClass),
          transport: peer.transport == .udp ? "udp" : "tcp", remote: peer.address.description,
          remotePort: peer.port, local: peer.localAddress.description, id: query.id,
          opcode: query.opcode, dnssecOK: query.edns?.dnssecOK ?? false,
          bufferSize: peer.transport == .tcp ? 65_535 : Int(max(512, query.edns?.size ?? 512)),
          size: size,
          reply: LoggedQuery.Reply(
            responseCode: Int(outcome.code.rawValue), flags: view.flags, size: reply.count),
          nanoseconds: nanoseconds), formats[step.format])
    }
  }

  private static func name(_ recordClass: UInt16) -> String {
    switch recordClass {
    case 1: "IN"
    case 3: "CH"
    case 4: "HS"
    case 254: "NONE"
    case 255: "ANY"
    default: "CLASS\(recordClass)"
    }
  }
}

extension ResponseClass {
  fileprivate var setting: LogSettings.ResponseClass {
    switch self {
    case .success: .success
    case .denial: .denial
    case .error: .error
    }
  }
}
