import Forwarding
import Foundation
import Testing

/// A network and upstreams that fail at random: every exchange ends once and in time, with what an
/// upstream said to that question and nothing else; nothing stays behind; a dead group is left
/// alone.
@Suite struct SeededExchangeTests {
  /// More by `MARTLET_FORWARD_SEEDS=N swift test --filter SeededExchangeTests`; the first by
  /// `MARTLET_FORWARD_FIRST_SEED`.
  static let seedCount =
    ProcessInfo.processInfo.environment["MARTLET_FORWARD_SEEDS"].flatMap { UInt64($0) } ?? 200
  static let firstSeed =
    ProcessInfo.processInfo.environment["MARTLET_FORWARD_FIRST_SEED"].flatMap { UInt64($0) } ?? 0

  private static let seedsTogether: UInt64 = 25

  @Test(
    arguments: Array(stride(from: firstSeed, to: firstSeed + seedCount, by: Int(seedsTogether))))
  func `exchanges end as they should`(first: UInt64) {
    var answers = 0
    var failures = 0
    var seen: [UInt64] = []
    for seed in first..<min(first + Self.seedsTogether, Self.firstSeed + Self.seedCount) {
      let run = SeededExchange(seed: seed)
      run.play()
      #expect(run.problems.isEmpty, "seed \(seed): \(run.problems.prefix(5))")
      answers += run.answers
      failures += run.failures
      let counters = run.group.counters
      let counts = [
        counters.rejects, counters.allDown, counters.broken, counters.hedges, counters.resends,
        counters.streamRetries, counters.ednsRetries, counters.caseRetries,
        counters.cookieRetries,
      ]
      seen = seen.isEmpty ? counts : zip(seen, counts).map { $0 + $1 }
    }
    // Runs in which something never happens would prove little.
    print("seeds from \(first): \(answers) answers, \(failures) failures, \(seen)")
    #expect(answers > 0 && failures > 0 && seen.allSatisfy { $0 > 0 })
  }

  @Test(arguments: UInt64(0)..<5)
  func `a seed gives the same results at the same times, always`(seed: UInt64) {
    let runs = (0..<2).map { _ in SeededExchange(seed: seed) }
    for run in runs {
      run.keepsLog = true
      run.play()
    }
    #expect(!runs[0].log.isEmpty)
    #expect(runs[0].log == runs[1].log)
  }
}
