import APIServerKit
import Foundation
import Testing

@Suite struct ModelTests {
  /// a/one, a/two, a-b/three, b/four; a Pod that runs and one that has ended.
  static func model() -> APIServerModel {
    let model = APIServerModel()
    for (namespace, name, labels) in [
      ("a", "one", ["app": "x", "tier": "front"]), ("a", "two", ["app": "y"]),
      ("a-b", "three", ["app": "x"]), ("b", "four", [:]),
    ] {
      model.put(.service(namespace, name, .headless, labels: labels), now: 0)
    }
    model.put(.pod("a", "runs", address: "10.0.0.1"), now: 0)
    model.put(.pod("a", "ended", address: nil, phase: "Succeeded"), now: 0)
    return model
  }

  @Test(arguments: [
    ("", ["three", "one", "two", "four"]),
    ("labelSelector=app%3Dx", ["three", "one"]),
    ("labelSelector=app%3D%3Dx,tier", ["one"]),
    ("labelSelector=app!%3Dx", ["two", "four"]),
    ("labelSelector=app%20in%20(x,y),!tier", ["three", "two"]),
    ("labelSelector=app+notin+(x)", ["two", "four"]),
    ("labelSelector=!app", ["four"]),
    ("fieldSelector=metadata.name%3Dtwo", ["two"]),
    ("fieldSelector=metadata.namespace!%3Da,metadata.name!%3Dfour", ["three"]),
  ])
  func `a list holds what its selectors take, in the order of keys`(
    query: String, names: [String]
  ) throws {
    #expect(try Self.model().names("/api/v1/services?" + query) == names)
  }

  @Test func `a list of one Namespace, and of Pods by phase`() throws {
    let model = Self.model()
    #expect(try model.names("/api/v1/namespaces/a/services") == ["one", "two"])
    #expect(try model.names("/api/v1/pods?fieldSelector=status.phase!=Succeeded") == ["runs"])
    #expect(try model.get("/api/v1/services?fieldSelector=spec.x%3Dy").status == 400)
    #expect(try model.get("/api/v1/services?labelSelector=a%20of%20(b)").status == 400)
  }

  @Test func `pages show the state of the first one, whatever happens meanwhile`() throws {
    let model = Self.model()
    let first = try model.metadata("/api/v1/services?limit=2")
    #expect(first["remainingItemCount"] as? Int == 2)
    model.delete(.services, "b/four")
    model.put(.service("a", "zero", .headless), now: 0)
    model.put(.service("a", "two", .headless), now: 0)
    let token = try #require(first["continue"] as? String)
    let rest = "/api/v1/services?limit=2&continue=\(token)"
    #expect(try model.names(rest) == ["two", "four"])
    let last = try model.metadata(rest)
    #expect(last["resourceVersion"] as? String == first["resourceVersion"] as? String)
    #expect(last["continue"] == nil)
    model.compact()
    let gone = try model.get(rest)
    #expect(gone.status == 410)
    let status = try #require(try json(gone.text) as? NSDictionary)
    let metadata = try #require(status["metadata"] as? NSDictionary)
    let fresh = try #require(metadata["continue"] as? String)
    #expect(
      try model.names("/api/v1/services?limit=9&continue=\(fresh)") == ["two", "zero"])
  }

  @Test func `an exact list shows the past, and a limit at ResourceVersion 0 is not held`() throws {
    let model = Self.model()
    let before = model.revision
    model.delete(.services, "a/one")
    let exact = "/api/v1/services?resourceVersion=\(before)&resourceVersionMatch=Exact"
    #expect(try model.names(exact) == ["three", "one", "two", "four"])
    #expect(try model.names("/api/v1/services?resourceVersion=0&limit=1").count == 3)
  }

  @Test func `a watch goes on from where a list ended, and never tells twice`() throws {
    let model = Self.model()
    let cursor = try model.watch("/api/v1/services?watch=1&resourceVersion=\(model.revision)")
    #expect(cursor.told().isEmpty)
    let made = model.put(.service("b", "five", .headless), now: 0)
    model.delete(.services, "a/one")
    model.put(.pod("b", "other", address: nil), now: 0)
    #expect(cursor.told() == ["ADDED b/five@\(made)", "DELETED a/one@\(made + 1)"])
    #expect(cursor.told().isEmpty)
  }

  @Test func `a watch from the future is silent until the server has passed it`() throws {
    let model = Self.model()
    let future = model.revision + 2
    let cursor = try model.watch(
      "/api/v1/services?watch=1&allowWatchBookmarks=true&resourceVersion=\(future)")
    let now = model.put(.service("b", "five", .headless), now: 0)
    #expect(cursor.told().isEmpty)
    #expect(cursor.told(60 * seconds) == ["BOOKMARK @\(now)"])
    model.put(.service("b", "six", .headless), now: 0)
    let passed = model.put(.service("b", "seven", .headless), now: 0)
    #expect(cursor.told() == ["ADDED b/seven@\(passed)"])
  }

  @Test func `bookmarks come each minute and shortly before the end`() throws {
    let model = Self.model()
    let cursor = try model.watch(
      "/api/v1/services?watch=1&allowWatchBookmarks=true&timeoutSeconds=100"
        + "&resourceVersion=\(model.revision)")
    var times: [Nanoseconds] = []
    for second in 0..<100 where !cursor.told(Nanoseconds(second) * seconds).isEmpty {
      times.append(Nanoseconds(second))
    }
    #expect(times == [60, 98])
    #expect(cursor.isEnded(100 * seconds) && cursor.next(100 * seconds).isEmpty)
    #expect(cursor.nextWake(0) <= 100 * seconds)
  }

  @Test func `what falls out of the history ends a slow watch`() throws {
    let model = Self.model()
    model.settings.historyLimit = 10
    let cursor = try model.watch("/api/v1/services?watch=1&resourceVersion=\(model.revision)")
    for _ in 0..<20 { model.put(.service("a", "one", .headless), now: 0) }
    #expect(cursor.told() == ["ERROR @0"])
    #expect(cursor.isEnded(0))
  }

  @Test func `a restore takes objects and ResourceVersion back and cuts the watches`() throws {
    let model = Self.model()
    let backup = model.snapshot()
    model.delete(.services, "a/one")
    let later = model.put(.service("c", "late", .headless), now: 0)
    let cursor = try model.watch("/api/v1/services?watch=1&resourceVersion=\(later)")
    model.restore(from: backup)
    #expect(cursor.isCut && cursor.isEnded(0))
    #expect(model.revision == backup.revision)
    #expect(try model.names("/api/v1/services") == ["three", "one", "two", "four"])
    let again = try model.watch("/api/v1/services?watch=1&resourceVersion=\(later)")
    model.put(.service("c", "new", .headless), now: 0)
    #expect(again.told().isEmpty)
  }

  @Test func `a server without streaming lists answers 422`() throws {
    let model = Self.model()
    model.settings.supportsWatchList = false
    let answer = try model.get(
      slices + "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan")
    #expect(answer.status == 422)
  }

  @Test func `a large list is marked for gzip when the client takes it`() throws {
    let model = APIServerModel()
    for index in 0..<200 {
      model.put(.service("a", "s\(index)", .clusterIP(["10.0.0.1"])), now: 0)
    }
    for (accept, compressed) in [("gzip", true), ("identity", false)] {
      let request = APIRequestText(
        "GET", "/api/v1/services", headers: [APIHeader("accept-encoding", accept)])
      guard case .complete(let answer) = model.respond(to: request, now: 0) else {
        Issue.record("no list")
        continue
      }
      #expect(answer.isToBeCompressed == compressed)
    }
  }

  @Test func `sizes are those of real objects`() throws {
    let model = APIServerModel()
    let ports = [APIPort("http", 80)]
    model.put(.service("ns-1", "service-1234", .clusterIP(["10.96.12.34"]), ports: ports), now: 0)
    let service = try #require(model.object(.services, "ns-1/service-1234"))
    #expect((850...1050).contains(service.text.count))
  }
}
