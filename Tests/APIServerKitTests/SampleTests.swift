import APIServerKit
import Foundation
import Testing

/// The server's texts beside those of a real one.
@Suite struct SampleTests {
  @Test(arguments: [
    ("error-404", 404, "/api/v1/namespaces/samples/services/none"),
    ("error-404-resource", 404, "/apis/discovery.k8s.io/v9/endpointslices"),
    ("error-500-bad-rv", 500, slices + "?watch=1&resourceVersion=abc"),
    (
      "error-422-sendinitialevents", 422,
      slices + "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true"
    ),
    (
      "error-504-rv-too-large", 504,
      slices + "?resourceVersion=999999999&resourceVersionMatch=NotOlderThan"
    ),
    ("error-410-exact", 410, slices + "?resourceVersion=3&resourceVersionMatch=Exact"),
    (
      "error-410-continue", 410,
      slices + "?limit=1&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6Mywic3RhcnQiOiIv"
        + "ZGVmYXVsdC9rdWJlcm5ldGVzXHUwMDAwIn0"
    ),
    ("version", 200, "/version"),
    ("apis-discovery", 200, "/apis/discovery.k8s.io/v1"),
  ])
  func `an answer is the recorded one, octet for octet`(
    name: String, status: Int, target: String
  ) throws {
    let model = APIServerModel()
    model.advance(by: 291 - model.revision)
    let answer = try model.get(target)
    #expect(answer.status == status)
    #expect(answer.text == (try sample(name)))
  }

  @Test(arguments: [
    (FaultRule(.unauthorized), "/api/v1/services", "error-401"),
    (FaultRule(.forbidden), "/api/v1/services", "error-403"),
    (
      FaultRule(.forbidden), "/api/v1/services?watch=1&allowWatchBookmarks=true",
      "error-403-watch"
    ),
  ])
  func `a refusal by a fault is the recorded one`(
    rule: FaultRule, target: String, name: String
  ) throws {
    let server = FaultyAPIServer(APIServerModel(), FaultScript([rule]))
    let exchange = try #require(server.respond(to: APIRequestText("GET", target), now: 0))
    #expect(String(decoding: exchange.next(0), as: UTF8.self) == (try sample(name)))
    #expect(exchange.end(0) == .clean)
    #expect(server.counts == [rule.kind: 1])
  }

  @Test func `a watch from a forgotten ResourceVersion gets the recorded event, then the end`()
    throws
  {
    let model = APIServerModel()
    model.advance(by: 308 - model.revision)
    model.compact()
    let cursor = try model.watch(slices + "?watch=1&resourceVersion=2")
    #expect(String(decoding: cursor.next(0), as: UTF8.self) == (try sample("watch-410-gone")))
    #expect(cursor.isEnded(0) && !cursor.isCut)
  }

  @Test(arguments: [
    ("event-initial-events-end-endpointslices", APIResource.endpointslices, 285),
    ("event-initial-events-end-services", .services, 286),
    ("event-initial-events-end-namespaces", .namespaces, 288),
    ("event-initial-events-end-pods", .pods, 288),
  ])
  func `initial events end with the recorded bookmark`(
    name: String, resource: APIResource, revision: UInt64
  ) throws {
    let model = APIServerModel()
    model.advance(by: revision - model.revision)
    let cursor = try model.watch(
      resource.path + "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
        + "&allowWatchBookmarks=true&timeoutSeconds=3")
    #expect(String(decoding: cursor.next(0), as: UTF8.self) == (try sample(name)))
  }

  @Test func `a later bookmark is the recorded one`() throws {
    let model = APIServerModel()
    model.advance(by: 274 - model.revision)
    let cursor = try model.watch(
      slices + "?watch=1&resourceVersion=270&allowWatchBookmarks=true&timeoutSeconds=6")
    #expect(cursor.next(3 * seconds).isEmpty)
    let text = String(decoding: cursor.next(4 * seconds), as: UTF8.self)
    #expect(text == (try sample("event-bookmark")))
    #expect(cursor.isEnded(6 * seconds))
  }

  @Test func `the first page carries the recorded token`() throws {
    let model = APIServerModel()
    model.put(.slice("default", "kubernetes", of: nil, nil), now: 0)
    for index in 0..<8 {
      let name = index == 0 ? "cluster-ip-a" : "later-\(index)"
      model.put(.slice("samples", name, of: nil, nil), now: 0)
    }
    model.advance(by: 270 - model.revision)
    let recorded = try #require(try json(try sample("list-endpointslices-page1")) as? NSDictionary)
    #expect(try model.metadata(slices + "?limit=2") == recorded["metadata"] as? NSDictionary)
  }

  /// What a maker writes must stand in the recorded list of its kind, member for member.
  @Test(arguments: [
    ("list-services", "/api/v1/services"), ("list-endpointslices", slices),
    ("list-namespaces", "/api/v1/namespaces"), ("list-pods", "/api/v1/pods"),
  ])
  func `objects are made of recorded members`(name: String, target: String) throws {
    let made = shape(try json(try APIServerModel.recorded().get(target).text))
    let real = shape(try json(try sample(name)))
    // The samples' slices were made by hand; the controller's own members are in the demo watch.
    let controllers = made.filter { $0.contains("ownerReferences") || $0.contains("targetRef.uid") }
    let extra = made.subtracting(real).subtracting(controllers)
      .filter { $0 != ".items[].endpoints: null" }
    #expect(extra.isEmpty)
  }

  @Test func `a list of metadata only has the recorded shape`() throws {
    let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
    let made = try APIServerModel.recorded().get("/api/v1/namespaces", accept: accept)
    #expect(
      shape(try json(made.text)) == shape(try json(try sample("list-namespaces-partialmeta"))))
  }

  @Test func `a Service by its name has the recorded shape`() throws {
    let made = try APIServerModel.recorded().get("/api/v1/namespaces/samples/services/headless")
    #expect(shape(try json(made.text)) == shape(try json(try sample("get-service-headless"))))
  }

  @Test func `a watch with a selector tells as recorded when an object leaves and comes back`()
    throws
  {
    let model = APIServerModel()
    let service = APIObject.service(
      "samples", "cluster-ip", .clusterIP(["10.96.131.24"]),
      ports: [APIPort("http", 80), APIPort("https", 443)])
    model.put(service, now: 0)
    let cursor = try model.watch(
      "/api/v1/services?watch=1&labelSelector=app%3Dcluster-ip&allowWatchBookmarks=true"
        + "&timeoutSeconds=3")
    var text = String(decoding: cursor.next(0), as: UTF8.self)
    var without = service
    without.labels = [:]
    model.put(without, now: seconds / 2)
    text += String(decoding: cursor.next(seconds), as: UTF8.self)
    model.put(service, now: seconds)
    text += String(decoding: cursor.next(seconds), as: UTF8.self)
    let made = try events(text)
    let real = try events(try sample("watch-services-labelselector"))
    #expect(made.map { $0["type"] as? String } == real.dropLast().map { $0["type"] as? String })
    for (made, real) in zip(made, real) { #expect(shape(made) == shape(real)) }
  }
}
