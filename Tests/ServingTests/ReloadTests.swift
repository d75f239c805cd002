import Config
import IO
import Testing

@testable import Serving

@Suite struct ReloadTests {
  // MARK: - Addresses

  struct Addresses: Sendable, CustomTestStringConvertible {
    let old: [UInt16]
    let new: [UInt16]
    let opened: Set<UInt16>
    let kept: Set<UInt16>
    let closed: Set<UInt16>

    var testDescription: String { "\(old) to \(new)" }
  }

  static let addresses: [Addresses] = [
    Addresses(old: [], new: [53], opened: [53], kept: [], closed: []),
    Addresses(old: [53], new: [53], opened: [], kept: [53], closed: []),
    Addresses(old: [53, 54], new: [54, 55], opened: [55], kept: [54], closed: [53]),
    Addresses(old: [53], new: [], opened: [], kept: [], closed: [53]),
  ]

  @Test(arguments: addresses)
  func `an address that stays is neither opened nor closed`(_ row: Addresses) {
    let change = AddressChange(from: row.old.map(Self.address), to: row.new.map(Self.address))
    #expect(change.opened == Set(row.opened.map(Self.address)))
    #expect(change.kept == Set(row.kept.map(Self.address)))
    #expect(change.closed == Set(row.closed.map(Self.address)))
  }

  @Test func `an address is covered by all addresses of its family and port`() {
    let any = Self.address(53)
    let one = SocketAddress(isV4: true, high: 0, low: 0xFFFF_7F00_0001, port: 53)
    let other = SocketAddress(isV4: true, high: 0, low: 0xFFFF_7F00_0002, port: 53)
    #expect(any.overlaps(one) && one.overlaps(any) && one.overlaps(one))
    #expect(!one.overlaps(other))
    #expect(!any.overlaps(.any(isV4: false, port: 53)))
    #expect(!any.overlaps(.any(isV4: true, port: 54)))
  }

  static func address(_ port: UInt16) -> SocketAddress { .any(isV4: true, port: port) }

  // MARK: - Files

  struct Change: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let isChange: Bool
    let files: [String: String]

    init(_ name: String, isChange: Bool, _ files: [String: String]) {
      testDescription = name
      self.isChange = isChange
      self.files = files
    }
  }

  static let files = ["Corefile": ".:53 {\nimport one\nimport many/*\n}\n", "one": "log", "x": "1"]

  static let changes: [Change] = [
    Change("nothing", isChange: false, [:]),
    Change("a file that nobody asks for", isChange: false, ["x": "2"]),
    Change("the Corefile", isChange: true, ["Corefile": ".:53 {\n}\n"]),
    Change("a comment", isChange: true, ["Corefile": "#\n.:53 {\nimport one\nimport many/*\n}\n"]),
    Change("an import", isChange: true, ["one": "errors"]),
    Change("an import that goes", isChange: true, ["one": ""]),
    Change("a file that comes to match a pattern", isChange: true, ["many/a": "errors"]),
  ]

  @Test(arguments: changes)
  func `a change is what a load would see`(_ row: Change) {
    let before = Self.load(Self.files)
    let after = Self.load(Self.files.merging(row.files) { $1 })
    #expect((before.fingerprint != after.fingerprint) == row.isChange)
  }

  static func load(_ files: [String: String]) -> LoadedConfiguration {
    var options = LoadOptions()
    options.files = FileReading(
      read: { path in
        let name = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return files[name].map { .octets(Array($0.utf8)) } ?? .failure(2)
      },
      glob: { pattern in
        files.keys.filter { $0.hasPrefix("many/") && pattern.contains("many/") }.sorted()
      })
    return ConfigurationSource(path: "Corefile", options: options).load()
  }

  @Test func `what is wrong with a file is one line with its places`() {
    let loaded = Self.load(["Corefile": ".:53 {\n  kubernets\n  whoam\n}\n"])
    #expect(loaded.configuration == nil)
    let text = loaded.complaint
    #expect(text.hasPrefix("Corefile:2:3: error: unknown plugin 'kubernets'"))
    #expect(text.contains("; Corefile:3:3: error: unknown plugin 'whoam'"))
    #expect(!text.contains("\n"))
    let many = Self.load(["Corefile": ".:53 {\n" + String(repeating: "x\n", count: 30) + "}\n"])
    #expect(many.complaint.hasSuffix("; 20 more"))
  }

  // MARK: - Time

  @Test func `looks are an interval apart, more or less by the jitter`() {
    var settings = ReloadSettings()
    for random in [UInt64.min, 1, 29_999, 30_000, 30_001, .max] {
      let pause = settings.pause(random: random)
      #expect(pause >= .seconds(15) && pause <= .seconds(45))
    }
    #expect(settings.pause(random: 0) == .seconds(15))
    #expect(settings.pause(random: 30_000) == .seconds(45))
    settings.jitter = .zero
    #expect(settings.pause(random: .max) == .seconds(30))
    settings.interval = .seconds(1 << 33)
    settings.jitter = settings.interval / 2
    #expect(settings.pause(random: .max) > .zero)
  }
}
