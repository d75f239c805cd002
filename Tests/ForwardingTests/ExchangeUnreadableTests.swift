import Forwarding
import Testing

/// Replies that have the question and cannot be read behind it.
@Suite struct ExchangeUnreadableTests {
  private static let broken = Reply(isUnreadable: true)

  @Test(arguments: [
    ExchangeScript(
      "a reply that cannot be read: a stream beside it, which may do better",
      [.ask("a-long-name.example."), .reply(0, broken), .reply(0, broken), .wait(5), .reply(1)],
      gives: ["0 udp a", "0 stream a", "5 NOERROR from a"]),
    ExchangeScript(
      "a forged one ends nothing: the true datagram counts",
      [.ask("a-long-name.example."), .reply(0, broken), .wait(5), .reply(0)],
      gives: ["0 udp a", "0 stream a", "5 NOERROR from a"]),
    ExchangeScript(
      "after two that cannot be read none is looked at: the stream decides",
      [
        .ask("a-long-name.example."), .reply(0, broken), .reply(0, broken), .reply(0), .wait(5),
        .reply(1),
      ],
      gives: ["0 udp a", "0 stream a", "5 NOERROR from a"]),
    ExchangeScript(
      "unreadable over the stream, too: the next upstream at once",
      upstreams: "ab",
      [.ask("a-long-name.example."), .reply(0, broken), .reply(1, broken), .wait(5), .reply(2)],
      gives: ["0 udp a", "0 stream a", "0 udp b", "5 NOERROR from b"]),
    ExchangeScript(
      "nobody else: a second round, a failure without waiting, and nothing against the upstream",
      options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .reply(0, broken), .reply(1, broken), .reply(2, broken),
        .reply(3, broken), .ask("another-name.example."), .reply(4),
      ],
      gives: [
        "0 udp a", "0 stream a", "0 udp a", "0 stream a", "0 failure malformed", "0 udp a",
        "0 NOERROR from a",
      ]),
    ExchangeScript(
      "over TLS it is the upstream's own, and nothing against it",
      tls: true, options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .reply(0, broken), .reply(1, broken),
        .ask("another-name.example."), .reply(2),
      ],
      gives: [
        "0 stream a", "0 stream a", "0 failure malformed", "0 stream a", "0 NOERROR from a",
      ]),
    ExchangeScript(
      "no TCP: a second datagram, from another port, settles it",
      upstreams: "ab", options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .reply(0, broken), .fail(1), .wait(5), .reply(2, broken),
        .reply(3), .ask("another-name.example."), .reply(4),
      ],
      gives: [
        "0 udp a", "0 stream a", "0 udp a", "5 udp b", "5 NOERROR from b", "5 udp a",
        "5 NOERROR from a",
      ]),
    ExchangeScript(
      "TCP dropped: the second datagram after 100 ms",
      [.ask("a-long-name.example."), .reply(0, broken), .wait(105), .reply(2)],
      gives: ["0 udp a", "0 stream a", "100 udp a", "105 NOERROR from a"]),
    ExchangeScript(
      "a truncated answer whose whole cannot be read: its part",
      [
        .ask("a-long-name.example."), .reply(0, Reply(isTruncated: true, isPart: true)),
        .reply(1, broken),
      ],
      gives: ["0 udp a", "0 stream a", "0 NOERROR TC from a"]),
    ExchangeScript(
      "one unreadable datagram and silence is no silence",
      options: {
        $0.maxFails = 1
        $0.maxConnectAttempts = 1
      },
      [
        .ask("a-long-name.example."), .reply(0, broken), .wait(2_200),
        .ask("another-name.example."), .reply(3),
      ],
      gives: [
        "0 udp a", "0 stream a", "100 udp a", "2100 failure timeout", "2200 udp a",
        "2200 NOERROR from a",
      ]),
  ])
  func unreadable(_ script: ExchangeScript) throws {
    try script.play()
  }

  @Test(arguments: [
    (true, "10.0.0.1:53: unreadable reply over UDP, then unreadable reply"),
    (false, "10.0.0.1:53: unreadable reply over UDP, then no reply in 2000 ms"),
  ])
  func `a failure says that there was a reply`(answersStreams: Bool, text: String) throws {
    var options = ForwardOptions()
    options.maxConnectAttempts = 1
    let run = ExchangeRun(options, upstreams: [ExchangeRun.upstream("a")])
    let exchange = try run.ask("a-long-name.example.")
    run.receive(Self.broken.octets(to: run.messages[0].octets), for: 0)
    if answersStreams { run.receive(Self.broken.octets(to: run.messages[1].octets), for: 1) }
    run.wait(until: 3_000)
    #expect(
      run.finished[exchange]
        == .failure(
          ExchangeFailure(
            reason: answersStreams ? .malformed : .timeout, text: text)))
    #expect(run.group.status()[0].counters.errors == 1)
  }

  @Test func `a failure says what came of each upstream`() throws {
    var options = ForwardOptions()
    options.maxConnectAttempts = 2
    options.policy = .sequential
    let run = ExchangeRun(options, upstreams: "ab".map { ExchangeRun.upstream($0) })
    let exchange = try run.ask("a-long-name.example.")
    run.fail(0, .unreachable, "connection refused")
    run.wait(until: 6_000)
    #expect(
      run.finished[exchange]
        == .failure(
          ExchangeFailure(
            reason: .timeout,
            text: "10.0.0.1:53: connection refused; 10.0.0.2:53: no reply in 2000 ms")))
  }
}
