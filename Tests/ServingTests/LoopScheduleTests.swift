import Forwarding
import Testing
import Wire

@testable import Serving

/// When upstreams are asked whether they are this server.
@Suite struct LoopScheduleTests {
  static let second: UInt64 = 1_000_000_000
  static let one = Upstream(address: IPAddress(v4: 0xC000_0201))
  static let two = Upstream(address: IPAddress(v4: 0xC000_0202))

  @Test func `what came to nothing is asked again: each second, then up to a minute apart`() {
    var schedule = LoopSchedule()
    schedule.begin([Self.one], now: 0)
    var now: UInt64 = 0
    var pauses: [UInt64] = []
    for _ in 0..<(LoopSchedule.quickTries + 8) {
      let began = now
      while schedule.due(now: now).isEmpty { now += Self.second }
      // One question at a time.
      #expect(schedule.due(now: .max).isEmpty)
      pauses.append((now - began) / Self.second)
      schedule.ended(Self.one, isProved: false, now: now)
    }
    #expect(pauses.dropFirst().prefix(LoopSchedule.quickTries).allSatisfy { $0 == 1 })
    #expect(Array(pauses.suffix(7)) == [2, 4, 8, 16, 32, 60, 60])
  }

  @Test func `what is proved is asked no more, until all are`() {
    var schedule = LoopSchedule()
    schedule.begin([Self.one, Self.two], now: 5)
    #expect(Set(schedule.due(now: 5)) == [Self.one, Self.two])
    schedule.ended(Self.one, isProved: true, now: 6)
    schedule.ended(Self.two, isProved: false, now: 6)
    #expect(schedule.due(now: 100 * Self.second) == [Self.two])
    schedule.begin([Self.one, Self.two], now: 100 * Self.second)
    // The other one's question is under way.
    #expect(schedule.due(now: 100 * Self.second) == [Self.one])
  }

  @Test func `who is no upstream any more is not asked`() {
    var schedule = LoopSchedule()
    schedule.begin([Self.one, Self.two], now: 0)
    #expect(schedule.due(now: 0).count == 2)
    schedule.begin([Self.two], now: 1)
    schedule.ended(Self.one, isProved: false, now: 2)
    schedule.ended(Self.two, isProved: false, now: 2)
    #expect(schedule.due(now: 100 * Self.second) == [Self.two])
  }
}
