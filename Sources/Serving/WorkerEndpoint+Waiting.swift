import Answering
import Cluster
import IO
import Wire

// Queries whose replies need what upstreams say.
extension WorkerEndpoint {
  /// Keeps a query until the batch it came with is done.
  func noteArrival(
    _ message: Octets, _ peer: Peer, _ client: WaitingQuery.Client, _ received: UInt64,
    _ responder: borrowing Responder
  ) {
    guard let pending = responder.pending else { return }
    arrivals.append((waiting.query(message, peer, client, self, received: received), pending))
    waitingCount += 1
  }

  /// Has asked what the queries of a batch wait for; whether there were any.
  @discardableResult
  func takeArrivals() -> Bool {
    // It would join lists that are being gone through; what comes meanwhile has its turn soon.
    guard !waiting.isDelivering, !arrivals.isEmpty || !refreshes.isEmpty else { return false }
    // Used again: a block of that size, freed and allocated for each batch, has malloc put together all
    // small ones that were freed since.
    var arrived = spareArrivals
    spareArrivals = []
    while !arrivals.isEmpty || !refreshes.isEmpty {
      swap(&arrived, &arrivals)
      for (query, pending) in arrived { waiting.wait(query, for: pending) }
      arrived.removeAll(keepingCapacity: true)
      let wanted = refreshes
      refreshes = []
      for pending in wanted { waiting.refresh(pending) }
      waiting.send()
    }
    spareArrivals = arrived
    return true
  }

  /// Makes the reply to a query that has waited and sends it; what it is still to wait for
  /// otherwise.
  func resume(_ query: WaitingQuery) -> PendingQuestion? {
    let capacity = query.peer.transport == .udp ? Outbox.messageOctets : 65_535
    var writer = unsafe MessageWriter(base: waiting.scratch, capacity: capacity)
    setup.epochs.enter(setup.number)
    let now = Clock.monotonic
    let outcome = query.message.withOctets {
      responder.respond(
        to: $0, from: query.peer, into: &writer, now: now, resumption: query.resumption)
    }
    setup.epochs.leave(setup.number)
    // Taken up before the next wait, with what comes in until then.
    if outcome?.refreshes == true { refreshes += responder.takeRefreshes() }
    if outcome?.isPending == true { return responder.pending }
    waitingCount -= 1
    guard let outcome else { return nil }
    accounting.add(
      outcome, query.message.count, writer.octets, query.peer, &responder,
      nanoseconds: now &- query.received)
    let reply = unsafe UnsafeRawBufferPointer(start: waiting.scratch, count: writer.count)
    switch query.client {
    case .datagram(let client, let local):
      if unsafe !outbox.add(reply, to: client, from: local) {
        // Not flush(): queries taken up here would join a list that is being gone through.
        send()
        _ = unsafe outbox.add(reply, to: client, from: local)
      }
    case .stream(let client):
      unsafe streams?.reply(to: client, reply)
    }
    return nil
  }

  /// Sends what has become ready, and hands its log lines on.
  func flush() {
    accounting.flush()
    send()
  }

  /// Sends the replies that wait.
  func send() {
    guard outbox.count > 0, let descriptor else { return }
    let lost = outbox.flush(descriptor)
    if lost > 0 { accounting.countLost(lost) }
  }
}
