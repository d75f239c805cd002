import Cluster
import Kubernetes
import Testing
import Wire

/// Lists that take the place of what is known.
@Suite struct RelistTests {
  private static let gone = ObjectText.error(410, "too old resource version: 100 (400)")

  private static let web = ObjectText.service("a/web", 5)
  private static let db = ObjectText.service("a/db", 6, "10.96.0.2")

  /// Services `a/web` and `a/db` are known, and the watch of services has just got a 410.
  private static func expired() -> Conversation {
    let talk = Conversation()
    talk.synchronize(["services": [web, db]])
    talk.pass(5)
    talk.feed("stream services", gone)
    return talk
  }

  private static func names(_ talk: Conversation) -> [String] {
    talk.replica.visible.keys.map { "\($0.id.namespace)/\($0.id.name)" }.sorted()
  }

  private static func address(_ talk: Conversation, _ name: String) -> String? {
    let key = ObjectKey(kind: .service, id: ObjectName(namespace: "a", name: name))
    guard case .service(let service) = talk.replica.visible[key],
      case .clusterIP(let addresses) = service.kind
    else { return nil }
    return addresses.first?.description
  }

  @Test func `a list read anew shows when it is whole, and what it lacks is gone`() {
    let talk = Self.expired()
    #expect(talk.takeAsked() == ["stream services"])
    let changed = ObjectText.service("a/web", 390, "10.96.0.9")
    talk.grant(
      "stream services",
      ObjectText.added(changed) + ObjectText.added(ObjectText.service("a/new", 391)))
    #expect(Self.names(talk) == ["a/db", "a/web"])
    #expect(Self.address(talk, "web") == "10.96.0.1")
    talk.feed("stream services", ObjectText.bookmark(400, ends: true))
    #expect(Self.names(talk) == ["a/new", "a/web"])
    #expect(Self.address(talk, "web") == "10.96.0.9")
    #expect(talk.said.last?.contains("services listed anew") == true)
    #expect(talk.metric(SilenceTests.lists("services", "expired")) == "1")
  }

  @Test func `a list read anew in pages shows with the last`() {
    let talk = Self.expired()
    talk.refuse("stream services", 422, Samples.octets("error-422-sendinitialevents"))
    talk.answer("list services", ObjectText.list(400, [Self.web], next: "t"))
    #expect(Self.names(talk) == ["a/db", "a/web"])
    talk.answer("page services", ObjectText.list(400, [ObjectText.service("a/new", 391)]))
    #expect(Self.names(talk) == ["a/new", "a/web"])
    #expect(talk.takeAsked().last == "watch services 400")
  }

  @Test func `other kinds are followed in the meantime`() {
    let talk = Self.expired()
    talk.grant("stream services", ObjectText.added(ObjectText.service("a/new", 391)))
    let slice = ObjectText.slice("a/web-1", 392, of: "web", "10.0.0.1")
    talk.feed("stream endpointslices", ObjectText.added(slice))
    #expect(Self.names(talk) == ["a/db", "a/web", "a/web-1"])
  }

  @Test func `what a list held that broke off is not shown by the list of another kind`() {
    let talk = Self.expired()
    talk.grant(
      "stream services", ObjectText.added(ObjectText.service("a/web", 390, "10.96.0.9")))
    talk.cut("stream services")
    talk.feed("stream endpointslices", Self.gone)
    talk.grant("stream endpointslices", ObjectText.stream(400))
    #expect(Self.address(talk, "web") == "10.96.0.1")
    talk.pass(1)
    talk.grant(
      "stream services",
      ObjectText.stream(400, [ObjectText.service("a/web", 390, "10.96.0.9")]))
    #expect(Self.address(talk, "web") == "10.96.0.9")
  }

  @Test func `a server that knows no streaming lists is asked for pages at its first bookmark`() {
    let talk = Conversation()
    talk.forbidden = ["services", "endpointslices"]
    talk.start()
    talk.grant("stream namespaces", ObjectText.added(ObjectText.namespace("a", 5)))
    talk.feed("stream namespaces", ObjectText.bookmark(7))
    talk.pass(1)
    #expect(talk.underWay.contains("list namespaces"))
  }

  @Test func `a list that drips without an end is given up`() {
    let talk = Conversation()
    talk.forbidden = ["services", "endpointslices"]
    talk.start()
    talk.grant("stream namespaces", ObjectText.added(ObjectText.namespace("a", 5)))
    for _ in 0..<13 {
      talk.pass(10)
      if talk.underWay.contains("stream namespaces") { talk.feed("stream namespaces", " ") }
    }
    #expect(talk.underWay.contains("list namespaces"))
  }

  @Test func `a page that is given again and again is not asked for again without a wait`() {
    let talk = Self.expired()
    talk.refuse("stream services", 422)
    talk.answer("list services", ObjectText.list(400, [Self.web], next: "x"))
    talk.answer("page services", ObjectText.list(400, [Self.web], next: "x"))
    #expect(talk.underWay.filter { $0.hasSuffix("services") } == [])
    #expect(talk.watch.faults.contains { $0.hasSuffix("the server gives the same page again") })
    #expect(Self.names(talk) == ["a/db", "a/web"])
  }

  @Test func `what follows the end of a list in the same octets is an event`() {
    let talk = Self.expired()
    talk.grant(
      "stream services",
      ObjectText.stream(400, [Self.web, Self.db])
        + ObjectText.deleted(ObjectText.service("a/web", 401)))
    #expect(Self.names(talk) == ["a/db"])
  }

  @Test func `a list that breaks off changes nothing, and the next is whole by itself`() {
    let talk = Self.expired()
    talk.grant("stream services", ObjectText.added(ObjectText.service("a/new", 391)))
    talk.cut("stream services")
    #expect(Self.names(talk) == ["a/db", "a/web"])
    talk.pass(0.4)
    talk.grant("stream services", ObjectText.stream(400, [Self.db]))
    #expect(Self.names(talk) == ["a/db"])
  }

  @Test func `the first list shows what it has so far, and drops it where the next lacks it`() {
    let talk = Conversation()
    talk.forbidden = ["services", "endpointslices"]
    talk.start()
    talk.grant("stream namespaces", ObjectText.added(ObjectText.namespace("a", 5)))
    #expect(talk.replica.visible.count == 1)
    #expect(!talk.replica.areNamespacesComplete)
    talk.cut("stream namespaces")
    talk.pass(0.4)
    talk.grant("stream namespaces", ObjectText.stream(100, [ObjectText.namespace("b", 6)]))
    #expect(Self.names(talk) == ["/b"])
    #expect(talk.replica.areNamespacesComplete)
  }

  @Test func `where there is something from before, the first list is held back as well`() {
    let talk = Conversation(holdsFirstList: true)
    talk.start()
    talk.grant("stream namespaces", ObjectText.added(ObjectText.namespace("a", 5)))
    #expect(talk.replica.visible.isEmpty)
    talk.feed("stream namespaces", ObjectText.bookmark(100, ends: true))
    #expect(Self.names(talk) == ["/a"])
  }

  // MARK: - Pages

  @Test func `pages whose version is forgotten are asked for again as one list`() {
    let talk = Self.expired()
    talk.refuse("stream services", 422)
    talk.answer("list services", ObjectText.list(400, [Self.web], next: "t"))
    _ = talk.takeAsked()
    talk.refuse("page services", 410, Samples.octets("error-410-continue"))
    let asked = talk.takeRequests()
    #expect(asked.map(\.request.path) == ["/api/v1/services?"])
    talk.answer("list services", ObjectText.list(500, [Self.db]))
    #expect(Self.names(talk) == ["a/db"])
    #expect(talk.watch.faults == [])
  }

  @Test func `a page that is no list is not asked for again without a wait`() {
    let talk = Self.expired()
    talk.refuse("stream services", 422)
    talk.answer("list services", ObjectText.list(400, [Self.web], next: "t"))
    _ = talk.takeAsked()
    talk.grant("page services", "<html>")
    #expect(talk.takeAsked() == [])
    #expect(talk.watch.faults.first?.contains("not what a list or watch is") == true)
    talk.pass(0.4)
    #expect(talk.takeAsked() == ["list services"])
  }

  @Test func `a list cut in the middle is none, even where its end looks proper`() {
    let talk = Self.expired()
    talk.refuse("stream services", 422)
    let whole = ObjectText.list(400, [ObjectText.service("a/new", 391)])
    talk.grant("list services", String(whole.dropLast(2)))
    talk.finish("list services")
    #expect(Self.names(talk) == ["a/db", "a/web"])
    #expect(talk.watch.faults.count == 1)
  }

  // MARK: - Reasons

  @Test func `a watch refused with 500 three times is listed anew`() {
    let talk = Conversation()
    talk.synchronize()
    talk.pass(5)
    talk.finish("stream services")
    for _ in 0..<3 {
      talk.refuse("watch services", 500, Samples.octets("error-500-bad-rv"))
      talk.pass(2)
    }
    talk.grant("stream services", ObjectText.stream(300))
    #expect(talk.metric(SilenceTests.lists("services", "failing")) == "1")
  }

  @Test(arguments: [502, 503, 504])
  func `a proxy's error says nothing of the version`(status: Int) {
    let talk = Conversation()
    talk.synchronize()
    talk.pass(5)
    talk.finish("stream services")
    for _ in 0..<5 {
      talk.refuse("watch services", status, Array("<html>".utf8))
      talk.passAlive(10)
    }
    #expect(talk.underWay.contains("watch services 100"))
  }

  @Test func `an old state of an object is passed over`() {
    let talk = Conversation()
    talk.synchronize(["services": [ObjectText.service("a/web", 90)]])
    let new = ObjectText.service("a/web", 110, "10.96.0.2")
    let old = ObjectText.service("a/web", 95, "10.96.0.3")
    talk.feed("stream services", ObjectText.modified(new) + ObjectText.modified(old))
    #expect(Self.address(talk, "web") == "10.96.0.2")
  }
}
