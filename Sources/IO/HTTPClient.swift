/// What becomes of a transfer. All calls are made by the loop, on its thread, never from inside a
/// call of ``HTTPClient``; in them everything of the client may be called, and it may be released.
public protocol HTTPTransferDelegate: AnyObject {
  /// The response has begun. Redirects are not followed: they come like any other status.
  func transfer(_ id: Int, received head: HTTPResponseHead)
  /// Octets of the decoded body, in order, at most some 16 KiB; they are gone after the call.
  func transfer(_ id: Int, received octets: RawSpan)
  /// The last call for the transfer. Without a failure the response was complete.
  func transfer(_ id: Int, ended failure: HTTPClientFailure?)
}

/// GETs from one server, over HTTP/2 where TLS agrees on it, else HTTP/1.1, with connections kept
/// and shared.
///
/// Belongs to the loop's thread. Nothing limits how long a response may take: a connection whose
/// peer is dead ends within 30 s, anything else is the caller's to ``cancel(_:)``. Releasing the
/// client drops its transfers without calls and closes its connections.
@safe public final class HTTPClient {
  private let connections: HTTPConnections
  private let configuration: HTTPClientConfiguration

  public init(on loop: EventLoop, _ configuration: HTTPClientConfiguration) {
    connections = HTTPConnections(loop)
    self.configuration = configuration
  }

  deinit {
    connections.release()
  }

  /// Starts a transfer in the loop's next turn.
  ///
  /// - Parameters:
  ///   - id: the caller's, unique among the transfers that run.
  ///   - delegate: held weakly; with it the transfer goes, as by ``cancel(_:)``.
  public func get(
    _ id: Int, _ request: HTTPClientRequest, _ delegate: any HTTPTransferDelegate
  ) {
    connections.start(HTTPTransfer(id, request, configuration, delegate))
  }

  /// Ends a transfer without further calls for it; an unknown one is none. Its id is free at once.
  public func cancel(_ id: Int) {
    connections.drop(id)
  }

  /// Drops every transfer without calls, and closes every connection, so that the next ``get`` makes
  /// a new one.
  public func closeAll() {
    connections.dropAll()
  }
}
