import COpenSSL
import Glibc

/// A file of PEM, and what was in it when it was read.
public struct PEMFile: Sendable {
  public let path: String
  /// Nil has it read when it is used.
  public let octets: [UInt8]?

  public init(path: String, octets: [UInt8]? = nil) {
    self.path = path
    self.octets = octets
  }
}

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

  /// Reads the files, those that have not been read.
  ///
  /// - Parameters:
  ///   - certificate: PEM, of this client, with those that it is signed by; nil to show none.
  ///   - key: PEM, of the certificate, unencrypted.
  ///   - authority: PEM, whom to trust; nil for the system's authorities.
  /// - Throws: a sentence that names the file.
  public init(
    certificate: PEMFile?, key: PEMFile?, authority: PEMFile?
  ) throws(TLSError) {
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
    _ context: OpaquePointer, _ certificate: PEMFile?, _ key: PEMFile?, _ authority: PEMFile?
  ) throws(TLSError) {
    ERR_clear_error()
    _ = unsafe copenssl_require_tls12(context)
    unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    unsafe copenssl_never_ask(context)
    if let authority {
      let result =
        unsafe authority.withOctets { unsafe copenssl_trust(context, $0, $1) }
        ?? SSL_CTX_load_verify_locations(context, authority.path, nil)
      guard result == 1 else {
        throw TLSError.queued("cannot read certificates from \(authority.path)")
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
    _ context: OpaquePointer, _ certificate: PEMFile?, _ key: PEMFile?
  ) throws(TLSError) {
    guard let certificate, let key else {
      if let alone = certificate ?? key {
        throw TLSError("a certificate needs its key: \(alone.path) is alone")
      }
      return
    }
    let isPresented =
      unsafe certificate.withOctets { unsafe copenssl_present(context, $0, $1) }
      ?? SSL_CTX_use_certificate_chain_file(context, certificate.path)
    guard isPresented == 1 else {
      throw TLSError.queued("cannot read a certificate from \(certificate.path)")
    }
    let isKeyed =
      unsafe key.withOctets { unsafe copenssl_use_key(context, $0, $1) }
      ?? SSL_CTX_use_PrivateKey_file(context, key.path, SSL_FILETYPE_PEM)
    guard isKeyed == 1 else {
      throw TLSError.queued("cannot use \(key.path) as the key of \(certificate.path)")
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

extension PEMFile {
  /// Nil where it has not been read.
  fileprivate func withOctets(_ body: (UnsafeRawPointer?, Int32) -> Int32) -> Int32? {
    octets.map { octets in
      unsafe octets.withUnsafeBytes { unsafe body($0.baseAddress, Int32(clamping: $0.count)) }
    }
  }
}
