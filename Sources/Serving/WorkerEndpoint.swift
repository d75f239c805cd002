import Answering
import Cluster
import IO
import Telemetry
import Wire

/// One listener's sockets in one worker.
final class WorkerEndpoint {
  private let setup: WorkerSetup
  private let batch: DatagramBatch
  private var datagrams: Socket?
  private let local: SocketAddress
  private var responder: Responder
  private let accounting: Accounting
  private var streams: StreamServer?
  /// Lets the worker's UDP sockets have their turn.
  var yield: () -> Void = {}
  private var streamAnswers = 0

  /// Batches taken before the loop looks at other sockets again.
  private static let batchesInTurn = 16
  /// Answers over TCP until UDP has a turn: clients that pipeline by the thousand must not make
  /// those wait who ask once.
  private static let streamAnswersInTurn = 32
  /// Datagrams in a batch from which on the next is looked for at once.
  private static let busyBatch = 3

  init(
    listener: WorkerSetup.ListenerSetup, setup: WorkerSetup, loop: EventLoop, batch: DatagramBatch
  ) {
    self.setup = setup
    self.batch = batch
    datagrams = Socket(owning: listener.datagrams)
    local = listener.listener.address
    responder = Responder(
      plans: listener.plans.map { ($0.zone, $0.makePlan(hash: setup.hash)) }, hash: setup.hash,
      seed: Clock.random)
    accounting = Accounting(setup: setup, dropped: listener.dropped)
    streams = unsafe StreamServer(
      loop: loop, listener: Socket(owning: listener.streams), limits: setup.streamLimits,
      now: { Clock.monotonic }
    ) { [unowned self] message, remote, local, _, reply in
      unsafe answer(message, remote, local, reply)
    }
  }

  /// Answers what has come in, then closes the listeners. The UDP socket must not be waited for
  /// any more.
  func stop() {
    receive()
    datagrams = nil
    streams?.stopListening()
  }

  /// Holds the time limits of connections; called about every second.
  func sweep() {
    streams?.sweep()
  }

  /// Closes connections with nothing under way; how many are left.
  func closeIdleStreams() -> Int {
    streams?.closeIdle()
    return streams?.count ?? 0
  }

  // MARK: - UDP

  /// Answers what waits at the UDP socket.
  func receive() {
    guard let datagrams = datagrams?.descriptor else { return }
    for _ in 0..<Self.batchesInTurn {
      let count: Int
      do {
        count = try batch.receive(datagrams)
      } catch {
        setup.log.error("\(error)")
        return
      }
      guard count > 0 else { return }
      setup.epochs.enter(setup.number)
      answer(count, &responder)
      setup.epochs.leave(setup.number)
      let lost = batch.send(datagrams)
      if lost > 0 { accounting.countLost(lost) }
      accounting.flush()
      // Under load more has come meanwhile, and asking the loop costs as much as looking.
      if count < Self.busyBatch { return }
    }
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
      guard let outcome = responder.respond(to: message, from: peer, into: &writer) else {
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
    _ reply: UnsafeMutableRawBufferPointer
  ) -> StreamReply {
    guard let start = raw.baseAddress, let end = reply.baseAddress else { return .none }
    let received = Clock.monotonic
    let peer = Peer(
      transport: .tcp, address: IPAddress(remote), port: remote.port,
      localAddress: IPAddress(local), localPort: local.port)
    let message = unsafe Octets(base: start, count: raw.count)
    var writer = unsafe MessageWriter(base: end, capacity: reply.count)
    setup.epochs.enter(setup.number)
    let outcome = responder.respond(to: message, from: peer, into: &writer)
    setup.epochs.leave(setup.number)
    guard let outcome else { return .none }
    accounting.add(
      outcome, message.count, writer.octets, peer, &responder,
      nanoseconds: Clock.monotonic &- received)
    accounting.flush()
    streamAnswers += 1
    if streamAnswers % Self.streamAnswersInTurn == 0 { yield() }
    return .written(writer.count)
  }
}
