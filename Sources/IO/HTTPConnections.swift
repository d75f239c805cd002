import CCurl

/// The transfers of one client and the connections that they share: libcurl's multi handle, told by
/// the event loop when a socket is ready or a time has come.
///
/// libcurl must not be called from its own callbacks, and those are where delegates are called. So
/// what is asked for is only noted, and done at the end of a turn: the present one or the next.
@safe final class HTTPConnections {
  /// Connections kept without a transfer, each with its buffers (of TLS some 40 KiB): to one server
  /// there is one of HTTP/2, or a few of HTTP/1.1.
  static let idleConnectionsLimit = 4

  private let loop: EventLoop
  /// Made with the first transfer, and again after the connections were closed.
  private var multi: UnsafeMutableRawPointer?
  private var sockets: [Int32: (reading: Registration?, writing: Registration?)] = [:]
  /// When libcurl wants to be called without a socket.
  private var timer: Registration?
  /// The turn for what was asked.
  private var wake: Registration?

  private var transfers: [Int: HTTPTransfer] = [:]
  private var newcomers: [HTTPTransfer] = []
  /// Dropped, but perhaps still known to libcurl.
  private var leaving: [HTTPTransfer] = []
  private var closesConnections = false
  private var isReleased = false
  private var isBusy = false

  init(_ loop: EventLoop) {
    self.loop = loop
  }

  func start(_ transfer: HTTPTransfer) {
    precondition(transfers[transfer.id] == nil, "transfer \(transfer.id) runs already")
    transfers[transfer.id] = transfer
    newcomers.append(transfer)
    wakeUp()
  }

  func drop(_ id: Int) {
    guard let transfer = transfers.removeValue(forKey: id) else { return }
    transfer.drop()
    leaving.append(transfer)
    wakeUp()
  }

  func dropAll() {
    transfers.values.forEach { $0.drop() }
    leaving += transfers.values
    transfers = [:]
    closesConnections = true
    wakeUp()
  }

  /// Drops everything for good: at once, or, where a delegate has released the client, at the end
  /// of the turn that called it.
  func release() {
    dropAll()
    isReleased = true
    if !isBusy { actOnNotes() }
  }

  private func wakeUp() {
    if wake == nil { wake = loop.after(.zero) { [weak self] in unsafe self?.turn { _ in } } }
  }

  // MARK: - Turns

  private func turn(_ action: (UnsafeMutableRawPointer) -> Void) {
    isBusy = true
    if let multi = unsafe multi { unsafe action(multi) }
    tellEnded()
    actOnNotes()
    isBusy = false
  }

  private func tellEnded() {
    var result = CURLE_OK
    while let multi = unsafe multi, let easy = unsafe martlet_multi_next_done(multi, &result) {
      guard let transfer = unsafe HTTPTransfer.of(easy) else { continue }
      remove(transfer)
      if !transfer.isDropped { end(transfer, transfer.failure(result)) }
    }
  }

  private func end(_ transfer: HTTPTransfer, _ failure: HTTPClientFailure?) {
    let delegate = transfer.delegate
    transfers[transfer.id] = nil
    transfer.drop()
    delegate?.transfer(transfer.id, ended: failure)
  }

  /// Calls no delegate but for a transfer that could not be set up.
  private func actOnNotes() {
    removeLeaving()
    let arrived = newcomers
    newcomers = []
    for transfer in arrived where !transfer.isDropped { add(transfer) }
    // That delegate may have released the client, and nothing else will come back here then.
    if isReleased { removeLeaving() }
  }

  private func removeLeaving() {
    wake = nil
    leaving.forEach(remove)
    leaving = []
    if closesConnections { closeConnections() }
  }

  private func add(_ transfer: HTTPTransfer) {
    if let failure = transfer.setUpFailure { return end(transfer, failure) }
    let multi = unsafe openConnections()
    guard unsafe curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else {
      preconditionFailure("curl_multi_add_handle: out of memory")
    }
    transfer.isAdded = true
  }

  private func remove(_ transfer: HTTPTransfer) {
    guard let multi = unsafe multi, transfer.isAdded else { return }
    _ = unsafe curl_multi_remove_handle(multi, transfer.easy)
    transfer.isAdded = false
  }

  // MARK: - The multi handle

  private func openConnections() -> UnsafeMutableRawPointer {
    if let multi = unsafe multi { return unsafe multi }
    HTTPTransfer.prepareLibrary()
    guard let multi = unsafe curl_multi_init() else {
      preconditionFailure("curl_multi_init: out of memory")
    }
    unsafe self.multi = multi
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    // SAFETY: release() has cleaned the handle up before self goes, which ends the calls.
    _ = unsafe martlet_multi_set_socket(
      multi,
      { _, descriptor, what, context, _ in
        let connections = unsafe Unmanaged<HTTPConnections>.fromOpaque(context!)
        unsafe connections.takeUnretainedValue().await(descriptor, what)
        return 0
      }, context)
    _ = unsafe martlet_multi_set_timer(
      multi,
      { _, milliseconds, context in
        let connections = unsafe Unmanaged<HTTPConnections>.fromOpaque(context!)
        unsafe connections.takeUnretainedValue().awaitTime(milliseconds)
        return 0
      }, context)
    _ = unsafe martlet_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    _ = unsafe martlet_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.idleConnectionsLimit)
    return unsafe multi
  }

  private func closeConnections() {
    closesConnections = false
    if let multi = unsafe multi { _ = unsafe curl_multi_cleanup(multi) }
    unsafe multi = nil
    sockets = [:]
    timer = nil
  }

  // MARK: - What libcurl waits for

  private func await(_ descriptor: Int32, _ what: Int32) {
    guard what != CURL_POLL_REMOVE else {
      sockets[descriptor] = nil
      return
    }
    let (reads, writes) = (what & CURL_POLL_IN != 0, what & CURL_POLL_OUT != 0)
    var socket = sockets[descriptor] ?? (nil, nil)
    if reads != (socket.reading != nil) {
      socket.reading =
        reads
        ? loop.onReadable(descriptor) { [weak self] in
          self?.socketReady(descriptor, CURL_CSELECT_IN)
        } : nil
    }
    if writes != (socket.writing != nil) {
      socket.writing =
        writes
        ? loop.onWritable(descriptor) { [weak self] in
          self?.socketReady(descriptor, CURL_CSELECT_OUT)
        } : nil
    }
    sockets[descriptor] = socket
  }

  private func awaitTime(_ milliseconds: Int) {
    timer =
      milliseconds < 0
      ? nil : loop.after(.milliseconds(milliseconds)) { [weak self] in self?.timePassed() }
  }

  private func socketReady(_ descriptor: Int32, _ direction: Int32) {
    unsafe turn { multi in
      var running: Int32 = 0
      _ = unsafe curl_multi_socket_action(multi, descriptor, direction, &running)
    }
  }

  private func timePassed() {
    timer = nil
    // CURL_SOCKET_TIMEOUT.
    socketReady(-1, 0)
  }
}
