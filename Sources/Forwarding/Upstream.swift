public import Wire

/// A server that queries are forwarded to. A class, since it is handed on with every message and
/// answer; equal are those of the same values.
public final class Upstream: Hashable, Sendable {
  public enum Transport: String, Hashable, Sendable {
    case dns, tls
  }

  public let transport: Transport
  public let address: IPAddress
  public let port: UInt16
  /// The interface of a link-local address, else 0.
  public let scope: UInt32
  /// The name that its certificate must have; nil for its address.
  public let serverName: String?

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

  public static func == (one: Upstream, other: Upstream) -> Bool {
    one === other
      || one.transport == other.transport && one.address == other.address && one.port == other.port
        && one.scope == other.scope && one.serverName == other.serverName
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(address)
    hasher.combine(port)
  }

  /// `10.0.0.10:53`, `[fd00::a]:53`: what metrics and messages call it.
  public var description: String {
    address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
  }
}
