import Glibc
import Testing

@testable import IO

/// What may be called when, above all inside the calls of a delegate.
@Suite struct HTTPClientCallsTests {
  enum Moment: CaseIterable { case head, body, end }

  /// A server whose /watch sends a piece and goes on for ever, and answers all else with its path.
  private static func server(_ loop: EventLoop) throws -> OctetServer {
    try OctetServer(loop) { request in
      guard request.path.hasPrefix("/watch") else { return request.answer(.ok(request.path)) }
      let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      let pieces = [head, "5\r\nfirst\r\n", "6\r\nsecond\r\n"].map { Array($0.utf8) }
      request.answer(OctetServer.Reply(pieces))
    }
  }

  /// Does `action` once, inside the call of that moment for transfer `id`.
  private static func at(
    _ moment: Moment, of id: Int, _ recorder: Recorder, _ action: @escaping () -> Void
  ) {
    // Once done it is forgotten, and with it what it holds.
    let once: (Int) -> Void = { [unowned recorder] called in
      guard called == id else { return }
      recorder.forgetHooks()
      action()
    }
    switch moment {
    case .head: recorder.onHead = once
    case .body: recorder.onBody = once
    case .end: recorder.onEnd = once
    }
  }

  @Test func `no call comes from inside get or cancel`() throws {
    let bench = HTTPClientBench()
    let server = try Self.server(bench.loop)
    bench.get(1, "http://127.0.0.1:\(server.port)/one")
    bench.get(2, "ftp://127.0.0.1/")
    bench.get(3, "http://127.0.0.1:\(server.port)/", headers: [("X", "\n")])
    bench.client?.cancel(4)
    #expect(bench.recorder.transfers.isEmpty)
    bench.run(untilEnded: 3)
    #expect(Set(bench.recorder.ended) == [1, 2, 3])
  }

  @Test(arguments: [Moment.head, .body])
  func `a cancelled transfer is not heard of again`(moment: Moment) throws {
    let bench = HTTPClientBench()
    let server = try Self.server(bench.loop)
    let recorder = bench.recorder
    bench.get(1, "http://127.0.0.1:\(server.port)/watch")
    Self.at(moment, of: 1, recorder) { bench.client?.cancel(1) }
    bench.run { recorder.transfers[1] != nil && server.open == 0 }
    #expect(bench.fetch("http://127.0.0.1:\(server.port)/next").text == "/next")
    #expect(recorder.transfers[1]?.hasEnded == false)
    #expect(recorder.transfers[1]?.text == (moment == .head ? "" : "first"))
  }

  @Test(arguments: Moment.allCases)
  func `another transfer is cancelled inside a call`(moment: Moment) throws {
    let bench = HTTPClientBench()
    let server = try Self.server(bench.loop)
    let recorder = bench.recorder
    bench.get(1, "http://127.0.0.1:\(server.port)/watch")
    bench.run { recorder.transfers[1]?.text == "firstsecond" }
    bench.get(2, "http://127.0.0.1:\(server.port)/two")
    Self.at(moment, of: 2, recorder) { bench.client?.cancel(1) }
    bench.run { recorder.ended == [2] && server.open == 1 }
    #expect(recorder.transfers[2]?.text == "/two")
    #expect(recorder.transfers[1]?.hasEnded == false)
  }

  @Test(arguments: Moment.allCases)
  func `a transfer is begun inside a call, with an id that has become free`(moment: Moment) throws {
    let bench = HTTPClientBench()
    let server = try Self.server(bench.loop)
    let recorder = bench.recorder
    Self.at(moment, of: 1, recorder) {
      bench.client?.cancel(1)
      bench.get(1, "http://127.0.0.1:\(server.port)/again")
    }
    bench.get(1, "http://127.0.0.1:\(server.port)/one")
    bench.run { recorder.transfers[1]?.text.hasSuffix("/again") == true && !recorder.ended.isEmpty }
    #expect(recorder.transfers[1]?.failure == nil)
    #expect(recorder.ended.count == (moment == .end ? 2 : 1))
  }

  @Test(arguments: Moment.allCases)
  func `everything is dropped inside a call, and goes on with a new connection`(
    moment: Moment
  ) throws {
    let bench = HTTPClientBench()
    let server = try Self.server(bench.loop)
    let recorder = bench.recorder
    bench.get(1, "http://127.0.0.1:\(server.port)/watch/1")
    bench.get(2, "http://127.0.0.1:\(server.port)/watch/2")
    bench.run { recorder.transfers[1]?.count == 11 && recorder.transfers[2]?.count == 11 }
    Self.at(moment, of: 3, recorder) {
      bench.client?.closeAll()
      bench.get(4, "http://127.0.0.1:\(server.port)/four")
    }
    bench.get(3, "http://127.0.0.1:\(server.port)/three")
    bench.run { recorder.ended.last == 4 && server.open == 1 }
    #expect(server.accepted == 4)
    #expect(recorder.ended == (moment == .end ? [3, 4] : [4]))
    #expect(recorder.transfers[4]?.text == "/four")
  }

  @Test(arguments: Moment.allCases)
  func `the client is released inside a call`(moment: Moment) throws {
    let bench = HTTPClientBench()
    let server = try Self.server(bench.loop)
    let recorder = bench.recorder
    bench.get(1, "http://127.0.0.1:\(server.port)/watch")
    bench.run { recorder.transfers[1]?.count == 11 }
    bench.get(2, "http://127.0.0.1:\(server.port)/two")
    Self.at(moment, of: 2, recorder) { bench.release() }
    bench.run { recorder.transfers[2] != nil && server.open == 0 }
    #expect(recorder.transfers[1]?.hasEnded == false)
    #expect(recorder.ended == (moment == .end ? [2] : []))
  }

  @Test func `the client is released when told of a transfer that could not begin`() throws {
    let bench = HTTPClientBench()
    let server = try Self.server(bench.loop)
    let recorder = bench.recorder
    bench.get(1, "http://127.0.0.1:\(server.port)/watch")
    bench.run { recorder.transfers[1]?.count == 11 }
    Self.at(.end, of: 2, recorder) { bench.release() }
    bench.get(2, "http://127.0.0.1:\(server.port)/", headers: [("X", "\n")])
    bench.get(3, "http://127.0.0.1:\(server.port)/three")
    bench.run { recorder.ended == [2] && server.open == 0 }
    #expect(recorder.transfers[3] == nil)
  }

  @Test func `a released client closes its connections and calls nobody`() throws {
    let bench = HTTPClientBench()
    let server = try Self.server(bench.loop)
    let recorder = bench.recorder
    bench.get(1, "http://127.0.0.1:\(server.port)/watch")
    bench.run { recorder.transfers[1]?.count == 11 }
    bench.get(2, "http://127.0.0.1:\(server.port)/two")
    bench.release()
    bench.run { server.open == 0 }
    #expect(recorder.ended.isEmpty)
    #expect(recorder.transfers[2] == nil)
  }

  @Test func `closeAll leaves no connection, and the next get makes one`() throws {
    let bench = HTTPClientBench()
    let server = try Self.server(bench.loop)
    for round in 1...3 {
      #expect(bench.fetch("http://127.0.0.1:\(server.port)/x").text == "/x")
      #expect(server.accepted == round)
      bench.client?.closeAll()
      bench.run { server.open == 0 }
    }
  }

  /// What the kernel finds a dead peer by, as no test can cut a cable.
  @Test func `a silent connection is probed after 10 s and given up after 30 s`() throws {
    let bench = HTTPClientBench()
    let server = try Self.server(bench.loop)
    #expect(bench.fetch("http://127.0.0.1:\(server.port)/x").text == "/x")
    let connection = try #require(Self.connection(to: server.port))
    let tcp = Int32(IPPROTO_TCP)
    let options = [
      (SOL_SOCKET, SO_KEEPALIVE), (tcp, TCP_KEEPIDLE), (tcp, TCP_KEEPINTVL), (tcp, TCP_KEEPCNT),
      (tcp, TCP_USER_TIMEOUT), (tcp, TCP_NODELAY),
    ]
    #expect(options.map { Self.value(connection, $0.0, $0.1) } == [1, 10, 5, 4, 30_000, 1])
    #expect(fcntl(connection, F_GETFD) & FD_CLOEXEC != 0)
  }

  /// The descriptor of this process whose other end is the port.
  private static func connection(to port: UInt16) -> Int32? {
    (3..<4_096).first { descriptor in
      var name = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
      var length = socklen_t(name.count)
      let result = unsafe name.withUnsafeMutableBytes {
        unsafe getpeername(
          descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
      }
      return result == 0 && length >= 4 && UInt16(name[2]) << 8 | UInt16(name[3]) == port
    }
  }

  private static func value(_ descriptor: Int32, _ level: Int32, _ option: Int32) -> Int32 {
    var value: Int32 = -1
    var length = socklen_t(MemoryLayout<Int32>.size)
    _ = unsafe getsockopt(descriptor, level, option, &value, &length)
    return value
  }

  @Test func `a transfer goes with its delegate`() throws {
    let bench = HTTPClientBench()
    let server = try Self.server(bench.loop)
    var other: Recorder? = Recorder()
    let request = HTTPClientRequest("http://127.0.0.1:\(server.port)/watch")
    if let other { bench.client?.get(1, request, other) }
    other?.onHead = { _ in other = nil }
    bench.run { other == nil && server.open == 0 }
    #expect(bench.fetch("http://127.0.0.1:\(server.port)/next").text == "/next")
  }
}
