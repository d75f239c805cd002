import Kubernetes
import Testing

/// What is asked, and when.
@Suite struct RequestTests {
  // MARK: - Paths

  struct PathRow: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var scope: WatchScope
    var paths: [String]
  }

  private static let streaming =
    "watch=1&allowWatchBookmarks=true&timeoutSeconds=N&sendInitialEvents=true"
    + "&resourceVersionMatch=NotOlderThan"
  private static let slices = "/apis/discovery.k8s.io/v1"
  private static let running =
    "&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed"
    + "%2Cstatus.phase%21%3DUnknown"

  static let pathRows: [PathRow] = [
    PathRow(
      testDescription: "by default three kinds of all namespaces", scope: WatchScope(),
      paths: [
        "/api/v1/namespaces?\(streaming)", "/api/v1/services?\(streaming)",
        "\(slices)/endpointslices?\(streaming)",
      ]),
    PathRow(
      testDescription: "Pods only while they hold their addresses",
      scope: scope { scope in
        scope.watchesSlices = false
        scope.watchesPods = true
      },
      paths: [
        "/api/v1/namespaces?\(streaming)", "/api/v1/services?\(streaming)",
        "/api/v1/pods?\(streaming)\(running)",
      ]),
    PathRow(
      testDescription: "selectors are escaped",
      scope: scope { scope in
        scope.labels = "app in (a, b),x=y,!z"
        scope.namespaceLabels = "team/é=1"
        scope.watchesPods = true
      },
      paths: [
        "/api/v1/namespaces?\(streaming)&labelSelector=team%2F%C3%A9%3D1",
        "/api/v1/services?\(streaming)&labelSelector=app%20in%20%28a%2C%20b%29%2Cx%3Dy%2C%21z",
        "\(slices)/endpointslices?\(streaming)"
          + "&labelSelector=app%20in%20%28a%2C%20b%29%2Cx%3Dy%2C%21z",
        "/api/v1/pods?\(streaming)&labelSelector=app%20in%20%28a%2C%20b%29%2Cx%3Dy%2C%21z"
          + running,
      ]),
    PathRow(
      testDescription: "of named namespaces each by its name",
      scope: scope { scope in
        scope.namespaces = ["a", "b-1"]
      },
      paths: [
        "/api/v1/namespaces?\(streaming)&fieldSelector=metadata.name%3Da",
        "/api/v1/namespaces?\(streaming)&fieldSelector=metadata.name%3Db-1",
        "/api/v1/namespaces/a/services?\(streaming)",
        "/api/v1/namespaces/b-1/services?\(streaming)",
        "\(slices)/namespaces/a/endpointslices?\(streaming)",
        "\(slices)/namespaces/b-1/endpointslices?\(streaming)",
      ]),
    PathRow(
      testDescription: "too many named namespaces are watched as all",
      scope: scope { scope in
        scope.namespaces = (0..<17).map { "n\($0)" }
        scope.watchesSlices = false
      },
      paths: ["/api/v1/namespaces?\(streaming)", "/api/v1/services?\(streaming)"]),
  ]

  private static func scope(_ change: (inout WatchScope) -> Void) -> WatchScope {
    var scope = WatchScope()
    change(&scope)
    return scope
  }

  @Test(arguments: pathRows)
  func `lists are asked for one after the other, Namespaces first`(row: PathRow) throws {
    let talk = Conversation(row.scope)
    talk.start()
    for path in row.paths {
      let asked = talk.takeRequests()
      #expect(asked.map { Self.withoutTimeout($0.request.path) } == [path])
      #expect(asked.first?.request.accept == "application/json")
      #expect(asked.first?.request.acceptsGzip == false)
      talk.grant(try #require(asked.first).name, ObjectText.stream(100))
    }
    #expect(talk.takeAsked() == [])
    #expect(talk.watch.isSynchronized)
    #expect(talk.replica.areNamespacesComplete)
  }

  private static func withoutTimeout(_ path: String) -> String {
    path.replacing(/timeoutSeconds=([3-5]\d\d|600)/) { _ in "timeoutSeconds=N" }
  }

  @Test func `pages and comparisons ask for 500 at a time and go on by the token, escaped`() {
    let talk = Conversation()
    talk.start()
    talk.refuse("stream namespaces", 422)
    talk.answer("list namespaces", ObjectText.list(100, next: "a+/="))
    talk.answer("page namespaces", ObjectText.list(100))
    #expect(
      talk.takeRequests().map { Self.withoutTimeout($0.request.path) }.dropFirst() == [
        "/api/v1/namespaces?limit=500", "/api/v1/namespaces?limit=500&continue=a%2B%2F%3D",
        "/api/v1/namespaces?watch=1&allowWatchBookmarks=true&timeoutSeconds=N&resourceVersion=100",
        "/api/v1/services?\(Self.streaming)",
      ])
  }

  @Test func `lists and comparisons may come coded, and comparisons want metadata alone`() throws {
    let talk = Conversation()
    talk.synchronize()
    talk.passUntilAsked("compare services", within: 800)
    let request = try #require(talk.find("compare services")).request
    #expect(request.path == "/api/v1/services?limit=500")
    #expect(
      request.accept
        == "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json")
    #expect(request.acceptsGzip)
  }

  @Test func `a watch that ends goes on from the version last seen`() {
    let talk = Conversation()
    talk.synchronize()
    talk.pass(5)
    talk.feed("stream services", ObjectText.added(ObjectText.service("a/web", 105)))
    talk.finish("stream services")
    #expect(talk.takeAsked() == ["watch services 105"])
    talk.grant("watch services 105", ObjectText.bookmark(140))
    talk.pass(5)
    talk.finish("watch services 105")
    #expect(talk.takeAsked() == ["watch services 140"])
    #expect(talk.replica.visible.count == 1)
  }

  // MARK: - Limits

  @Test func `apiserver_qps and apiserver_burst hold for requests of all kinds together`() {
    let talk = Conversation(limits: RequestLimits(perSecond: 0.5, burst: 2))
    talk.start()
    #expect(talk.takeAsked() == ["stream namespaces"])
    talk.grant("stream namespaces", ObjectText.stream(100))
    #expect(talk.takeAsked() == ["stream services"])
    talk.grant("stream services", ObjectText.stream(100))
    #expect(talk.takeAsked() == [])
    talk.pass(1.9)
    #expect(talk.takeAsked() == [])
    talk.pass(0.2)
    #expect(talk.takeAsked() == ["stream endpointslices"])
    #expect(
      talk.metric(
        "coredns_kubernetes_rest_client_rate_limiter_duration_seconds_bucket"
          + #"{host="api-0",verb="list",le="1"}"#) == "2")
  }

  @Test func `apiserver_max_inflight counts what has no answer yet, not watches`() {
    let talk = Conversation(limits: RequestLimits(inFlight: 1))
    talk.synchronize()
    talk.pass(5)
    for name in ["stream namespaces", "stream services", "stream endpointslices"] {
      talk.finish(name)
    }
    #expect(talk.takeAsked() == ["watch namespaces 100"])
    talk.grant("watch namespaces 100")
    #expect(talk.takeAsked() == ["watch services 100"])
    talk.grant("watch services 100")
    #expect(talk.takeAsked() == ["watch endpointslices 100"])
  }

  @Test(arguments: [1e-300, Double.leastNonzeroMagnitude, 1e-9])
  func `however small apiserver_qps is, its burst goes out and then nothing for an hour`(
    perSecond: Double
  ) {
    let talk = Conversation(limits: RequestLimits(perSecond: perSecond, burst: 1))
    talk.start()
    #expect(talk.takeAsked() == ["stream namespaces"])
    talk.grant("stream namespaces", ObjectText.stream(100))
    talk.passAlive(3_000)
    #expect(talk.takeAsked().filter { $0 != "stream namespaces" } == [])
  }

  @Test func `pages of a comparison keep to apiserver_qps too`() {
    let talk = Conversation(limits: RequestLimits(perSecond: 0.1, burst: 1))
    talk.start()
    for name in ["stream namespaces", "stream services", "stream endpointslices"] {
      talk.pass(10)
      talk.grant(name, ObjectText.stream(100))
    }
    talk.passUntilAsked("compare services", within: 900)
    talk.answer("compare services", ObjectText.list(100, next: "x"))
    #expect(!talk.underWay.contains("compare services"))
    talk.passAlive(21)
    #expect(talk.underWay.contains("compare services"))
  }

}
