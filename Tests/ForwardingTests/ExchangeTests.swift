import Forwarding
import Testing
import Wire

/// Scripts in virtual time.
@Suite struct ExchangeTests {
  @Test(arguments: [
    ExchangeScript(
      "an answer ends the exchange",
      [.ask("a-long-name.example."), .wait(5), .reply(0)],
      gives: ["0 udp a", "5 NOERROR from a"]),
    ExchangeScript(
      "what comes a second time, and late, does nothing",
      [.ask("a-long-name.example."), .reply(0), .reply(0), .fail(0), .wait(6_000)],
      gives: ["0 udp a", "0 NOERROR from a"]),
    ExchangeScript(
      "a sole upstream is asked again early, and the old message still listened for",
      [.ask("a-long-name.example."), .wait(1_050), .reply(0)],
      gives: ["0 udp a", "1000 udp a", "1050 NOERROR from a"]),
    ExchangeScript(
      "a silent upstream is asked twice, and no more than 4.8 s",
      [.ask("a-long-name.example."), .wait(6_000)],
      gives: ["0 udp a", "1000 udp a", "3000 failure timeout"]),
    ExchangeScript(
      "two silent upstreams are asked four times",
      upstreams: "ab", options: { $0.maxFails = 0 },
      [.ask("a-long-name.example."), .wait(6_000)],
      gives: [
        "0 udp a", "400 udp b", "2000 udp a", "2400 udp b", "4400 failure timeout",
      ]),
    ExchangeScript(
      "all is over after 4.8 s",
      upstreams: "abcdef", options: { $0.readTimeout = 1_500_000_000 },
      [.ask("a-long-name.example."), .wait(7_000)],
      gives: [
        "0 udp a", "400 udp b", "1500 udp c", "1900 udp d", "3000 udp e", "3400 udp f",
        "4500 udp a", "4800 failure timeout",
      ]),
    ExchangeScript(
      "max_connect_attempts holds for one question",
      upstreams: "abc", options: { $0.maxConnectAttempts = 2 },
      [.ask("a-long-name.example."), .fail(0), .fail(1)],
      gives: ["0 udp a", "0 udp b", "0 failure unreachable"]),
    ExchangeScript(
      "a refusal by ICMP asks the next one at once",
      upstreams: "ab", [.ask("a-long-name.example."), .wait(5), .fail(0), .wait(10), .reply(1)],
      gives: ["0 udp a", "5 udp b", "10 NOERROR from b"]),
    ExchangeScript(
      "of two under way the one that is refused is replaced, the other listened for",
      upstreams: "abc",
      [.ask("a-long-name.example."), .wait(450), .fail(1), .wait(500), .reply(0)],
      gives: ["0 udp a", "400 udp b", "450 udp c", "500 NOERROR from a"]),
    ExchangeScript(
      "an exchange leaves nothing to the one that is begun in its place",
      upstreams: "ab",
      options: {
        $0.failover = [.serverFailure]
        $0.maxFails = 0
      },
      [
        .ask("a-long-name.example.", patience: 100), .wait(150), .reply(0, Reply(code: 2)),
        .fail(1), .ask("another-name.example."), .wait(6_000),
      ],
      gives: [
        "0 udp a", "100 slow", "150 udp b", "150 SERVFAIL from a", "150 udp a", "550 udp b",
        "2150 udp a", "2550 udp b", "4550 failure timeout",
      ]),
    ExchangeScript(
      "SERVFAIL is an answer",
      upstreams: "ab", [.ask("a-long-name.example."), .reply(0, Reply(code: 2))],
      gives: ["0 udp a", "0 SERVFAIL from a"]),
    ExchangeScript(
      "failover asks the next one, each once, and gives the last one's answer",
      upstreams: "ab", options: { $0.failover = [.serverFailure, .refused] },
      [
        .ask("a-long-name.example."), .reply(0, Reply(code: 2)), .reply(1, Reply(code: 5)),
      ],
      gives: ["0 udp a", "0 udp b", "0 REFUSED from b"]),
    ExchangeScript(
      "failover to an upstream that is silent gives the answer there was",
      upstreams: "ab", options: { $0.failover = [.serverFailure] },
      [.ask("a-long-name.example."), .reply(0, Reply(code: 2)), .wait(3_000)],
      gives: ["0 udp a", "0 udp b", "400 udp b", "2400 SERVFAIL from a"]),
    ExchangeScript(
      "patience ends, the exchange goes on",
      [.ask("a-long-name.example.", patience: 1_800), .wait(1_900), .reply(0)],
      gives: ["0 udp a", "1000 udp a", "1800 slow", "1900 NOERROR from a"]),
    ExchangeScript(
      "one exchange for one question, over whatever it was asked, spelled however",
      [
        .ask("a-long-name.example."), .ask("A-Long-Name.Example."),
        .ask("a-long-name.example.", overStream: true), .ask("another-name.example."), .reply(0),
        .ask("a-long-name.example."),
      ],
      gives: ["0 udp a", "0 udp a", "0 NOERROR from a", "0 udp a"]),
    ExchangeScript(
      "above max_concurrent nothing goes out",
      options: { $0.maxConcurrent = 1 },
      [
        .ask("a-long-name.example."), .ask("another-name.example."), .reply(0),
        .ask("another-name.example."), .reply(1),
      ],
      gives: [
        "0 udp a", "0 failure tooMany", "0 NOERROR from a", "0 udp a", "0 NOERROR from a",
      ]),
    ExchangeScript(
      "no upstream, no question", upstreams: "", [.ask("a-long-name.example.")],
      gives: ["0 failure noUpstream"]),
  ])
  func exchanges(_ script: ExchangeScript) throws {
    try script.play()
  }

  @Test(arguments: [
    ExchangeScript(
      "a client over TCP is forwarded over TCP",
      [.ask("a-long-name.example.", overStream: true), .reply(0)],
      gives: ["0 stream a", "0 NOERROR from a"]),
    ExchangeScript(
      "unless prefer_udp says otherwise", options: { $0.preferUDP = true },
      [.ask("a-long-name.example.", overStream: true), .reply(0)],
      gives: ["0 udp a", "0 NOERROR from a"]),
    ExchangeScript(
      "force_tcp", options: { $0.forceTCP = true },
      [.ask("a-long-name.example."), .reply(0)],
      gives: ["0 stream a", "0 NOERROR from a"]),
    ExchangeScript(
      "TLS is a stream, and is not asked again for a datagram that might be lost",
      tls: true, [.ask("a-long-name.example."), .wait(1_900), .reply(0)],
      gives: ["0 stream a", "1900 NOERROR from a"]),
    ExchangeScript(
      "a truncated answer is fetched over TCP",
      [.ask("a-long-name.example."), .reply(0, Reply(isTruncated: true)), .reply(1)],
      gives: ["0 udp a", "0 stream a", "0 NOERROR from a"]),
    ExchangeScript(
      "truncated, and no TCP: the next one",
      upstreams: "ab",
      [.ask("a-long-name.example."), .reply(0, Reply(isTruncated: true)), .fail(1), .reply(2)],
      gives: ["0 udp a", "0 stream a", "0 udp b", "0 NOERROR from b"]),
    ExchangeScript(
      "truncated, and no TCP anywhere: what came of the answer, with TC",
      upstreams: "ab", options: { $0.failover = [.serverFailure] },
      [
        .ask("a-long-name.example."), .reply(0, Reply(isTruncated: true, isPart: true)),
        .fail(1), .reply(2, Reply(code: 2)),
      ],
      gives: ["0 udp a", "0 stream a", "0 udp b", "0 NOERROR TC from a"]),
    ExchangeScript(
      "truncated, and no TCP: nothing is no part of an answer",
      [
        .ask("a-long-name.example."), .reply(0, Reply(isTruncated: true)), .fail(1),
        .reply(2, Reply(isTruncated: true)), .fail(3),
      ],
      gives: ["0 udp a", "0 stream a", "0 udp a", "0 stream a", "0 failure unreachable"]),
    ExchangeScript(
      "a client over TCP gets no part of an answer", options: { $0.preferUDP = true },
      [
        .ask("a-long-name.example.", overStream: true),
        .reply(0, Reply(isTruncated: true, isPart: true)), .fail(1),
        .reply(2, Reply(isTruncated: true, isPart: true)), .fail(3),
      ],
      gives: ["0 udp a", "0 stream a", "0 udp a", "0 stream a", "0 failure unreachable"]),
    ExchangeScript(
      "truncated over a stream is malformed",
      upstreams: "ab", options: { $0.forceTCP = true },
      [.ask("a-long-name.example."), .reply(0, Reply(isTruncated: true)), .reply(1)],
      gives: ["0 stream a", "0 stream b", "0 NOERROR from b"]),
    ExchangeScript(
      "a stream that speaks of something else fails",
      upstreams: "ab", options: { $0.forceTCP = true },
      [.ask("a-long-name.example."), .reply(0, Reply(hasOtherQuestion: true)), .reply(1)],
      gives: ["0 stream a", "0 stream b", "0 NOERROR from b"]),
    ExchangeScript(
      "FORMERR without EDNS: asked without it, now and for an hour",
      [
        .ask("a-long-name.example."), .reply(0, Reply(code: 1, hasEDNS: false)),
        .reply(1, Reply(hasEDNS: false)), .ask("another-name.example."),
        .reply(2, Reply(hasEDNS: false)), .wait(3_600_005), .ask("another-name.example."),
        .reply(3),
      ],
      gives: [
        "0 udp a", "0 udp a -edns", "0 NOERROR from a", "0 udp a -edns", "0 NOERROR from a",
        "3600005 udp a", "3600005 NOERROR from a",
      ]),
    ExchangeScript(
      "FORMERR however it is asked is the answer, and nothing is learned from it",
      [
        .ask("a-long-name.example."), .reply(0, Reply(code: 1, hasEDNS: false)),
        .reply(1, Reply(code: 1, hasEDNS: false)), .ask("another-name.example."),
      ],
      gives: ["0 udp a", "0 udp a -edns", "0 FORMERR from a", "0 udp a"]),
    ExchangeScript(
      "FORMERR without its question: over a stream, and proven there for an hour",
      [
        .ask("a-long-name.example."),
        .reply(0, Reply(code: 1, hasEDNS: false, lacksQuestion: true)),
        .reply(1, Reply(code: 1, hasEDNS: false, lacksQuestion: true)),
        .reply(2, Reply(hasEDNS: false)), .ask("another-name.example."),
      ],
      gives: [
        "0 udp a", "0 stream a", "0 stream a -edns", "0 NOERROR from a", "0 udp a -edns",
      ]),
    ExchangeScript(
      "FORMERR without its question and no TCP: a datagram without EDNS, each time",
      [
        .ask("a-long-name.example."),
        .reply(0, Reply(code: 1, hasEDNS: false, lacksQuestion: true)), .fail(1),
        .reply(2, Reply(hasEDNS: false)), .ask("another-name.example."),
      ],
      gives: ["0 udp a", "0 stream a", "0 udp a -edns", "0 NOERROR from a", "0 udp a"]),
    ExchangeScript(
      "NOTIMP without its question and TCP dropped: a datagram without EDNS after 100 ms",
      options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."),
        .reply(0, Reply(code: 4, hasEDNS: false, lacksQuestion: true)), .wait(150),
        .reply(2, Reply(hasEDNS: false)), .ask("another-name.example."), .wait(1_200),
        .reply(3),
      ],
      gives: [
        "0 udp a", "0 stream a", "100 udp a -edns", "150 NOERROR from a", "150 udp a",
        "1150 udp a", "1200 NOERROR from a",
      ]),
    ExchangeScript(
      "FORMERR with EDNS is the answer",
      [.ask("a-long-name.example."), .reply(0, Reply(code: 1))],
      gives: ["0 udp a", "0 FORMERR from a"]),
    ExchangeScript(
      "BADVERS: asked without EDNS",
      [
        .ask("a-long-name.example."), .reply(0, Reply(code: 16)),
        .reply(1, Reply(hasEDNS: false)),
      ],
      gives: ["0 udp a", "0 udp a -edns", "0 NOERROR from a"]),
  ])
  func ways(_ script: ExchangeScript) throws {
    try script.play()
  }
}
