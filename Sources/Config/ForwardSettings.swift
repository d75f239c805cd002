public import Wire

/// `forward FROM TO… { … }` with every option of CoreDNS 1.14.
public struct ForwardSettings: Hashable, Sendable {
  public init() {}
}

/// `cache [TTL] [ZONES…] { … }` with every option of CoreDNS 1.14.
public struct CacheSettings: Hashable, Sendable {
  public init() {}
}
