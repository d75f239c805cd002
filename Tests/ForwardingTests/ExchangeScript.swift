import Forwarding
import Testing

/// What happens to an ``ExchangeRun``, one step after the other.
enum Step {
  case ask(String, overStream: Bool = false, patience: UInt64? = nil)
  /// Time passes until so many milliseconds from the start.
  case wait(UInt64)
  /// Something comes for the message of this index among all sent.
  case reply(Int, Reply = Reply())
  case replies(Int, Reply, times: Int)
  case fail(Int, ExchangeFailure.Reason = .unreachable)
  case due
}

/// A row of a table: what happens, and the lines that must come of it.
struct ExchangeScript: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var options: ForwardOptions
  var upstreams: String
  var tls: Bool
  var probes: Bool
  var steps: @Sendable () -> [Step]
  var lines: [String]

  init(
    _ description: String, upstreams: String = "a", tls: Bool = false, probes: Bool = false,
    options change: (inout ForwardOptions) -> Void = { _ in },
    _ steps: @escaping @Sendable @autoclosure () -> [Step], gives lines: [String]
  ) {
    testDescription = description
    self.upstreams = upstreams
    self.tls = tls
    self.probes = probes
    self.steps = steps
    self.lines = lines
    options = ForwardOptions()
    options.policy = .sequential
    change(&options)
  }

  func play() throws {
    let run = ExchangeRun(
      options, upstreams: upstreams.map { ExchangeRun.upstream($0, tls: tls) })
    run.probes = probes
    for step in steps() {
      switch step {
      case .ask(let name, let overStream, let patience):
        try run.ask(name, overStream: overStream, patience: patience)
      case .wait(let time): run.wait(until: time)
      case .reply(let message, let reply): try Self.receive(message, reply, run)
      case .replies(let message, let reply, let times):
        for _ in 0..<times { try Self.receive(message, reply, run) }
      case .fail(let message, let reason):
        try #require(message < run.messages.count)
        run.fail(message, reason, "refused")
      case .due: run.probe(run.group.dueProbes(now: run.now))
      }
    }
    #expect(run.log == lines)
    let ends = run.log.count { $0.contains(" from ") || $0.contains(" failure ") }
    if ends == steps().count(where: { if case .ask = $0 { true } else { false } }) {
      #expect(run.live.isEmpty)
      #expect(run.machine.exchangeCount == 0 && run.machine.attemptCount == 0)
      #expect(run.machine.nextDeadline == nil)
      #expect(run.group.underWay == 0)
    }
  }

  private static func receive(_ message: Int, _ reply: Reply, _ run: ExchangeRun) throws {
    try #require(message < run.messages.count)
    run.receive(reply.octets(to: run.messages[message].octets), for: message)
  }
}
