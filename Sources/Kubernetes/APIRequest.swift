/// A GET request to an API server.
public struct APIRequest: Hashable, Sendable {
  public enum Purpose: Hashable, Sendable {
    /// A list, or a page of one.
    case list
    /// A watch; the first of a streaming list gives all objects that there are.
    case watch
    /// The names and versions of all objects, to find what a watch has missed.
    case comparison
    /// `/version`: whether the server is still there.
    case probe
  }

  public var purpose: Purpose
  /// With the query.
  public var path: String
  /// The `Accept` header.
  public var accept: String
  /// Lists are text that shrinks; a watch must not wait in a compressor.
  public var acceptsGzip: Bool
  /// Not on a connection that there is already: the server may be stuck on those.
  public var needsConnection = false

  /// The verb of RBAC and of metrics.
  public var verb: String {
    switch purpose {
    case .list, .comparison: "list"
    case .watch: "watch"
    case .probe: "get"
    }
  }

  init(_ purpose: Purpose, path: String) {
    self.purpose = purpose
    self.path = path
    acceptsGzip = purpose == .list || purpose == .comparison
    accept =
      purpose == .comparison
      ? "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
      : "application/json"
  }
}

/// The status line of a response and the headers that matter.
public struct APIResponseHead: Hashable, Sendable {
  public var status: Int
  /// Whether other requests share its connection (HTTP/2).
  public var isMultiplexed: Bool
  /// `Retry-After` in seconds.
  public var retryAfter: Int?
  /// `Location`, of a redirect.
  public var location: String?

  public init(status: Int, isMultiplexed: Bool, retryAfter: Int? = nil, location: String? = nil) {
    self.status = status
    self.isMultiplexed = isMultiplexed
    self.retryAfter = retryAfter
    self.location = location
  }
}

/// Why a response did not come, or not to its end: a sentence that names what was tried.
public struct APITransportFailure: Error, Hashable, Sendable {
  public var text: String

  public init(_ text: String) {
    self.text = text
  }
}

/// What a ``ClusterWatch`` wants done, in order.
public enum APIAction: Hashable, Sendable {
  /// Send the request under this number to server `server` of those there are.
  case send(Int, APIRequest, server: Int)
  /// Nothing more is to be heard of the request.
  case cancel(Int)
  /// Close all connections: the next request makes a new one. All requests have been cancelled.
  case closeConnections
  /// The server does not take the credentials: read them anew, then call `credentialsRenewed`.
  case renewCredentials
}
