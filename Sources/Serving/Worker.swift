import Answering
import Cluster
import IO
import Telemetry
import Wire

/// One thread that owns sockets of every listener, and answers what they receive.
final class Worker {
  let setup: WorkerSetup
  let loop = EventLoop()
  let batch = DatagramBatch()
  /// One for each listener of the configuration.
  var endpoints: [WorkerEndpoint] = []
  /// Of listeners that the configuration has no more, until their last answers are out.
  var leaving: [WorkerEndpoint] = []
  var leave: Registration?
  /// Of those, what still waits for upstreams when their time is over: replies go out as they come.
  var late: [WorkerEndpoint] = []
  private var closing: Registration?
  private(set) lazy var waiting = WaitingQueries(
    worker: setup.number, loop: loop, outstanding: setup.outstanding, mailboxes: setup.mailboxes,
    hash: setup.hash)

  /// What the control thread tells a worker.
  enum Command: Sendable {
    /// Answer by this from now on.
    case configure(WorkerGeneration)
    /// Another worker says something of a question that both have.
    case forwarding(WaitingQueries.Message)
    /// Take no more queries; answer what is under way over TCP for a few seconds at most.
    case stop
  }

  init(_ setup: WorkerSetup) {
    self.setup = setup
  }

  /// Serves what it is told to until told to stop.
  func run() {
    let sweeping = loop.every(.seconds(1)) { [unowned self] in
      for endpoint in endpoints { endpoint.sweep() }
    }
    loop.beforeWaiting { [unowned self] in
      takeArrivals()
      for endpoint in endpoints { endpoint.flush() }
      for endpoint in leaving { endpoint.flush() }
      flushLate()
    }
    waiting.yield = { [unowned self] in letDatagramsPass() }
    let commands = setup.mailboxes[setup.number].receive(on: loop) { [unowned self] in perform($0) }
    loop.run()
    withExtendedLifetime((commands, sweeping)) {}
  }

  /// How long open TCP exchanges may take after a stop, or after their listener has gone.
  static let graceSeconds: UInt64 = 5
  /// How often those are looked at meanwhile.
  static let lookPeriod = Duration.milliseconds(20)

  private func perform(_ command: Command) {
    switch command {
    case .configure(let generation): configure(generation)
    case .forwarding(let message): waiting.receive(message)
    case .stop:
      for endpoint in endpoints { endpoint.stop() }
      let deadline = Clock.monotonic + Self.graceSeconds * 1_000_000_000
      endIfIdle(deadline)
      if closing == nil {
        closing = loop.every(Self.lookPeriod) { [unowned self] in endIfIdle(deadline) }
      }
    }
  }

  /// Times that arrivals are looked for: taking one up may let others in, and a flood of them must
  /// not keep the loop from its other work.
  private static let arrivalTurns = 16

  /// Takes up what has come in everywhere before anything is sent: one endpoint's query may be
  /// answered by what another's has brought.
  private func takeArrivals() {
    for _ in 0..<Self.arrivalTurns {
      var found = false
      for endpoint in endpoints where endpoint.takeArrivals() { found = true }
      for endpoint in leaving + late where endpoint.takeArrivals() { found = true }
      if !found { return }
    }
  }

  /// Answers a batch of what has come in over UDP, in the midst of other work.
  func letDatagramsPass() {
    for endpoint in endpoints { endpoint.receive(batches: 1) }
  }

  private func endIfIdle(_ deadline: UInt64) {
    var open = 0
    for endpoint in endpoints + leaving + late { open += endpoint.closeIdle() }
    if open == 0 || Clock.monotonic >= deadline { loop.stop() }
  }
}

/// What a worker has for all its life, put together by the control thread.
struct WorkerSetup: Sendable {
  let number: Int
  /// Of all workers, by number.
  let mailboxes: [Mailbox<Worker.Command>]
  /// Gets the number of each generation when nothing of the one before is in use any more.
  let taken: Mailbox<Int>
  let outstanding: OutstandingQuestions
  let probes: LoopProbes
  let epochs: Epochs
  let hash: NameHash
  let log: Log
}
