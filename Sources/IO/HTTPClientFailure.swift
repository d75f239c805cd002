import CCurl

/// Why a transfer did not bring a complete response.
public struct HTTPClientFailure: Error, Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// The name of the server or proxy has no address.
    case resolve
    /// No TCP connection.
    case connect
    /// No TLS session; the server may have refused the client's certificate.
    case tls
    /// The server's certificate is not to be trusted, or one of ours cannot be used.
    case certificate
    /// The connection ended before the response did.
    case cut
    /// No connection, with TLS, within 10 s.
    case timeout
    /// The proxy did not let the request through.
    case proxy
    /// What came is not HTTP, or breaks its rules or our limits.
    case malformed
    case other
  }

  public var kind: Kind
  /// What was tried and what happened: `connect to 10.96.0.1:443: Connection refused`.
  public var text: String

  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  /// - Parameters:
  ///   - peer: address and port of the server or proxy.
  ///   - said: libcurl's own sentence.
  ///   - errno: of the call that failed, or 0.
  ///   - tunnelStatus: of the proxy's answer to CONNECT, or 0.
  init(_ code: CURLcode, peer: String, said: String, errno: Int32, tunnelStatus: Int) {
    let kind = Self.kind(code, said: said, tunnelStatus: tunnelStatus)
    let happened = kind == .connect && errno != 0 ? IOError.text(errno) : said
    switch kind {
    case .resolve: self.init(kind, said)
    case .connect, .timeout: self.init(kind, "connect to \(peer): \(happened)")
    case .tls, .certificate: self.init(kind, "TLS with \(peer): \(happened)")
    default: self.init(kind, "\(peer): \(happened)")
    }
  }

  private static func kind(_ code: CURLcode, said: String, tunnelStatus: Int) -> Kind {
    // Whatever follows a refused CONNECT comes of it.
    if tunnelStatus != 0, tunnelStatus / 100 != 2 { return .proxy }
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .resolve
    case CURLE_COULDNT_CONNECT: return .connect
    case CURLE_OPERATION_TIMEDOUT: return .timeout
    case CURLE_PROXY: return .proxy
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_ISSUER_ERROR:
      return .certificate
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER: return .tls
    case CURLE_RECV_ERROR, CURLE_SEND_ERROR: return kindWhileExchanging(said)
    case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_HTTP2, CURLE_HTTP2_STREAM: return .cut
    case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: return .malformed
    // The code is for the URL's scheme, and for a response of HTTP/0.9 or a version unheard of.
    case CURLE_UNSUPPORTED_PROTOCOL: return said.contains("HTTP") ? .malformed : .other
    default: return .other
    }
  }

  /// libcurl has one code for what may happen to octets on their way.
  private static func kindWhileExchanging(_ said: String) -> Kind {
    if said.contains("chunked-encoding") { return .malformed }
    // RFC 8446 section 4.4.2.4: with TLS 1.3 a server says what it thinks of the client's
    // certificate after the client's handshake is done.
    if said.contains("alert") { return .tls }
    return .cut
  }

  /// libcurl's sentence for a code.
  static func text(_ code: CURLcode) -> String {
    unsafe String(cString: curl_easy_strerror(code))
  }
}
