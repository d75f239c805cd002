import CLinux
import Forwarding
import Glibc
import Wire

/// How long the cache holds up who fills it, free of what the machine does meanwhile.
///
/// The cache is filled several times over with the same names under the same seed, so that each
/// step does the same work every time: what it took at least is the cache's own, and a pause of
/// its own, such as a table that grows, is in all rounds at the same step.
struct CachePauses {
  private let entries: Int
  private let rounds: Int
  /// Nanoseconds of each step, a lookup that finds nothing and the insertion after it: the least of
  /// all rounds.
  private var steps: [UInt32]

  /// Prints the longest step of `entries` and its quantiles, in nanoseconds.
  static func run(entries: Int, rounds: Int) {
    var pauses = CachePauses(entries: entries, rounds: rounds)
    for _ in 0..<rounds {
      pauses.fill()
      // The next round is to wait for its pages, too.
      clinux_trim_heap()
    }
    pauses.print()
  }

  private init(entries: Int, rounds: Int) {
    self.entries = entries
    self.rounds = rounds
    steps = [UInt32](repeating: .max, count: entries)
  }

  private mutating func fill() {
    var settings = AnswerCache.Settings()
    settings.success.capacity = entries
    let hash = NameHash(seed: 7)
    let cache = AnswerCache(settings: settings, hash: hash)
    let begin: UInt64 = 1_000_000_000_000
    let upstream = Upstream(address: IPAddress(v4: 0x7F00_0001))
    var name = QueryName()
    for step in 0..<entries {
      let message = Self.reply(step)
      let asked = message.withOctets { name.read($0, at: Query.headerOctets) }
      guard asked else { continue }
      let question = ForwardQuestion(
        name: name, hash: hash(name.octets), type: .a, recordClass: 1, dnssecOK: false,
        checkingDisabled: false)
      let reply = message.withOctets {
        ReplyReader.read($0, sent: message, question: question, overStream: false)
      }
      guard case .answer(let answer, _) = reply else { continue }
      let given = GivenAnswer(answer, from: upstream)
      let now = begin + UInt64(step) * 50_000
      let before = Self.nanoseconds()
      let found: Void? = cache.find(
        name, hash: question.hash, type: .a, recordClass: 1, dnssecOK: false,
        checkingDisabled: false, now: now, reason: .first
      ) { _, _ in }
      let (_, insertion) = cache.insert(given, for: question, now: now)
      let took = Self.nanoseconds() - before
      guard found == nil, insertion == .kept else { continue }
      steps[step] = min(steps[step], UInt32(clamping: took))
    }
  }

  private func print() {
    let sorted = steps.sorted()
    func quantile(_ share: Double) -> UInt32 { sorted[Int(Double(entries - 1) * share)] }
    Swift.print(
      "p50=\(quantile(0.5)) p99=\(quantile(0.99)) p999=\(quantile(0.999)) "
        + "largest=\(quantile(1))")
  }

  /// A message with the question `NNNNNNNN.fill.test. A` and its answer.
  private static func reply(_ number: Int) -> [UInt8] {
    var message: [UInt8] = [0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 8]
    var divisor = 10_000_000
    while divisor > 0 {
      message.append(UInt8(truncatingIfNeeded: 48 + number / divisor % 10))
      divisor /= 10
    }
    message += [4] + "fill".utf8 + [4] + "test".utf8 + [0, 0, 1, 0, 1]
    message += [0xC0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1]
    return message
  }

  private static func nanoseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
