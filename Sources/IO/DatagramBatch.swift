import CLinux
import Glibc

/// Datagrams received with one system call and the replies sent with another, in buffers that one
/// worker owns and uses again and again.
@safe public final class DatagramBatch {
  private let batch: OpaquePointer

  /// Datagrams at a time: past this, fewer calls save nothing that can be measured.
  public static let capacity = 64
  /// Longer queries are cut off, and then malformed: none has a reason to be.
  public static let receiveOctets = 4096
  /// The largest UDP reply that `bufsize` allows.
  public static let sendOctets = 4096

  public init() {
    guard
      let batch = unsafe clinux_batch_new(Self.capacity, Self.receiveOctets, Self.sendOctets)
    else { preconditionFailure("clinux_batch_new: out of memory") }
    unsafe self.batch = batch
  }

  deinit {
    unsafe clinux_batch_free(batch)
  }

  /// Receives what waits at `socket`; 0 where nothing does.
  public func receive(_ descriptor: Int32) throws(IOError) -> Int {
    let count = unsafe clinux_batch_receive(batch, descriptor)
    if count >= 0 { return Int(count) }
    // ECONNREFUSED: an ICMP answer to an earlier reply; the socket is as good as before.
    guard count != -EAGAIN, count != -EINTR, count != -ECONNREFUSED else { return 0 }
    throw IOError(errno: -count, operation: "recvmmsg")
  }

  /// The octets of datagram `index`, until the next ``receive(_:)``.
  @inline(__always)
  public func octets(_ index: Int) -> UnsafeRawBufferPointer {
    var length = 0
    let start = unsafe clinux_batch_data(batch, index, &length)
    return unsafe UnsafeRawBufferPointer(start: start, count: length)
  }

  /// Where datagram `index` came from.
  @inline(__always)
  public func sender(_ index: Int) -> SocketAddress? {
    guard let storage = unsafe clinux_batch_sender(batch, index) else { return nil }
    return unsafe SocketAddress(storage)
  }

  /// Where datagram `index` was sent to, with port 0; nil on a socket bound to one address.
  public func destination(_ index: Int) -> SocketAddress? {
    var storage = sockaddr_storage()
    return unsafe withUnsafeMutablePointer(to: &storage) {
      unsafe clinux_batch_destination(batch, index, $0)
      return unsafe SocketAddress(UnsafePointer($0))
    }
  }

  /// Where the reply to datagram `index` is written: ``sendOctets``.
  @inline(__always)
  public func replyBuffer(_ index: Int) -> UnsafeMutableRawPointer {
    // Never nil: an index below the capacity has its part of the buffer.
    unsafe clinux_batch_reply(batch, index).unsafelyUnwrapped
  }

  /// Says that the reply to datagram `index` is `count` octets of its buffer.
  @inline(__always)
  public func queue(_ index: Int, count: Int) {
    unsafe clinux_batch_queue(batch, index, count)
  }

  /// Sends the queued replies, each from the address its query was sent to; how many could not be.
  public func send(_ descriptor: Int32) -> Int {
    Int(unsafe clinux_batch_send(batch, descriptor))
  }
}
