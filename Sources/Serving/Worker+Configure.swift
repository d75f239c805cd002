import IO

// A reload as a worker sees it: between two batches it answers by other plans. Sockets and open
// connections stay where the listener stays.
extension Worker {
  /// Answers by `generation` from now on.
  func configure(_ generation: WorkerGeneration) {
    for listener in generation.listeners {
      if let known = endpoints.first(where: { $0.address == listener.address }) {
        known.configure(listener, generation)
      } else if let sockets = listener.sockets {
        add(listener, sockets, generation)
      }
    }
    let closed = AddressChange(
      from: endpoints.map(\.address), to: generation.listeners.map(\.address)
    ).closed
    leaving = endpoints.filter { closed.contains($0.address) }
    endpoints.removeAll { closed.contains($0.address) }
    for endpoint in leaving { endpoint.stop() }
    finish(generation.number, Clock.monotonic + Self.graceSeconds * 1_000_000_000)
  }

  private func add(
    _ listener: WorkerGeneration.ListenerSetup, _ sockets: WorkerSockets,
    _ generation: WorkerGeneration
  ) {
    let endpoint = WorkerEndpoint(
      listener, sockets, generation, setup: setup, loop: loop, batch: batch,
      waiting: waiting)
    endpoint.yield = { [unowned self] in letDatagramsPass() }
    endpoints.append(endpoint)
  }

  /// Says that the generation is taken when the listeners that have gone are done with what was
  /// under way: their plans are the old ones.
  private func finish(_ number: Int, _ deadline: UInt64) {
    leaving.removeAll { $0.closeIdle() == 0 }
    if Clock.monotonic >= deadline {
      late += leaving.filter { $0.waitingCount > 0 }
      leaving = []
    }
    guard leaving.isEmpty else {
      leave = loop.after(Self.lookPeriod) { [unowned self] in finish(number, deadline) }
      return
    }
    leave = nil
    setup.taken.post(number)
  }

  /// Sends what has become ready at listeners that have gone; each goes with its last reply.
  func flushLate() {
    for endpoint in late { endpoint.flush() }
    late.removeAll { $0.waitingCount == 0 }
  }
}
