import Kubernetes
import Testing

/// Connections that are open and give nothing.
@Suite struct SilenceTests {
  private static let watches = [
    "watch namespaces 100", "watch services 100", "watch endpointslices 100",
  ]

  // MARK: - A connection shared by all requests (HTTP/2)

  @Test func `a shared connection is probed after 30 s without an octet`() {
    let talk = Conversation()
    talk.synchronize()
    talk.pass(29.9)
    #expect(talk.takeAsked() == [])
    talk.pass(0.2)
    #expect(talk.takeRequests().map(\.request.path) == ["/version"])
  }

  @Test(arguments: [200, 401, 403, 404, 500, 503])
  func `an answer to the probe is life, whatever it is`(status: Int) {
    let talk = Conversation()
    talk.synchronize()
    for _ in 0..<3 {
      talk.pass(31)
      #expect(talk.takeAsked() == ["probe"])
      if status == 200 {
        talk.answer("probe", Samples.text("version"))
      } else {
        talk.refuse("probe", status)
      }
    }
    #expect(talk.closings == 0)
    #expect(talk.watch.faults == [])
    #expect(talk.underWay.count == 3)
  }

  @Test func `octets of any watch are life`() {
    let talk = Conversation()
    talk.synchronize()
    for _ in 0..<4 {
      talk.pass(25)
      talk.feed("stream services", ObjectText.bookmark(100))
    }
    #expect(talk.takeAsked() == [])
  }

  @Test func `a probe without an answer for 10 s has all asked anew on another connection`() {
    let talk = Conversation(servers: 2)
    talk.synchronize(["services": [ObjectText.service("a/web", 5)]])
    talk.pass(30.1)
    #expect(talk.takeAsked() == ["probe"])
    talk.pass(9.8)
    #expect(talk.closings == 0)
    talk.pass(0.3)
    #expect(talk.closings == 1)
    #expect(talk.takeAsked() == Self.watches.map { $0 + " at 1" })
    #expect(talk.watch.faults == ["https://api-0: connected, but silent for 40 s"])
    for name in Self.watches { talk.grant(name) }
    #expect(talk.watch.faults == [])
    #expect(talk.said.last == "following https://api-1")
    #expect(talk.replica.visible.count == 1)
    #expect(talk.metric(Self.lists("services", "first")) == "1")
  }

  @Test func `an only server is asked anew at once, then as one that cannot be reached`() {
    let talk = Conversation()
    talk.synchronize()
    talk.pass(41)
    #expect(talk.takeAsked() == ["probe"] + Self.watches)
    for name in Self.watches { talk.cut(name, "Connection refused") }
    #expect(talk.takeAsked() == [])
    talk.pass(0.4)
    #expect(Set(talk.takeAsked()) == Set(Self.watches))
  }

  @Test func `a probe that is refused says nothing of watches that last, and is not sent at once`()
  {
    let talk = Conversation()
    talk.synchronize()
    for _ in 0..<4 {
      talk.pass(30.1)
      #expect(talk.takeAsked() == ["probe"])
      talk.cut("probe", "Connection refused")
    }
    #expect(talk.closings == 0)
    #expect(talk.watch.faults == [])
    #expect(talk.underWay.count == 3)
    talk.pass(30)
    #expect(Set(talk.takeAsked()).isSuperset(of: Self.watches))
  }

  @Test func `a streaming list on a connection that is dead is one again on the next`() {
    let talk = Conversation(servers: 2)
    talk.start()
    talk.grant("stream namespaces", ObjectText.added(ObjectText.namespace("a", 5)))
    talk.pass(30.1)
    #expect(talk.takeAsked() == ["stream namespaces", "probe", "list namespaces"])
    talk.pass(10)
    #expect(talk.takeAsked() == ["stream namespaces at 1"])
  }

  @Test func `a watch silent for 150 s beside others that are not is asked for anew`() {
    let talk = Conversation()
    talk.synchronize()
    for _ in 0..<8 {
      talk.pass(20)
      talk.feed("stream namespaces", ObjectText.bookmark(100))
    }
    let asked = talk.takeRequests()
    #expect(asked.map(\.name) == ["watch services 100", "watch endpointslices 100"])
    #expect(asked.allSatisfy { !$0.request.needsConnection })
  }

  // MARK: - A connection for each request (HTTP/1.1)

  @Test func `a watch silent for 150 s is asked for anew from its version, on a new connection`() {
    let talk = Conversation()
    talk.synchronize(isMultiplexed: false)
    talk.pass(10)
    talk.feed("stream services", ObjectText.bookmark(120))
    talk.pass(139.8)
    #expect(talk.takeAsked() == [])
    talk.pass(0.3)
    let asked = talk.takeRequests()
    #expect(asked.map(\.name) == ["watch namespaces 100", "watch endpointslices 100"])
    #expect(asked.allSatisfy { $0.request.needsConnection })
    talk.pass(10)
    #expect(talk.takeRequests().map(\.name) == ["watch services 120"])
    talk.grant("watch services", isMultiplexed: false)
    talk.pass(1)
    talk.finish("watch services")
    #expect(talk.takeRequests().map(\.request.needsConnection) == [false])
    #expect(talk.metric(Self.lists("services", "first")) == "1")
  }

  // MARK: - Lists

  @Test func `a list without an octet for 30 s is lost`() {
    let talk = Conversation()
    talk.forbidden = ["services", "endpointslices"]
    talk.start()
    talk.refuse("stream namespaces", 422)
    talk.grant("list namespaces", "{", isMultiplexed: false)
    talk.pass(20)
    talk.feed("list namespaces", " ")
    talk.pass(29.9)
    #expect(talk.underWay == ["list namespaces"])
    _ = talk.takeAsked()
    talk.pass(0.5)
    #expect(talk.takeAsked() == ["stream namespaces"])
  }

  @Test func `a request without an answer for 30 s is lost`() {
    let talk = Conversation(servers: 2)
    talk.start()
    talk.pass(29.9)
    #expect(talk.takeAsked() == ["stream namespaces"])
    talk.pass(0.2)
    #expect(talk.takeAsked() == ["stream namespaces at 1"])
    #expect(talk.watch.faults == ["https://api-0: no answer for 30 s"])
  }

  @Test func `a streaming list without its end, silent for 30 s, is asked for in pages`() {
    let talk = Conversation()
    talk.start()
    talk.grant(
      "stream namespaces", ObjectText.added(ObjectText.namespace("a", 5)), isMultiplexed: false)
    _ = talk.takeAsked()
    talk.pass(30.1)
    #expect(talk.takeAsked() == ["list namespaces"])
    talk.answer("list namespaces", ObjectText.list(100, [ObjectText.namespace("a", 5)]))
    #expect(talk.takeAsked() == ["watch namespaces 100", "stream services"])
    #expect(talk.replica.visible.count == 1)
  }

  @Test func `a streaming list that the server ends without its end is asked for in pages`() {
    let talk = Conversation()
    talk.forbidden = ["services", "endpointslices"]
    talk.start()
    talk.grant("stream namespaces", ObjectText.added(ObjectText.namespace("a", 5)))
    talk.pass(2)
    _ = talk.takeAsked()
    talk.finish("stream namespaces")
    talk.pass(0.4)
    #expect(talk.takeAsked() == ["list namespaces"])
  }

  static func lists(_ resource: String, _ reason: String) -> String {
    #"martlet_kubernetes_lists_total{reason="\#(reason)",resource="\#(resource)"}"#
  }
}
