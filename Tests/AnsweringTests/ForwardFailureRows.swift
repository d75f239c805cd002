// What clients are told when upstreams do not answer, and what they get instead.

import Forwarding
import Wire

extension ForwardTests {
  private static let www = Said.data("www.example.net. 300 A 192.0.2.10")
  private static let fresh = Ask(
    question: "www.example.net. A", said: ["www.example.net. A": www],
    answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked)
  private static let asked = ["192.0.2.53 www.example.net. A"]

  /// A failure of each kind, with the error that is told.
  private static func failure(
    _ reason: ExchangeFailure.Reason, _ text: String, _ error: String,
    _ code: ResponseCode = .serverFailure
  ) -> ForwardRow {
    ForwardRow(
      "\(reason) is told with its reason", .plain,
      Ask(
        question: "www.example.net. A", said: ["www.example.net. A": .fails(reason, text)],
        code: code, flags: "qr rd", error: "\(error): \(text)", asked: asked, report: text))
  }

  private static func told(_ code: ResponseCode) -> Ask {
    Ask(
      question: "www.example.net. A", said: ["www.example.net. A": Said(code: code)], code: code,
      error: "22 forward: the upstream failed: 192.0.2.53:53: \(code)", asked: asked)
  }

  static let failureRows: [ForwardRow] = [
    failure(.timeout, "192.0.2.53:53: no answer", "22 forward: no upstream answered"),
    failure(.malformed, "192.0.2.53:53: unreadable", "22 forward: no upstream answered"),
    failure(.allDown, "192.0.2.53:53", "22 forward: every upstream is down"),
    failure(.noUpstream, "the file is empty", "22 forward: no upstream is known"),
    failure(
      .unreachable, "192.0.2.53:53: connection refused", "23 forward: no upstream could be reached"),
    failure(
      .encryption, "192.0.2.53:853: certificate has expired",
      "23 forward: no upstream could be reached"),
    failure(.loop, "192.0.2.53:53", "23 loop: the upstream is this server itself"),
    failure(.tooMany, "100", "18 forward: max_concurrent queries are under way", .refused),
    failure(.overload, "8192 wait", "0 forward: a limit is reached"),
    ForwardRow(
      "an upstream's SERVFAIL is passed on, and remembered", .plain,
      told(.serverFailure),
      Ask(
        question: "www.example.net. A", second: 4, code: .serverFailure,
        error: "13 cache: upstreams failed a moment ago: 192.0.2.53:53: SERVFAIL", plugin: "cache"),
      Ask(
        question: "www.example.net. A", second: 5, said: ["www.example.net. A": www],
        answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked)),
    ForwardRow(
      "an upstream's REFUSED is passed on, and not remembered", .plain, told(.refused),
      told(.refused)),
    ForwardRow("an upstream's FORMERR is passed on", .plain, told(.formatError)),
    ForwardRow(
      "an extended RCODE is not a client's to see", .plain,
      Ask(
        question: "www.example.net. A", said: ["www.example.net. A": Said(code: .badVersion)],
        size: nil, code: .serverFailure, asked: asked)),
    ForwardRow(
      "silence is remembered", .plain,
      Ask(
        question: "www.example.net. A", said: ["www.example.net. A": .silent],
        code: .serverFailure, flags: "qr rd",
        error: "22 forward: no upstream answered: 192.0.2.53:53: no answer", asked: asked,
        report: "192.0.2.53:53: no answer"),
      Ask(
        question: "www.example.net. A", second: 1, code: .serverFailure, flags: "qr rd",
        error: "13 cache: upstreams failed a moment ago: 192.0.2.53:53: no answer",
        plugin: "cache")),
  ]

  // MARK: - Stale

  private static let staleError = "3 cache: its TTL has run out"
  private static let silenceError = staleError + ": 192.0.2.53:53: no answer"
  private static let slowError = staleError + ": upstreams are slow"
  private static let soa = "example.net. 30 SOA ns.example.net. root.example.net. 1 2 3 4 60"

  static let staleRows: [ForwardRow] = [
    ForwardRow(
      "what was so before is given when upstreams have failed, and then at once", .plain, fresh,
      Ask(
        question: "www.example.net. A", second: 400, said: ["www.example.net. A": .silent],
        answer: ["www.example.net. 30 A 192.0.2.10"], error: silenceError, asked: asked),
      Ask(
        question: "www.example.net. A", second: 401,
        answer: ["www.example.net. 30 A 192.0.2.10"], error: staleError, plugin: "cache"),
      Ask(
        question: "www.example.net. A", second: 405,
        answer: ["www.example.net. 30 A 192.0.2.10"], error: silenceError, asked: asked),
      Ask(
        question: "www.example.net. A", second: 3901, code: .serverFailure, flags: "qr rd",
        error: "22 forward: no upstream answered: 192.0.2.53:53: no answer", asked: asked,
        report: "192.0.2.53:53: no answer")),
    ForwardRow(
      "an upstream's SERVFAIL and REFUSED do not hide it", .plain, fresh,
      Ask(
        question: "www.example.net. A", second: 400,
        said: ["www.example.net. A": Said(code: .refused)],
        answer: ["www.example.net. 30 A 192.0.2.10"],
        error: staleError + ": 192.0.2.53:53: REFUSED", asked: asked),
      Ask(
        question: "www.example.net. A", second: 400,
        said: ["www.example.net. A": Said(code: .serverFailure)],
        answer: ["www.example.net. 30 A 192.0.2.10"],
        error: staleError + ": 192.0.2.53:53: SERVFAIL", asked: asked)),
    ForwardRow(
      "it is given while upstreams are slow", .plain, fresh,
      Ask(
        question: "www.example.net. A", second: 400, said: ["www.example.net. A": www.slowly],
        answer: ["www.example.net. 30 A 192.0.2.10"], error: slowError, asked: asked,
        plugin: "cache")),
    ForwardRow(
      "an old NXDOMAIN has an error of its own", .plain,
      Ask(
        question: "no.example.net. A", said: ["no.example.net. A": .missing()], code: .nameError,
        authority: ["example.net. 60 SOA ns.example.net. root.example.net. 1 2 3 4 60"],
        asked: ["192.0.2.53 no.example.net. A"]),
      Ask(
        question: "no.example.net. A", second: 61, said: ["no.example.net. A": .silent],
        code: .nameError, authority: [soa],
        error: "19 cache: its TTL has run out: 192.0.2.53:53: no answer",
        asked: ["192.0.2.53 no.example.net. A"])),
    ForwardRow(
      "who waits for slow upstreams without an old answer gets theirs", .plain,
      Ask(
        question: "www.example.net. A", said: ["www.example.net. A": www.slowly],
        answer: ["www.example.net. 300 A 192.0.2.10"], asked: asked),
      Ask(
        question: "mail.example.net. A", said: ["mail.example.net. A": Said.silent.slowly],
        code: .serverFailure, flags: "qr rd",
        error: "22 forward: no upstream answered: 192.0.2.53:53: no answer",
        asked: ["192.0.2.53 mail.example.net. A"], report: "192.0.2.53:53: no answer")),
    ForwardRow(
      "`immediate` gives it at once and has it fetched anew", .immediate, fresh,
      Ask(
        question: "www.example.net. A", second: 400,
        said: ["www.example.net. A": .data("www.example.net. 300 A 192.0.2.11")],
        answer: ["www.example.net. 0 A 192.0.2.10"], error: staleError, refreshed: asked,
        plugin: "cache"),
      Ask(
        question: "www.example.net. A", second: 401, answer: ["www.example.net. 299 A 192.0.2.11"],
        plugin: "cache")),
    ForwardRow(
      "`verify` asks first", .verify, fresh,
      Ask(
        question: "www.example.net. A", second: 400,
        said: ["www.example.net. A": .data("www.example.net. 300 A 192.0.2.11")],
        answer: ["www.example.net. 300 A 192.0.2.11"], asked: asked),
      Ask(
        question: "www.example.net. A", second: 800, said: ["www.example.net. A": .silent],
        answer: ["www.example.net. 0 A 192.0.2.11"], error: silenceError, asked: asked)),
    ForwardRow(
      "`prefer_positive` gives an old address rather than a new denial", .preferPositive, fresh,
      Ask(
        question: "www.example.net. A", second: 400, said: ["www.example.net. A": .missing()],
        answer: ["www.example.net. 0 A 192.0.2.10"], error: staleError, asked: asked,
        plugin: "cache"),
      Ask(
        question: "no.example.net. A", said: ["no.example.net. A": .missing()], code: .nameError,
        authority: ["example.net. 60 SOA ns.example.net. root.example.net. 1 2 3 4 60"],
        asked: ["192.0.2.53 no.example.net. A"])),
    ForwardRow(
      "a popular answer is fetched anew before it ends", .prefetch, fresh,
      Ask(
        question: "www.example.net. A", second: 50, answer: ["www.example.net. 250 A 192.0.2.10"],
        plugin: "cache"),
      Ask(
        question: "www.example.net. A", second: 275, answer: ["www.example.net. 25 A 192.0.2.10"],
        plugin: "cache"),
      Ask(
        question: "www.example.net. A", second: 280,
        answer: ["www.example.net. 20 A 192.0.2.10"], refreshed: asked, plugin: "cache"),
      Ask(
        question: "www.example.net. A", second: 281, answer: ["www.example.net. 299 A 192.0.2.10"],
        plugin: "cache")),
  ]
}
