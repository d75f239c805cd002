import CLinux
import Glibc

/// UDP replies that are ready later than their queries' batch, gathered and sent with one system
/// call.
///
/// Belongs to the thread that answers at the socket, which calls ``flush(_:)`` before it waits.
@safe public final class Outbox {
  private let batch: OpaquePointer
  /// Replies that wait.
  public private(set) var count = 0

  /// Replies at a time, as many as a batch of queries has.
  public static let capacity = DatagramBatch.capacity
  /// The longest reply.
  public static let messageOctets = DatagramBatch.sendOctets

  public init() {
    guard let batch = unsafe clinux_batch_new(Self.capacity, 0, Self.messageOctets) else {
      preconditionFailure("clinux_batch_new: out of memory")
    }
    unsafe self.batch = batch
  }

  deinit {
    unsafe clinux_batch_free(batch)
  }

  /// Copies a reply of up to ``messageOctets``; false when ``capacity`` replies wait already, which
  /// are to be flushed first. A longer one is never taken.
  ///
  /// - Parameter from: the address that the query was sent to, on a socket bound to all; its port
  ///   says nothing. The scope counts for a link-local address only.
  public func add(
    _ octets: UnsafeRawBufferPointer, to: SocketAddress, from: SocketAddress?
  ) -> Bool {
    guard let start = octets.baseAddress else { return true }
    let isAdded = unsafe to.withSockaddr { to, length in
      guard let from else {
        return unsafe clinux_batch_add(batch, start, octets.count, to, length, nil)
      }
      return unsafe from.withSockaddr { from, _ in
        unsafe clinux_batch_add(batch, start, octets.count, to, length, from)
      }
    }
    guard isAdded == 1 else { return false }
    count += 1
    return true
  }

  /// Sends what waits at the socket; how many could not be sent.
  public func flush(_ descriptor: Int32) -> Int {
    guard count > 0 else { return 0 }
    count = 0
    return Int(unsafe clinux_batch_send(batch, descriptor))
  }
}
