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
}
