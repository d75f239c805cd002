import Forwarding
import Synchronization
import Telemetry
import Testing
import Wire

@testable import IO
@testable import Serving

/// What a reload leaves behind.
@Suite struct RetiredPartsTests {
  static let labels = CacheLabels(server: "dns://:53", zones: ".")

  @Test func `a cache is freed when nobody uses it, on another thread`() throws {
    let jobs = Jobs()
    let retired = RetiredParts(free: jobs.add)
    var cache: AnswerCache? = Self.cache(misses: 3)
    weak let seen = cache
    retired.take(try #require(cache), Self.labels)
    retired.look(now: 1)
    #expect(jobs.count == 0)
    cache = nil
    retired.look(now: 2)
    #expect(jobs.count == 1 && seen != nil)
    #expect(retired.counted().caches.values[Self.labels]?.misses == 3)
    jobs.run()
    #expect(seen == nil)
    retired.look(now: 3)
    #expect(jobs.count == 0)
    #expect(retired.counted().caches.values[Self.labels]?.misses == 3)
  }

  @Test func `without a thread it stays`() throws {
    let jobs = Jobs()
    let retired = RetiredParts(free: jobs.add)
    retired.take(Self.cache(misses: 2), Self.labels)
    jobs.refuses = true
    retired.look(now: 1)
    #expect(retired.counted().caches.values[Self.labels]?.misses == 2)
    jobs.refuses = false
    retired.look(now: 2)
    #expect(jobs.count == 1)
    #expect(retired.counted().caches.values[Self.labels]?.misses == 2)
  }

  @Test func `what upstreams were asked is counted on, and kept when they are forgotten`() {
    let retired = RetiredParts()
    let upstream = Upstream(address: IPAddress(v4: 0xC000_0201))
    let group = UpstreamGroup(
      number: 1, name: ".", options: ForwardOptions(), upstreams: [upstream])
    group.noteStream(to: upstream, isReused: true)
    retired.take(group)
    let now = Clock.monotonic
    for time in [now, now + 29_000_000_000, now + 60_000_000_000, now + 90_000_000_000] {
      group.noteStream(to: upstream, isReused: true)
      retired.look(now: time)
      let sum = retired.counted().upstreams.values["192.0.2.1:53"]
      // What comes after half a minute is nobody's.
      #expect(sum?.streamsReused == (time < now + 30_000_000_000 ? (time == now ? 2 : 3) : 4))
    }
  }

  @Test func `counters of a page never fall at a reload`() throws {
    let parts = GenerationTests.parts()
    let text = { (upstream: String) in ".:53 {\nforward . \(upstream)\ncache\n}\n" }
    let before = try GenerationTests.generation(text("192.0.2.1"), parts, after: [])
    before.start()
    let group = before.upstreams.all[0].group
    group.noteStream(to: Upstream(address: IPAddress(v4: 0xC000_0201)), isReused: true)
    Self.miss(before.cacheLabels[0].cache)
    let seen = Self.counters(of: before, parts)
    let after = try GenerationTests.generation(text("192.0.2.2"), parts, after: [before])
    after.start()
    before.retire(except: [after])
    let now = Self.counters(of: after, parts)
    #expect(seen.values.contains { $0 > 0 })
    for (series, value) in seen { #expect(now[series] ?? 0 >= value, "\(series)") }
    let page = Self.page(of: after, parts)
    #expect(page.contains("martlet_forward_upstream_up{to=\"192.0.2.2:53\"} 1"))
    #expect(!page.contains("martlet_forward_upstream_up{to=\"192.0.2.1:53\"}"))
  }

  @Test func `labels of long ago go`() {
    var table = BoundedTable<Int, Int>(limit: 2)
    for key in [1, 2, 1, 3] { table.update(key, from: 0) { $0 += 1 } }
    #expect(table.values == [2: 1, 3: 1])
  }

  // MARK: - Making

  private final class Jobs: Sendable {
    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let isClosed = Mutex(false)

    var count: Int { jobs.withLock { $0.count } }
    var refuses: Bool {
      get { isClosed.withLock { $0 } }
      set { isClosed.withLock { $0 = newValue } }
    }

    func add(_ job: @escaping @Sendable () -> Void) throws(IOError) {
      guard !refuses else { throw IOError(errno: 11, operation: "start thread") }
      jobs.withLock { $0.append(job) }
    }

    func run() {
      let taken = jobs.withLock { jobs in
        let taken = jobs
        jobs = []
        return taken
      }
      for job in taken { job() }
    }
  }

  private static func cache(misses: Int) -> AnswerCache {
    var settings = AnswerCache.Settings()
    settings.zones = [.root]
    let cache = AnswerCache(settings: settings, hash: NameHash(seed: 1))
    for _ in 0..<misses { miss(cache) }
    return cache
  }

  private static func miss(_ cache: AnswerCache) {
    var name = QueryName()
    guard DomainName.root.octets.withOctets({ name.read($0, at: 0) }) else { return }
    _ = cache.find(
      name, hash: 1, type: .a, recordClass: 1, dnssecOK: false, checkingDisabled: false, now: 1,
      reason: .first
    ) { _, _ in true }
  }

  private static func page(of generation: Generation, _ parts: LastingParts) -> String {
    var page = MetricsPage()
    ForwardMetrics.add(
      generation.upstreams.all.map(\.group), generation.cacheLabels, retired: parts.retired,
      to: &page)
    return page.text
  }

  private static func counters(
    of generation: Generation, _ parts: LastingParts
  ) -> [String: Double] {
    var counters: [String: Double] = [:]
    for line in page(of: generation, parts).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 2, words[0].contains("_total") else { continue }
      counters[String(words[0])] = Double(words[1])
    }
    return counters
  }
}
