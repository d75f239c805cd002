/// Why a connection to an upstream is over.
public enum UpstreamStreamFailure: Error, Hashable, Sendable {
  /// There is none: refused, unreachable, no descriptor left.
  case connect(errno: Int32)
  /// A sentence: the certificate, a name that it is not for, an alert of the other side.
  case tls(String)
  /// The other side has ended it, perhaps before a message was whole.
  case closedByPeer(inMessage: Bool)
  /// The network has, later than at connecting.
  case lost(errno: Int32)
  /// A message that says it is shorter than a header.
  case tooShort(octets: Int)
  /// More messages came than were asked for; the owner says so, who knows the queries.
  case unasked
}

/// One connection to an upstream over TCP or TLS, with messages in both directions as they come
/// (RFC 7766 §6.2.1.1, RFC 7858 §3.3).
///
/// It has no clock: for how long a connection may take to open, a message to come or a connection to
/// be idle is the owner's, who calls ``close()``. Belongs to the loop's thread; the handlers run
/// there, each may send, close or release it.
@safe public final class UpstreamStream {
  /// Takes a message without its length; the octets last until it returns.
  public typealias MessageHandler = (_ octets: UnsafeRawBufferPointer) -> Void

  /// Octets that may wait to be sent: some hundred queries to a server that does not read.
  public static let queuedOctets = 131_072
  private let connection: UpstreamConnection

  /// Begins to connect. What fails at once is said to `onClose` in a later turn.
  ///
  /// - Parameters:
  ///   - from: the address to connect from, its port ignored; nil where routing chooses.
  ///   - tls: for TLS, else the connection is plain TCP.
  ///   - serverName: whom the server's certificate must be for; nil for its address.
  ///   - onClose: called once, and nothing after it; not after ``close()``.
  public init(
    loop: EventLoop, to address: SocketAddress, from source: SocketAddress?, tls: TLSClient?,
    serverName: String?, onMessage: @escaping MessageHandler,
    onClose: @escaping (UpstreamStreamFailure) -> Void
  ) {
    connection = unsafe UpstreamConnection(
      loop: loop, to: address, from: source, tls: tls, serverName: serverName,
      onMessage: onMessage, onClose: onClose)
  }

  deinit {
    connection.close()
  }

  /// Whether messages go out at once.
  var isOpen: Bool { connection.isOpen }

  /// Octets accepted by ``send(_:)`` that the kernel has not taken.
  var outstandingOctets: Int { connection.outstandingOctets }

  /// Sends a message, once the connection is open; false where ``queuedOctets`` wait already, or it
  /// is closed. May find that the connection is over, which `onClose` hears of in a later turn.
  ///
  /// - Parameter octets: without their length, 65,535 at most.
  public func send(_ octets: UnsafeRawBufferPointer) -> Bool {
    unsafe connection.send(octets)
  }

  /// Ends the connection; no handler is called any more.
  public func close() {
    connection.close()
  }
}
