import APIServerKit
import Cluster
import Foundation
import Kubernetes
import Telemetry
import Testing

/// Answers with octets flipped, cut out, doubled or put in: whatever a server or a proxy sends,
/// nothing ends but the answer.
@Suite struct MutationTests {
  static let count =
    ProcessInfo.processInfo.environment["MARTLET_LONG_TESTS"] == nil ? 3_000 : 1_000_000

  /// Answers of a server with a few objects, by what was asked.
  private static func answers() -> [(head: APIResponseHead, body: [UInt8])] {
    let model = APIServerModel()
    model.put(.namespace("a"), now: 0)
    model.put(.service("a", "web", .clusterIP(["10.96.0.1"]), ports: [APIPort("http", 80)]), now: 0)
    model.put(.service("a", "db", .headless), now: 0)
    model.put(
      .slice("a", "db-1", of: "db", [APIEndpoint("10.0.0.1", hostname: "db-0")]), now: 0)
    let paths = [
      "/api/v1/namespaces?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
        + "&allowWatchBookmarks=true",
      "/api/v1/services?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
        + "&allowWatchBookmarks=true",
      "/apis/discovery.k8s.io/v1/endpointslices?watch=1&allowWatchBookmarks=true",
      "/apis/discovery.k8s.io/v1/endpointslices?limit=1", "/api/v1/services",
      "/api/v1/services?watch=1&sendInitialEvents=true", "/api/v1/none",
    ]
    return paths.map { path in
      switch model.respond(to: APIRequestText("GET", path), now: 0) {
      case .complete(let answer):
        return (APIResponseHead(status: answer.status, isMultiplexed: false), answer.body)
      case .watch(let status, _, let cursor):
        return (APIResponseHead(status: status, isMultiplexed: true), cursor.next(0))
      }
    }
  }

  @Test func `nothing but the answer ends by a damaged answer`() {
    let answers = Self.answers()
    for seed in 0..<UInt64(Self.count) {
      var random = SeededRandom(seed: seed)
      let replica = Replica()
      let watch = ClusterWatch(
        WatchScope(), servers: ["https://api"],
        holdsFirstList: seed % 3 == 0, seed: seed, metrics: WatchMetrics(), sink: replica
      ) { _, _ in }
      var now: UInt64 = 0
      watch.start(now)
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let actions = watch.takeActions()
        let numbers = actions.compactMap { action -> Int? in
          if case .send(let number, _, _) = action { number } else { nil }
        }
        for number in numbers {
          var (head, body) = answers.randomElement(using: &random) ?? answers[0]
          for _ in 0..<Int.random(in: 0...4, using: &random) { Self.damage(&body, &random) }
          if random.happens(0.05) { head.status = Int.random(in: 200...599, using: &random) }
          watch.receive(number, head, now)
          Self.feed(body, to: number, watch, now, &random)
          if random.happens(0.7) {
            watch.end(number, random.happens(0.3) ? APITransportFailure("cut") : nil, now)
          }
        }
        if actions.contains(.renewCredentials) { watch.credentialsRenewed(now) }
        now = max(now + 1, watch.nextWake ?? now)
        watch.wake(now)
      }
      // It is still able to ask, or asks for what it needs for that.
      let asks = watch.nextWake != nil || watch.takeActions().contains(.renewCredentials)
      #expect(asks, "seed \(seed)")
    }
  }

  private static func feed(
    _ body: [UInt8], to number: Int, _ watch: ClusterWatch, _ now: UInt64,
    _ random: inout SeededRandom
  ) {
    var rest = body[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(Int.random(in: 1...600, using: &random)))
      rest = rest.dropFirst(piece.count)
      unsafe watch.receive(number, piece.span.bytes, now)
    }
  }

  private static func damage(_ body: inout [UInt8], _ random: inout SeededRandom) {
    guard !body.isEmpty else { return }
    let at = Int.random(in: body.indices, using: &random)
    let end = min(body.count, at + Int.random(in: 1...40, using: &random))
    switch Int.random(in: 0..<6, using: &random) {
    case 0: body[at] = UInt8.random(in: 0...255, using: &random)
    case 1: body.removeSubrange(at..<end)
    case 2: body.insert(contentsOf: body[at..<end], at: at)
    case 3: body.removeLast(body.count - at)
    case 4: body.insert(contentsOf: Array("null".utf8), at: at)
    default: body.insert(contentsOf: Array("{\"items\":[".utf8), at: at)
    }
  }
}
