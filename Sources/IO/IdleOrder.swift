/// Connections by how long they have been idle, linked by their descriptors: keeping the order
/// costs a few stores for each query, whatever the number of connections.
struct IdleOrder {
  private struct Link {
    var older: Int32 = -1
    var newer: Int32 = -1
    var client = ClientAddress()
  }

  /// Who a connection belongs to: an IPv4 address, or the /64 of an IPv6 address.
  struct ClientAddress: Hashable {
    var high: UInt64 = 0
    var low: UInt64 = 0

    init() {}

    init(_ address: SocketAddress) {
      high = address.high
      low = address.isV4 ? address.low : 0
    }
  }

  /// By descriptor; the kernel gives out the lowest free ones.
  private var links: [Link] = []
  private(set) var idlest: Int32 = -1
  private var busiest: Int32 = -1

  /// Adds a connection as the one used last.
  mutating func add(_ descriptor: Int32, _ client: ClientAddress) {
    while links.count <= Int(descriptor) { links.append(Link()) }
    links[Int(descriptor)] = Link(older: busiest, newer: -1, client: client)
    if busiest >= 0 { links[Int(busiest)].newer = descriptor } else { idlest = descriptor }
    busiest = descriptor
  }

  mutating func remove(_ descriptor: Int32) {
    let link = links[Int(descriptor)]
    if link.older >= 0 { links[Int(link.older)].newer = link.newer } else { idlest = link.newer }
    if link.newer >= 0 { links[Int(link.newer)].older = link.older } else { busiest = link.older }
  }

  /// Notes that a connection was used now.
  mutating func touch(_ descriptor: Int32) {
    guard descriptor != busiest else { return }
    let client = links[Int(descriptor)].client
    remove(descriptor)
    add(descriptor, client)
  }

  /// The connection of `client` that has been idle longest; -1 where it has none.
  func idlest(of client: ClientAddress) -> Int32 {
    var at = idlest
    while at >= 0, links[Int(at)].client != client { at = links[Int(at)].newer }
    return at
  }
}
