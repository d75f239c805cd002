// How an API server is reached and what proves who asks.
//
//   the Pod's service account ─ InClusterFiles ──┐
//   a kubeconfig ─ Kubeconfig ─ ExecPlugin ──────┼─ AccessSource ─ ClusterAccess
//   endpoint URLs and three files ─ EndpointList ┘
//
// What the server then refuses becomes a sentence in AccessDenied.

/// How one cluster's API server is reached, and what to show it.
public struct ClusterAccess: Sendable {
  /// Base URLs without a trailing slash: `https://10.96.0.1:443`, IPv6 hosts in brackets, a path
  /// where there is one. At least one; where there are several they serve the same cluster.
  public var servers: [String]
  /// Certificates that the server's must lead to, PEM; nil: the system's.
  public var authority: [UInt8]?
  /// The name that the server's certificate must have, if not the URL's host.
  public var serverName: String?
  /// URL of the proxy: `http://`, `https://` or `socks5://`.
  public var proxy: String?
  /// The client's certificate and what leads to it, PEM; never without ``key``.
  public var certificate: [UInt8]?
  /// The client's private key, PEM, not encrypted.
  public var key: [UInt8]?
  /// For `Authorization: Bearer`; printable ASCII. Nil where a server is reached without TLS.
  public var token: String?
  /// Headers of every request, which ask to be treated as somebody else.
  public var extraHeaders: [(name: String, value: String)]
  /// Unix seconds after which it must be read again; nil: never by itself.
  public var expiry: Int64?
  /// What of all this proves who asks, for messages: `the token of FILE`. Nil: nothing does.
  public var credential: String?

  public init(
    servers: [String], authority: [UInt8]? = nil, serverName: String? = nil, proxy: String? = nil,
    certificate: [UInt8]? = nil, key: [UInt8]? = nil, token: String? = nil,
    extraHeaders: [(name: String, value: String)] = [], expiry: Int64? = nil,
    credential: String? = nil
  ) {
    self.servers = servers
    self.authority = authority
    self.serverName = serverName
    self.proxy = proxy
    self.certificate = certificate
    self.key = key
    self.token = token
    self.extraHeaders = extraHeaders
    self.expiry = expiry
    self.credential = credential
  }
}

extension ClusterAccess: Equatable {
  public static func == (a: ClusterAccess, b: ClusterAccess) -> Bool {
    a.servers == b.servers && a.authority == b.authority && a.serverName == b.serverName
      && a.proxy == b.proxy && a.certificate == b.certificate && a.key == b.key
      && a.token == b.token && a.expiry == b.expiry && a.credential == b.credential
      && a.extraHeaders.elementsEqual(b.extraHeaders) { $0.name == $1.name && $0.value == $1.value }
  }
}

extension ClusterAccess {
  /// Keeps the token from the wire where it would travel in clear text; a warning for each such
  /// server.
  mutating func protectToken() -> [String] {
    let open = servers.filter { $0.hasPrefix("http://") }
    if !open.isEmpty { token = nil }
    if open.count == servers.count { credential = nil }
    return open.map {
      "\($0) is reached without TLS: objects travel in clear text and can be changed on the way,"
        + " and no token is sent; use https://"
    }
  }
}

/// Why there is no access: a sentence for an operator, which begins with the file where one is at
/// fault (`FILE:LINE:COLUMN` where its text cannot be read) and never holds a secret.
public struct AccessError: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String

  public init(_ description: String) {
    self.description = description
  }

  /// Longer messages are cut: a server, webhook or plugin may say anything.
  private static let maximumCharacters = 500

  /// Somebody else's message as part of one line of log.
  static func line(_ text: String, atMost maximumCharacters: Int = maximumCharacters) -> String {
    // Of a text of any size no more is looked at than may be shown.
    let words = text.unicodeScalars.prefix(4 * maximumCharacters)
      .split { $0.properties.isWhitespace || $0.properties.generalCategory == .control }
      .map(String.init)
    let line = words.joined(separator: " ")
    return line.count > maximumCharacters ? line.prefix(maximumCharacters) + "…" : line
  }
}
