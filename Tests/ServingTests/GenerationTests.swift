import Cluster
import Config
import Forwarding
import IO
import Telemetry
import Testing
import Wire

@testable import Serving

/// What a changed Corefile takes over from the one before.
@Suite struct GenerationTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let before: String
    let after: String
    /// Objects and zones of the second that the first has already.
    var clusters = 0
    var zones = 0
    /// And those that are new.
    var newClusters = 0
    var newZones = 0

    init(
      _ name: String, _ before: String, _ after: String, clusters: Int = 0, zones: Int = 0,
      newClusters: Int = 0, newZones: Int = 0
    ) {
      testDescription = name
      (self.before, self.after) = (before, after)
      (self.clusters, self.zones) = (clusters, zones)
      (self.newClusters, self.newZones) = (newClusters, newZones)
    }
  }

  static let rows: [Row] = [
    Row(
      "a directive that moves down is the same", ".:53 {\nkubernetes a.test {\nmanifests x\n}\n}",
      "# more\n.:53 {\nlog\nkubernetes a.test {\n\nmanifests x\n}\n}", clusters: 1),
    Row(
      "objects do not depend on zones, fallthrough, timeouts",
      ".:53 {\nkubernetes a.test {\nmanifests x\n}\n}",
      ".:53 {\nkubernetes b.test {\nmanifests x\nfallthrough\nstartup_timeout 9s\n}\n}",
      clusters: 1),
    Row(
      "records carry their TTL", ".:53 {\nkubernetes a.test {\nmanifests x\n}\n}",
      ".:53 {\nkubernetes a.test {\nmanifests x\nttl 9\n}\n}", newClusters: 1),
    Row(
      "a block more shares what is there", ".:53 {\nkubernetes a.test {\nmanifests x\n}\n}",
      ".:53 {\nkubernetes a.test {\nmanifests x\n}\n}\n"
        + "b.test:54 {\nkubernetes b.test {\nmanifests x\n}\n}", clusters: 1),
    Row(
      "a source more beside one that stays", ".:53 {\nkubernetes a.test {\nmanifests x\n}\n}",
      ".:53 {\nkubernetes a.test {\nmanifests x\n}\n}\n"
        + "b.test:54 {\nkubernetes b.test {\nmanifests y\n}\n}", clusters: 1, newClusters: 1),
    Row(
      "a zone that moves to another block", "a.test:53 {\nfile db a.test\n}",
      "a.test:54 {\nlog\nfile db a.test\n}", zones: 1),
    Row(
      "another root is another file", "a.test:53 {\nfile db\n}", "a.test:53 {\nroot /y\nfile db\n}",
      newZones: 1),
    Row(
      "another period is another file", "a.test:53 {\nfile db\n}",
      "a.test:53 {\nfile db {\nreload 1s\n}\n}", newZones: 1),
    Row("nothing is left", ".:53 {\nkubernetes a.test\nfile db a.test\n}", ".:53 {\nwhoami\n}"),
  ]

  @Test(arguments: rows)
  func `what did not change is taken over`(_ row: Row) throws {
    let parts = Self.parts()
    let before = try Self.generation(row.before, parts, after: [])
    let after = try Self.generation(row.after, parts, after: [before])
    #expect(after.clusters.all.count - after.clusters.made.count == row.clusters)
    #expect(after.zones.all.count - after.zones.made.count == row.zones)
    #expect(after.clusters.made.count == row.newClusters)
    #expect(after.zones.made.count == row.newZones)
    for source in after.clusters.all where !after.clusters.made.contains(where: { $0 === source }) {
      #expect(before.clusters.all.contains { $0 === source })
    }
  }

  @Test func `what waits hands on what it has made, and what serves is never dropped`() throws {
    let parts = Self.parts()
    let block = { (path: String) in ".:53 {\nkubernetes a.test {\nmanifests \(path)\n}\n}\n" }
    let more = "b.test:54 {\nkubernetes b.test {\nmanifests z\n}\n}"
    let serving = try Self.generation(block("x"), parts, after: [])
    let waiting = try Self.generation(block("x") + more, parts, after: [serving])
    let next = try Self.generation(block("y") + more, parts, after: [serving, waiting])
    #expect(next.clusters.all[1] === waiting.clusters.made[0])
    #expect(next.clusters.made.count == 1)
    // It waits for both, though one was begun earlier.
    #expect(next.clusters.missing(in: [serving.clusters]).count == 2)
    #expect(waiting.clusters.missing(in: [serving.clusters, next.clusters]).isEmpty)
  }

  @Test func `upstreams of all directives are looked after together, until they are gone`() throws {
    let parts = Self.parts()
    let block = { (zone: String) in "\(zone):53 {\nforward . 192.0.2.1\n}\n" }
    let first = try Self.generation(block("a.test") + block("b.test"), parts, after: [])
    first.start()
    #expect(parts.rounds.count == 2)
    let second = try Self.generation(block("b.test") + block("c.test"), parts, after: [first])
    second.start()
    #expect(parts.rounds.count == 3)
    first.drop(except: [second])
    #expect(parts.rounds.count == 2)
    second.drop(except: [])
    #expect(parts.rounds.count == 0)
  }

  @Test func `an upstream's name that is known is not looked up before it is used`() throws {
    let parts = Self.parts()
    let host = KnownUpstreams.Host(
      name: "dns.a.test", resolvers: [Upstream(address: IPAddress(v4: 0x7F00_0001), port: 1)])
    let text = { (property: String) in
      ".:53 {\nforward . dns.a.test {\nresolver 127.0.0.1:1\n\(property)\n}\n}\n"
    }
    let first = try Self.generation(text(""), parts, after: [])
    first.start()
    #expect(first.upstreams.all[0].isKnown == false)
    #expect(first.upstreams.all[0].group.status().isEmpty)
    parts.known[host] = [IPAddress(v4: 0xC000_0209)]
    let second = try Self.generation(text("max_fails 1"), parts, after: [first])
    second.start()
    #expect(second.isComplete(beside: first, after: .zero))
    #expect(
      second.upstreams.all[0].group.status().map(\.upstream.description) == ["192.0.2.9:53"])
  }

  @Test func `as many questions are asked for a query as a block may have 'forward's`() {
    #expect(ForwardSettings.maximumRun == WaitingQueries.maximumQuestions)
  }

  // MARK: - Making

  static func parts() -> LastingParts {
    let (loop, hash) = (EventLoop(), NameHash(seed: 1))
    return LastingParts(
      directory: "/x", loop: loop, log: Log(Silence()), hash: hash, epochs: Epochs(readers: 1),
      workerCount: 1, asks: OwnQuestions(loop: loop, hash: hash))
  }

  static func generation(
    _ text: String, _ parts: LastingParts, after earlier: [Generation]
  ) throws -> Generation {
    let configuration = try #require(CorefileLoader.load(text: text).configuration)
    return try Generation(configuration, number: 1, parts: parts, after: earlier)
  }

  struct Silence: LogSink {
    func write(_ octets: [UInt8], lines: Int) {}
  }
}
