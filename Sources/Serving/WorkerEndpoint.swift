import Answering
import Cluster
import IO
import Telemetry
import Wire

/// One listener's sockets in one worker.
final class WorkerEndpoint {
  let setup: WorkerSetup
  private let batch: DatagramBatch
  private var datagrams: Socket?
  private var receiving: Registration?
  /// What the listener is known by.
  var address: SocketAddress { local }
  private let local: SocketAddress
  var responder: Responder
  private(set) var accounting: Accounting
  private(set) var streams: StreamServer?
  /// Lets the worker's UDP sockets have their turn.
  var yield: () -> Void = {}
  private var streamAnswers = 0
  let waiting: WaitingQueries
  /// Queries that have come in with what they wait for; taken up when the batch is done.
  var arrivals: [(query: WaitingQuery, pending: PendingQuestion)] = []
  var spareArrivals: [(query: WaitingQuery, pending: PendingQuestion)] = []
  /// Questions to be asked though nobody waits.
  var refreshes: [PendingQuestion] = []
  /// Queries that wait for upstreams.
  var waitingCount = 0
  lazy var outbox = Outbox()
  private var isStopping = false

  /// Batches taken before the loop looks at other sockets again.
  static let batchesInTurn = 16
  /// Queries over TCP until UDP has a turn: clients that pipeline by the thousand must not make
  /// those wait who ask once.
  private static let streamAnswersInTurn = 32
  /// Datagrams in a batch from which on the next is looked for at once.
  private static let busyBatch = 3

  init(
    _ listener: WorkerGeneration.ListenerSetup, _ sockets: WorkerSockets,
    _ generation: WorkerGeneration, setup: WorkerSetup, loop: EventLoop, batch: DatagramBatch,
    waiting: WaitingQueries
  ) {
    self.setup = setup
    self.waiting = waiting
    self.batch = batch
    datagrams = Socket(owning: sockets.datagrams)
    local = listener.address
    responder = Self.responder(listener, setup)
    accounting = Accounting(generation, log: setup.log, dropped: listener.dropped)
    streams = unsafe StreamServer(
      loop: loop, listener: Socket(owning: sockets.streams), limits: generation.streamLimits,
      now: { Clock.monotonic }
    ) { [unowned self] message, remote, local, client, reply in
      unsafe answer(message, remote, local, client, reply)
    }
    receiving = loop.onReadable(sockets.datagrams) { [unowned self] in receive() }
  }

  /// Answers by other plans from now on; sockets and connections stay as they are.
  func configure(_ listener: WorkerGeneration.ListenerSetup, _ generation: WorkerGeneration) {
    accounting.flush()
    responder = Self.responder(listener, setup)
    accounting = Accounting(generation, log: setup.log, dropped: listener.dropped)
    streams?.limits = generation.streamLimits
  }

  private static func responder(
    _ listener: WorkerGeneration.ListenerSetup, _ setup: WorkerSetup
  ) -> Responder {
    Responder(
      plans: listener.plans.map { ($0.zone, $0.makePlan(hash: setup.hash)) }, hash: setup.hash,
      seed: Clock.random, probes: setup.probes)
  }

  /// Turns in which a socket is emptied before it is closed: more than its buffer holds of what is
  /// answered at once. With queries that wait it stays open.
  private static let drainTurns = 64

  /// Answers what has come in, then closes the listeners; that of UDP when the last query that
  /// waits for upstreams has its reply.
  func stop() {
    isStopping = true
    datagrams?.refuseMore(at: local)
    streams?.stopListening()
    closeIfDone()
  }

  private func closeIfDone() {
    guard isStopping, waitingCount == 0, datagrams != nil else { return }
    for _ in 0..<Self.drainTurns where !receive() { break }
    guard waitingCount == 0 else { return }
    flush()
    receiving = nil
    datagrams = nil
  }

  /// Holds the time limits of connections; called about every second.
  func sweep() {
    streams?.sweep()
  }

  /// Closes what has nothing under way any more, after ``stop()``; how much is left.
  func closeIdle() -> Int {
    closeIfDone()
    streams?.closeIdle()
    return (streams?.count ?? 0) + waitingCount
  }

  /// The UDP socket; nil once it is closed.
  var descriptor: Int32? { datagrams?.descriptor }

  // MARK: - UDP

  /// Answers what waits at the UDP socket; whether there may be more.
  @discardableResult
  func receive(batches: Int = WorkerEndpoint.batchesInTurn) -> Bool {
    guard let datagrams = datagrams?.descriptor else { return false }
    for _ in 0..<batches {
      let count: Int
      do {
        count = try batch.receive(datagrams)
      } catch {
        setup.log.error("\(error)")
        return false
      }
      guard count > 0 else { return false }
      setup.epochs.enter(setup.number)
      answer(count, &responder)
      setup.epochs.leave(setup.number)
      let lost = batch.send(datagrams)
      if lost > 0 { accounting.countLost(lost) }
      accounting.flush()
      // What was begun is finished before more is: the fewer wait, the less each of them costs.
      if takeArrivals() { return true }
      // Under load more has come meanwhile, and asking the loop costs as much as looking.
      if count < Self.busyBatch { return false }
    }
    return true
  }

  private func answer(_ count: Int, _ responder: inout Responder) {
    let received = Clock.monotonic
    var now = received
    if count >= Self.busyBatch { prefetch(count, &responder) }
    for index in 0..<count {
      // A reply to port 0 goes nowhere.
      guard let sender = batch.sender(index), sender.port != 0 else { continue }
      let peer = Peer(
        transport: .udp, address: IPAddress(sender), port: sender.port,
        localAddress: IPAddress(localAddress(index)), localPort: local.port)
      let raw = unsafe batch.octets(index)
      guard let start = raw.baseAddress else { continue }
      let message = unsafe Octets(base: start, count: raw.count)
      var writer = unsafe MessageWriter(
        base: batch.replyBuffer(index), capacity: DatagramBatch.sendOctets)
      guard var outcome = responder.respond(to: message, from: peer, into: &writer, now: now) else {
        continue
      }
      if outcome.isPending, let refusal = waiting.refusal(of: peer) {
        writer = unsafe MessageWriter(
          base: batch.replyBuffer(index), capacity: DatagramBatch.sendOctets)
        outcome =
          responder.respond(to: message, from: peer, into: &writer, now: now, resumption: refusal)
          ?? outcome
      }
      if outcome.refreshes { refreshes += responder.takeRefreshes() }
      if outcome.isPending {
        noteArrival(
          message, peer, .datagram(to: sender, from: batch.destination(index)), received, responder)
        continue
      }
      batch.queue(index, count: writer.count)
      // A reading of the clock costs a tenth of an answer; eight answers take a few microseconds.
      if index & 7 == 0 { now = Clock.monotonic }
      accounting.add(
        outcome, message.count, writer.octets, peer, &responder, nanoseconds: now &- received)
    }
  }

  /// Has the records of a batch on their way before the first of its answers is written.
  private func prefetch(_ count: Int, _ responder: inout Responder) {
    var hashes = [64 of UInt64](repeating: 0)
    for index in 0..<min(count, hashes.count) {
      let raw = unsafe batch.octets(index)
      guard let start = raw.baseAddress else { continue }
      hashes[index] = responder.prefetchSlot(unsafe Octets(base: start, count: raw.count)) ?? 0
    }
    for index in 0..<min(count, hashes.count) where hashes[index] != 0 {
      responder.prefetchRecord(hashes[index])
    }
  }

  /// Where a datagram was sent to, which only log lines say.
  private func localAddress(_ index: Int) -> SocketAddress {
    guard local.isUnspecified, accounting.logs else { return local }
    return batch.destination(index) ?? local
  }

  // MARK: - TCP

  private func answer(
    _ raw: UnsafeRawBufferPointer, _ remote: SocketAddress, _ local: SocketAddress,
    _ client: StreamServer.Client, _ reply: UnsafeMutableRawBufferPointer
  ) -> StreamReply {
    guard let start = raw.baseAddress, let end = reply.baseAddress else { return .none }
    let received = Clock.monotonic
    let peer = Peer(
      transport: .tcp, address: IPAddress(remote), port: remote.port,
      localAddress: IPAddress(local), localPort: local.port)
    let message = unsafe Octets(base: start, count: raw.count)
    var writer = unsafe MessageWriter(base: end, capacity: reply.count)
    setup.epochs.enter(setup.number)
    var outcome = responder.respond(to: message, from: peer, into: &writer, now: received)
    if outcome?.isPending == true, let refusal = waiting.refusal(of: peer) {
      writer = unsafe MessageWriter(base: end, capacity: reply.count)
      outcome = responder.respond(
        to: message, from: peer, into: &writer, now: received, resumption: refusal)
    }
    setup.epochs.leave(setup.number)
    guard let outcome else { return .none }
    if outcome.refreshes { refreshes += responder.takeRefreshes() }
    if outcome.isPending {
      noteArrival(message, peer, .stream(client), received, responder)
      if isTurnOver() {
        takeArrivals()
        yield()
      }
      return .later
    }
    accounting.add(
      outcome, message.count, writer.octets, peer, &responder,
      nanoseconds: Clock.monotonic &- received)
    accounting.flush()
    if isTurnOver() { yield() }
    return .written(writer.count)
  }

  private func isTurnOver() -> Bool {
    streamAnswers += 1
    return streamAnswers % Self.streamAnswersInTurn == 0
  }
}
