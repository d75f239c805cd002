import Testing

@testable import Config

/// Corefiles with random octets changed: whatever comes out, nothing traps.
struct MutationTests {
  /// SplitMix64; the seed is in the name of the test that failed.
  private struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private static let samples =
    DistributionTests.corefiles.map(\.1)
    + [
      "(a) {\nlog . \"{common}\"\n}\n10.0.0.0/9 2001:db8::/31:53 {$X:y} {\nimport a\nimport b*\n}",
      "a {\nkubernetes {\nlabels a in (b, c),!d,e!=f\n}\nerrors {\nconsolidate 5m \".*[a-z]{2}$\"\n}\n}",
      "apiVersion: v1\nkind: ConfigMap\ndata:\n  Corefile: |\n    . {\n      log\n    }\n",
      KubeDNSTests.map(
        "data:\n  stubDomains: |\n    {\"a.org\": [\"10.0.0.1\", \"ns.b.org\", \"[::1]:53\"]}\n"
          + "  upstreamNameservers: '[\"8.8.8.8:53\"]'\n  federations: '{\"a\": \"b.c\"}'\n"),
      #"{"kind":"ConfigMap","data":{"stubDomains":"{\"a.org\": [\"10.0.0.1\"]}"}}"#,
    ]
  private static let hostile = Array("{}\"#\\$%;,:/*()\n\r\t @[]\u{FEFF}".utf8) + [0, 0x80, 0xFF]

  @Test(
    "A damaged Corefile never traps, and its places lie in it", arguments: 0..<8 as Range<UInt64>)
  func damaged(_ seed: UInt64) {
    var random = Random(state: seed)
    for _ in 0..<60 {
      var octets = Array((Self.samples.randomElement(using: &random) ?? "").utf8)
      for _ in 0..<Int.random(in: 1...12, using: &random) where !octets.isEmpty {
        let at = octets.indices.randomElement(using: &random) ?? 0
        let octet =
          Bool.random(using: &random)
          ? Self.hostile.randomElement(using: &random) ?? 0
          : UInt8.random(in: 0...255, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: octets[at] = octet
        case 1: octets.insert(octet, at: at)
        case 2: octets.remove(at: at)
        default: octets.removeSubrange(at..<min(octets.count, at + 40))
        }
      }
      check(octets)
    }
  }

  private func check(_ octets: [UInt8]) {
    let files = FileReading(
      read: { $0 == "Corefile" ? .octets(octets) : .failure(2) }, glob: { _ in ["Corefile"] })
    let result = CorefileLoader.load(
      path: "Corefile", options: LoadOptions(environment: { _ in nil }, files: files))
    let hasErrors = result.diagnostics.contains { $0.severity == .error }
    #expect((result.configuration == nil) == hasErrors)
    for diagnostic in result.diagnostics {
      #expect(diagnostic.place.line >= 1 && diagnostic.place.column >= 1)
      #expect(!diagnostic.description.isEmpty)
    }
    if let configuration = result.configuration {
      #expect(EffectivePlan.describe(configuration).hasSuffix("\n"))
      #expect(result.corefile != nil)
    }
    // What a ConfigMap of kube-dns becomes is never the place of a mistake.
    if !String(decoding: octets, as: UTF8.self).contains("Corefile") {
      #expect(!result.diagnostics.contains { $0.place.file == "Corefile#Corefile" })
    }
  }

  @Test(
    "Deep and long input has limits",
    arguments: [
      String(repeating: ". {\n", count: 5000), String(repeating: "}", count: 5000),
      String(repeating: "a {\n", count: 5000) + String(repeating: "}\n", count: 5000),
      String(repeating: "{", count: 20_000), "a" + String(repeating: "}", count: 20_000),
      String(repeating: ";", count: 20_000), String(repeating: "x ", count: 210_000),
      ". {\nlabels " + String(repeating: "(", count: 10_000) + "\n}",
    ])
  func limits(_ text: String) {
    #expect(load(text).configuration == nil)
  }
}
