import Forwarding
import Testing
import Wire

/// What stays under pressure, against plain LRU with as many entries.
@Suite struct CacheTraceTests {
  /// A name by number, and whether it is one of a flood that is never asked again.
  struct Request {
    let number: Int
    let isFlood: Bool
  }

  /// Zipf-like popularity over 20,000 names with one flood name after each `floodEvery` requests.
  static func trace(seed: UInt64, count: Int, floodEvery: Int?) -> [Request] {
    var state = seed
    func random() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(1 << 53)
    }
    // Weights 1/rank, summed up; a request is a place in the sum.
    var sums: [Double] = []
    var sum = 0.0
    for rank in 1...20_000 {
      sum += 1 / Double(rank)
      sums.append(sum)
    }
    return (0..<count).map { index in
      if let floodEvery, index % floodEvery != 0 { return Request(number: index, isFlood: true) }
      let place = random() * sum
      var (low, high) = (0, sums.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] < place { low = middle + 1 } else { high = middle }
      }
      return Request(number: low, isFlood: false)
    }
  }

  /// Hits among the requests that are no flood.
  static func hits(_ trace: [Request], kind: AnswerHeader.Kind) -> Int {
    let script = CacheScript(CacheBoundsTests.settings())
    var hits = 0
    for request in trace {
      let question = CacheScript.question(
        CacheBoundsTests.name(request.number, request.isFlood ? "flood" : "test"))
      if script.find(question, .first, { _, _ in }) != nil {
        hits += request.isFlood ? 0 : 1
      } else {
        var answer = CacheScript.answer(kind, kind == .positive ? .noError : .nameError)
        script.cache.insert(&answer, for: question, now: script.now)
      }
    }
    return hits
  }

  /// The same with an LRU of 1024 entries over all of them, which no shard's bounds hamper.
  static func hitsOfLRU(_ trace: [Request]) -> Int {
    var lastUse: [Int: Int] = [:]
    var uses: [(key: Int, time: Int)] = []
    var (oldest, hits) = (0, 0)
    for (time, request) in trace.enumerated() {
      let key = request.isFlood ? -1 - request.number : request.number
      if lastUse[key] != nil, !request.isFlood { hits += 1 }
      lastUse[key] = time
      uses.append((key, time))
      while lastUse.count > 1024 {
        let use = uses[oldest]
        if lastUse[use.key] == use.time { lastUse[use.key] = nil }
        oldest += 1
      }
    }
    return hits
  }

  @Test(
    arguments: [nil, 2, 5] as [Int?], [AnswerHeader.Kind.positive, .nameError])
  func `as many hits as LRU, more under a flood`(floodEvery: Int?, kind: AnswerHeader.Kind) {
    for seed in [1, 2] as [UInt64] {
      let trace = Self.trace(seed: seed, count: 60_000, floodEvery: floodEvery)
      let (hits, lru) = (Self.hits(trace, kind: kind), Self.hitsOfLRU(trace))
      #expect(hits >= lru, "seed \(seed): \(hits) hits, LRU \(lru)")
      if floodEvery != nil { #expect(hits > lru + lru / 10, "seed \(seed): \(hits), \(lru)") }
    }
  }
}
