import Cluster
import Kubernetes
import Testing

/// Finding what a watch has missed.
@Suite struct ComparisonTests {
  private static let web = ObjectText.service("a/web", 5)
  private static let db = ObjectText.service("a/db", 6, "10.96.0.2")

  /// Services `a/web` and `a/db` are followed, and compared just now with `items` at `version`.
  private static func compared(_ items: [String], at version: Int = 100) -> Conversation {
    let talk = Conversation(scope)
    talk.synchronize(["services": [web, db]])
    talk.passUntilAsked("compare services", within: 800)
    talk.answer("compare services", ObjectText.list(version, items))
    _ = talk.takeAsked()
    return talk
  }

  private static var scope: WatchScope {
    var scope = WatchScope()
    scope.watchesSlices = false
    return scope
  }

  private static func count(_ talk: Conversation, _ result: String) -> String? {
    talk.metric(
      #"martlet_kubernetes_comparisons_total{resource="services",result="\#(result)"}"#)
  }

  @Test func `it comes some ten minutes after the list`() {
    let talk = Conversation(Self.scope)
    talk.synchronize()
    talk.passUntilAsked("compare services", within: 760)
    #expect(talk.seconds >= 450)
  }

  @Test func `what is alike stays`() {
    let talk = Self.compared([
      ObjectText.partial("a/web", 5), ObjectText.partial("a/db", 6),
    ])
    #expect(Self.count(talk, "same") == "1")
    talk.passAlive(60)
    #expect(!talk.takeAsked().contains("stream services"))
  }

  struct MissedRow: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var items: [String]
    var names: [String]
  }

  static let missedRows = [
    MissedRow(
      testDescription: "DELETED", items: [ObjectText.partial("a/web", 5)], names: ["web"]),
    MissedRow(
      testDescription: "MODIFIED",
      items: [ObjectText.partial("a/web", 5), ObjectText.partial("a/db", 77)],
      names: ["db", "web"]),
    MissedRow(
      testDescription: "ADDED",
      items: [
        ObjectText.partial("a/web", 5), ObjectText.partial("a/db", 6),
        ObjectText.partial("a/new", 77),
      ], names: ["db", "new", "web"]),
  ]

  @Test(arguments: missedRows)
  func `an event that was lost is found 15 s later, and all is listed anew`(row: MissedRow) {
    let talk = Self.compared(row.items)
    talk.passAlive(14)
    #expect(!talk.takeAsked().contains("stream services"))
    talk.passAlive(2)
    #expect(talk.takeAsked().contains("stream services"))
    #expect(Self.count(talk, "difference") == "1")
    let services = row.names.map { ObjectText.service("a/\($0)", 80) }
    talk.grant("stream services", ObjectText.stream(101, services))
    #expect(talk.replica.visible.keys.map(\.id.name).sorted() == row.names)
    #expect(talk.metric(SilenceTests.lists("services", "difference")) == "1")
    #expect(talk.said.last?.contains("the watch has missed changes") == true)
  }

  // MARK: - No false alarms

  @Test func `a list ahead of the watch is none`() {
    let talk = Self.compared(
      [ObjectText.partial("a/web", 108), ObjectText.partial("a/new", 109)], at: 110)
    talk.passAlive(5)
    talk.feed(
      "stream services",
      ObjectText.modified(ObjectText.service("a/web", 108))
        + ObjectText.added(ObjectText.service("a/new", 109))
        + ObjectText.deleted(ObjectText.service("a/db", 110)))
    talk.version = 110
    talk.passAlive(15)
    #expect(Self.count(talk, "same") == "1")
    #expect(talk.metric(SilenceTests.lists("services", "difference")) == nil)
  }

  @Test func `a watch ahead of the list is none`() {
    let talk = Conversation(Self.scope)
    talk.synchronize(["services": [Self.web, Self.db]])
    talk.passUntilAsked("compare services", within: 800)
    // While the answer is on its way, or between its pages.
    talk.feed(
      "stream services",
      ObjectText.modified(ObjectText.service("a/web", 105))
        + ObjectText.added(ObjectText.service("a/new", 106))
        + ObjectText.deleted(ObjectText.service("a/db", 107)))
    talk.version = 107
    talk.answer(
      "compare services",
      ObjectText.list(100, [ObjectText.partial("a/web", 5), ObjectText.partial("a/db", 6)]))
    talk.passAlive(20)
    #expect(Self.count(talk, "same") == "1")
    #expect(Self.count(talk, "backwards") == nil)
    #expect(!talk.takeAsked().contains("stream services"))
  }

  @Test func `an object that changes all the time is none`() {
    let talk = Self.compared(
      [ObjectText.partial("a/web", 102), ObjectText.partial("a/db", 6)], at: 102)
    for version in 103..<120 {
      talk.feed("stream services", ObjectText.modified(ObjectText.service("a/web", version)))
      talk.version = version
      talk.passAlive(1)
    }
    #expect(Self.count(talk, "same") == "1")
  }

  @Test func `a difference that a list anew has settled meanwhile is none`() {
    let talk = Self.compared([ObjectText.partial("a/web", 5)])
    talk.feed("stream services", ObjectText.error(410, "too old"))
    talk.grant("stream services", ObjectText.stream(120, [Self.web]))
    talk.passAlive(20)
    #expect(talk.metric(SilenceTests.lists("services", "expired")) == "1")
    #expect(talk.metric(SilenceTests.lists("services", "difference")) == nil)
  }

  @Test func `a list that is under way is not begun again for a difference`() {
    let talk = Self.compared([ObjectText.partial("a/web", 5)])
    talk.feed("stream services", ObjectText.error(410, "too old"))
    talk.grant("stream services", ObjectText.added(Self.web))
    _ = talk.takeAsked()
    talk.pass(16)
    #expect(talk.takeAsked() == [])
    talk.feed("stream services", ObjectText.bookmark(120, ends: true))
    #expect(talk.replica.visible.keys.map(\.id.name) == ["web"])
  }

  // MARK: - More to compare

  @Test func `a list that ends before what was seen is of a server gone back`() {
    let talk = Self.compared([ObjectText.partial("a/web", 5)], at: 50)
    #expect(talk.underWay.contains("stream services"))
    #expect(Self.count(talk, "backwards") == "1")
    talk.grant("stream services", ObjectText.stream(51, [Self.web]))
    #expect(talk.metric(SilenceTests.lists("services", "backwards")) == "1")
    #expect(talk.replica.visible.keys.map(\.id.name) == ["web"])
  }

  @Test func `pages are compared together`() {
    let talk = Conversation(Self.scope)
    talk.synchronize(["services": [Self.web, Self.db]])
    talk.passUntilAsked("compare services", within: 800)
    talk.answer(
      "compare services", ObjectText.list(100, [ObjectText.partial("a/db", 6)], next: "t"))
    talk.answer("compare services", ObjectText.list(100, [ObjectText.partial("a/web", 5)]))
    #expect(Self.count(talk, "same") == "1")
  }

  @Test func `a comparison that fails is no fault, and comes again`() {
    let talk = Conversation(Self.scope)
    talk.synchronize()
    for _ in 0..<3 {
      talk.passUntilAsked("compare services", within: 800)
      talk.refuse("compare services", 500)
      talk.passUntilAsked("compare services", within: 800)
      talk.cut("compare services", "no answer for 30 s")
      talk.passUntilAsked("compare services", within: 800)
      talk.grant("compare services", "<html>")
      #expect(talk.watch.faults == [])
      #expect(talk.watch.downtime(talk.now) == nil)
    }
  }

  @Test func `soon after a server came back what is known is compared with it`() {
    let talk = Conversation(Self.scope)
    talk.synchronize()
    talk.pass(5)
    talk.cut("stream services")
    talk.cut("watch services", "Connection refused")
    talk.pass(0.4)
    talk.grant("watch services")
    let backAt = talk.seconds
    talk.passUntilAsked("compare services", within: 35)
    #expect((15.0...31).contains(talk.seconds - backAt))
  }

  @Test func `soon after an old state of an object came what is known is compared`() {
    let talk = Conversation(Self.scope)
    talk.synchronize()
    talk.feed("stream services", ObjectText.modified(ObjectText.service("a/web", 50)))
    talk.pass(1.5)
    #expect(talk.takeAsked() == ["compare services"])
  }
}
