import COpenSSL
import Foundation
import Glibc
import Testing

@testable import IO

/// A server of length-framed messages on the client's loop, plain or TLS, that does what a test
/// says, octet by octet.
@safe final class UpstreamPeer {
  /// One accepted connection.
  @safe final class Connection {
    fileprivate let descriptor: Int32
    fileprivate var ssl: OpaquePointer?
    fileprivate var reading: Registration?
    fileprivate(set) var received: [UInt8] = []
    fileprivate(set) var isEnded = false
    /// Whether the client has gone on with a TLS session that it had.
    private(set) var isResumed = false
    private var isAccepted = false

    fileprivate init(_ descriptor: Int32, _ context: OpaquePointer?) {
      self.descriptor = descriptor
      if let context = unsafe context {
        unsafe ssl = SSL_new(context)
        _ = unsafe SSL_set_fd(ssl, descriptor)
      }
    }

    deinit { close() }

    func send(_ octets: [UInt8]) {
      if let ssl = unsafe ssl {
        _ = unsafe SSL_write(ssl, octets, Int32(octets.count))
      } else {
        _ = unsafe Glibc.send(descriptor, octets, octets.count, Int32(MSG_NOSIGNAL))
      }
    }

    /// - Parameter resets: by a reset, else as politely as the protocol asks.
    func close(resets: Bool = false) {
      guard !isEnded else { return }
      isEnded = true
      reading = nil
      if let ssl = unsafe ssl {
        if !resets { _ = unsafe SSL_shutdown(ssl) }
        unsafe SSL_free(ssl)
      }
      if resets {
        var value = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, size)
      }
      Glibc.close(descriptor)
    }

    fileprivate func read() {
      if unsafe ssl != nil, !isAccepted {
        let result = unsafe SSL_accept(ssl)
        guard result == 1 else {
          if unsafe SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ { close(resets: true) }
          return
        }
        isAccepted = true
        isResumed = unsafe SSL_session_reused(ssl) == 1
      }
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while !isEnded {
        let count =
          unsafe ssl == nil
          ? recv(descriptor, &buffer, buffer.count, 0)
          : Int(SSL_read(ssl, &buffer, Int32(buffer.count)))
        if count > 0 {
          received += buffer[..<count]
        } else if unsafe ssl.map({ unsafe SSL_get_error($0, Int32(count)) == SSL_ERROR_WANT_READ })
          ?? (count < 0)
        {
          return
        } else {
          close()
        }
      }
    }
  }

  let address: SocketAddress
  private(set) var connections: [Connection] = []
  private let listener: Socket
  private let context: OpaquePointer?
  private var accepting: Registration?

  init(_ loop: EventLoop, _ identity: TestIdentity? = nil) throws {
    signal(SIGPIPE, SIG_IGN)
    listener = try Socket.bound(to: .loopback, .stream, shares: false)
    let bound = listener.localAddress
    address = try #require(bound)
    if let identity {
      let files = try TestFiles(["certificate": identity.certificate, "key": identity.key])
      unsafe context = SSL_CTX_new(TLS_server_method())
      try #require(unsafe SSL_CTX_use_certificate_chain_file(context, files["certificate"]) == 1)
      try #require(
        unsafe SSL_CTX_use_PrivateKey_file(context, files["key"], SSL_FILETYPE_PEM) == 1)
    } else {
      unsafe context = nil
    }
    accepting = loop.onReadable(listener.descriptor) { [unowned self] in
      let accepted = accept(listener.descriptor, nil, nil)
      guard accepted >= 0 else { return }
      _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
      let connection = unsafe Connection(accepted, context)
      connection.reading = loop.onReadable(accepted) { [unowned connection] in
        withExtendedLifetime(connection) { connection.read() }
      }
      connections.append(connection)
    }
  }

  deinit {
    connections = []
    unsafe SSL_CTX_free(context)
  }

  /// Accepts only what an old server would.
  func speakOnly(_ version: Int32) {
    _ = unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
    // Such versions are allowed at security level 0 only.
    unsafe SSL_CTX_set_security_level(context, 0)
    _ = unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
  }
}

/// Files of a test, gone with it.
final class TestFiles {
  private let directory: URL

  init(_ files: [String: [UInt8]]) throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for (name, octets) in files { try Data(octets).write(to: URL(filePath: self[name])) }
  }

  deinit {
    try? FileManager.default.removeItem(at: directory)
  }

  subscript(name: String) -> String { directory.appending(path: name).path }
}

/// A client's connection, and what it has said so far.
final class UpstreamBench {
  let loop: EventLoop
  private(set) var stream: UpstreamStream?
  private(set) var messages: [[UInt8]] = []
  private(set) var failures: [UpstreamStreamFailure] = []
  var onMessage: () -> Void = {}
  var onClose: () -> Void = {}

  init(
    _ loop: EventLoop, to address: SocketAddress, from: SocketAddress? = nil,
    tls: TLSClient? = nil, name: String? = nil
  ) {
    self.loop = loop
    stream = unsafe UpstreamStream(
      loop: loop, to: address, from: from, tls: tls, serverName: name,
      onMessage: { [unowned self] in
        messages.append(unsafe Array($0))
        onMessage()
      },
      onClose: { [unowned self] in
        failures.append($0)
        onClose()
      })
  }

  func send(_ octets: [UInt8]) -> Bool {
    unsafe octets.withUnsafeBytes { unsafe stream?.send($0) ?? false }
  }

  func release() { stream = nil }

  /// Turns until `isDone`, but not for ever: what happens on loopback takes few, an unfulfilled
  /// condition fails.
  func run(until isDone: () -> Bool) {
    for _ in 0..<2_000 where !isDone() { loop.runReady() }
    #expect(isDone())
  }

  var isOpen: Bool { stream?.isOpen ?? false }
  func runUntilOpen() { run { isOpen } }
  func runUntilFailed() { run { !failures.isEmpty } }
}
