import Forwarding
import Testing

@testable import Serving

/// What a reload leaves of upstreams and caches.
@Suite struct ForwardKeepingTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let before: String
    let after: String
    var keepsUpstreams: Bool
    var keepsCache: Bool

    init(
      _ name: String, from before: String = plain, _ after: String, upstreams: Bool, cache: Bool
    ) {
      testDescription = name
      (self.before, self.after) = (before, after)
      (keepsUpstreams, keepsCache) = (upstreams, cache)
    }
  }

  static let plain = ".:53 {\nforward . 192.0.2.1\ncache\n}\n"

  static let rows: [Row] = [
    Row(
      "a block that moves, and gets what has nothing to do with it",
      "# more\n\n.:53 {\nlog\ncache\nerrors\nforward . 192.0.2.1\n}\n", upstreams: true,
      cache: true),
    Row(
      "a stub domain more", plain + "b.test:53 {\nforward . 192.0.2.2\n}\n", upstreams: true,
      cache: true),
    Row(
      "a stub domain more, which an NXDOMAIN from above must not reach",
      from: ".:53 {\nforward . 192.0.2.1\ncache {\nnxdomain_cut\n}\n}\n",
      ".:53 {\nforward . 192.0.2.1\ncache {\nnxdomain_cut\n}\n}\nb.test:53 {\nwhoami\n}\n",
      upstreams: true, cache: false),
    Row(
      "another upstream", ".:53 {\nforward . 192.0.2.2\ncache\n}\n", upstreams: false,
      cache: false),
    Row(
      "how upstreams are asked says nothing of their answers",
      ".:53 {\nforward . 192.0.2.1 {\nmax_fails 3\n}\ncache\n}\n", upstreams: false, cache: true),
    Row(
      "another time to keep answers", ".:53 {\nforward . 192.0.2.1\ncache 60\n}\n",
      upstreams: true, cache: false),
    Row(
      "loops are looked for", ".:53 {\nloop\nforward . 192.0.2.1\ncache\n}\n", upstreams: false,
      cache: true),
    Row(
      "the same in another block", "b.test:53 {\nforward . 192.0.2.1\ncache\n}\n",
      upstreams: false, cache: false),
    Row(
      "another root, where no file is read from it", ".:53 {\nroot /y\n" + plain.dropFirst(6),
      upstreams: true, cache: true),
    Row(
      "names that go elsewhere",
      ".:53 {\nforward . 192.0.2.1 {\nexcept a.test\n}\ncache\n}\n", upstreams: false,
      cache: false),
  ]

  @Test(arguments: rows)
  func `what did not change is taken over`(_ row: Row) throws {
    let parts = GenerationTests.parts()
    let before = try GenerationTests.generation(row.before, parts, after: [])
    let after = try GenerationTests.generation(row.after, parts, after: [before])
    let (old, new) = (try #require(before.upstreams.all.first), after.upstreams.all)
    #expect(new.contains { $0 === old } == row.keepsUpstreams)
    let cache = try #require(before.cacheLabels.first).cache
    #expect(after.cacheLabels.contains { $0.cache === cache } == row.keepsCache)
  }

  @Test func `two directives that are alike have upstreams of their own`() throws {
    let text = ".:53 {\nforward a.test 192.0.2.1\nforward a.test 192.0.2.1\n}\n"
    let generation = try GenerationTests.generation(text, GenerationTests.parts(), after: [])
    let numbers = generation.upstreams.all.map(\.group.number)
    #expect(numbers.count == 2 && numbers[0] != numbers[1])
  }
}
