import Glibc
import Testing

@testable import IO

/// Exchanges with an upstream on loopback that answers when it is told to.
private final class Bench {
  let loop = EventLoop()
  let upstream: Socket
  let address: SocketAddress
  var messages: [(token: Int, octets: [UInt8])] = []
  var failures: [(token: Int, errno: Int32)] = []
  var onMessage: (Int) -> Void = { _ in }
  private(set) var datagrams: UpstreamDatagrams?
  private let batch = DatagramBatch()

  init(_ upstream: SocketAddress = .loopback, limit: Int = 1_000) throws {
    self.upstream = try Socket.bound(to: upstream, .datagram, shares: false)
    let bound = self.upstream.localAddress
    address = try #require(bound)
    datagrams = unsafe UpstreamDatagrams(
      loop: loop, limit: limit,
      onMessage: { [unowned self] token, octets in
        messages.append((token, unsafe Array(octets)))
        onMessage(token)
      },
      onFailure: { [unowned self] token, errno in failures.append((token, errno)) })
  }

  func send(
    _ token: Int, to: SocketAddress? = nil, from: SocketAddress? = nil, sharer: Int = 0
  ) throws -> Int32 {
    let query: [UInt8] = [UInt8(truncatingIfNeeded: token)]
    return try unsafe query.withUnsafeBytes {
      try unsafe #require(datagrams).send(
        $0, to: to ?? address, from: from, sharer: sharer, token: token)
    }
  }

  /// Who has asked since the last time.
  func queries() throws -> [(octets: [UInt8], from: SocketAddress)] {
    try (0..<batch.receive(upstream.descriptor)).map {
      (unsafe Array(batch.octets($0)), try #require(batch.sender($0)))
    }
  }

  func answer(_ octets: [UInt8], to: SocketAddress) {
    let count = unsafe to.withSockaddr { to, length in
      unsafe octets.withUnsafeBytes {
        unsafe sendto(upstream.descriptor, $0.baseAddress, $0.count, 0, to, length)
      }
    }
    #expect(count == octets.count)
  }

  func run() { for _ in 0..<8 { loop.runReady() } }
}

extension SocketAddress {
  static let loopback = SocketAddress(isV4: true, high: 0, low: 0xFFFF_7F00_0001, port: 0)
  static let otherLoopback = SocketAddress(isV4: true, high: 0, low: 0xFFFF_7F00_0002, port: 0)
  static let loopbackV6 = SocketAddress(isV4: false, high: 0, low: 1, port: 0)
}

@Suite struct UpstreamDatagramsTests {
  struct Route: CustomTestStringConvertible, Sendable {
    var upstream: SocketAddress
    var source: SocketAddress?
    var testDescription: String { "\(source.map { "\($0)" } ?? "any") to \(upstream)" }
  }

  @Test(
    arguments: [
      Route(upstream: .loopback), Route(upstream: .loopback, source: .otherLoopback),
      Route(upstream: .loopbackV6), Route(upstream: .loopbackV6, source: .loopbackV6),
    ])
  func `each exchange over a kept socket has a port of its own`(route: Route) throws {
    let bench = try Bench(route.upstream)
    var ports: Set<UInt16> = []
    for token in 0..<50 {
      let handle = try bench.send(token, from: route.source)
      let query = try #require(try bench.queries().first)
      #expect(query.octets == [UInt8(token)])
      if var source = route.source {
        source.port = query.from.port
        #expect(query.from == source)
      }
      ports.insert(query.from.port)
      bench.answer([1, 2, UInt8(token)], to: query.from)
      bench.run()
      bench.datagrams?.release(handle)
    }
    #expect(ports.count >= 45)
    #expect(bench.messages.map(\.token) == Array(0..<50))
    #expect(bench.messages.map(\.octets) == (0..<50).map { [1, 2, UInt8($0)] })
    #expect(bench.failures.isEmpty)
    // One rests while the other is in use.
    #expect(bench.datagrams?.socketCount == 2)
  }

  @Test func `exchanges at the same time have their own answers`() throws {
    let bench = try Bench()
    for batch in 0..<6 {
      for token in 0..<50 { _ = try bench.send(batch * 50 + token) }
      for query in try bench.queries().reversed() { bench.answer(query.octets, to: query.from) }
    }
    bench.run()
    #expect(bench.messages.map(\.token).sorted() == Array(0..<300))
    #expect(bench.messages.allSatisfy { $0.octets == [UInt8(truncatingIfNeeded: $0.token)] })
  }

  @Test func `a release closes the port, and what was queued reaches no later exchange`() throws {
    let bench = try Bench()
    let first = try bench.send(1)
    let query = try #require(try bench.queries().first)
    for _ in 0..<3 { bench.answer([1], to: query.from) }
    let taken = #expect(throws: IOError.self) {
      _ = try Socket.bound(to: query.from, .datagram, shares: false)
    }
    #expect(taken?.isAddressInUse == true)
    bench.datagrams?.release(first)
    bench.datagrams?.release(first)
    _ = try Socket.bound(to: query.from, .datagram, shares: false)
    bench.answer([1], to: query.from)
    bench.run()
    _ = try bench.send(2)
    bench.run()
    #expect(bench.messages.isEmpty)
    #expect(bench.failures.isEmpty)
    #expect(bench.datagrams?.socketCount == 1)
  }

  @Test func `an error that was pending reaches no later exchange`() throws {
    let bench = try Bench()
    let nobody = try Self.nobody()
    for token in 0..<4 { bench.datagrams?.release(try bench.send(token, to: nobody)) }
    bench.run()
    _ = try bench.send(9)
    bench.run()
    #expect(bench.failures.isEmpty)
    #expect(bench.datagrams?.socketCount == 4)
  }

  @Test func `the port of an exchange that gets too many datagrams is closed`() throws {
    let bench = try Bench()
    let handle = try bench.send(1)
    let query = try #require(try bench.queries().first)
    for _ in 0..<100 { bench.answer([1], to: query.from) }
    for _ in 0..<8 { bench.run() }
    #expect(bench.messages.count == UpstreamDatagrams.datagramsOfExchange)
    _ = try Socket.bound(to: query.from, .datagram, shares: false)
    bench.datagrams?.release(handle)
    _ = try bench.send(2)
    bench.answer([2], to: try #require(try bench.queries().first).from)
    bench.run()
    #expect(bench.messages.last?.token == 2)
  }

  @Test func `a flood leaves no socket behind that holds it`() throws {
    let bench = try Bench()
    let handle = try bench.send(1)
    let query = try #require(try bench.queries().first)
    for _ in 0..<50 { bench.answer([1], to: query.from) }
    bench.datagrams?.release(handle)
    bench.run()
    #expect(bench.datagrams?.socketCount == 0)
  }

  @Test func `a refusal is noticed at once, and the exchange may go on`() throws {
    let bench = try Bench()
    _ = try bench.send(7, to: try Self.nobody())
    bench.run()
    #expect(bench.failures.map(\.token) == [7])
    #expect(bench.failures.map(\.errno) == [ECONNREFUSED])
  }

  @Test func `an upstream without a route is an error of the call, and takes no socket`() throws {
    let bench = try Bench(limit: 1)
    // A subnet's broadcast address, which a socket may not send to.
    let address = SocketAddress(isV4: true, high: 0, low: 0xFFFF_FFFF_FFFF, port: 53)
    let error = #expect(throws: IOError.self) { try bench.send(1, to: address) }
    #expect(error?.errno == EACCES || error?.errno == ENETUNREACH)
    for token in 0..<5 { bench.datagrams?.release(try bench.send(token)) }
    #expect(bench.datagrams?.socketCount == 1)
  }

  @Test func `only the upstream that was asked can answer`() throws {
    let bench = try Bench()
    let other = try Bench()
    _ = try bench.send(1)
    let query = try #require(try bench.queries().first)
    other.answer([6], to: query.from)
    bench.answer([7], to: query.from)
    bench.run()
    #expect(bench.messages.map(\.octets) == [[7]])
  }

  @Test func `a handler may release and ask again at once`() throws {
    let bench = try Bench()
    var handle = try bench.send(0)
    var query = try #require(try bench.queries().first)
    var next = 1
    bench.onMessage = { _ in
      bench.datagrams?.release(handle)
      do { handle = try bench.send(next) } catch { Issue.record(error) }
      next += 1
    }
    for _ in 0..<10 {
      // The second of the two belongs to an exchange that has ended.
      bench.answer([1], to: query.from)
      bench.answer([2], to: query.from)
      bench.run()
      query = try #require(try bench.queries().first)
    }
    #expect(bench.messages.map(\.token) == Array(0..<10))
    #expect(bench.messages.allSatisfy { $0.octets == [1] })
    bench.onMessage = { _ in }
  }

  @Test func `a message that is too long is cut off`() throws {
    let bench = try Bench()
    _ = try bench.send(1)
    let query = try #require(try bench.queries().first)
    bench.answer([UInt8](repeating: 7, count: 5_000), to: query.from)
    bench.run()
    #expect(bench.messages.map(\.octets.count) == [UpstreamDatagrams.messageOctets])
  }

  @Test func `what has no room in one look is taken in by the next`() throws {
    let bench = try Bench()
    for token in 0..<60 { _ = try bench.send(token) }
    for query in try bench.queries() {
      bench.answer([UInt8](repeating: query.octets[0], count: 4_000), to: query.from)
    }
    bench.run()
    #expect(bench.messages.map(\.token).sorted() == Array(0..<60))
    #expect(
      bench.messages.allSatisfy { $0.octets == [UInt8](repeating: UInt8($0.token), count: 4_000) })
  }

  @Test func `a handler that has released its socket may ask again at the limit`() throws {
    let bench = try Bench(limit: 3)
    var handles = try (0..<3).map { try bench.send($0) }
    bench.onMessage = { token in
      bench.datagrams?.release(handles[token % 3])
      do { handles[token % 3] = try bench.send(token + 3) } catch { Issue.record(error) }
    }
    for _ in 0..<4 {
      for query in try bench.queries() { bench.answer(query.octets, to: query.from) }
      bench.run()
    }
    bench.onMessage = { _ in }
    #expect(bench.messages.map(\.token).sorted() == Array(0..<12))
    #expect(bench.datagrams?.socketCount == 3)
  }

  @Test func `sockets have a limit, and idle ones of another source give way`() throws {
    let bench = try Bench(limit: 3)
    let handles = try (0..<3).map { try bench.send($0) }
    let error = #expect(throws: IOError.self) { try bench.send(3) }
    #expect(error?.errno == EMFILE)
    bench.datagrams?.release(handles[1])
    _ = try bench.send(4, from: .otherLoopback)
    #expect(throws: IOError.self) { try bench.send(5) }
    #expect(bench.datagrams?.socketCount == 3)
  }

  @Test func `who takes all sockets leaves some to the others`() throws {
    let bench = try Bench(limit: 90)
    for token in 0..<80 { _ = try bench.send(token, sharer: 1) }
    let error = #expect(throws: IOError.self) { try bench.send(80, sharer: 1) }
    #expect(error?.errno == EMFILE)
    for token in 0..<8 { _ = try bench.send(token, sharer: 2) }
    let third = try bench.send(9, sharer: 3)
    bench.datagrams?.release(third)
    #expect(throws: IOError.self) { try bench.send(10, sharer: 1) }
  }

  @Test func `after a burst no more sockets are kept than the limit of idle ones`() throws {
    let bench = try Bench(limit: 1_000)
    let handles = try (0..<800).map { try bench.send($0) }
    for handle in handles { bench.datagrams?.release(handle) }
    #expect(bench.datagrams?.socketCount == UpstreamDatagrams.idleSockets)
  }

  @Test func `sockets of exchanges that nobody answered are used again, too`() throws {
    let bench = try Bench()
    for token in 0..<1_000 { bench.datagrams?.release(try bench.send(token)) }
    let sockets = try #require(bench.datagrams?.socketCount)
    #expect(sockets < UpstreamDatagrams.idleSockets)
    #expect(bench.messages.isEmpty && bench.failures.isEmpty)
  }

  @Test func `what was queued reaches no later exchange, however soon its socket is used again`()
    throws
  {
    let bench = try Bench(limit: 400)
    let handles = try (0..<200).map { try bench.send($0) }
    for query in try (0..<4).flatMap({ _ in try bench.queries() }) {
      for _ in 0..<3 { bench.answer([7], to: query.from) }
    }
    for handle in handles { bench.datagrams?.release(handle) }
    for token in 1_000..<1_200 { _ = try bench.send(token) }
    bench.run()
    #expect(bench.messages.isEmpty)
  }

  @Test func `a socket that a flood comes to is closed once, whatever its handler asks for`() throws
  {
    let bench = try Bench()
    var handles = try (0..<200).map { try bench.send($0) }
    let flooded = handles.removeLast()
    let query = try #require(
      (0..<4).flatMap { _ in try bench.queries() }.first { $0.octets == [199] })
    for _ in 0..<40 { bench.answer([1], to: query.from) }
    for handle in handles { bench.datagrams?.release(handle) }
    var asked: [Int32] = []
    bench.onMessage = { _ in
      bench.datagrams?.release(flooded)
      do { asked.append(try bench.send(1_000)) } catch { Issue.record(error) }
    }
    bench.run()
    bench.onMessage = { _ in }
    #expect(asked.count == 1)
    asked += try (0..<300).map { try bench.send($0) }
    // Its lower bits say which socket a handle is of.
    #expect(Set(asked.map { $0 & 0xFFF }).count == 301)
  }

  @Test func `workers share half of the descriptors`() {
    let one = UpstreamDatagrams.maximumSockets(of: 1)
    #expect((1...UpstreamDatagrams.maximumSockets).contains(one))
    #expect(UpstreamDatagrams.maximumSockets(of: 1 << 40) == 1)
  }

  /// Where nobody listens.
  static func nobody() throws -> SocketAddress {
    let socket = try Socket.bound(to: .loopback, .datagram, shares: false)
    let bound = socket.localAddress
    return try #require(bound)
  }
}
