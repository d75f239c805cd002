public import Wire

/// A server that queries are forwarded to.
public struct Upstream: Hashable, Sendable {
  public enum Transport: String, Hashable, Sendable {
    case dns, tls
  }

  public var transport: Transport
  public var address: IPAddress
  public var port: UInt16
  /// The interface of a link-local address, else 0.
  public var scope: UInt32
  /// The name that its certificate must have; nil for its address.
  public var serverName: String?

  public init(
    transport: Transport = .dns, address: IPAddress, port: UInt16 = 53, scope: UInt32 = 0,
    serverName: String? = nil
  ) {
    self.transport = transport
    self.address = address
    self.port = port
    self.scope = scope
    self.serverName = serverName
  }

  /// `10.0.0.10:53`, `[fd00::a]:53`: what metrics and messages call it.
  public var description: String {
    address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
  }
}
