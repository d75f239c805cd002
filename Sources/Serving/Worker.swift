import Answering
import Cluster
import IO
import Telemetry
import Wire

/// One thread that owns sockets of every listener, and answers what they receive.
final class Worker {
  private let setup: WorkerSetup
  private let loop = EventLoop()
  private let batch = DatagramBatch()
  private var endpoints: [WorkerEndpoint] = []
  private var registrations: [Registration] = []
  private var closing: Registration?

  /// What the control thread tells a worker.
  enum Command: Sendable {
    /// Take no more queries; answer what is under way over TCP for a few seconds at most.
    case stop
  }

  init(_ setup: WorkerSetup) {
    self.setup = setup
  }

  /// Serves until told to stop.
  func run() {
    for listener in setup.listeners {
      let endpoint = WorkerEndpoint(
        listener: listener, setup: setup, loop: loop, batch: batch)
      registrations.append(loop.onReadable(listener.datagrams) { endpoint.receive() })
      endpoint.yield = { [unowned self] in
        for endpoint in endpoints { endpoint.receive() }
      }
      endpoints.append(endpoint)
    }
    let sweeping = loop.every(.seconds(1)) { [unowned self] in
      for endpoint in endpoints { endpoint.sweep() }
    }
    let commands = setup.commands.receive(on: loop) { [unowned self] in perform($0) }
    loop.run()
    withExtendedLifetime((commands, sweeping)) {}
  }

  /// How long open TCP exchanges may take after a stop.
  private static let graceSeconds: UInt64 = 5

  private func perform(_ command: Command) {
    switch command {
    case .stop:
      registrations.removeAll()
      for endpoint in endpoints { endpoint.stop() }
      let deadline = Clock.monotonic + Self.graceSeconds * 1_000_000_000
      endIfIdle(deadline)
      if closing == nil {
        closing = loop.every(.milliseconds(20)) { [unowned self] in endIfIdle(deadline) }
      }
    }
  }

  private func endIfIdle(_ deadline: UInt64) {
    var open = 0
    for endpoint in endpoints { open += endpoint.closeIdleStreams() }
    if open == 0 || Clock.monotonic >= deadline { loop.stop() }
  }
}

/// Everything a worker is made of, put together by the control thread.
struct WorkerSetup: Sendable {
  let number: Int
  let listeners: [ListenerSetup]
  let commands: Mailbox<Worker.Command>
  let epochs: Epochs
  let hash: NameHash
  let log: Log
  let reporter: ErrorReporter
  /// Of each listener's TCP connections: this worker's share.
  let streamLimits: StreamLimits

  /// A listener's sockets for this worker, open and bound.
  struct ListenerSetup: Sendable {
    let listener: Listener
    /// Of the UDP socket and the listening TCP socket; the worker closes them.
    let datagrams: Int32
    let streams: Int32
    let plans: [PlanSetup]
    /// Counts queries that no block is asked for.
    let dropped: QueryCounters?
  }

  var logFormats: [QueryLogFormat]
}
