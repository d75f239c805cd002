import APIServerKit
import Foundation
import Testing

@Suite struct FaultTests {
  static let watch = "/api/v1/services?watch=1&allowWatchBookmarks=true&resourceVersion="

  /// A server with one Service, whose watch has begun; the rule holds until second 10.
  static func exchange(
    _ kind: FaultKind, amount: Int? = nil
  ) throws -> (FaultyAPIServer, APIExchange) {
    let model = APIServerModel()
    model.put(.service("a", "one", .headless), now: 0)
    let rule = FaultRule(kind, until: 10 * seconds, amount: amount)
    let server = FaultyAPIServer(model, FaultScript([rule]))
    let exchange = try #require(
      server.respond(to: APIRequestText("GET", watch + "\(model.revision)"), now: 0))
    return (server, exchange)
  }

  @Test(arguments: [
    (FaultKind.olderEvent, ["MODIFIED 202", "MODIFIED 201", "DELETED 203", "MODIFIED 202"]),
    (.duplicateDeleted, ["MODIFIED 202", "DELETED 203", "DELETED 203"]),
    (.missingDeleted, ["MODIFIED 202"]),
    (.missingModified, ["DELETED 203"]),
    (
      .bookmarkWithoutProgress,
      ["MODIFIED 202", "BOOKMARK 202", "DELETED 203", "BOOKMARK 203"]
    ),
    (.lowerBookmark, ["MODIFIED 202", "BOOKMARK 192", "DELETED 203", "BOOKMARK 193"]),
    (.goneMidStream, ["ERROR "]),
  ])
  func `a fault event by event`(kind: FaultKind, told: [String]) throws {
    let (server, exchange) = try Self.exchange(kind)
    server.model.put(.service("a", "one", .clusterIP(["10.0.0.1"])), now: 0)
    server.model.delete(.services, "a/one")
    let lines = try events(String(decoding: exchange.next(seconds), as: UTF8.self))
    let found = lines.map { line in
      let metadata = (line["object"] as? NSDictionary)?["metadata"] as? NSDictionary
      return "\(line["type"] ?? "") \(metadata?["resourceVersion"] ?? "")"
    }
    #expect(found == told)
    #expect((server.counts[kind] ?? 0) > 0)
  }

  @Test(arguments: [
    (FaultKind.cutInsideEvent, APIExchange.End.cut), (.halfEventThenEnd, .clean),
    (.malformedEvent, .clean),
  ])
  func `a stream breaks off inside an event`(kind: FaultKind, end: APIExchange.End) throws {
    let (server, exchange) = try Self.exchange(kind, amount: 1)
    server.model.put(.service("a", "one", .clusterIP(["10.0.0.1"])), now: 0)
    server.model.put(.service("a", "two", .clusterIP(["10.0.0.2"])), now: 0)
    let text = String(decoding: exchange.next(seconds), as: UTF8.self)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 2 && (try? json(lines[1])) == nil)
    #expect(exchange.end(seconds) == end)
    #expect(server.counts == [kind: 1])
  }

  @Test func `silence holds back, and lets go at its end`() throws {
    let (server, exchange) = try Self.exchange(.silence)
    server.model.delete(.services, "a/one")
    #expect(exchange.next(9 * seconds).isEmpty)
    #expect(exchange.nextWake(9 * seconds) == 10 * seconds)
    #expect(!exchange.next(10 * seconds).isEmpty)
  }

  @Test func `a slow stream gives its octets a second, and all at its end`() throws {
    let (server, exchange) = try Self.exchange(.slowStream, amount: 100)
    server.model.delete(.services, "a/one")
    #expect(exchange.next(seconds).count == 100)
    #expect(exchange.next(2 * seconds).count == 100)
    #expect(exchange.next(10 * seconds).last == UInt8(ascii: "\n"))
  }

  @Test func `a server that is down takes nothing and loses what is open`() throws {
    let model = APIServerModel()
    let rule = FaultRule(.down, from: seconds, until: 2 * seconds)
    let server = FaultyAPIServer(model, FaultScript([rule]))
    let request = APIRequestText("GET", Self.watch + "\(model.revision)")
    let exchange = try #require(server.respond(to: request, now: 0))
    #expect(exchange.next(0).isEmpty && exchange.end(0) == .open)
    #expect(exchange.next(seconds).isEmpty && exchange.end(seconds) == .cut)
    #expect(server.respond(to: request, now: seconds) == nil)
    #expect(server.respond(to: request, now: 2 * seconds) != nil)
    #expect(server.counts == [.down: 2])
  }

  @Test func `a refused token is refused until another one comes`() throws {
    let server = FaultyAPIServer(
      APIServerModel(), FaultScript([FaultRule(.unauthorized, times: 1)]))
    func status(_ token: String) -> Int? {
      let header = APIHeader("Authorization", "Bearer \(token)")
      let request = APIRequestText("GET", "/api/v1/services", headers: [header])
      return server.respond(to: request, now: 0)?.status
    }
    #expect(["old", "old", "new", "old"].map(status) == [401, 401, 200, 401])
  }

  @Test func `ResourceVersions go back at half the rule's time`() throws {
    let model = APIServerModel()
    let rule = FaultRule(.revisionsBackwards, from: 0, until: 10 * seconds)
    let server = FaultyAPIServer(model, FaultScript([rule]))
    let first = model.put(.service("a", "one", .headless), now: 0)
    let request = APIRequestText("GET", Self.watch + "\(first)")
    let exchange = try #require(server.respond(to: request, now: 0))
    model.put(.service("a", "two", .headless), now: seconds)
    #expect(!exchange.next(seconds).isEmpty)
    #expect(exchange.next(6 * seconds).isEmpty && exchange.end(6 * seconds) == .cut)
    #expect(model.revision == first && server.counts == [.revisionsBackwards: 1])
  }

  @Test func `a rule by number, resource and kind of request`() throws {
    let rule = FaultRule(.serverError, resource: .pods, watches: false, requests: 2...2)
    let server = FaultyAPIServer(APIServerModel(), FaultScript([rule]))
    let targets = ["/api/v1/pods", "/api/v1/services", "/api/v1/pods", "/api/v1/pods"]
    let statuses = targets.map { server.respond(to: APIRequestText("GET", $0), now: 0)?.status }
    #expect(statuses == [200, 200, 500, 200])
  }

  /// A client that lists and watches again after every end sees the final state when all faults
  /// are over, and every kind of fault occurs in some seed.
  @Test func `after all faults a fresh list is the model's state, and each seed repeats`() throws {
    var counts: [FaultKind: Int] = [:]
    for seed in UInt64(0)..<100 {
      let once = try Self.run(seed: seed)
      counts.merge(once.counts, uniquingKeysWith: +)
      if seed < 3 { #expect(try Self.run(seed: seed) == once) }
    }
    let missing = FaultKind.allCases.filter { counts[$0] == nil }
    #expect(missing.isEmpty)
  }

  struct Outcome: Equatable {
    var counts: [FaultKind: Int]
    var octets: Int
  }

  static func run(seed: UInt64) throws -> Outcome {
    let end = 60 * seconds
    let model = APIServerModel()
    let server = FaultyAPIServer(model, .random(seed: seed, until: end))
    var random = SeededRandom(seed: seed)
    var exchanges: [APIExchange?] = [nil, nil]
    var octets = 0
    for tick in 0..<150 {
      let now = Nanoseconds(tick) * seconds / 2
      let name = "s\(Int.random(in: 0..<5, using: &random))"
      if random.happens(0.3) {
        model.delete(.services, "a/\(name)")
      } else {
        model.put(.service("a", name, .headless), now: now)
      }
      for index in exchanges.indices {
        let target = index == 0 ? Self.watch + "0" : "/api/v1/services?limit=2&continue=x"
        let exchange =
          exchanges[index] ?? server.respond(to: APIRequestText("GET", target), now: now)
        octets += exchange?.next(now).count ?? 0
        exchanges[index] = exchange?.end(now) == .open ? exchange : nil
      }
    }
    let last = try #require(server.respond(to: APIRequestText("GET", "/api/v1/services"), now: end))
    let list = try #require(
      try json(String(decoding: last.next(end), as: UTF8.self)) as? NSDictionary)
    #expect((list["items"] as? [Any])?.count == model.objects(.services).count)
    return Outcome(counts: server.counts, octets: octets)
  }
}
