import Kubernetes
import Testing

/// Servers that cannot be reached, or do not want to.
@Suite struct RefusalTests {
  /// How long after each failure the next try comes, over `count` of them.
  private static func waits(_ count: Int, _ fail: (Conversation) -> Void) -> [Double] {
    let talk = Conversation()
    talk.forbidden = ["services", "endpointslices"]
    talk.start()
    var waits: [Double] = []
    for _ in 0..<count {
      _ = talk.takeAsked()
      fail(talk)
      let failedAt = talk.now
      while talk.underWay.isEmpty, Double(talk.now - failedAt) < 100e9 { talk.pass(0.01) }
      waits.append(talk.takeRequests().first.map { Double($0.time - failedAt) / 1e9 } ?? .infinity)
    }
    return waits
  }

  /// Each wait is twice the one before, up to `most`, and a quarter more or less.
  private static func expect(_ waits: [Double], upTo most: Double) {
    for (index, wait) in waits.enumerated() {
      let middle = min(0.25 * Double(1 << index), most)
      #expect((middle * 0.75...middle * 1.25).contains(wait), "wait \(index)")
    }
  }

  @Test func `a server that cannot be reached is asked again after 0.25 s, at last each 5 s`() {
    let waits = Self.waits(9) { $0.cut("stream namespaces", "Connection refused") }
    Self.expect(waits, upTo: 5)
  }

  @Test func `a server that refuses is asked again after 0.25 s, at last each 30 s`() {
    let waits = Self.waits(11) { $0.refuse("stream namespaces", 500) }
    Self.expect(waits, upTo: 30)
  }

  @Test(arguments: [502, 503, 504])
  func `a proxy that reaches no server is asked again as one that is none`(status: Int) {
    let waits = Self.waits(8) { $0.refuse("stream namespaces", status) }
    Self.expect(waits, upTo: 5)
  }

  @Test func `a server that takes no watch from its own list is listed less and less often`() {
    let waits = Self.waits(10) { talk in
      talk.grant(
        "stream namespaces",
        ObjectText.stream(100) + ObjectText.error(410, "too old resource version: 100 (400)"))
    }
    Self.expect(waits, upTo: 30)
  }

  @Test func `of several servers one that answers with errors is left after three`() {
    let talk = Conversation(servers: 2)
    talk.forbidden = ["services", "endpointslices"]
    talk.start()
    for _ in 0..<3 {
      while !talk.underWay.contains("stream namespaces") { talk.pass(0.1) }
      talk.refuse("stream namespaces", 500)
    }
    _ = talk.takeAsked()
    talk.pass(3)
    #expect(talk.takeAsked().contains("stream namespaces at 1"))
  }

  @Test func `a list that breaks off again and again is asked for less and less often`() {
    let waits = Self.waits(8) { talk in
      talk.grant("stream namespaces", ObjectText.added(ObjectText.namespace("a", 5)))
      talk.pass(3)
      talk.cut("stream namespaces")
    }
    Self.expect(waits, upTo: 5)
  }

  @Test func `what was listed in the end waits from the beginning when it fails again`() {
    let talk = Conversation()
    talk.forbidden = ["services", "endpointslices"]
    talk.start()
    for _ in 0..<6 {
      talk.cut("stream namespaces", "Connection refused")
      talk.pass(7)
    }
    talk.grant("stream namespaces", ObjectText.stream(100))
    talk.pass(5)
    talk.finish("stream namespaces")
    talk.cut("watch namespaces 100", "Connection refused")
    _ = talk.takeAsked()
    talk.pass(0.32)
    #expect(talk.takeAsked() == ["watch namespaces 100"])
  }

  @Test func `when the server answers again all that wait for it ask at once`() {
    let talk = Conversation()
    talk.synchronize()
    talk.pass(5)
    let names = ["namespaces", "services", "endpointslices"]
    for name in names { talk.cut("stream \(name)") }
    for _ in 0..<6 {
      for name in names where talk.underWay.contains("watch \(name) 100") {
        talk.cut("watch \(name)", "Connection refused")
      }
      if talk.underWay.isEmpty { talk.pass(0.7) }
    }
    while talk.underWay.isEmpty { talk.pass(0.1) }
    _ = talk.takeAsked()
    let first = talk.underWay[0]
    talk.grant(first)
    #expect(Set(talk.underWay) == Set(names.map { "watch \($0) 100" }))
    #expect(talk.takeAsked().count == 2)
  }

  @Test func `of several servers the next is asked at once, and only then is waited`() {
    let talk = Conversation(servers: 3)
    talk.start()
    for name in ["stream namespaces", "stream services", "stream endpointslices"] {
      for place in ["", " at 1", " at 2"] {
        #expect(talk.takeAsked() == [name + place])
        talk.cut(name + place, "Connection refused")
      }
    }
    talk.pass(0.18)
    #expect(talk.takeAsked() == [])
    talk.pass(0.14)
    #expect(talk.takeAsked().count == 1)
    #expect(talk.watch.faults.count == 1)
  }

  @Test func `all move to the server that answers, and go on from where they were`() {
    let talk = Conversation(servers: 2)
    talk.synchronize()
    talk.pass(5)
    for name in ["namespaces", "services", "endpointslices"] { talk.cut("stream \(name)") }
    _ = talk.takeAsked()
    for name in ["namespaces", "services", "endpointslices"] {
      talk.cut("watch \(name)", "Connection refused")
    }
    talk.pass(10)
    #expect(
      Set(talk.takeAsked())
        == [
          "watch namespaces 100 at 1", "watch services 100 at 1", "watch endpointslices 100 at 1",
        ]
    )
  }

  // MARK: - What the server says of waiting

  struct WaitRow: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var header: Int?
    var body = ""
    var seconds: ClosedRange<Double>
  }

  static let waitRows: [WaitRow] = [
    WaitRow(testDescription: "as a header", header: 7, seconds: 7...7),
    WaitRow(
      testDescription: "as a detail of the Status", header: nil,
      body: #"{"kind":"Status","code":429,"details":{"retryAfterSeconds":9}}"#, seconds: 9...9),
    WaitRow(testDescription: "a day counts as a minute", header: 86_400, seconds: 60...60),
    WaitRow(testDescription: "none at all", header: nil, seconds: 0.18...0.32),
    WaitRow(testDescription: "a time before now", header: -5, seconds: 0.18...0.32),
    WaitRow(testDescription: "0: the own wait holds", header: 0, seconds: 0.18...0.32),
  ]

  @Test(arguments: waitRows)
  func `Retry-After is kept to, within limits`(row: WaitRow) throws {
    let talk = Conversation()
    talk.forbidden = ["services", "endpointslices"]
    talk.start()
    _ = talk.takeAsked()
    talk.refuse("stream namespaces", 429, Array(row.body.utf8), retryAfter: row.header)
    talk.pass(100)
    let next = try #require(talk.takeRequests().first)
    #expect(row.seconds.contains(Double(next.time) / 1e9))
  }

  // MARK: - 401, 403, redirects

  @Test func `a 401 has the credentials read anew, once in 30 s, and is a fault in between`() {
    let talk = Conversation()
    talk.start()
    talk.grant("stream namespaces", ObjectText.stream(100))
    talk.refuse("stream services", 401, Samples.octets("error-401"))
    #expect(talk.renewals == 1)
    _ = talk.takeAsked()
    talk.pass(5)
    #expect(talk.takeAsked() == [])
    talk.renewCredentials()
    #expect(talk.takeAsked() == ["stream services"])
    #expect(talk.watch.faults == [])
    talk.refuse("stream services", 401, Samples.octets("error-401"))
    #expect(talk.renewals == 1)
    #expect(talk.watch.faults.count == 1)
    #expect(talk.watch.faults.first?.contains("401") == true)
    talk.grant("stream endpointslices", ObjectText.stream(100))
    talk.passAlive(31)
    talk.refuse("stream services", 401, Samples.octets("error-401"))
    #expect(talk.renewals == 2)
    talk.renewCredentials()
    talk.grant("stream services", ObjectText.stream(100))
    #expect(talk.watch.faults == [])
  }

  @Test func `many requests with the same old token have the credentials read anew once`() {
    let talk = Conversation()
    talk.synchronize()
    talk.pass(5)
    for name in ["namespaces", "services", "endpointslices"] { talk.finish("stream \(name)") }
    talk.refuse("watch namespaces", 401)
    talk.refuse("watch services", 401)
    talk.pass(0.1)
    talk.renewCredentials()
    talk.refuse("watch endpointslices", 401)
    #expect(talk.renewals == 1)
    #expect(
      Set(talk.underWay)
        == ["watch namespaces 100", "watch services 100", "watch endpointslices 100"])
    #expect(talk.watch.faults == [])
  }

  @Test func `a 403 of one kind leaves the others followed and names the rule that is missing`() {
    let talk = Conversation()
    talk.start()
    talk.grant(
      "stream namespaces", ObjectText.stream(100, [ObjectText.namespace("a", 5)]))
    talk.refuse("stream services", 403, Samples.octets("error-403-watch"))
    let slice = ObjectText.slice("a/web-1", 6, of: "web", "10.0.0.1")
    talk.grant("stream endpointslices", ObjectText.stream(100, [slice]))
    #expect(talk.watch.missing == ["services"])
    #expect(talk.replica.visible.count == 2)
    let fault = talk.watch.faults.first ?? ""
    #expect(fault.contains(#"user "nobody" cannot watch services"#))
    #expect(
      fault.contains(
        #"needs the rule {apiGroups: [""], resources: ["services"], verbs: ["list", "watch"]}"#))
    talk.pass(0.4)
    talk.grant("stream services", ObjectText.stream(100))
    #expect(talk.watch.isSynchronized)
    #expect(talk.watch.faults == [])
  }

  @Test func `a redirect is not followed, and its place is named`() {
    let talk = Conversation()
    talk.start()
    talk.refuse("stream namespaces", 302, location: "https://login.example/")
    #expect(
      talk.watch.faults == [
        "https://api-0 redirects (302) to https://login.example/, which is not followed: is it the "
          + "URL of an API server?"
      ])
  }

  @Test func `a resource that the server lacks is a fault of its own`() {
    let talk = Conversation()
    talk.start()
    talk.refuse("stream namespaces", 404, Samples.octets("error-404-resource"))
    #expect(talk.watch.faults.first?.contains("no resource namespaces") == true)
  }
}
