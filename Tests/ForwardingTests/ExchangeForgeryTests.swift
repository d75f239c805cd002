import Forwarding
import Testing
import Wire

/// What is not the reply: nothing that comes unasked changes an answer, or what is known.
@Suite struct ExchangeForgeryTests {
  @Test(arguments: [
    ExchangeScript(
      "a wrong ID, another question, a broken message: the exchange listens on",
      [
        .ask("a-long-name.example."), .reply(0, Reply(hasOtherID: true)),
        .reply(0, Reply(hasOtherQuestion: true)), .reply(0, Reply(isCut: true)), .wait(5),
        .reply(0),
      ],
      gives: ["0 udp a", "5 NOERROR from a"]),
    ExchangeScript(
      "too many wrong datagrams: a stream beside, once",
      [
        .ask("a-long-name.example."), .replies(0, Reply(hasOtherID: true), times: 15), .wait(5),
        .replies(0, Reply(hasOtherID: true), times: 30), .wait(10), .reply(1),
      ],
      gives: ["0 udp a", "5 stream a", "10 NOERROR from a"]),
    ExchangeScript(
      "the true datagram still counts beside the stream",
      [
        .ask("a-long-name.example."), .replies(0, Reply(hasOtherID: true), times: 16), .reply(0),
      ],
      gives: ["0 udp a", "0 stream a", "0 NOERROR from a"]),
    ExchangeScript(
      "another spelling: a stream, whose spelling counts; known for an hour",
      [
        .ask("a-long-name.example."), .reply(0, Reply(isFolded: true)),
        .reply(0, Reply(isFolded: true)), .reply(1, Reply(isFolded: true)),
        .ask("another-name.example."), .reply(2, Reply(isFolded: true)), .wait(3_600_005),
        .ask("another-name.example."),
      ],
      gives: [
        "0 udp a", "0 stream a", "0 NOERROR from a", "0 udp a -case", "0 NOERROR from a",
        "3600005 udp a",
      ]),
    ExchangeScript(
      "a forged spelling teaches nothing: the stream keeps it",
      [
        .ask("a-long-name.example."), .reply(0, Reply(isFolded: true)), .reply(1),
        .ask("another-name.example."), .reply(2),
      ],
      gives: ["0 udp a", "0 stream a", "0 NOERROR from a", "0 udp a", "0 NOERROR from a"]),
    ExchangeScript(
      "another spelling and no TCP: a datagram in small letters",
      [
        .ask("a-long-name.example."), .reply(0, Reply(isFolded: true)), .fail(1),
        .reply(2, Reply(isFolded: true)),
      ],
      gives: ["0 udp a", "0 stream a", "0 udp a -case", "0 NOERROR from a"]),
    ExchangeScript(
      "another spelling and TCP dropped: small letters after 100 ms, for a minute",
      options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .wait(20), .reply(0, Reply(isFolded: true)), .wait(130),
        .reply(2, Reply(isFolded: true)), .ask("another-name.example."),
        .reply(3, Reply(isFolded: true)), .wait(60_135), .ask("third-name.example."),
      ],
      gives: [
        "0 udp a", "20 stream a", "120 udp a -case", "130 NOERROR from a", "130 udp a -case",
        "130 NOERROR from a", "60135 udp a",
      ]),
    ExchangeScript(
      "a datagram with another spelling is no silence, late as it may be",
      options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .wait(1_950), .reply(0, Reply(isFolded: true)),
        .wait(2_010), .ask("another-name.example."), .wait(2_055),
        .reply(4, Reply(isFolded: true)),
      ],
      gives: [
        "0 udp a", "1000 udp a", "1950 stream a", "2010 udp a", "2050 udp a -case",
        "2055 NOERROR from a",
      ]),
    ExchangeScript(
      "a forged spelling, and the true reply late: it ends the exchange, nothing is learned",
      [
        .ask("a-long-name.example."), .reply(0, Reply(isFolded: true)), .wait(150), .reply(0),
        .ask("another-name.example."),
      ],
      gives: [
        "0 udp a", "0 stream a", "100 udp a -case", "150 NOERROR from a", "150 udp a",
      ]),
    ExchangeScript(
      "a forged FORMERR without the question: listened on, and nothing is learned",
      [
        .ask("a-long-name.example."), .reply(0, Reply(cookie: .server(1))),
        .ask("another-name.example."),
        .reply(1, Reply(code: 1, hasEDNS: false, lacksQuestion: true)), .wait(20),
        .reply(1, Reply(cookie: .server(1))), .ask("third-name.example."),
        .reply(3, Reply(code: 1, hasEDNS: false, lacksQuestion: true)), .wait(40),
        .reply(4, Reply(cookie: .server(1))), .ask("fourth-name.example."),
      ],
      gives: [
        "0 udp a", "0 NOERROR from a", "0 udp a +cookie", "0 stream a +cookie",
        "20 NOERROR from a", "20 udp a +cookie", "20 stream a +cookie", "40 NOERROR from a",
        "40 udp a +cookie",
      ]),
    ExchangeScript(
      "a cookie is remembered",
      [
        .ask("a-long-name.example."), .reply(0, Reply(cookie: .server(1))),
        .ask("another-name.example."), .reply(1, Reply(cookie: .server(2))),
      ],
      gives: ["0 udp a", "0 NOERROR from a", "0 udp a +cookie", "0 NOERROR from a"]),
    ExchangeScript(
      "a wrong client cookie is somebody else's",
      [
        .ask("a-long-name.example."), .reply(0, Reply(cookie: .wrong)), .wait(5),
        .reply(0, Reply(cookie: .server(1))),
      ],
      gives: ["0 udp a", "5 NOERROR from a"]),
    ExchangeScript(
      "no cookie from one that had one: a stream, and forgotten",
      [
        .ask("a-long-name.example."), .reply(0, Reply(cookie: .server(1))),
        .ask("another-name.example."), .reply(1), .reply(2), .ask("third-name.example."),
        .reply(3),
      ],
      gives: [
        "0 udp a", "0 NOERROR from a", "0 udp a +cookie", "0 stream a +cookie",
        "0 NOERROR from a", "0 udp a", "0 NOERROR from a",
      ]),
    ExchangeScript(
      "no cookie any more and no TCP: a datagram once more",
      [
        .ask("a-long-name.example."), .reply(0, Reply(cookie: .server(1))),
        .ask("another-name.example."), .reply(1), .fail(2), .reply(3),
      ],
      gives: [
        "0 udp a", "0 NOERROR from a", "0 udp a +cookie", "0 stream a +cookie", "0 udp a",
        "0 NOERROR from a",
      ]),
    ExchangeScript(
      "BADCOOKIE: with the new one, then over a stream",
      [
        .ask("a-long-name.example."), .reply(0, Reply(code: 23, cookie: .server(1))),
        .reply(1, Reply(code: 23, cookie: .server(2))), .reply(2, Reply(cookie: .server(2))),
      ],
      gives: ["0 udp a", "0 udp a +cookie", "0 stream a +cookie", "0 NOERROR from a"]),
    ExchangeScript(
      "wrong datagrams take no upstream down",
      upstreams: "ab", probes: false, options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .replies(0, Reply(hasOtherID: true), times: 100),
        .reply(1), .ask("another-name.example."), .reply(2),
      ],
      gives: [
        "0 udp a", "0 stream a", "0 NOERROR from a", "0 udp a", "0 NOERROR from a",
      ]),
  ])
  func forgeries(_ script: ExchangeScript) throws {
    try script.play()
  }

  @Test(arguments: [true, false])
  func `an answer without EDNS is not kept for who wants signatures`(dnssecOK: Bool) throws {
    let run = ExchangeRun(upstreams: [ExchangeRun.upstream("a")])
    for name in ["a-long-name.example.", "another-name.example."] {
      let first = run.messages.count
      let exchange = try run.ask(name, dnssecOK: dnssecOK)
      if SentQuery(run.messages[first].octets).hasEDNS {
        run.receive(
          Reply(code: 1, hasEDNS: false).octets(to: run.messages[first].octets), for: first)
      }
      let last = run.messages.count - 1
      run.receive(Reply(hasEDNS: false).octets(to: run.messages[last].octets), for: last)
      guard case .answer(let answer) = run.finished[exchange] else {
        Issue.record("\(run.log)")
        return
      }
      #expect(answer.header.answerCount == 1)
      #expect(answer.header.mayBeKept == !dnssecOK)
    }
  }

  @Test func `IDs, spellings and cookies differ from message to message`() throws {
    let run = ExchangeRun(upstreams: [ExchangeRun.upstream("a"), ExchangeRun.upstream("b")])
    for index in 0..<200 { try run.ask("some-name-\(index).example.") }
    let queries = run.messages.map { SentQuery($0.octets) }
    #expect(Set(queries.map { Array($0.octets[0..<2]) }).count > 190)
    #expect(queries.allSatisfy { !$0.isLowerCase && $0.cookie.count == 8 })
    // One client cookie for each upstream, never the same for both.
    #expect(Set(queries.map(\.cookie)).count == 2)
    #expect(
      Set(zip(run.messages, queries).map { [$0.to.address.low] + $1.cookie.map(UInt64.init) }).count
        == 2)
  }

  @Test func `junk does not bring up what is down`() throws {
    var options = ForwardOptions()
    options.maxFails = 1
    let run = ExchangeRun(options, upstreams: [ExchangeRun.upstream("a")])
    try run.ask("a-long-name.example.")
    run.fail(0, .unreachable, "connection refused")
    run.wait(until: 1_000)
    run.probe(run.group.dueProbes(now: run.now))
    let query = run.messages[1].octets
    run.receive(Reply(hasOtherID: true).octets(to: query), for: 1)
    run.receive([1, 2, 3], for: 1)
    #expect(!run.group.isUp)
    run.receive(Reply(code: 5).octets(to: query), for: 1)
    #expect(run.group.isUp)
  }
}
