import COpenSSL
import CLinux
import Glibc

/// TLS of one connection without its socket: what was received goes in, what is to be sent comes
/// out.
@safe final class TLSConnection {
  private let client: TLSClient
  private let server: TLSClient.Server
  private let ssl: OpaquePointer
  /// Of memory; `ssl` owns them.
  private let received: OpaquePointer
  private let toSend: OpaquePointer
  private(set) var isOpen = false

  /// - Parameter name: whom the certificate must be for, a DNS name or an address in text; nil for
  ///   the address of `server`.
  init(_ client: TLSClient, to address: SocketAddress, name: String?) throws(TLSError) {
    guard let ssl = unsafe SSL_new(client.context), let received = unsafe BIO_new(BIO_s_mem()),
      let toSend = unsafe BIO_new(BIO_s_mem())
    else { throw TLSError.queued("TLS") }
    self.client = client
    server = TLSClient.Server(name: name, address: address)
    unsafe self.ssl = ssl
    unsafe self.received = received
    unsafe self.toSend = toSend
    unsafe SSL_set_bio(ssl, received, toSend)
    unsafe SSL_set_connect_state(ssl)
    // SAFETY: freed with self; the callback that reads it runs inside calls on `ssl` only.
    _ = unsafe SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
    try expect(name, address)
    if let session = unsafe client.session(with: server) {
      _ = unsafe SSL_set_session(ssl, session)
    }
  }

  deinit {
    unsafe SSL_free(ssl)
  }

  /// Says whom the certificate must be for.
  private func expect(_ name: String?, _ address: SocketAddress) throws(TLSError) {
    unsafe SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    guard var name else {
      let octets = address.octets
      let result = unsafe X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), octets, octets.count)
      guard result == 1 else { throw TLSError.queued("TLS to \(address)") }
      return
    }
    if name.utf8.last == UInt8(ascii: "."), name.utf8.count > 1 { name.removeLast() }
    // An address is one here too.
    guard unsafe SSL_set1_host(ssl, name) == 1 else {
      throw TLSError.queued("TLS to server name \(name)")
    }
    // RFC 6066 §3: no addresses.
    if !Self.isAddress(name), unsafe copenssl_name_server(ssl, name) != 1 {
      throw TLSError.queued("TLS to server name \(name)")
    }
  }

  private static func isAddress(_ text: String) -> Bool {
    var octets = [UInt8](repeating: 0, count: 16)
    return unsafe inet_pton(AF_INET, text, &octets) == 1 || inet_pton(AF_INET6, text, &octets) == 1
  }

  /// Keeps a session that the server has given; 1 where it was taken over.
  static func keep(_ session: OpaquePointer, of ssl: OpaquePointer) -> Int32 {
    guard let owner = unsafe SSL_get_ex_data(ssl, 0), unsafe SSL_SESSION_is_resumable(session) == 1
    else { return 0 }
    let connection = unsafe Unmanaged<TLSConnection>.fromOpaque(owner).takeUnretainedValue()
    unsafe connection.client.keep(session, of: connection.server)
    return 1
  }

  // MARK: - Octets

  /// Takes what the socket gave.
  func receive(_ octets: UnsafeRawBufferPointer) {
    // Memory takes all.
    _ = unsafe BIO_write(received, octets.baseAddress, Int32(octets.count))
  }

  /// Goes on with the handshake; see ``isOpen``.
  func handshake() throws(TLSError) {
    guard !isOpen else { return }
    ERR_clear_error()
    let result = unsafe SSL_do_handshake(ssl)
    if result == 1 {
      isOpen = true
      return
    }
    let error = unsafe SSL_get_error(ssl, result)
    guard error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE else {
      throw failure()
    }
  }

  enum Reading {
    case octets(Int)
    /// More must be received first.
    case nothing
    /// The other side sends no more (close_notify).
    case end
  }

  /// Reads what was received; `buffer` has room.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> Reading {
    ERR_clear_error()
    let count = unsafe SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
    if count > 0 { return .octets(Int(count)) }
    switch unsafe SSL_get_error(ssl, count) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .nothing
    case SSL_ERROR_ZERO_RETURN: return .end
    default: throw failure()
    }
  }

  /// Encrypts octets once the connection is open.
  func write(_ octets: [UInt8]) throws(TLSError) {
    guard !octets.isEmpty else { return }
    ERR_clear_error()
    // Memory takes all, and a renegotiation, which could want a read first, does not exist in
    // TLS 1.3 and is never asked for in 1.2.
    guard unsafe SSL_write(ssl, octets, Int32(octets.count)) > 0 else { throw failure() }
  }

  /// Says to the other side that nothing more comes, without which the session would not count as
  /// well ended.
  func end() {
    if isOpen { _ = unsafe SSL_shutdown(ssl) }
    ERR_clear_error()
  }

  /// Moves what is to be sent to the end of `output`.
  func takeOutput(_ output: inout [UInt8]) {
    let count = Int(unsafe BIO_ctrl_pending(toSend))
    guard count > 0 else { return }
    let start = output.count
    output.append(contentsOf: repeatElement(0, count: count))
    let read = unsafe output.withUnsafeMutableBytes {
      unsafe BIO_read(toSend, $0.baseAddress! + start, Int32(count))
    }
    output.removeLast(count - max(0, Int(read)))
  }

  /// The certificate's fault, else what OpenSSL says.
  private func failure() -> TLSError {
    let result = unsafe SSL_get_verify_result(ssl)
    guard result != Int(X509_V_OK), let text = unsafe X509_verify_cert_error_string(result) else {
      return TLSError.queued("TLS")
    }
    ERR_clear_error()
    return TLSError("the server's certificate: \(unsafe String(cString: text))")
  }
}

extension SocketAddress {
  /// The address alone, 4 or 16 octets in network order.
  fileprivate var octets: [UInt8] {
    let all = [high, low].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
    }
    return isV4 ? Array(all.suffix(4)) : all
  }
}
