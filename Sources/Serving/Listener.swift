import Config
import IO
import Wire

/// An address and port that queries come in at, and the blocks that are asked there.
struct Listener: Sendable {
  let address: SocketAddress
  /// As CoreDNS names it in metrics: `dns://:53`, `dns://127.0.0.1:53`.
  let label: String
  var blocks: [BoundBlock]

  /// A server block's key at a listener.
  struct BoundBlock: Sendable {
    let zone: DomainName
    /// Which of the configuration's blocks.
    let block: Int
    /// Addresses that clients reach the block at, for NS and `ns.dns`.
    let ownAddresses: [IPAddress]
  }

  /// The listeners of a configuration, each address and port once.
  ///
  /// - Throws: a diagnostic sentence where `bind` names no address of this host.
  static func all(
    _ configuration: Configuration, interfaces: [InterfaceAddress]
  ) throws(StartError) -> [Listener] {
    var listeners: [Listener] = []
    for (index, block) in configuration.blocks.enumerated() {
      let addresses = try addresses(of: block, interfaces)
      let own = ownAddresses(addresses, interfaces)
      // Reading the configuration has warned of keys with another transport.
      for key in block.keys where key.transport == .dns {
        for address in addresses {
          var address = address
          address.port = key.port
          let bound = BoundBlock(zone: key.zone, block: index, ownAddresses: own)
          if let known = listeners.firstIndex(where: { $0.address == address }) {
            listeners[known].blocks.append(bound)
          } else {
            listeners.append(
              Listener(address: address, label: label(address), blocks: [bound]))
          }
        }
      }
    }
    return listeners
  }

  /// What `bind` names, or all addresses of both families.
  private static func addresses(
    of block: ServerBlock, _ interfaces: [InterfaceAddress]
  ) throws(StartError) -> [SocketAddress] {
    guard !block.bind.isEmpty else {
      return [.any(isV4: true, port: 0), .any(isV4: false, port: 0)]
    }
    var found: [SocketAddress] = []
    for bind in block.bind {
      let excepted = bind.except.flatMap { resolve($0, interfaces) }
      for name in bind.addresses {
        let named = resolve(name, interfaces)
        guard !named.isEmpty else {
          throw StartError(
            "\(bind.place): error: bind: '\(name)' is neither an IP address nor an interface with "
              + "one; interfaces are: \(Set(interfaces.map(\.interface)).sorted().joined(separator: ", "))"
          )
        }
        for address in named where !excepted.contains(address) && !found.contains(address) {
          found.append(address)
        }
      }
    }
    return found
  }

  private static func resolve(
    _ name: String, _ interfaces: [InterfaceAddress]
  ) -> [SocketAddress] {
    if let address = IPAddress(name) { return [SocketAddress(address)] }
    // A link-local address with its zone index, `fe80::1%eth0`.
    if let percent = name.firstIndex(of: "%"), let address = IPAddress(name[..<percent]) {
      let interface = name[name.index(after: percent)...]
      return interfaces.filter {
        $0.interface == interface && IPAddress($0.address) == address
      }.map(\.address)
    }
    return interfaces.filter { $0.interface == name }.map(\.address)
  }

  /// Addresses that clients reach: for all addresses those of the interfaces, link-local ones left
  /// out; loopback only where nothing else is there.
  private static func ownAddresses(
    _ bound: [SocketAddress], _ interfaces: [InterfaceAddress]
  ) -> [IPAddress] {
    let all = bound.flatMap { address in
      address.isUnspecified
        ? interfaces.map(\.address).filter { $0.isV4 == address.isV4 && $0.scope == 0 } : [address]
    }.map { IPAddress($0) }
    var distinct: [IPAddress] = []
    for address in all where !distinct.contains(address) { distinct.append(address) }
    let reachable = distinct.filter { !$0.isLoopback }
    return reachable.isEmpty ? distinct : reachable
  }

  private static func label(_ address: SocketAddress) -> String {
    address.isUnspecified ? "dns://:\(address.port)" : "dns://\(address)"
  }
}

/// Why the server cannot start: a sentence for the operator.
public struct StartError: Error, Hashable, CustomStringConvertible {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension IPAddress {
  @inline(__always)
  init(_ address: SocketAddress) {
    self.init(high: address.high, low: address.low)
  }
}

extension SocketAddress {
  init(_ address: IPAddress, port: UInt16 = 0) {
    self.init(isV4: address.isV4, high: address.high, low: address.low, port: port)
  }
}
