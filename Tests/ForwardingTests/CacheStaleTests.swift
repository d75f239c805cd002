import Forwarding
import Testing
import Wire

/// RFC 8767, `serve_stale`, and RFC 8020.
@Suite struct CacheStaleTests {
  typealias Row = CacheRuleTests.Row
  static let hour = 3600.0

  static func stale(
    _ mode: AnswerCache.Settings.ServeStale.Mode = .immediate, prefersPositive: Bool = false,
    recheck: UInt64 = 0, ttl: UInt32 = 0
  ) -> @Sendable (inout AnswerCache.Settings) -> Void {
    {
      $0.serveStale = .init()
      $0.serveStale?.mode = mode
      $0.serveStale?.prefersPositive = prefersPositive
      $0.serveStale?.failureRecheckNanoseconds = recheck * CacheScript.second
      $0.serveStale?.responseTTL = ttl
    }
  }
  static let verify = AnswerCache.Settings.ServeStale.Mode.verify(timeoutNanoseconds: nil)

  static let byDefault: [Row] = [
    Row(
      "without serve_stale only after a failure, for an hour, with TTL 30",
      [
        .keep("a.test. A positive 300,60"), .askStale("a.test. A", is: "positive 300,60"), .at(60),
        .ask("a.test. A", is: "-"), .askStale("a.test. A", is: "positive 30,30 stale"),
        .at(60 + hour - 1), .askStale("a.test. A", is: "positive 30,30 stale"), .at(60 + hour),
        .askStale("a.test. A", is: "-"),
      ]),
    Row(
      "while a failure is remembered nobody waits for the next",
      [
        .keep("a.test. A positive 60"), .at(70), .fail("a.test. A"),
        .ask("a.test. A", is: "positive 30 stale"), .at(75), .ask("a.test. A", is: "-"),
      ]),
    Row(
      "a stale denial is better than none",
      [
        .keep("a.test. A nameError 60"), .at(70), .keep("a.test. A SERVFAIL"),
        .ask("a.test. A", is: "nameError 30 stale"),
      ]),
    Row(
      "fetched anew it is fresh",
      [
        .keep("a.test. A positive 60"), .at(70), .keep("a.test. A positive 60"),
        .askStale("a.test. A", is: "positive 60"),
      ]),
  ]

  static let immediate: [Row] = [
    Row(
      "immediate gives it at once, and one refreshes",
      stale(ttl: 7),
      [
        .keep("a.test. A positive 60"), .at(60), .ask("a.test. A", is: "positive 7 stale refresh"),
        .ask("a.test. A", is: "positive 7 stale"), .at(61), .keep("a.test. A positive 60"),
        .ask("a.test. A", is: "positive 60"),
      ]),
    Row(
      "a refresh that never ends is another's turn",
      stale(),
      [
        .keep("a.test. A positive 60"), .at(60), .ask("a.test. A", is: "positive 0 stale refresh"),
        .at(69.9), .ask("a.test. A", is: "positive 0 stale"), .at(70),
        .ask("a.test. A", is: "positive 0 stale refresh"),
      ]),
    Row(
      "a failed refresh is tried again after the recheck time",
      stale(recheck: 30),
      [
        .keep("a.test. A positive 60"), .at(60), .ask("a.test. A", is: "positive 0 stale refresh"),
        .at(61), .fail("a.test. A"), .at(90), .ask("a.test. A", is: "positive 0 stale"), .at(91),
        .ask("a.test. A", is: "positive 0 stale refresh"),
      ]),
    Row(
      "the window is the operator's",
      {
        $0.serveStale = .init()
        $0.serveStale?.windowNanoseconds = 10 * CacheScript.second
      },
      [.keep("a.test. A positive 60"), .at(70), .ask("a.test. A", is: "-")]),
    Row(
      "a refresh may bring a denial",
      stale(),
      [
        .keep("a.test. A positive 60"), .at(60), .ask("a.test. A", is: "positive 0 stale refresh"),
        .keep("a.test. A nameError 30", is: "kept 30"), .ask("a.test. A", is: "nameError 30"),
      ]),
    Row(
      "prefer_positive keeps the old address, and asks again when the denial has ended",
      stale(prefersPositive: true),
      [
        .keep("a.test. A positive 60"), .at(60), .ask("a.test. A", is: "positive 0 stale refresh"),
        .keep("a.test. A nameError 30", is: "positivePreferred 30"),
        .ask("a.test. A", is: "positive 0 stale"), .at(91),
        .ask("a.test. A", is: "positive 0 stale refresh"), .at(60 + hour),
        .ask("a.test. A", is: "nameError 0 stale refresh"),
        .keep("a.test. A noData 30", is: "kept 30"), .ask("a.test. A", is: "noData 30"),
      ]),
  ]

  static let verifying: [Row] = [
    Row(
      "verify asks first",
      stale(verify),
      [
        .keep("a.test. A positive 60"), .at(60), .ask("a.test. A", is: "-"),
        .askStale("a.test. A", is: "positive 0 stale"),
      ]),
    Row(
      "and not again within the recheck time",
      stale(verify, recheck: 30),
      [
        .keep("a.test. A positive 60"), .at(60), .fail("a.test. A", .allDown), .at(89),
        .ask("a.test. A", is: "positive 0 stale"), .at(90), .ask("a.test. A", is: "-"),
      ]),
    Row(
      "prefer_positive prefers it to what the exchange brought",
      stale(verify, prefersPositive: true),
      [
        .keep("a.test. A positive 60"), .at(60), .ask("a.test. A", is: "-"),
        .keep("a.test. A noData 30", is: "positivePreferred 30"),
        .askStale("a.test. A", is: "positive 0 stale"), .at(61),
        .ask("a.test. A", is: "positive 0 stale"), .at(90), .ask("a.test. A", is: "-"),
        .keep("a.test. A positive 60"), .ask("a.test. A", is: "positive 60"),
      ]),
  ]

  static let cut: @Sendable (inout AnswerCache.Settings) -> Void = { $0.nxdomainCut = true }

  static let cuts: [Row] = [
    Row(
      "an NXDOMAIN answers for all names below it",
      cut,
      [
        .keep("b.test. A nameError 60"), .at(10), .ask("a.b.test. AAAA", is: "nameError 50 cut 2"),
        .ask("x.y.b.test. A", is: "nameError 50 cut 4"), .ask("test. A", is: "-"),
        .ask("ab.test. A", is: "-"), .ask("b.test. AAAA", is: "-"),
        .ask("a.b.test. A DO", is: "-"), .ask("a.b.test. A CD", is: "-"), .at(60),
        .ask("a.b.test. AAAA", is: "-"),
      ]),
    Row(
      "only where it is asked for",
      [.keep("b.test. A nameError 60"), .ask("a.b.test. A", is: "-")]),
    Row(
      "not at the end of an alias, not for NODATA",
      cut,
      [
        .keep("b.test. A nameError 60 aliases=1"), .ask("a.b.test. A", is: "-"),
        .keep("c.test. A noData 60"), .ask("a.c.test. A", is: "-"),
      ]),
    Row(
      "never over a live answer, but over a stale one",
      { settings in
        cut(&settings)
        stale()(&settings)
      },
      [
        .keep("a.b.test. A positive 30"), .keep("b.test. A nameError 60"),
        .ask("a.b.test. A", is: "positive 30"), .at(30),
        .ask("a.b.test. A", is: "nameError 30 cut 2"),
      ]),
    Row(
      "a remembered failure is not better",
      cut,
      [
        .fail("a.b.test. A"), .keep("b.test. A nameError 60"),
        .ask("a.b.test. A", is: "nameError 60 cut 2"),
      ]),
    Row(
      "an answer for the name ends it",
      cut,
      [
        .keep("b.test. A nameError 60"), .keep("b.test. MX noData 60"),
        .ask("a.b.test. A", is: "-"),
      ]),
    Row(
      "not across a longer server block",
      {
        cut(&$0)
        $0.longerZones = [DomainName("z.b.test.")!]
      },
      [
        .keep("b.test. A nameError 60"), .keep("z.b.test. A nameError 60"),
        .ask("a.z.b.test. A", is: "-"), .ask("a.b.test. A", is: "nameError 60 cut 2"),
        .keep("y.z.b.test. A nameError 60"),
        .ask("a.y.z.b.test. A", is: "nameError 60 cut 2"),
      ]),
  ]

  @Test(arguments: byDefault + immediate + verifying + cuts)
  func `the cache gives`(row: Row) {
    var settings = AnswerCache.Settings()
    row.change(&settings)
    var script = CacheScript(settings)
    #expect(script.run(row.steps) == [])
  }
}
