/// How one server is reached and known: TLS, and the way there.
public struct HTTPClientConfiguration: Hashable, Sendable {
  /// Who may sign the server's certificate. It is always verified, and TLS is 1.2 or later.
  public enum Authority: Hashable, Sendable {
    /// Those that the system trusts.
    case system
    /// These certificates in PEM, and no others.
    case pem([UInt8])
  }

  public var authority: Authority
  /// The client's certificate in PEM, with the chain above it; nil for none.
  public var certificate: [UInt8]?
  /// The key of ``certificate`` in PEM, not encrypted.
  public var key: [UInt8]?
  /// The name that the server's certificate must have and that SNI asks for; nil for the URL's host.
  public var serverName: String?
  /// The proxy's URL; nil for what the environment says (`https_proxy`, `no_proxy`), empty for none.
  public var proxy: String?
  public var userAgent: String

  public init(
    authority: Authority = .system, certificate: [UInt8]? = nil, key: [UInt8]? = nil,
    serverName: String? = nil, proxy: String? = nil, userAgent: String = "martlet"
  ) {
    self.authority = authority
    self.certificate = certificate
    self.key = key
    self.serverName = serverName
    self.proxy = proxy
    self.userAgent = userAgent
  }
}

/// A GET.
public struct HTTPClientRequest: Sendable {
  /// `http://` or `https://`, already percent-encoded.
  public var url: String
  /// Sent as they are; a line break or NUL in one fails the transfer.
  public var headers: [(name: String, value: String)]
  /// Whether the server may compress; the delegate gets the body decoded.
  public var acceptsGzip: Bool
  /// Whether it must not go over a connection that there is already.
  public var needsConnection: Bool

  public init(
    _ url: String, headers: [(name: String, value: String)] = [], acceptsGzip: Bool = false,
    needsConnection: Bool = false
  ) {
    self.url = url
    self.headers = headers
    self.acceptsGzip = acceptsGzip
    self.needsConnection = needsConnection
  }
}
