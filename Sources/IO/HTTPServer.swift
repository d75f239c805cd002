import CLibevent
import Glibc

/// What is asked of an ``HTTPServer``.
public struct HTTPRequest: Hashable, Sendable {
  /// `GET` or `HEAD`.
  public var method: String
  /// As sent, without the query: `/metrics`.
  public var path: String
  /// What follows `?`, as sent; empty without one.
  public var query: String
}

/// What a handler answers. HEAD gets the header alone.
public struct HTTPResponse: Hashable, Sendable {
  public var status: Int
  public var contentType: String
  public var body: [UInt8]

  public init(
    _ status: Int, _ text: String, contentType: String = "text/plain; charset=utf-8"
  ) {
    self.status = status
    self.contentType = contentType
    body = Array(text.utf8)
  }
}

/// Answers GET and HEAD over HTTP/1.1 on an event loop, for probes and scrapes.
///
/// Belongs to the loop's thread, as do its handlers. Releasing it closes the listener and all
/// connections.
@safe public final class HTTPServer {
  public typealias Handler = (HTTPRequest) -> HTTPResponse

  /// A probe sends some hundred octets.
  public static let headerOctetsLimit = 8_192
  /// Nothing here takes a body; a client that sends one is let finish, if it is short.
  public static let bodyOctetsLimit = 1_024
  /// Seconds without progress until a connection is closed.
  public static let idleSecondsLimit: Int32 = 10
  /// Open connections; one more closes the oldest. Probes and scrapers of a node are a handful.
  public static let connectionsLimit = 64

  /// The port that is listened on: the kernel's choice where 0 was asked for.
  public let port: UInt16

  private let loop: EventLoop
  private let http: OpaquePointer
  private let connections: ConnectionList
  private var handlers: [String: Handler] = [:]
  private let listeners: [OpaquePointer]
  private var sweeping: Registration?

  /// Listens. Throws with the operation and address, as for a port in use.
  ///
  /// - Parameter host: an IP address, `localhost` for 127.0.0.1 as in CoreDNS, or empty or `::`
  ///   for all addresses of both families.
  public init(_ loop: EventLoop, host: String, port: UInt16) throws(IOError) {
    let (sockets, bound) = try HTTPListener.open(host: host, port: port)
    guard let http = unsafe evhttp_new(loop.unsafeBase) else {
      preconditionFailure("evhttp_new: out of memory")
    }
    self.loop = loop
    unsafe self.http = http
    self.port = bound
    unsafe connections = ConnectionList(loop.unsafeBase)
    unsafe listeners = sockets.map { socket in
      guard let bound = unsafe evhttp_accept_socket_with_handle(http, socket),
        let listener = unsafe evhttp_bound_socket_get_listener(bound)
      else { preconditionFailure("evhttp_accept_socket: out of memory") }
      return unsafe listener
    }
    unsafe evhttp_set_max_headers_size(http, Self.headerOctetsLimit)
    unsafe evhttp_set_max_body_size(http, Self.bodyOctetsLimit)
    unsafe evhttp_set_timeout(http, Self.idleSecondsLimit)
    // Every method reaches answer(), where those that are not served get 405 instead of 501.
    unsafe evhttp_set_allowed_methods(http, .max)
    // SAFETY: both contexts live until deinit has freed http, which ends the calls.
    unsafe evhttp_set_bevcb(
      http,
      { _, context in
        unsafe Unmanaged<ConnectionList>.fromOpaque(context!).takeUnretainedValue().open()
      }, Unmanaged.passUnretained(connections).toOpaque())
    unsafe evhttp_set_gencb(
      http,
      { request, context in
        unsafe Unmanaged<HTTPServer>.fromOpaque(context!).takeUnretainedValue().answer(request!)
      }, Unmanaged.passUnretained(self).toOpaque())
    // Without a free descriptor the connection stays in the queue and the listener readable: it
    // would be tried again without end.
    unsafe listeners.forEach {
      unsafe evconnlistener_set_error_cb($0) { listener, _ in
        _ = unsafe evconnlistener_disable(listener)
      }
    }
    sweeping = loop.every(.seconds(1)) { [unowned self] in sweep() }
  }

  /// Closes what has ended, and accepts again where descriptors had run out.
  private func sweep() {
    connections.releaseEnded()
    unsafe listeners.forEach { _ = unsafe evconnlistener_enable($0) }
  }

  deinit {
    unsafe evhttp_free(http)
  }

  /// Answers requests for exactly this path; a later handler takes the place of an earlier one.
  public func handle(_ path: String, _ handler: @escaping Handler) {
    handlers[path] = handler
  }

  /// Answers 404 to everything until ``handle(_:_:)`` says otherwise.
  public func removeHandlers() {
    handlers.removeAll()
  }

  // MARK: - Answering

  private func answer(_ request: OpaquePointer) {
    guard let uri = unsafe evhttp_request_get_evhttp_uri(request) else {
      return unsafe send(HTTPResponse(400, "400 bad request\n"), to: request, isHead: false)
    }
    let path = unsafe text(evhttp_uri_get_path(uri))
    let isHead = unsafe evhttp_request_get_command(request) == EVHTTP_REQ_HEAD
    let isGet = unsafe evhttp_request_get_command(request) == EVHTTP_REQ_GET
    guard let handler = handlers[path] else {
      return unsafe send(HTTPResponse(404, "404 page not found\n"), to: request, isHead: isHead)
    }
    guard isHead || isGet else {
      let headers = unsafe evhttp_request_get_output_headers(request)
      _ = unsafe evhttp_add_header(headers, "Allow", "GET, HEAD")
      return unsafe send(
        HTTPResponse(405, "405 method not allowed\n"), to: request, isHead: false)
    }
    let query = unsafe text(evhttp_uri_get_query(uri))
    let response = handler(
      HTTPRequest(method: isHead ? "HEAD" : "GET", path: path, query: query))
    unsafe send(response, to: request, isHead: isHead)
  }

  private func send(_ response: HTTPResponse, to request: OpaquePointer, isHead: Bool) {
    let headers = unsafe evhttp_request_get_output_headers(request)
    _ = unsafe evhttp_add_header(headers, "Content-Type", response.contentType)
    _ = unsafe evhttp_add_header(headers, "Content-Length", String(response.body.count))
    if !isHead {
      let output = unsafe evhttp_request_get_output_buffer(request)
      _ = unsafe response.body.withUnsafeBytes {
        unsafe evbuffer_add(output, $0.baseAddress, $0.count)
      }
    }
    // Without a reason libevent gives the standard one.
    unsafe evhttp_send_reply(request, Int32(clamping: response.status), nil, nil)
  }

  private func text(_ pointer: UnsafePointer<CChar>?) -> String {
    guard let pointer = unsafe pointer else { return "" }
    return unsafe String(cString: pointer)
  }
}

/// The connections of one server, oldest first, so that their number can be held.
///
/// evhttp says when a connection opens but not when it ends. So each is held by a reference more:
/// evhttp takes its callbacks away when it is done, and the next connection that opens finds that
/// and lets go, or the next sweep.
@safe private final class ConnectionList {
  private let base: OpaquePointer
  private var held: [OpaquePointer]

  init(_ base: OpaquePointer) {
    unsafe self.base = base
    unsafe held = []
  }

  deinit {
    unsafe held.forEach { _ = unsafe bufferevent_decref($0) }
  }

  /// The bufferevent for a connection that evhttp has accepted.
  func open() -> OpaquePointer? {
    releaseEnded()
    if unsafe held.count >= HTTPServer.connectionsLimit {
      let oldest = unsafe held.removeFirst()
      // evhttp reads the end and frees its side; the descriptor closes with the last reference.
      shutdown(unsafe bufferevent_getfd(oldest), Int32(SHUT_RDWR))
      _ = unsafe bufferevent_decref(oldest)
    }
    guard let new = unsafe bufferevent_socket_new(base, -1, Int32(BEV_OPT_CLOSE_ON_FREE.rawValue))
    else { return nil }
    unsafe bufferevent_incref(new)
    unsafe held.append(new)
    return unsafe new
  }

  /// Lets go of the connections that evhttp is done with: only then do their descriptors close.
  func releaseEnded() {
    unsafe held.removeAll { connection in
      var onEvent: bufferevent_event_cb?
      unsafe bufferevent_getcb(connection, nil, nil, &onEvent, nil)
      if unsafe onEvent != nil { return false }
      _ = unsafe bufferevent_decref(connection)
      return true
    }
  }
}
