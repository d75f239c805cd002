import Forwarding
import Testing

/// Upstreams whose TCP is dropped on the way: it is tried once a minute.
@Suite struct ExchangeTruncatedTests {
  private static let part = Reply(isTruncated: true, isPart: true)

  @Test(arguments: [
    ExchangeScript(
      "TCP was silent: the part at once, and TCP again after a minute",
      [
        .ask("a-long-name.example."), .reply(0, part), .wait(2_010),
        .ask("another-name.example."), .reply(2, part), .wait(62_010),
        .ask("third-name.example."), .reply(3, part), .reply(4),
      ],
      gives: [
        "0 udp a", "0 stream a", "2000 NOERROR TC from a", "2010 udp a", "2010 NOERROR TC from a",
        "62010 udp a", "62010 stream a", "62010 NOERROR from a",
      ]),
    ExchangeScript(
      "an answer over TCP ends that",
      [
        .ask("a-long-name.example."), .reply(0, part), .wait(2_010),
        .ask("another-name.example.", overStream: true), .reply(2), .ask("third-name.example."),
        .reply(3, part), .reply(4),
      ],
      gives: [
        "0 udp a", "0 stream a", "2000 NOERROR TC from a", "2010 stream a",
        "2010 NOERROR from a", "2010 udp a", "2010 stream a", "2010 NOERROR from a",
      ]),
    ExchangeScript(
      "the next upstream may have the whole",
      upstreams: "ab",
      [
        .ask("a-long-name.example."), .reply(0, part), .wait(2_010), .reply(2),
        .ask("another-name.example."), .reply(3, part), .reply(4),
      ],
      gives: [
        "0 udp a", "0 stream a", "800 udp b", "2010 NOERROR from b", "2010 udp a", "2010 udp b",
        "2010 NOERROR from b",
      ]),
    ExchangeScript(
      "nothing is no part of an answer: TCP is tried",
      [
        .ask("a-long-name.example."), .reply(0, part), .wait(2_010),
        .ask("another-name.example."), .reply(2, Reply(isTruncated: true)), .reply(3),
      ],
      gives: [
        "0 udp a", "0 stream a", "2000 NOERROR TC from a", "2010 udp a", "2010 stream a",
        "2010 NOERROR from a",
      ]),
    ExchangeScript(
      "a refusal costs no time and is not remembered",
      [
        .ask("a-long-name.example."), .reply(0, part), .fail(1),
        .ask("another-name.example."), .reply(2, part), .reply(3),
      ],
      gives: [
        "0 udp a", "0 stream a", "0 NOERROR TC from a", "0 udp a", "0 stream a",
        "0 NOERROR from a",
      ]),
  ])
  func truncated(_ script: ExchangeScript) throws {
    try script.play()
  }
}
