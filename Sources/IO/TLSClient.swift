import COpenSSL
import Glibc

/// How upstreams are spoken to over TLS (RFC 7858, RFC 8310 strict profile): whom to trust, who we
/// are, and the sessions that a later connection may resume.
///
/// TLS 1.2 or later; the server's certificate is always verified, and that it is for the name, or
/// else the address, that was asked for. Belongs to one thread.
@safe public final class TLSClient {
  /// Sessions kept, of one server each: far more than a configuration has upstreams.
  public static let keptSessions = 64

  /// The server that a session is with.
  struct Server: Hashable {
    var name: String?
    var address: SocketAddress
  }

  let context: OpaquePointer
  private var sessions: [Server: OpaquePointer] = unsafe [:]
  /// The one kept for longest first.
  private var sessionOrder: [Server] = []

  /// Reads the files.
  ///
  /// - Parameters:
  ///   - certificate: PEM, of this client, with those that it is signed by; nil to show none.
  ///   - key: PEM, of the certificate, unencrypted.
  ///   - authority: PEM, whom to trust; nil for the system's authorities.
  /// - Throws: a sentence that names the file.
  public init(certificate: String?, key: String?, authority: String?) throws(TLSError) {
    guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
      throw TLSError.queued("TLS")
    }
    do throws(TLSError) {
      try unsafe Self.setUp(context, certificate, key, authority)
    } catch {
      unsafe SSL_CTX_free(context)
      throw error
    }
    unsafe self.context = context
  }

  deinit {
    unsafe sessions.values.forEach { unsafe SSL_SESSION_free($0) }
    unsafe SSL_CTX_free(context)
  }

  private static func setUp(
    _ context: OpaquePointer, _ certificate: String?, _ key: String?, _ authority: String?
  ) throws(TLSError) {
    ERR_clear_error()
    _ = unsafe copenssl_require_tls12(context)
    unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    unsafe copenssl_never_ask(context)
    if let authority {
      guard unsafe SSL_CTX_load_verify_locations(context, authority, nil) == 1 else {
        throw TLSError.queued("cannot read certificates from \(authority)")
      }
    } else if unsafe SSL_CTX_set_default_verify_paths(context) != 1 {
      throw TLSError.queued("cannot read the system's certificates")
    }
    try unsafe setIdentity(context, certificate, key)
    // RFC 7858 has no name for it, IANA has. Servers may ignore it.
    let protocols: [UInt8] = [3] + "dot".utf8
    _ = unsafe SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count))
    unsafe copenssl_report_sessions(context) { ssl, session in
      guard let ssl = unsafe ssl, let session = unsafe session else { return 0 }
      return unsafe TLSConnection.keep(session, of: ssl)
    }
  }

  private static func setIdentity(
    _ context: OpaquePointer, _ certificate: String?, _ key: String?
  ) throws(TLSError) {
    guard let certificate, let key else {
      guard certificate == nil, key == nil else {
        throw TLSError("a certificate needs its key: \(certificate ?? key ?? "") is alone")
      }
      return
    }
    guard unsafe SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
      throw TLSError.queued("cannot read a certificate from \(certificate)")
    }
    guard unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
      throw TLSError.queued("cannot use \(key) as the key of \(certificate)")
    }
  }

  // MARK: - Sessions

  /// The last session with the server; it stays the client's.
  func session(with server: Server) -> OpaquePointer? {
    unsafe sessions[server]
  }

  /// Takes over a session for the next connection to the server.
  func keep(_ session: OpaquePointer, of server: Server) {
    if let old = unsafe sessions.updateValue(session, forKey: server) {
      unsafe SSL_SESSION_free(old)
      return
    }
    sessionOrder.append(server)
    if sessionOrder.count > Self.keptSessions,
      let old = unsafe sessions.removeValue(forKey: sessionOrder.removeFirst())
    {
      unsafe SSL_SESSION_free(old)
    }
  }
}
