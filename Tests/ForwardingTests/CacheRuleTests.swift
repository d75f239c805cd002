import Forwarding
import Testing
import Wire

/// What is given, when and how: a script a rule.
@Suite struct CacheRuleTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let title: String
    var change: @Sendable (inout AnswerCache.Settings) -> Void = { _ in }
    let steps: [CacheScript.Step]

    init(_ title: String, _ steps: [CacheScript.Step]) {
      self.title = title
      self.steps = steps
    }

    init(
      _ title: String, _ change: @escaping @Sendable (inout AnswerCache.Settings) -> Void,
      _ steps: [CacheScript.Step]
    ) {
      self.title = title
      self.change = change
      self.steps = steps
    }

    var testDescription: String { title }
  }

  static let key: [Row] = [
    Row(
      "spelling does not matter",
      [.keep("WWW.a.test. A positive 300"), .ask("www.A.test. A", is: "positive 300")]),
    Row(
      "type, DO and CD do",
      [
        .keep("a.test. A positive 300"), .keep("a.test. AAAA noData 60"),
        .keep("a.test. A positive 200 DO"), .keep("a.test. A positive 100 CD"),
        .ask("a.test. A", is: "positive 300"), .ask("a.test. AAAA", is: "noData 60"),
        .ask("a.test. A DO", is: "positive 200"), .ask("a.test. A CD", is: "positive 100"),
        .ask("a.test. A DO CD", is: "-"), .ask("a.test. MX", is: "-"), .ask("b.test. A", is: "-"),
      ]),
    Row(
      "the root is a name", [.keep(". NS positive 300"), .ask(". NS", is: "positive 300")]),
    Row(
      "only configured zones are cached, and others keep their TTLs",
      { $0.zones = [DomainName("Test.")!] },
      [
        .keep("a.example. A positive 1", is: "notKept 1"), .ask("a.example. A", is: "-"),
        .keep("a.test. A positive 300", is: "kept 300"), .ask("a.test. A", is: "positive 300"),
        .keep("atest. A positive 300", is: "notKept 300"),
      ]),
    Row(
      "answers and denials are disabled apart",
      {
        $0.success.disabled = [DomainName("cluster.local.")!]
        $0.denial.disabled = [DomainName("x.test.")!]
      },
      [
        .keep("a.cluster.local. A positive 1", is: "notKept 5"),
        .ask("a.cluster.local. A", is: "-"),
        .keep("a.cluster.local. A nameError 30", is: "kept 30"),
        .keep("a.x.test. A nameError 30", is: "notKept 30"),
        .keep("a.x.test. A positive 30", is: "kept 30"),
      ]),
  ]

  static let ttls: [Row] = [
    Row(
      "each RRset's TTL counts down in whole seconds, and the smallest ends the answer",
      [
        .keep("a.test. A positive 300,60"), .at(0.9), .ask("a.test. A", is: "positive 300,60"),
        .at(10), .ask("a.test. A", is: "positive 290,50"), .at(59.9),
        .ask("a.test. A", is: "positive 241,1"), .at(60), .ask("a.test. A", is: "-"),
      ]),
    Row(
      "a clock read earlier by another thread is no age",
      [.at(10), .keep("a.test. A positive 300"), .at(9), .ask("a.test. A", is: "positive 300")]),
    Row(
      "keepttl gives them as they came",
      { $0.keepTTL = true },
      [
        .keep("a.test. A positive 300,60"), .at(59), .ask("a.test. A", is: "positive 300,60"),
        .at(60), .ask("a.test. A", is: "-"),
      ]),
    Row(
      "long TTLs are cut, short ones raised, in the first reply too",
      [
        .keep("a.test. A positive 86400,2", is: "kept 3600,5"),
        .ask("a.test. A", is: "positive 3600,5"),
        .keep("b.test. A nameError 86400", is: "kept 1800"),
        .keep("c.test. A noData 1", is: "kept 5"),
      ]),
    Row(
      "the longest TTL goes before the shortest, as in CoreDNS",
      { $0.success.maxTTL = 3 }, [.keep("a.test. A positive 1", is: "kept 3")]),
    Row(
      "TTL 0 is honoured, and a TTL with the upper bit is 0 (RFC 2181 §8)",
      [
        .keep("a.test. A positive 300,0", is: "notKept 300,0"), .ask("a.test. A", is: "-"),
        .keep("b.test. A positive 2147483648", is: "notKept 0"),
      ]),
    Row(
      "TTL 0 is raised where an operator has raised MINTTL",
      { $0.success.minTTL = 30 },
      [.keep("a.test. A positive 0", is: "kept 30"), .ask("a.test. A", is: "positive 30")]),
    Row(
      "a denial without SOA, TTL 0, is not raised to be kept, and ends an older answer",
      { $0.denial.minTTL = 30 },
      [
        .keep("a.test. A positive 300"), .keep("a.test. A nameError 0 unkept", is: "notKept 30"),
        .ask("a.test. A", is: "-"), .askStale("a.test. A", is: "-"),
        .keep("b.test. A nameError 0", is: "kept 30"),
      ]),
    Row(
      "part of an answer is not kept, and takes the place of no whole one",
      { $0.success.minTTL = 30 },
      [
        .keep("a.test. A positive 300"), .keep("a.test. A positive 0 unkept", is: "notKept 30"),
        .ask("a.test. A", is: "positive 300"), .keep("b.test. A positive 0 unkept"),
        .ask("b.test. A", is: "-"),
      ]),
    Row(
      "an answer whose TTL is 0 ends an older one",
      [
        .keep("a.test. A positive 300"), .keep("a.test. A positive 0"),
        .ask("a.test. A", is: "-"), .askStale("a.test. A", is: "-"),
      ]),
  ]

  static let failures: [Row] = [
    Row(
      "SERVFAIL and NOTIMP are kept for servfail, with TTL 0",
      [
        .keep("a.test. A SERVFAIL", is: "kept "), .at(4.9),
        .ask("a.test. A", is: "failure remembered 10.0.0.10:53: SERVFAIL"), .at(5),
        .ask("a.test. A", is: "-"),
        .askStale("a.test. A", is: "-"),
        .keep("b.test. A NOTIMP"), .ask("b.test. A", is: "failure remembered 10.0.0.10:53: NOTIMP"),
      ]),
    Row(
      "REFUSED, FORMERR and a chain without an end are not",
      [
        .keep("a.test. A REFUSED", is: "notKept "), .keep("b.test. A FORMERR", is: "notKept "),
        .keep("c.test. A incomplete 60", is: "notKept 60"),
        .ask("a.test. A", is: "-"), .ask("b.test. A", is: "-"), .ask("c.test. A", is: "-"),
      ]),
    Row(
      "an exchange's failure is remembered with its reason (RFC 9520)",
      [
        .fail("a.test. A"), .ask("a.test. A", is: "failure remembered 10.0.0.10:53: nothing"),
        .askStale("a.test. A", is: "-"), .ask("a.test. AAAA", is: "-"), .at(5),
        .ask("a.test. A", is: "-"),
      ]),
    Row(
      "what this server knows by itself is not",
      [
        .fail("a.test. A", .allDown), .fail("a.test. A", .tooMany), .fail("a.test. A", .loop),
        .fail("a.test. A", .overload),
        .ask("a.test. A", is: "-"),
      ]),
    Row(
      "servfail 0 keeps no failure",
      { $0.servfailNanoseconds = 0 },
      [.fail("a.test. A"), .keep("a.test. A SERVFAIL", is: "notKept "), .ask("a.test. A", is: "-")]),
    Row(
      "a failure hides no answer, and an answer ends it",
      [
        .keep("a.test. A positive 300"), .fail("a.test. A"),
        .ask("a.test. A", is: "positive 300"), .keep("b.test. A nameError 300"),
        .keep("b.test. A SERVFAIL"), .ask("b.test. A", is: "nameError 300"), .fail("c.test. A"),
        .keep("c.test. A positive 300"), .ask("c.test. A", is: "positive 300"),
      ]),
    Row(
      "a denial replaces an answer, and an answer a denial",
      [
        .keep("a.test. A positive 300"), .keep("a.test. A nameError 30"),
        .ask("a.test. A", is: "nameError 30"), .at(30),
        .askStale("a.test. A", is: "nameError 30 stale"),
        .keep("a.test. A positive 300"), .ask("a.test. A", is: "positive 300"),
      ]),
  ]

  static let prefetch: [Row] = [
    Row(
      "a popular answer near its end is refreshed, once",
      { $0.prefetch = .init(amount: 3) },
      [
        .keep("a.test. A positive 100"), .at(80), .ask("a.test. A", is: "positive 20"),
        .ask("a.test. A", is: "positive 20"), .ask("a.test. A", is: "positive 20"), .at(89),
        .ask("a.test. A", is: "positive 11"), .at(90),
        .ask("a.test. A", is: "positive 10 refresh"), .ask("a.test. A", is: "positive 10"),
        .at(99.9), .ask("a.test. A", is: "positive 1"),
      ]),
    Row(
      "who does not desire recursion has nothing fetched, and counts for nothing",
      { $0.prefetch = .init(amount: 2) },
      [
        .keep("a.test. A positive 100"), .at(95), .ask("a.test. A RD=0", is: "positive 5"),
        .ask("a.test. A RD=0", is: "positive 5"), .ask("a.test. A", is: "positive 5"),
        .ask("a.test. A RD=0", is: "positive 5"), .ask("a.test. A", is: "positive 5 refresh"),
      ]),
    Row(
      "popularity outlasts the refresh",
      { $0.prefetch = .init(amount: 2) },
      [
        .keep("a.test. A positive 100"), .at(89), .ask("a.test. A", is: "positive 11"), .at(91),
        .ask("a.test. A", is: "positive 9 refresh"), .keep("a.test. A positive 100"), .at(182),
        .ask("a.test. A", is: "positive 9"), .ask("a.test. A", is: "positive 9 refresh"),
      ]),
    Row(
      "a gap ends popularity, and few queries are none",
      {
        $0.prefetch = .init(amount: 2)
        $0.prefetch?.gapNanoseconds = 20 * CacheScript.second
        $0.prefetch?.percentage = 50
      },
      [
        .keep("a.test. A positive 100"), .at(30), .ask("a.test. A", is: "positive 70"), .at(50),
        .ask("a.test. A", is: "positive 50"), .at(69), .ask("a.test. A", is: "positive 31 refresh"),
      ]),
    Row(
      "a short TTL has its last second",
      { $0.prefetch = .init(amount: 1) },
      [
        .keep("a.test. A positive 5"), .at(3.9), .ask("a.test. A", is: "positive 2"), .at(4),
        .ask("a.test. A", is: "positive 1 refresh"),
      ]),
    Row(
      "denials are fetched ahead too, a failed refresh waits for servfail",
      { $0.prefetch = .init(amount: 1) },
      [
        .keep("a.test. A nameError 100"), .at(90), .ask("a.test. A", is: "nameError 10 refresh"),
        .at(91), .fail("a.test. A"), .at(95.9), .ask("a.test. A", is: "nameError 5"), .at(96),
        .ask("a.test. A", is: "nameError 4 refresh"),
      ]),
  ]

  @Test(arguments: key + ttls + failures + prefetch)
  func `the cache gives`(row: Row) {
    var settings = AnswerCache.Settings()
    row.change(&settings)
    var script = CacheScript(settings)
    #expect(script.run(row.steps) == [])
  }
}
