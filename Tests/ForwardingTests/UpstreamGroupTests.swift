import Forwarding
import Testing
import Wire

/// When upstreams are down, who is asked, and how often.
@Suite struct UpstreamGroupTests {
  @Test(arguments: [
    ExchangeScript(
      "down among others: not asked, but probed after 0.5 s doubling to 10 s",
      upstreams: "ab", probes: true, options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .fail(0), .reply(1), .wait(45_000),
        .ask("another-name.example."), .reply(8),
      ],
      gives: [
        "0 udp a", "0 udp b", "0 NOERROR from b", "500 probe a", "500 udp a", "2500 probe a",
        "2500 udp a", "5500 probe a", "5500 udp a", "10500 probe a", "10500 udp a",
        "19500 probe a", "19500 udp a", "30500 probe a", "30500 udp a", "41500 probe a",
        "41500 udp a", "45000 udp b",
      ]),
    ExchangeScript(
      "health_check beyond 10 s holds for all probes",
      upstreams: "ab", probes: true,
      options: {
        $0.maxFails = 1
        $0.healthCheck.interval = 30_000 * ExchangeRun.millisecond
      },
      [.ask("a-long-name.example."), .fail(0), .reply(1), .wait(65_000)],
      gives: [
        "0 udp a", "0 udp b", "0 NOERROR from b", "30000 probe a", "30000 udp a", "61000 probe a",
        "61000 udp a",
      ]),
    ExchangeScript(
      "any reply to a probe is an upstream that is up",
      upstreams: "ab", probes: true, options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .fail(0), .reply(1), .wait(600), .reply(2, Reply(code: 5)),
        .ask("another-name.example."), .reply(3),
      ],
      gives: [
        "0 udp a", "0 udp b", "0 NOERROR from b", "500 probe a", "500 udp a", "600 udp a",
        "600 NOERROR from a",
      ]),
    ExchangeScript(
      "a first failure is looked into at once, and others are asked meanwhile",
      upstreams: "ab", probes: true,
      [
        .ask("a-long-name.example."), .fail(0), .reply(1), .wait(1),
        .ask("another-name.example."), .reply(3), .reply(2, Reply(code: 2)),
        .ask("third-name.example."),
        .reply(4),
      ],
      gives: [
        "0 udp a", "0 udp b", "0 NOERROR from b", "0 probe a", "0 udp a", "0 udp b",
        "0 NOERROR from b", "0 udp a", "0 NOERROR from a",
      ]),
    ExchangeScript(
      "an upstream that lost a race is looked into",
      upstreams: "ab", probes: true,
      [
        .ask("a-long-name.example."), .wait(450), .reply(1), .wait(460),
        .ask("another-name.example."), .reply(3), .reply(2, Reply(code: 2)),
      ],
      gives: [
        "0 udp a", "400 udp b", "450 NOERROR from b", "450 probe a", "450 udp a", "460 udp b",
        "460 NOERROR from b",
      ]),
    ExchangeScript(
      "all down: one query a second, the others end at once",
      options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .fail(0), .ask("another-name.example."), .wait(600),
        .ask("a-long-name.example."), .ask("another-name.example."), .wait(1_500),
        .ask("another-name.example."), .wait(1_700), .ask("another-name.example."), .reply(2),
        .reply(1), .ask("third-name.example."), .reply(3),
      ],
      gives: [
        "0 udp a", "0 failure unreachable", "0 failure allDown", "600 udp a",
        "600 failure allDown", "1500 failure allDown", "1700 udp a", "1700 NOERROR from a",
        "1700 NOERROR from a", "1700 udp a", "1700 NOERROR from a",
      ]),
    ExchangeScript(
      "all down: one a second, whatever health_check says",
      options: {
        $0.maxFails = 1
        $0.healthCheck.interval = 30_000 * ExchangeRun.millisecond
      },
      [
        .ask("a-long-name.example."), .fail(0), .wait(900), .ask("a-long-name.example."),
        .wait(1_000), .ask("another-name.example."), .reply(1),
      ],
      gives: [
        "0 udp a", "0 failure unreachable", "900 failure allDown", "1000 udp a",
        "1000 NOERROR from a",
      ]),
    ExchangeScript(
      "errors of one question count once",
      [
        .ask("a-long-name.example."), .fail(0), .fail(1), .ask("another-name.example."), .fail(2),
        .ask("third-name.example."),
      ],
      gives: [
        "0 udp a", "0 udp a", "0 failure unreachable", "0 udp a", "0 failure unreachable",
        "0 failure allDown",
      ]),
    ExchangeScript(
      "all down: upstreams in turn, each asked once",
      upstreams: "abc", options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .fail(0), .fail(1), .fail(2), .wait(1_000),
        .ask("a-long-name.example."), .fail(3), .wait(2_000), .ask("a-long-name.example."),
        .fail(4), .wait(3_000), .ask("a-long-name.example."), .fail(5), .wait(4_000),
        .ask("a-long-name.example."), .fail(6),
      ],
      gives: [
        "0 udp a", "0 udp b", "0 udp c", "0 failure unreachable", "1000 udp a",
        "1000 failure unreachable", "2000 udp b", "2000 failure unreachable", "3000 udp c",
        "3000 failure unreachable", "4000 udp a", "4000 failure unreachable",
      ]),
    ExchangeScript(
      "failfast keeps clients' queries from being the one",
      probes: true,
      options: {
        $0.maxFails = 1
        $0.failfastAllUnhealthy = true
      },
      [
        .ask("a-long-name.example."), .fail(0), .wait(900), .ask("a-long-name.example."),
        .wait(2_900), .ask("a-long-name.example."), .reply(3, Reply(code: 2)),
        .ask("a-long-name.example."), .reply(4),
      ],
      gives: [
        "0 udp a", "0 failure unreachable", "500 probe a", "500 udp a", "900 failure allDown",
        "1600 probe a", "1600 udp a", "2700 probe a", "2700 udp a", "2900 failure allDown",
        "2900 udp a", "2900 NOERROR from a",
      ]),
    ExchangeScript(
      "max_fails 0: never down", probes: true, options: { $0.maxFails = 0 },
      [
        .ask("a-long-name.example."), .fail(0), .fail(1), .ask("a-long-name.example."),
        .wait(9_000), .ask("a-long-name.example."), .reply(4),
      ],
      gives: [
        "0 udp a", "0 udp a", "0 failure unreachable", "0 udp a", "1000 udp a",
        "3000 failure timeout", "9000 udp a", "9000 NOERROR from a",
      ]),
    ExchangeScript(
      "silence about one name says nothing while other names are answered",
      options: { $0.maxFails = 1 },
      [
        .ask("silent-name.example."), .wait(1_900), .ask("another-name.example."), .reply(2),
        .wait(3_050), .ask("another-name.example."), .reply(3),
      ],
      gives: [
        "0 udp a", "1000 udp a", "1900 udp a", "1900 NOERROR from a", "3000 failure timeout",
        "3050 udp a", "3050 NOERROR from a",
      ]),
    ExchangeScript(
      "a shortage of this host takes no upstream down: the next one is asked",
      upstreams: "ab", probes: true, options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .fail(0, .overload), .reply(1), .wait(900),
        .ask("another-name.example."), .reply(2), .ask("third-name.example."),
        .fail(3, .overload), .fail(4, .overload), .fail(5, .overload), .fail(6, .overload),
        .ask("fourth-name.example."),
      ],
      gives: [
        "0 udp a", "0 udp b", "0 NOERROR from b", "900 udp a", "900 NOERROR from a", "900 udp a",
        "900 udp b", "900 udp a", "900 udp b", "900 failure overload", "900 udp a",
      ]),
    ExchangeScript(
      "a probe that could not be sent says nothing, and is made again as soon",
      upstreams: "ab", probes: true, options: { $0.maxFails = 1 },
      [
        .ask("a-long-name.example."), .fail(0), .reply(1), .wait(600), .fail(2, .overload),
        .wait(1_200), .reply(3, Reply(code: 5)), .ask("another-name.example."), .reply(4),
      ],
      gives: [
        "0 udp a", "0 udp b", "0 NOERROR from b", "500 probe a", "500 udp a", "1100 probe a",
        "1100 udp a", "1200 udp a", "1200 NOERROR from a",
      ]),
    ExchangeScript(
      "what began together fails together, once",
      options: { $0.maxFails = 2 },
      [
        .ask("a-long-name.example."), .ask("another-name.example."), .ask("third-name.example."),
        .wait(3_050), .ask("a-long-name.example."), .reply(6),
      ],
      gives: [
        "0 udp a", "0 udp a", "0 udp a", "1000 udp a", "1000 udp a", "1000 udp a",
        "3000 failure timeout", "3000 failure timeout", "3000 failure timeout", "3050 udp a",
        "3050 NOERROR from a",
      ]),
  ])
  func health(_ script: ExchangeScript) throws {
    try script.play()
  }

  @Test func `an upstream that is this server is not asked again until the list is replaced`()
    throws
  {
    let upstreams = [ExchangeRun.upstream("a"), ExchangeRun.upstream("b")]
    let run = ExchangeRun(upstreams: upstreams)
    run.group.drop(upstreams[0], because: "loop")
    for index in 0..<20 { try run.ask("name-\(index).example.") }
    #expect(run.messages.allSatisfy { $0.to == upstreams[1] })
    run.group.drop(upstreams[1], because: "loop")
    let exchange = try run.ask("one-more.example.")
    #expect(
      run.finished[exchange]
        == .failure(
          ExchangeFailure(reason: .loop, text: "10.0.0.1:53: loop; 10.0.0.2:53: loop")))
    run.group.replace(upstreams)
    #expect(run.group.isUp)
  }

  @Test func `what is known of upstreams that stay is kept, and their exchanges end`() throws {
    let upstreams = "abc".map { ExchangeRun.upstream($0) }
    var options = ForwardOptions()
    options.maxFails = 1
    options.policy = .sequential
    let run = ExchangeRun(options, upstreams: Array(upstreams[0..<2]))
    try run.ask("a-long-name.example.")
    run.fail(0, .unreachable, "connection refused")
    run.group.replace([upstreams[2], upstreams[0]])
    let status = run.group.status()
    #expect(status.map(\.upstream) == [upstreams[2], upstreams[0]])
    #expect(status.map(\.isUp) == [true, false])
    #expect(status[1].reason == "connection refused")
    run.receive(Reply().octets(to: run.messages[1].octets), for: 1)
    #expect(run.log.last == "0 NOERROR from b")
    #expect(run.group.underWay == 0)
  }

  @Test func `of many upstreams in the course of time no two are taken for one`() throws {
    var options = ForwardOptions()
    options.policy = .sequential
    let upstreams = "ab".map { ExchangeRun.upstream($0) }
    let run = ExchangeRun(options, upstreams: [upstreams[0]])
    for number in UInt32(0)..<63 {
      run.group.replace([upstreams[0], Upstream(address: IPAddress(v4: 0x0A01_0000 + number))])
    }
    run.group.replace(upstreams)
    try run.ask("a-long-name.example.")
    run.fail(0, .unreachable, "connection refused")
    #expect(run.log == ["0 udp a", "0 udp b"])
  }

  @Test func `a failure with all down names every upstream and what it was`() throws {
    var options = ForwardOptions()
    options.maxFails = 1
    options.failfastAllUnhealthy = true
    options.policy = .sequential
    let run = ExchangeRun(options, upstreams: "ab".map { ExchangeRun.upstream($0) })
    try run.ask("a-long-name.example.")
    run.fail(0, .unreachable, "connection refused")
    run.wait(until: 6_000)
    let exchange = try run.ask("a-long-name.example.")
    #expect(
      run.finished[exchange]
        == .failure(
          ExchangeFailure(
            reason: .allDown,
            text: "10.0.0.1:53: connection refused; 10.0.0.2:53: no reply in 2000 ms")))
    #expect(run.group.counters.broken == 1)
    #expect(run.group.counters.allDown == 1)
  }

  @Test(arguments: [
    (ForwardOptions.Policy.sequential, 1), (.roundRobin, 3), (.random, 3),
  ])
  func `policies spread as they say`(policy: ForwardOptions.Policy, used: Int) throws {
    var options = ForwardOptions()
    options.policy = policy
    let run = ExchangeRun(options, upstreams: "abc".map { ExchangeRun.upstream($0) })
    for index in 0..<300 { try run.ask("name-\(index).example.") }
    let counts = Dictionary(grouping: run.messages) { $0.to }.mapValues(\.count)
    #expect(counts.count == used)
    #expect(counts.values.allSatisfy { used == 1 || (70...130).contains($0) })
    if policy == .roundRobin {
      #expect(run.messages.prefix(4).map { ExchangeRun.letter($0.to) } == ["a", "b", "c", "a"])
    }
  }

  @Test(arguments: [(UInt64(2), 10...11), (20, 20...26), (300, 300...380)])
  func `a second one is asked after the first one's 95th percentile`(
    latency: UInt64, hedge: ClosedRange<UInt64>
  ) throws {
    var options = ForwardOptions()
    options.policy = .sequential
    let run = ExchangeRun(options, upstreams: "ab".map { ExchangeRun.upstream($0) })
    for index in 0..<40 {
      try run.ask("name-\(index).example.")
      run.wait(until: UInt64(index + 1) * 1_000 + latency - 1_000)
      run.receive(Reply().octets(to: run.messages[index].octets), for: index)
      run.wait(until: UInt64(index + 1) * 1_000)
    }
    let start = run.now
    try run.ask("silent-name.example.")
    let deadline = try #require(run.machine.nextDeadline)
    #expect(hedge.contains((deadline - start) / ExchangeRun.millisecond))
    run.wait(until: 40_500)
    #expect(run.messages.count == 42)
    #expect(run.messages[41].to == ExchangeRun.upstream("b"))
    let status = run.group.status()[0]
    let smoothed = try #require(status.smoothedLatency)
    #expect(smoothed == latency * ExchangeRun.millisecond)
  }

  @Test func `a slow upstream's queries are not doubled`() throws {
    var options = ForwardOptions()
    options.policy = .sequential
    options.maxFails = 0
    let run = ExchangeRun(options, upstreams: "ab".map { ExchangeRun.upstream($0) })
    for index in 0..<1_000 {
      try run.ask("name-\(index).example.")
      run.wait(until: UInt64(index + 1))
    }
    run.wait(until: 1_900)
    // Ten saved up, then one for each ten exchanges of the last 600 ms.
    #expect((60...75).contains(Int(run.group.counters.hedges)))
    #expect(run.messages.count == 1_000 + Int(run.group.counters.hedges))
  }

  @Test func `tables that are full refuse what is more`() throws {
    var limits = ExchangeLimits()
    limits.exchanges = 3
    limits.attempts = 2
    let run = ExchangeRun(upstreams: [ExchangeRun.upstream("a")], limits: limits)
    for index in 0..<5 { try run.ask("name-\(index).example.") }
    #expect(
      run.log == ["0 udp a", "0 udp a"] + [String](repeating: "0 failure overload", count: 3))
    run.wait(until: 6_000)
    #expect(run.machine.exchangeCount == 0 && run.machine.attemptCount == 0)
    #expect(run.group.underWay == 0)
  }

  @Test func `what was not sent is no query and no error of the upstream`() throws {
    let run = ExchangeRun(upstreams: [ExchangeRun.upstream("a")])
    try run.ask("a-long-name.example.")
    run.fail(0, .overload, "no free port")
    run.fail(1, .unreachable, "refused")
    let counters = run.group.status()[0].counters
    #expect(counters.queries == 1)
    #expect(counters.errors == 1)
  }

  @Test func `codes without a name are counted together`() throws {
    let run = ExchangeRun(upstreams: [ExchangeRun.upstream("a")])
    for (index, code) in ([3, 11, 12, 15, 17, 24] + Array(100..<600)).enumerated() {
      try run.ask("some-name-\(index).example.")
      run.receive(Reply(code: UInt16(code)).octets(to: run.messages[index].octets), for: index)
    }
    let answers = run.group.status()[0].counters.answers
    #expect(answers.map(\.code) == [.nameError, nil, ResponseCode(rawValue: 17)])
    #expect(answers.map { $0.latency.counts.reduce(0, +) } == [1, 504, 1])
  }

  @Test func `numbers of the metrics`() throws {
    let run = ExchangeRun(upstreams: [ExchangeRun.upstream("a")])
    try run.ask("a-long-name.example.")
    run.receive(Reply(hasOtherID: true).octets(to: run.messages[0].octets), for: 0)
    run.receive(Reply(isTruncated: true).octets(to: run.messages[0].octets), for: 0)
    run.wait(until: 3)
    run.receive(Reply(code: 3).octets(to: run.messages[1].octets), for: 1)
    let counters = run.group.status()[0].counters
    #expect(counters.queries == 2)
    #expect(counters.wrongDatagrams == 1)
    #expect(counters.answers.map(\.code) == [.noError, .nameError])
    #expect(counters.answers[1].latency.counts[4] == 1)
    #expect(run.group.counters.streamRetries == 1)
    #expect(run.group.counters.exchanges == 1)
  }
}
