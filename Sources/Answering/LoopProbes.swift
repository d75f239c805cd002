import Synchronization
public import Wire

/// Queries of our own that were sent to upstreams, each with a name of its own that nobody can
/// guess: one that comes back shows that the upstream is this server.
public final class LoopProbes: Sendable {
  private struct State {
    var sent: Set<DomainName> = []
    var returned: Set<DomainName> = []
  }

  private let state = Mutex(State())

  public init() {}

  /// Waits for `name`, lower case, to come back.
  public func expect(_ name: DomainName) {
    state.withLock { _ = $0.sent.insert(name) }
  }

  /// Whether `name` has come back; it is not waited for any more.
  public func finish(_ name: DomainName) -> Bool {
    state.withLock { state in
      state.sent.remove(name)
      return state.returned.remove(name) != nil
    }
  }

  /// Whether the name of a query is one that was sent, which is noted.
  func recognizes(_ name: borrowing QueryName) -> Bool {
    let name = name.domainName
    return state.withLock { state in
      guard state.sent.contains(name) else { return false }
      state.returned.insert(name)
      return true
    }
  }
}
