import Answering
import IO
import Wire

/// A client's query whose reply needs what upstreams say. Used again for another one when it has its
/// reply.
final class WaitingQuery {
  private(set) var message: [UInt8]
  private(set) var peer: Peer
  private(set) var client: Client
  /// The listener's socket in this worker that it came to; nil when it has its reply.
  private(set) var endpoint: WorkerEndpoint?
  /// Monotonic nanoseconds.
  private(set) var received: UInt64
  let resumption = Resumption()
  /// The next one that waits for the same question.
  var next: WaitingQuery?

  enum Client {
    /// Where the reply goes, and the address that the query was sent to.
    case datagram(to: SocketAddress, from: SocketAddress?)
    case stream(StreamServer.Client)
  }

  init(
    _ message: Octets, _ peer: Peer, _ client: Client, _ endpoint: WorkerEndpoint,
    _ received: UInt64
  ) {
    self.message = message.array
    self.peer = peer
    self.client = client
    self.endpoint = endpoint
    self.received = received
  }

  /// Makes one that has its reply another one.
  func begin(
    _ message: Octets, _ peer: Peer, _ client: Client, _ endpoint: WorkerEndpoint,
    _ received: UInt64
  ) {
    self.message.replace(with: message)
    self.peer = peer
    self.client = client
    self.endpoint = endpoint
    self.received = received
  }

  /// Lets go of what it has got: answers, and with them the cache that they are for.
  func end() {
    endpoint = nil
    resumption.reset()
  }
}
