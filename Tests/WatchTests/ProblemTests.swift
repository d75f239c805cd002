import Kubernetes
import Testing

/// What the operator is told.
@Suite struct ProblemTests {
  @Test func `what is wrong is said once, and that all is well again once`() {
    let talk = Conversation()
    talk.start()
    for _ in 0..<20 {
      for name in talk.underWay { talk.cut(name, "Connection refused") }
      talk.pass(3)
    }
    #expect(talk.said == ["https://api-0: Connection refused"])
    #expect(talk.watch.faults == ["https://api-0: Connection refused"])
    while let next = talk.underWay.first(where: { talk.find($0)?.isGranted == false }) {
      talk.grant(next, ObjectText.stream(100))
    }
    #expect(talk.watch.isSynchronized)
    #expect(talk.said.dropFirst() == ["following https://api-0"])
    #expect(talk.watch.faults == [])
  }

  @Test func `what a server says without end is cut, and is one line`() {
    let talk = Conversation()
    talk.synchronize()
    let said = #"{"type":"ERROR","object":{"kind":"Status","code":500,"message":"a\n[INFO] b"#
    talk.feed("stream services", said + String(repeating: "x", count: 100_000) + "\"}}\n")
    #expect(talk.watch.faults.count == 1)
    #expect(talk.watch.faults.allSatisfy { $0.count < 2_100 && !$0.contains("\n") })
    #expect(talk.said.last?.contains("error 500: a [INFO] bx") == true)
  }

  @Test func `two faults that take turns are each said once`() {
    let talk = Conversation()
    talk.synchronize()
    talk.pass(5)
    for name in talk.underWay { talk.finish(name) }
    for name in ["watch namespaces", "watch endpointslices"] { talk.grant(name) }
    for _ in 0..<10 {
      talk.refuse("watch services", 503)
      talk.passUntilAsked("watch services", within: 40)
      talk.cut("watch services", "Connection refused")
      talk.passUntilAsked("watch services", within: 40)
    }
    #expect(talk.said.count == 2)
  }

  @Test func `a fault that comes again after all was well is said again`() {
    let talk = Conversation()
    talk.synchronize()
    for _ in 0..<2 {
      talk.pass(5)
      for name in talk.underWay { talk.finish(name) }
      for name in talk.underWay { talk.cut(name, "Connection refused") }
      talk.pass(0.4)
      for name in talk.underWay { talk.grant(name) }
    }
    let pair = ["https://api-0: Connection refused", "following https://api-0"]
    #expect(talk.said == pair + pair)
  }

  @Test func `a watch that ends and begins again is nothing to speak of`() {
    let talk = Conversation()
    talk.synchronize()
    for _ in 0..<5 {
      talk.pass(20)
      for name in talk.underWay { talk.finish(name) }
      for name in talk.underWay { talk.grant(name) }
    }
    #expect(talk.said == [])
    #expect(talk.watch.downtime(talk.now) == nil)
  }

  @Test func `the time without a watch counts from when the first was lost`() {
    let talk = Conversation()
    talk.start()
    talk.pass(2)
    #expect(talk.watch.downtime(talk.now) == 2_000_000_000)
    for name in ["stream namespaces", "stream services", "stream endpointslices"] {
      talk.grant(name, ObjectText.stream(100))
    }
    #expect(talk.watch.downtime(talk.now) == nil)
    talk.pass(5)
    talk.cut("stream services")
    talk.pass(3)
    #expect(talk.watch.downtime(talk.now) == 3_000_000_000)
    // The state changes then, though nothing is heard.
    #expect(talk.watch.nextWake.map { $0 <= 35_000_000_000 } == true)
  }

  @Test func `a list that breaks off is a fault until the next is whole`() {
    let talk = Conversation()
    talk.start()
    talk.grant("stream namespaces", ObjectText.added(ObjectText.namespace("a", 5)))
    talk.pass(5)
    talk.cut("stream namespaces")
    #expect(talk.watch.faults.first?.contains("Connection reset by peer") == true)
  }

  @Test func `requests, their times, events and lists are counted`() {
    let talk = Conversation()
    talk.forbidden = ["services", "endpointslices"]
    talk.start()
    talk.pass(0.3)
    talk.refuse("stream namespaces", 503)
    talk.pass(0.4)
    talk.cut("stream namespaces", "Connection refused")
    talk.pass(1)
    talk.grant(
      "stream namespaces",
      ObjectText.stream(100, [ObjectText.namespace("a", 5), ObjectText.namespace("b", 6)]))
    let requests = "coredns_kubernetes_rest_client_requests_total"
    func count(_ code: String) -> String? {
      talk.metric(#"\#(requests){code="\#(code)",host="api-0",method="GET"}"#)
    }
    #expect(count("200") == "1")
    #expect(count("403") != nil)
    #expect(count("503") == "1")
    #expect(count("<error>") == "1")
    let durations = "coredns_kubernetes_rest_client_request_duration_seconds"
    #expect(talk.metric(#"\#(durations)_bucket{host="api-0",verb="watch",le="0.5"}"#) != nil)
    #expect(
      talk.metric(#"martlet_kubernetes_watch_events_total{resource="namespaces"}"#) == "3")
    #expect(talk.metric(SilenceTests.lists("namespaces", "first")) == "1")
  }

  @Test func `how long ago each watch said something is known`() {
    let talk = Conversation()
    talk.synchronize()
    talk.pass(10)
    talk.feed("stream services", ObjectText.bookmark(101))
    talk.pass(5)
    let ages = Dictionary(
      uniqueKeysWithValues: talk.watch.eventAges(talk.now).map { ($0.resource, $0.seconds) })
    #expect(ages == ["namespaces": 15, "services": 5, "endpointslices": 15])
  }
}
