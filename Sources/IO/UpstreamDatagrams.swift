import CLinux
import Glibc

/// Queries to upstreams over UDP, each from a port of its own that the kernel chooses at random
/// (RFC 5452 §9.2) from `net.ipv4.ip_local_port_range` and that is closed when its exchange ends.
///
/// Sockets are kept: `connect` to nobody gives the port up and the next `connect` takes another,
/// at half the cost of a new socket. Each stays registered with the loop. A socket that waits for
/// its next use has an empty queue and no port: nothing of one exchange gets into another.
///
/// Belongs to the loop's thread; the handlers run there, and may send and release.
@safe public final class UpstreamDatagrams {
  /// Takes what has come in for `token`, from the address that the query was sent to. The octets
  /// last until it returns.
  public typealias MessageHandler = (_ token: Int, _ octets: UnsafeRawBufferPointer) -> Void
  /// Takes the errno of an ICMP error (ECONNREFUSED, EHOSTUNREACH, ENETUNREACH). The exchange goes
  /// on until it is released.
  public typealias FailureHandler = (_ token: Int, _ errno: Int32) -> Void

  /// Octets of a message; more of it is cut off. Queries offer to take less.
  public static let messageOctets = 4096
  /// Sockets of one worker: with every upstream silent for the 2 s of a read timeout some 2,000
  /// queries a second. A handle has 12 bits for it.
  public static let maximumSockets = 4096
  /// Sockets that wait for their next use, of one family and source: so many, or as many as are in
  /// use, since under load to close and open them again would cost as much as the queries. A burst
  /// leaves no more.
  public static let idleSockets = 256
  /// A sharer has at most so many times the sockets that are left: whose upstream is silent does
  /// not take the last from the others.
  private static let mostOfFree = 8
  /// Datagrams of one socket in a turn: an exchange has one, and a flood must not hold up others.
  private static let datagramsInTurn = 4
  /// Datagrams that an exchange gets; its port is closed then, and no more comes of it. Whoever
  /// sends so many is no upstream that answers, and would keep the thread from all else.
  static let datagramsOfExchange = 64

  private struct Slot {
    var descriptor: Int32 = -1
    var waiting: Registration?
    var pool = 0
    var token = 0
    var sharer = 0
    /// Datagrams received in its exchange.
    var received = 0
    var generation: Int32 = 0
    var isBusy = false
  }

  /// Sockets of one family, bound to one source address or to none.
  private struct Pool {
    var isV4: Bool
    var source: SocketAddress?
    var idle: [Int] = []
    var busyCount = 0
  }

  private let loop: EventLoop
  private let limit: Int
  private let onMessage: MessageHandler
  private let onFailure: FailureHandler
  private var slots: [Slot] = []
  private var freeSlots: [Int] = []
  private var pools: [Pool] = []
  private let buffer = UnsafeMutableRawBufferPointer.allocate(
    byteCount: UpstreamDatagrams.messageOctets, alignment: 16)

  /// - Parameter limit: sockets at a time; see ``maximumSockets(of:)``.
  public init(
    loop: EventLoop, limit: Int = UpstreamDatagrams.maximumSockets(of: 1),
    onMessage: @escaping MessageHandler, onFailure: @escaping FailureHandler
  ) {
    self.loop = loop
    self.limit = min(limit, Self.maximumSockets)
    unsafe self.onMessage = onMessage
    self.onFailure = onFailure
  }

  deinit {
    for slot in slots.indices where slots[slot].descriptor >= 0 { close(slot) }
    unsafe buffer.deallocate()
  }

  /// The share of each of `workers` in half of the descriptors that the process may have open,
  /// ``maximumSockets`` at most: the other half is for clients and files.
  public static func maximumSockets(of workers: Int) -> Int {
    min(maximumSockets, max(1, FileDescriptors.limit / 2 / max(1, workers)))
  }

  /// Sockets open now, in use or not.
  public var socketCount: Int { slots.count - freeSlots.count }

  /// Sends a query from a fresh port and gives messages from `to` to that port to the handler,
  /// until the handle is released or 64 have come.
  ///
  /// A datagram that the kernel has no room for now is lost like any other.
  /// - Parameters:
  ///   - from: the address to send from, its port ignored; nil where routing chooses.
  ///   - sharer: whose query it is, of those who share the sockets.
  /// - Throws: EMFILE when ``maximumSockets`` are in use, or the sharer has its part of them;
  ///   what `socket`, `bind`, `connect` and `send` say, such as ENETUNREACH. There is nothing to
  ///   release then.
  public func send(
    _ octets: UnsafeRawBufferPointer, to: SocketAddress, from: SocketAddress?, sharer: Int = 0,
    token: Int
  ) throws(IOError) -> Int32 {
    guard mayTake(sharer) else {
      throw IOError(errno: EMFILE, operation: "socket beyond a part of \(limit) for upstreams")
    }
    let slot = try takeSocket(pool(isV4: to.isV4, from))
    let descriptor = slots[slot].descriptor
    slots[slot].isBusy = true
    pools[slots[slot].pool].busyCount += 1
    slots[slot].token = token
    slots[slot].sharer = sharer
    slots[slot].received = 0
    slots[slot].generation = (slots[slot].generation &+ 1) & 0x7_FFFF
    if unsafe to.withSockaddr({ unsafe connect(descriptor, $0, $1) }) != 0 {
      try giveUp(slot, "connect to udp \(to)")
    }
    let sent = unsafe Glibc.send(
      descriptor, octets.baseAddress, octets.count,
      Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    if sent < 0, !Self.isPassing(errno) { try giveUp(slot, "send to udp \(to)") }
    return slots[slot].generation << 12 | Int32(slot)
  }

  /// Ends an exchange: its port is closed when this returns. A handle that was released before is
  /// ignored.
  public func release(_ handle: Int32) {
    let slot = Int(handle & 0xFFF)
    guard slot < slots.count, slots[slot].isBusy, slots[slot].generation == handle >> 12 else {
      return
    }
    retire(slot)
  }

  // MARK: - Sockets

  /// Counted only where so many are in use that it matters.
  private func mayTake(_ sharer: Int) -> Bool {
    let busy = pools.reduce(0) { $0 + $1.busyCount }
    let most = Self.mostOfFree * (limit - busy)
    return busy < most || slots.count { $0.isBusy && $0.sharer == sharer } < most
  }

  private func giveUp(_ slot: Int, _ operation: String) throws(IOError) {
    let error = IOError(errno: errno, operation: operation)
    retire(slot)
    throw error
  }

  /// The index of the pool; there are as many as the configuration has source addresses.
  private func pool(isV4: Bool, _ source: SocketAddress?) -> Int {
    for index in pools.indices where pools[index].isV4 == isV4 && pools[index].source == source {
      return index
    }
    pools.append(Pool(isV4: isV4, source: source))
    return pools.count - 1
  }

  private func takeSocket(_ pool: Int) throws(IOError) -> Int {
    if let slot = pools[pool].idle.popLast() { return slot }
    if socketCount >= limit {
      guard let other = pools.indices.first(where: { !pools[$0].idle.isEmpty }),
        let slot = pools[other].idle.popLast()
      else { throw IOError(errno: EMFILE, operation: "socket beyond \(limit) for upstreams") }
      close(slot)
    }
    let socket = try Self.open(isV4: pools[pool].isV4, pools[pool].source)
    let slot = freeSlots.popLast() ?? slots.count
    if slot == slots.count { slots.append(Slot()) }
    slots[slot].descriptor = socket.release()
    slots[slot].pool = pool
    // Replies before new queries: a server that is asked more than it can do would else begin ever
    // more and finish nothing.
    slots[slot].waiting = loop.onReadable(slots[slot].descriptor, first: true) {
      [unowned self] in read(slot)
    }
    return slot
  }

  private static func open(isV4: Bool, _ source: SocketAddress?) throws(IOError) -> Socket {
    let family = isV4 ? AF_INET : AF_INET6
    let kind =
      Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let opened = Glibc.socket(family, kind, 0)
    guard opened >= 0 else { throw IOError(errno: errno, operation: "socket for upstreams") }
    let socket = Socket(owning: opened)
    let result = clinux_hear_of_unreachable(opened, family)
    guard result == 0 else { throw IOError(errno: -result, operation: "IP_RECVERR") }
    if var source {
      source.port = 0
      guard unsafe source.withSockaddr({ unsafe bind(opened, $0, $1) }) == 0 else {
        throw IOError(errno: errno, operation: "bind to source address \(source)")
      }
    }
    return socket
  }

  /// Closes the port, then either keeps the socket or closes it too.
  private func retire(_ slot: Int) {
    slots[slot].isBusy = false
    let pool = slots[slot].pool
    pools[pool].busyCount -= 1
    let kept = max(Self.idleSockets, pools[pool].busyCount)
    while pools[pool].idle.count > kept, let surplus = pools[pool].idle.popLast() {
      close(surplus)
    }
    guard pools[pool].idle.count < kept, clinux_disconnect(slots[slot].descriptor) == 0,
      empty(slots[slot].descriptor)
    else { return close(slot) }
    pools[pool].idle.append(slot)
  }

  private func close(_ slot: Int) {
    slots[slot].waiting = nil
    Glibc.close(slots[slot].descriptor)
    slots[slot].descriptor = -1
    slots[slot].isBusy = false
    freeSlots.append(slot)
  }

  // MARK: - Receiving

  /// Errors that say nothing about the upstream: the socket is as good as before. EMSGSIZE is a
  /// claim about the path's MTU, which anybody may make.
  private static func isPassing(_ errno: Int32) -> Bool {
    switch errno {
    case EAGAIN, EINTR, ENOBUFS, ENOMEM, EMSGSIZE: true
    default: false
    }
  }

  private func read(_ slot: Int) {
    let (descriptor, generation) = (slots[slot].descriptor, slots[slot].generation)
    guard slots[slot].isBusy, slots[slot].received < Self.datagramsOfExchange else {
      // Queued after the port was closed, by a processor that had looked it up before.
      if descriptor >= 0 { _ = empty(descriptor) }
      return
    }
    for _ in 0..<Self.datagramsInTurn {
      let count = unsafe recv(
        descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
      let error = count < 0 ? errno : 0
      if error == EAGAIN { return }
      slots[slot].received += 1
      if count >= 0 {
        unsafe onMessage(
          slots[slot].token, UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      } else {
        Self.dropErrors(descriptor)
        if !Self.isPassing(error) { onFailure(slots[slot].token, error) }
      }
      // The handler may have released the socket, and even used it again.
      guard slots[slot].isBusy, slots[slot].generation == generation else { return }
      guard slots[slot].received < Self.datagramsOfExchange else {
        _ = clinux_disconnect(descriptor)
        return
      }
    }
  }

  /// Takes what is queued at a socket without a port; false where that is a lot, as in a flood.
  private func empty(_ descriptor: Int32) -> Bool {
    for _ in 0..<8 {
      if recv(descriptor, nil, 0, Int32(MSG_DONTWAIT)) < 0 {
        if errno == EAGAIN { return true }
        Self.dropErrors(descriptor)
      }
    }
    return false
  }

  /// What IP_RECVERR has queued, and with it the error that `recv` and `send` would give again; a
  /// few, since more may come than are taken.
  private static func dropErrors(_ descriptor: Int32) {
    let flags = Int32(MSG_ERRQUEUE) | Int32(MSG_DONTWAIT)
    for _ in 0..<8 where recv(descriptor, nil, 0, flags) < 0 { return }
  }
}
