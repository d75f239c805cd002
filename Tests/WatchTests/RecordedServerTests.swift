import Cluster
import Kubernetes
import Testing
import Wire

/// What a real API server does, and a client must expect; with its own words where they are kept.
@Suite struct RecordedServerTests {
  private static func ids(_ talk: Conversation) -> Set<String> {
    Set(talk.replica.visible.keys.map { "\($0.id.namespace)/\($0.id.name)" })
  }

  /// Namespaces are listed, and services asked for.
  private static func atServices(watchesSlices: Bool = false) -> Conversation {
    var scope = WatchScope()
    scope.watchesSlices = watchesSlices
    let talk = Conversation(scope)
    talk.start()
    talk.grant("stream namespaces", ObjectText.stream(100))
    return talk
  }

  @Test func `too old a version is an ERROR 410 inside a 200`() {
    let talk = Self.atServices()
    talk.grant("stream services", ObjectText.stream(2, [ObjectText.service("a/web", 2)]))
    talk.pass(5)
    talk.finish("stream services")
    talk.grant("watch services 2", Samples.octets("watch-410-gone"))
    talk.pass(0.4)
    #expect(talk.underWay.contains("stream services"))
    #expect(Self.ids(talk) == ["a/web"])
    talk.grant("stream services", ObjectText.stream(308))
    #expect(Self.ids(talk) == [])
    #expect(talk.watch.faults == [])
  }

  @Test func `too old a continue token is a 410, and the list is asked for whole`() {
    let talk = Self.atServices()
    talk.refuse("stream services", 422, Samples.octets("error-422-sendinitialevents"))
    talk.answer("list services", ObjectText.list(100, [ObjectText.service("a/web", 2)], next: "t"))
    talk.refuse("page services", 410, Samples.octets("error-410-continue"))
    talk.answer("list services", Samples.text("list-services"))
    #expect(Self.ids(talk).count == 14)
    #expect(talk.underWay.contains("watch services 270"))
    #expect(talk.watch.faults == [])
  }

  @Test func `endpoints and ports can be null, conditions empty`() throws {
    let talk = Self.atServices(watchesSlices: true)
    talk.grant("stream services", ObjectText.stream(100))
    talk.grant("stream endpointslices", ObjectText.stream(270))
    let events = Samples.text("watch-endpointslices").split(separator: "\n").map { $0 + "\n" }
    func slice() -> EndpointSlice? {
      guard case .slice(let slice) = talk.replica.visible.values.first else { return nil }
      return slice
    }
    talk.feed("stream endpointslices", String(events[0]))
    // `conditions: {}` is ready.
    #expect(slice()?.endpoints.map { $0.addresses.map(\.description) } == [["10.131.0.1"]])
    talk.feed("stream endpointslices", String(events[1]))
    #expect(slice()?.endpoints.map { $0.addresses.map(\.description) } == [["10.131.0.2"]])
    talk.feed("stream endpointslices", String(events[2]))
    #expect(slice()?.endpoints.isEmpty == true)
    #expect(slice()?.ports.map(\.name) == ["http", "https"])
    talk.feed("stream endpointslices", String(events[3]))
    #expect(slice() == nil)
    let none = ObjectText.slice("a/none", 300, of: "web").replacing("[]", with: "null")
    talk.feed("stream endpointslices", ObjectText.added(none))
    #expect(slice()?.ports == [])
  }

  @Test func `items of a list carry no kind or apiVersion`() {
    let talk = Conversation()
    talk.start()
    talk.refuse("stream namespaces", 422)
    let text = Samples.text("list-namespaces")
    #expect(text.firstRange(of: #""kind":"Namespace","#) == nil)
    talk.answer("list namespaces", text)
    #expect(
      Self.ids(talk)
        == ["/default", "/kube-node-lease", "/kube-public", "/kube-system", "/samples"])
  }

  @Test func `a chunk holds several events, or ends anywhere in one`() {
    let noted = ObjectText.service("a/noted", 102)
      .replacing(#""metadata":{"#, with: #""metadata":{"annotations":{"note":"ü \"}]{\\"},"#)
    let events = Array(
      (ObjectText.added(ObjectText.service("a/web", 101))
        + ObjectText.added(noted)
        + ObjectText.deleted(ObjectText.service("a/web", 103)) + ObjectText.bookmark(104)).utf8)
    for border in 1..<events.count {
      let talk = Self.atServices()
      talk.grant("stream services", ObjectText.stream(100))
      talk.pass(5)
      talk.finish("stream services")
      talk.grant("watch services 100", events, piece: border)
      #expect(Self.ids(talk) == ["a/noted"], "border \(border)")
      talk.pass(5)
      talk.finish("watch services")
      #expect(talk.underWay.contains("watch services 104"), "border \(border)")
    }
  }

  @Test func `a watch without a version ends its initial events with the bookmark, too`() {
    let talk = Self.atServices()
    let events = Samples.text("watch-services-labelselector").split(separator: "\n")
      .map { String($0) + "\n" }
    talk.grant("stream services", events[0] + events[1])
    #expect(talk.watch.isSynchronized)
    #expect(Self.ids(talk) == ["samples/cluster-ip"])
    // The object loses the label and gets it again.
    talk.feed("stream services", events[2])
    #expect(Self.ids(talk) == [])
    talk.feed("stream services", events[3] + events[4] + events[5])
    #expect(Self.ids(talk) == ["samples/cluster-ip"])
  }

  @Test func `a version that the server cannot read gives 500, and in the end a list`() {
    let talk = Self.atServices()
    talk.grant("stream services", ObjectText.stream(100))
    talk.pass(5)
    talk.finish("stream services")
    for _ in 0..<3 {
      talk.refuse("watch services 100", 500, Samples.octets("error-500-bad-rv"))
      #expect(talk.watch.faults.first?.contains("strconv.ParseUint") == true)
      talk.pass(3)
    }
    #expect(talk.underWay.contains("stream services"))
  }

  @Test func `a version of the future gives 504, waits as told, and in the end a list`() throws {
    let talk = Self.atServices()
    talk.grant("stream services", ObjectText.stream(100, [ObjectText.service("a/web", 99)]))
    talk.pass(5)
    talk.finish("stream services")
    _ = talk.takeAsked()
    talk.refuse("watch services", 504, Samples.octets("error-504-rv-too-large"), retryAfter: 1)
    talk.pass(0.99)
    #expect(talk.takeAsked() == [])
    talk.pass(0.02)
    #expect(talk.takeAsked() == ["stream services"])
    talk.grant("stream services", ObjectText.stream(50))
    #expect(talk.metric(SilenceTests.lists("services", "backwards")) == "1")
    #expect(Self.ids(talk) == [])
  }

  @Test(arguments: [400, 422])
  func `a server without streaming lists is asked for pages of 500`(status: Int) throws {
    let talk = Self.atServices()
    _ = talk.takeAsked()
    talk.refuse("stream services", status, Samples.octets("error-422-sendinitialevents"))
    let page = try #require(talk.takeRequests().first).request
    #expect(page.path == "/api/v1/services?limit=500")
    #expect(page.acceptsGzip)
    #expect(talk.watch.faults == [])
    // As real tokens end in `=` or not: as it stands.
    talk.answer("list services", Samples.text("list-endpointslices-page1"))
    #expect(talk.underWay.contains("page services"))
  }

  @Test func `versions go backwards where the server's data was set back`() {
    let talk = Self.atServices()
    talk.grant(
      "stream services",
      ObjectText.stream(300, [ObjectText.service("a/web", 250), ObjectText.service("a/db", 299)]))
    talk.pass(5)
    talk.cut("stream services")
    talk.grant("watch services 300", ObjectText.bookmark(260))
    talk.pass(0.4)
    #expect(talk.watch.faults.first?.contains("gone back from version 300 to 260") == true)
    #expect(Self.ids(talk) == ["a/db", "a/web"])
    talk.grant("stream services", ObjectText.stream(261, [ObjectText.service("a/web", 250)]))
    #expect(Self.ids(talk) == ["a/web"])
  }

  @Test func `a server that ends in order ends its watches, which go on from the last version`() {
    let talk = Self.atServices(watchesSlices: true)
    talk.grant("stream services", ObjectText.stream(100))
    talk.grant("stream endpointslices", Samples.octets("watchlist-endpointslices"))
    talk.version = 301
    talk.passAlive(60)
    let last = Samples.text("watch-endpointslices").split(separator: "\n").last ?? ""
    talk.feed("stream endpointslices", last.replacing("274", with: "301") + "\n")
    talk.finish("stream endpointslices")
    talk.cut("watch endpointslices 301", "Connection refused")
    talk.pass(0.4)
    talk.grant("watch endpointslices 301")
    #expect(talk.metric(SilenceTests.lists("endpointslices", "first")) == "1")
    #expect(talk.watch.isSynchronized)
  }

  @Test func `a server that is killed cuts its watches, which go on from the last version`() {
    let talk = Self.atServices()
    talk.grant("stream services", ObjectText.stream(100))
    talk.pass(5)
    let half = ObjectText.added(ObjectText.service("a/half", 102)).dropLast(20)
    talk.feed(
      "stream services", ObjectText.added(ObjectText.service("a/web", 101)) + String(half))
    talk.cut("stream services")
    #expect(talk.underWay.contains("watch services 101"))
    talk.grant(
      "watch services 101", ObjectText.added(ObjectText.service("a/half", 102)))
    #expect(Self.ids(talk) == ["a/half", "a/web"])
  }
}
