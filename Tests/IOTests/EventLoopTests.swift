import Glibc
import Testing

@testable import IO

@Suite struct EventLoopTests {
  @Test func `what is to happen before waiting happens after each turn of handlers`() {
    let loop = EventLoop()
    var events: [String] = []
    var kept: [Registration] = []
    kept.append(loop.after(.zero) { events.append("first") })
    kept.append(
      loop.after(.milliseconds(1)) {
        events.append("last")
        loop.stop()
      })
    loop.beforeWaiting { if events.last != "gathered" { events.append("gathered") } }
    loop.run()
    #expect(events == ["gathered", "first", "gathered", "last"])
    loop.runReady()
    #expect(events.last == "gathered")
    withExtendedLifetime(kept) {}
  }

  @Test func `a loop with nothing to wait for returns`() {
    let loop = EventLoop()
    var turns = 0
    loop.beforeWaiting { turns += 1 }
    loop.run()
    #expect(turns == 1)
    let timer = loop.after(.zero) {}
    loop.run()
    #expect(turns == 3)
    withExtendedLifetime(timer) {}
  }

  @Test func `what runs before waiting may stop the loop, which can be run again`() {
    let loop = EventLoop()
    var calls = 0
    let timer = loop.every(.milliseconds(1)) { calls += 1 }
    loop.beforeWaiting { if calls > 0 { loop.stop() } }
    loop.run()
    #expect(calls == 1)
    withExtendedLifetime(timer) {}
  }

  @Test func `stopping lets no other handler of the turn run`() {
    let loop = EventLoop()
    var calls = 0
    let timers = (0..<3).map { _ in
      loop.after(.zero) {
        calls += 1
        loop.stop()
      }
    }
    loop.run()
    #expect(calls == 1)
    withExtendedLifetime(timers) {}
  }

  @Test func `what a handler closes and opens anew under the same number is waited for`() throws {
    let loop = EventLoop()
    var ends = try pipe()
    let number = ends.read
    var waiting: Registration?
    var calls = 0
    func ready() {
      calls += 1
      waiting = nil
      Glibc.close(ends.write)
      guard calls < 3, let next = try? pipe() else { return loop.stop() }
      // Closes what had the number, and nobody else can have it in between.
      dup2(next.read, number)
      Glibc.close(next.read)
      ends = (number, next.write)
      waiting = loop.onReadable(number) { ready() }
    }
    waiting = loop.onReadable(ends.read) { ready() }
    let late = loop.after(.seconds(5)) { loop.stop() }
    loop.run()
    #expect(calls == 3)
    withExtendedLifetime((waiting, late)) {}
  }

  /// A pipe that is readable.
  private func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    try #require(unsafe Glibc.pipe(&ends) == 0 && Glibc.write(ends[1], "x", 1) == 1)
    return (ends[0], ends[1])
  }
}
