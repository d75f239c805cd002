import CLinux
import Glibc

/// UDP sockets, each connected for one exchange after the other, and what one look at all of them has
/// taken in.
///
/// A value with one owner: what it does for a query is one access to it.
@safe struct UpstreamSockets: ~Copyable {
  /// Octets of a message; more of it is cut off.
  static let messageOctets = 4096
  /// What one look takes in, a message behind the other: 250 of 500 octets. What has no room waits
  /// for the next look.
  private static let bufferOctets = 128 * 1024
  /// A sharer has at most so many times the sockets that are left: whose upstream is silent does
  /// not take the last from the others.
  private static let mostOfFree = 8
  /// More than one turn leaves.
  private static let manyResting = UpstreamDatagrams.idleSockets / 2

  /// What a slot's socket is for now. Each list of slots holds those of one use.
  private enum Use {
    case closed
    case idle
    /// Without a port, and not seen to be empty since it had one.
    case resting
    case busy
    /// Released while what has come in is handed out: its port is closed after that.
    case ended
  }

  private struct Slot {
    var use = Use.closed
    var descriptor: Int32 = -1
    var pool = 0
    var token = 0
    var sharer = 0
    /// Datagrams received in its exchange.
    var received = 0
    var generation: Int32 = 0

    var isBusy: Bool { use == .busy }
  }

  /// Sockets of one family, bound to one source address or to none.
  private struct Pool {
    var isV4: Bool
    var source: SocketAddress?
    /// Sockets that wait for their next use.
    var idle: [Int] = []
    var busyCount = 0
    var restingCount = 0

    var keptCount: Int { idle.count + restingCount }
    /// How many may wait besides those in use.
    var mostKept: Int { max(UpstreamDatagrams.idleSockets, busyCount) }
  }

  /// What a look has taken in.
  private struct Arrival {
    var slot: Int
    var place: Int
    /// Octets; -1 for an error.
    var count: Int
    var errno: Int32
  }

  /// What there is to be handed out; octets last until the turn ends.
  @safe enum Message {
    case octets(UnsafeRawBufferPointer, token: Int)
    case failure(errno: Int32, token: Int)
    /// Released meanwhile, or an error that says nothing about the upstream.
    case nothing
  }

  private let limit: Int
  private var slots: [Slot] = []
  private var freeSlots: [Int] = []
  private var pools: [Pool] = []
  private var resting: [Int] = []
  private var ended: [Int] = []
  private var isHandingOut = false
  private var arrived: [Arrival] = []
  private let buffer = UnsafeMutableRawPointer.allocate(byteCount: bufferOctets, alignment: 64)
  /// Nil until there is a socket.
  private(set) var poller: ReadinessPoller?

  init(limit: Int) {
    self.limit = limit
  }

  deinit {
    for slot in slots where slot.descriptor >= 0 { Glibc.close(slot.descriptor) }
    unsafe buffer.deallocate()
  }

  /// Sockets open now, in use or not.
  var count: Int { slots.count - freeSlots.count }

  // MARK: - Exchanges

  /// As ``UpstreamDatagrams/send(_:to:from:sharer:token:)``.
  mutating func send(
    _ octets: UnsafeRawBufferPointer, to: SocketAddress, from: SocketAddress?, sharer: Int,
    token: Int
  ) throws(IOError) -> Int32 {
    guard mayTake(sharer) else {
      throw IOError(errno: EMFILE, operation: "socket beyond a part of \(limit) for upstreams")
    }
    let slot = try takeSocket(pool(isV4: to.isV4, from))
    let descriptor = slots[slot].descriptor
    slots[slot].use = .busy
    pools[slots[slot].pool].busyCount += 1
    slots[slot].token = token
    slots[slot].sharer = sharer
    slots[slot].received = 0
    slots[slot].generation = (slots[slot].generation &+ 1) & 0x7_FFFF
    if unsafe to.withSockaddr({ unsafe clinux_connect(descriptor, $0, $1) }) != 0 {
      try giveUp(slot, "connect to udp \(to)")
    }
    let sent = unsafe clinux_send(
      descriptor, octets.baseAddress, octets.count,
      Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    if sent < 0, !Self.isPassing(errno) { try giveUp(slot, "send to udp \(to)") }
    return slots[slot].generation << 12 | Int32(slot)
  }

  mutating func release(_ handle: Int32) {
    let slot = Int(handle & 0xFFF)
    guard slot < slots.count, slots[slot].isBusy, slots[slot].generation == handle >> 12 else {
      return
    }
    retire(slot)
  }

  /// Counted only where so many are in use that it matters.
  private func mayTake(_ sharer: Int) -> Bool {
    let busy = pools.reduce(0) { $0 + $1.busyCount }
    let most = Self.mostOfFree * (limit - busy)
    return busy < most || slots.count { $0.isBusy && $0.sharer == sharer } < most
  }

  private mutating func giveUp(_ slot: Int, _ operation: String) throws(IOError) {
    let error = IOError(errno: errno, operation: operation)
    retire(slot)
    throw error
  }

  // MARK: - Turns

  /// Takes in what the sockets have, a datagram of each; how much, and whether the look was one.
  mutating func look() -> (arrived: Int, hasLooked: Bool) {
    guard let poller else { return (0, false) }
    arrived.removeAll(keepingCapacity: true)
    var end = 0
    let hasLooked = poller.look { slot in
      if slots[slot].isBusy, slots[slot].received < UpstreamDatagrams.datagramsOfExchange {
        if end + Self.messageOctets <= Self.bufferOctets { end += receive(slot, to: end) }
      } else {
        drop(slot)
      }
    }
    isHandingOut = true
    return (arrived.count, hasLooked)
  }

  /// Number `index` of what has come in; its octets last until the turn ends.
  func message(_ index: Int) -> Message {
    let arrival = arrived[index]
    let slot = slots[arrival.slot]
    guard slot.isBusy else { return .nothing }
    guard arrival.count < 0 else {
      let octets = unsafe UnsafeRawBufferPointer(
        start: buffer + arrival.place, count: arrival.count)
      return unsafe .octets(octets, token: slot.token)
    }
    return Self.isPassing(arrival.errno)
      ? .nothing : .failure(errno: arrival.errno, token: slot.token)
  }

  /// Closes the ports of those that were released. Those that were resting before the look, and were
  /// not told or could be emptied, are ready for their next use.
  mutating func endTurn(hasLooked: Bool) {
    isHandingOut = false
    if hasLooked { endRests() }
    for slot in ended { closePort(slot) }
    ended.removeAll(keepingCapacity: true)
  }

  private mutating func endRests() {
    for slot in resting {
      slots[slot].use = .idle
      pools[slots[slot].pool].restingCount -= 1
      pools[slots[slot].pool].idle.append(slot)
    }
    resting.removeAll(keepingCapacity: true)
  }

  /// Looks without taking anything in, where nobody answers and so there are no turns: a look costs
  /// less than to open and close as many sockets as are resting.
  private mutating func lookForUnused() {
    guard resting.count >= Self.manyResting, let poller else { return }
    let hasLooked = poller.look { slot in
      if !slots[slot].isBusy { drop(slot) }
    }
    if hasLooked { endRests() }
  }

  /// Errors that say nothing about the upstream: the socket is as good as before. EMSGSIZE is a
  /// claim about the path's MTU, which anybody may make.
  private static func isPassing(_ errno: Int32) -> Bool {
    switch errno {
    case EAGAIN, EINTR, ENOBUFS, ENOMEM, EMSGSIZE: true
    default: false
    }
  }

  /// Takes in a datagram, or an error; the octets that it takes of the buffer.
  private mutating func receive(_ slot: Int, to place: Int) -> Int {
    let descriptor = slots[slot].descriptor
    let count = unsafe clinux_receive(
      descriptor, buffer + place, Self.messageOctets, Int32(MSG_DONTWAIT))
    let error = count < 0 ? errno : 0
    if error == EAGAIN { return 0 }
    arrived.append(Arrival(slot: slot, place: place, count: count, errno: error))
    slots[slot].received += 1
    if count < 0 { Self.dropErrors(descriptor) }
    if slots[slot].received == UpstreamDatagrams.datagramsOfExchange {
      _ = clinux_disconnect(descriptor)
    }
    return (max(0, count) + 63) & ~63
  }

  /// Takes what was queued before the port was closed, or by a processor that had looked it up
  /// before. A socket at which that is a lot, as in a flood, is closed.
  private mutating func drop(_ slot: Int) {
    let (use, pool) = (slots[slot].use, slots[slot].pool)
    guard use == .idle || use == .resting || use == .busy,
      !Self.empty(slots[slot].descriptor)
    else { return }
    switch use {
    case .idle:
      pools[pool].idle.removeAll { $0 == slot }
      close(slot)
    case .resting:
      resting.removeAll { $0 == slot }
      pools[pool].restingCount -= 1
      close(slot)
    case .busy, .ended, .closed: break
    }
  }

  /// Takes what is queued at a socket without a port; false where more is left.
  private static func empty(_ descriptor: Int32) -> Bool {
    for _ in 0..<8 {
      if recv(descriptor, nil, 0, Int32(MSG_DONTWAIT)) < 0 {
        if errno == EAGAIN { return true }
        dropErrors(descriptor)
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

  // MARK: - Sockets

  /// The index of the pool; there are as many as the configuration has source addresses.
  private mutating func pool(isV4: Bool, _ source: SocketAddress?) -> Int {
    for index in pools.indices where pools[index].isV4 == isV4 && pools[index].source == source {
      return index
    }
    pools.append(Pool(isV4: isV4, source: source))
    return pools.count - 1
  }

  private mutating func takeSocket(_ pool: Int) throws(IOError) -> Int {
    if pools[pool].idle.isEmpty { lookForUnused() }
    if let slot = pools[pool].idle.popLast() { return slot }
    if count >= limit, !closeOneUnused() {
      throw IOError(errno: EMFILE, operation: "socket beyond \(limit) for upstreams")
    }
    let poller = if let poller { poller } else { try ReadinessPoller() }
    self.poller = poller
    let socket = try Self.open(isV4: pools[pool].isV4, pools[pool].source)
    let slot = freeSlots.last ?? slots.count
    try poller.add(socket.descriptor, number: slot)
    if slot == slots.count { slots.append(Slot()) } else { freeSlots.removeLast() }
    slots[slot].descriptor = socket.release()
    slots[slot].pool = pool
    return slot
  }

  private mutating func closeOneUnused() -> Bool {
    if let slot = ended.popLast() {
      close(slot)
      return true
    }
    for pool in pools.indices {
      guard let slot = takeUnused(of: pool) else { continue }
      close(slot)
      return true
    }
    return false
  }

  /// One that waits for its next use, or rests before.
  private mutating func takeUnused(of pool: Int) -> Int? {
    if let slot = pools[pool].idle.popLast() { return slot }
    guard pools[pool].restingCount > 0,
      let index = resting.lastIndex(where: { slots[$0].pool == pool })
    else { return nil }
    pools[pool].restingCount -= 1
    return resting.remove(at: index)
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

  private mutating func retire(_ slot: Int) {
    pools[slots[slot].pool].busyCount -= 1
    guard isHandingOut else { return closePort(slot) }
    slots[slot].use = .ended
    ended.append(slot)
  }

  /// Closes the port, then either keeps the socket or closes it too.
  private mutating func closePort(_ slot: Int) {
    let pool = slots[slot].pool
    while pools[pool].keptCount > pools[pool].mostKept, let surplus = takeUnused(of: pool) {
      close(surplus)
    }
    guard pools[pool].keptCount < pools[pool].mostKept,
      clinux_disconnect(slots[slot].descriptor) == 0
    else { return close(slot) }
    slots[slot].use = .resting
    pools[pool].restingCount += 1
    resting.append(slot)
  }

  private mutating func close(_ slot: Int) {
    precondition(slots[slot].use != .closed)
    slots[slot].use = .closed
    Glibc.close(slots[slot].descriptor)
    slots[slot].descriptor = -1
    freeSlots.append(slot)
  }
}
