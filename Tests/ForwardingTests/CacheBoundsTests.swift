import Forwarding
import Testing
import Wire

/// Capacity, octets, eviction, counters, threads.
@Suite struct CacheBoundsTests {
  static func name(_ number: Int, _ zone: String = "test") -> DomainName {
    DomainName("n\(number).\(zone).")!
  }

  static func settings(success: Int = 1024, denial: Int = 1024) -> AnswerCache.Settings {
    var settings = AnswerCache.Settings()
    settings.success.capacity = success
    settings.denial.capacity = denial
    return settings
  }

  /// Keeps `answer` for each number, and returns the cache.
  static func filled(
    _ numbers: Range<Int>, _ settings: AnswerCache.Settings, _ answer: ForwardedAnswer
  ) -> CacheScript {
    let script = CacheScript(settings)
    for number in numbers {
      var copy = answer
      script.cache.insert(&copy, for: CacheScript.question(name(number)), now: script.now)
    }
    return script
  }

  @Test(arguments: [(1, 1024), (1024, 1024), (9984, 9984), (20_000, 20_000)])
  func `no more entries than the capacity, 1024 at least`(capacity: Int, limit: Int) {
    let script = Self.filled(0..<limit * 2, Self.settings(success: capacity), CacheScript.answer())
    let counters = script.cache.counters
    // Capacity is shared out among shards, rounded up.
    #expect(counters.entries.success <= UInt64(limit + limit / 256))
    // Hashes fill shards unevenly.
    #expect(counters.entries.success >= UInt64(limit * 9 / 10))
    #expect(counters.evictions.success == UInt64(limit * 2) - counters.entries.success)
    let kept = (0..<limit * 2).count {
      script.find(CacheScript.question(Self.name($0))) { _, _ in } != nil
    }
    #expect(UInt64(kept) == counters.entries.success)
  }

  @Test func `no more octets than 1,024 for each entry`() {
    let script = Self.filled(0..<1024, Self.settings(), CacheScript.answer(padding: 8000))
    let counters = script.cache.counters
    #expect(counters.octets.success <= 1024 * 1024)
    #expect(counters.octets.success >= 900 * 1024)
    #expect(counters.entries.success + counters.evictions.success == 1024)
  }

  @Test func `octets hold when an answer grows`() {
    let script = Self.filled(0..<1024, Self.settings(), CacheScript.answer())
    for number in 0..<1024 {
      var large = CacheScript.answer(padding: 12_000)
      script.cache.insert(&large, for: CacheScript.question(Self.name(number)), now: script.now)
      #expect(script.cache.counters.octets.success <= 1024 * 1024)
    }
  }

  @Test func `an answer larger than a sixteenth of its shard is not kept, and ends an older one`() {
    var script = Self.filled(0..<1, Self.settings(), CacheScript.answer())
    var large = CacheScript.answer(padding: 17_000)
    let question = CacheScript.question(Self.name(0))
    #expect(script.cache.insert(&large, for: question, now: script.now) == .notKept)
    #expect(script.cache.counters.drops == 1)
    #expect(script.run([.ask("n0.test. A", is: "-")]) == [])
  }

  @Test func `a flood of denials takes nothing from answers`() {
    let script = Self.filled(0..<600, Self.settings(), CacheScript.answer())
    for number in 0..<20_000 {
      var denial = CacheScript.answer(.nameError, .nameError)
      script.cache.insert(
        &denial, for: CacheScript.question(Self.name(number, "flood")), now: script.now)
    }
    let counters = script.cache.counters
    #expect(counters.entries.success == 600 && counters.evictions.success == 0)
    #expect(counters.entries.denial <= 1028)
  }

  @Test func `what nobody can be given goes first, popular or not`() {
    var script = Self.filled(0..<1024, Self.settings(), CacheScript.answer(ttls: [60]))
    for _ in 0..<3 {
      for number in 0..<1024 {
        _ = script.find(CacheScript.question(Self.name(number))) { _, _ in }
      }
    }
    script.now += 4000 * CacheScript.second
    for number in 5000..<5900 {
      var answer = CacheScript.answer(ttls: [60])
      script.cache.insert(&answer, for: CacheScript.question(Self.name(number)), now: script.now)
    }
    let found = (5000..<5900).count {
      script.find(CacheScript.question(Self.name($0))) { _, _ in } != nil
    }
    #expect(found == 900)
  }

  @Test func `counters tell hits, misses, stale answers and refreshes`() {
    var settings = Self.settings()
    settings.serveStale = .init()
    settings.zones = [DomainName("test.")!]
    var script = CacheScript(settings)
    let differences = script.run([
      .keep("a.test. A positive 60"), .keep("b.test. A nameError 60"),
      .ask("a.test. A", is: "positive 60"), .ask("b.test. A", is: "nameError 60"),
      .ask("b.test. A", is: "nameError 60"), .ask("c.test. A", is: "-"),
      .ask("c.example. A", is: "-"), .at(60), .ask("a.test. A", is: "positive 0 stale refresh"),
      .askStale("a.test. A", is: "positive 0 stale"), .askStale("c.test. A", is: "-"),
    ])
    #expect(differences == [])
    let counters = script.cache.counters
    #expect(counters.hits.success == 2 && counters.hits.denial == 2 && counters.misses == 1)
    #expect(counters.requests == 5)
    #expect(counters.servedStale == 2 && counters.prefetches == 1)
    #expect(counters.entries.success == 1 && counters.entries.denial == 1)
  }

  @Test func `a hundred thousand answers are all there`() {
    let count = 100_000
    let script = Self.filled(0..<count, Self.settings(success: 150_000), CacheScript.answer())
    #expect(script.cache.counters.entries.success == UInt64(count))
    let missing = (0..<count).first {
      script.find(CacheScript.question(Self.name($0))) { _, _ in } == nil
    }
    #expect(missing == nil)
    // A small answer's block; its place in the tables is 11 to 22 more.
    #expect(script.cache.counters.octets.success / UInt64(count) < 200)
  }

  @Test func `threads find whole answers while others replace them`() async {
    let cache = AnswerCache(settings: Self.settings(), hash: CacheScript.hash)
    let names = (0..<64).map { Self.name($0) }
    let wrong = await withTaskGroup(of: Int.self) { group in
      for thread in 0..<4 {
        group.addTask { Self.churn(cache, names, seed: thread) }
      }
      return await group.reduce(0, +)
    }
    #expect(wrong == 0)
  }

  /// Keeps and asks in turn; how many answers had the octets of another name.
  static func churn(_ cache: AnswerCache, _ names: [DomainName], seed: Int) -> Int {
    var query = QueryName()
    var wrong = 0
    var state = UInt64(seed) &+ 1
    for step in 0..<4000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let number = Int(state >> 33) % names.count
      let question = CacheScript.question(names[number])
      let now = UInt64(step) * 10_000_000
      if step % 3 == 0 {
        var answer = CacheScript.answer(
          step % 2 == 0 ? .positive : .noData, ttls: [5 + UInt32(number)], padding: number)
        cache.insert(&answer, for: question, now: now)
      } else {
        _ = names[number].octets.withOctets { query.read($0, at: 0) }
        let records = cache.find(
          query, hash: question.hash, type: .a, recordClass: 1, dnssecOK: false,
          checkingDisabled: false, now: now, reason: .first
        ) { view, _ in
          Int(view.header.recordOctets) == 6 + number && view.records.u32(2) == 5 + number
        }
        if records == false { wrong += 1 }
      }
    }
    return wrong
  }
}
