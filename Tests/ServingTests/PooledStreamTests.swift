import Forwarding
import Glibc
import Testing
import Wire

@testable import IO
@testable import Serving

/// A connection to an upstream that sends what nobody asked for.
@Suite struct PooledStreamTests {
  final class Bench {
    let loop = EventLoop()
    private let listener: Socket
    private var peer: Socket?
    private(set) var stream: PooledStream?
    private(set) var replies: [Int] = []
    private(set) var failures: [UpstreamStreamFailure] = []
    private(set) var left: [Int] = []

    init() throws {
      let loopback = SocketAddress(isV4: true, high: 0, low: 0xFFFF_7F00_0001, port: 0)
      listener = try Socket.bound(to: loopback, .stream, shares: false)
      let address = listener.localAddress
      let port = try #require(address?.port)
      stream = PooledStream(
        loop: loop, to: Upstream(address: IPAddress(v4: 0x7F00_0001), port: port), from: nil,
        tls: nil, options: StreamOptions(),
        received: { [unowned self] query, _ in replies.append(query.attempt) },
        closed: { [unowned self] _, queries, failure in
          failures.append(failure)
          left += queries.map(\.attempt)
          stream = nil
        })
      run {
        let accepted = accept(listener.descriptor, nil, nil)
        if accepted >= 0 { peer = Socket(owning: accepted) }
        return accepted >= 0
      }
    }

    /// Turns until `isDone`, but not for ever.
    func run(until isDone: () -> Bool) {
      for _ in 0..<2_000 where !isDone() { loop.runReady() }
    }

    /// Sends a query; the ID that it has on the connection.
    func ask(_ attempt: Int) -> UInt16 {
      stream?.send(StreamQuery(attempt: attempt, octets: [UInt8](repeating: 7, count: 12)))
      var octets = [UInt8](repeating: 0, count: 14)
      run {
        unsafe recv(peer?.descriptor ?? -1, &octets, octets.count, Int32(MSG_DONTWAIT)) == 14
      }
      return UInt16(octets[2]) << 8 | UInt16(octets[3])
    }

    func answer(_ id: UInt16) {
      let octets = [0, 12, UInt8(id >> 8), UInt8(id & 255)] + [UInt8](repeating: 7, count: 10)
      _ = unsafe send(peer?.descriptor ?? -1, octets, octets.count, Int32(MSG_NOSIGNAL))
    }
  }

  struct Row: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var givenUp = 0
    var unasked: Int
    var isClosed: Bool
  }

  @Test(arguments: [
    Row(
      testDescription: "some messages without a query are passed over", unasked: 64, isClosed: false
    ),
    Row(testDescription: "one more closes the connection", unasked: 65, isClosed: true),
    Row(
      testDescription: "a query that was given up may be answered late", givenUp: 1, unasked: 65,
      isClosed: false),
    Row(testDescription: "but once", givenUp: 1, unasked: 66, isClosed: true),
  ])
  func `messages that nobody asked for`(row: Row) throws {
    let bench = try Bench()
    for attempt in 100..<(100 + row.givenUp) {
      _ = bench.ask(attempt)
      bench.stream?.forget(attempt)
    }
    let id = bench.ask(1)
    for _ in 0..<row.unasked { bench.answer(id ^ 1) }
    bench.answer(id)
    bench.run { !bench.replies.isEmpty || !bench.failures.isEmpty }
    #expect(bench.replies == (row.isClosed ? [] : [1]))
    #expect(bench.failures == (row.isClosed ? [.unasked] : []))
    #expect(bench.left == (row.isClosed ? [1] : []))
  }
}
