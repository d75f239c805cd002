import Testing

@testable import Forwarding

/// The machine's parts against plain models.
@Suite struct ExchangePartsTests {
  @Test(arguments: UInt64(0)..<50)
  func `a wheel tells each deadline once, never early, at most a slot late`(seed: UInt64) {
    var numbers = SeededNumbers(seed: seed)
    var wheel = TimerWheel()
    var model: [Int: UInt64] = [:]
    var now = numbers.next() % 1_000_000_000_000
    for _ in 0..<2_000 {
      let index = Int(numbers.next() % 64)
      switch numbers.next() % 8 {
      case 0...3:
        let time = now + numbers.next() % 5_000_000_000
        wheel.set(index, at: time, now: now)
        model[index] = time
      case 4:
        wheel.cancel(index)
        model[index] = nil
      default:
        now =
          numbers.next() % 2 == 0 ? max(now, wheel.next ?? now) : now + numbers.next() % 50_000_000
        while let index = wheel.expired(now: now) {
          let time = model.removeValue(forKey: index)
          #expect(time.map { $0 <= now } ?? false)
        }
        #expect(model.values.allSatisfy { $0 + TimerWheel.slotLength > now })
      }
      #expect(wheel.count == model.count)
      let first = model.values.min()
      #expect((wheel.next == nil) == (first == nil))
      if let first, let next = wheel.next {
        #expect(next > first && next <= first + TimerWheel.slotLength)
      }
    }
  }

  @Test(arguments: [1, 7, 90, 1_900] as [UInt64])
  func `the 95th percentile is at most a fifth too long`(milliseconds: UInt64) throws {
    var numbers = SeededNumbers(seed: milliseconds)
    var latency = LatencyEstimate()
    #expect(latency.p95 == nil)
    for _ in 0..<1_000 {
      // One in ten is ten times as slow, so that nine in ten decide nothing.
      let slow: UInt64 = numbers.next() % 10 == 0 ? 10 : 1
      latency.record(milliseconds * slow * 1_000_000)
    }
    let p95 = try #require(latency.p95)
    #expect(p95 >= milliseconds * 10_000_000 && p95 <= milliseconds * 12_500_000)
    for _ in 0..<1_000 { latency.record(milliseconds * 1_000_000) }
    let later = try #require(latency.p95)
    #expect(later >= milliseconds * 1_000_000 && later <= milliseconds * 1_250_000)
  }

  @Test func `a number of what has ended finds nothing`() throws {
    var table = SlotTable<String>(capacity: 2)
    let inserted = table.insert("a")
    let first = try #require(inserted)
    let number = table.number(first)
    #expect(table.slot(number) == first)
    table.remove(first)
    #expect(table.slot(number) == nil)
    let insertedAgain = table.insert("b")
    let again = try #require(insertedAgain)
    #expect(again == first && table.slot(number) == nil && table.number(again) != number)
    let others = [table.insert("c"), table.insert("d")]
    #expect(others[0] != nil && others[1] == nil)
    #expect(table.slot(-1) == nil && table.slot(1 << 40) == nil)
  }
}
