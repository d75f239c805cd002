import Foundation
import Testing

/// SwiftPM lets a target import what its dependencies depend on; these rows do not.
@Suite struct ArrowTests {
  /// What each room may import of this package: the table of docs/design.md.
  static let rooms: [String: Set<String>] = [
    "Wire": [],
    "Telemetry": [],
    "Documents": ["CYAML", "CSimdjson"],
    "Config": ["Documents", "Wire"],
    "Zones": ["Wire"],
    "ZoneFiles": ["Zones", "Wire", "CLdns"],
    "Cluster": ["Wire", "CPrefetch"],
    "Forwarding": ["Wire"],
    "Answering": ["Wire", "Zones", "Cluster", "Config", "Forwarding", "Telemetry"],
    "IO": ["CCurl", "CLibevent", "CLinux", "COpenSSL"],
    "Kubernetes": ["IO", "Cluster", "Telemetry", "Documents", "Wire"],
    "Serving": [
      "Answering", "Cluster", "Config", "Documents", "Forwarding", "IO", "Kubernetes", "Telemetry",
      "Wire",
      "ZoneFiles", "Zones",
    ],
    "martlet": ["Serving", "Config"],
    "Benchmarks": ["CLinux", "Forwarding", "Wire"],
    "APIServerKit": [],
    "ClusterModel": ["Cluster", "Wire"],
    "TestAPIServer": ["APIServerKit", "CLinux", "CZlib"],
  ]

  /// What each room may import from outside; C's own functions are for those that make calls.
  static let outside: [String: Set<String>] = [
    "IO": ["Glibc", "Synchronization"],
    "Cluster": ["Synchronization"],
    "Answering": ["Synchronization"],
    "Forwarding": ["Synchronization"],
    "Telemetry": ["Synchronization"],
    "ZoneFiles": ["Glibc"],
    "Config": ["Glibc"],
    "Documents": ["Glibc"],
    "Kubernetes": ["Glibc", "Synchronization"],
    "Serving": ["Glibc", "Synchronization"],
    "martlet": ["Glibc"],
    "Benchmarks": ["Glibc"],
  ]

  static let sources = Repository.files(below: "Sources", ending: ".swift")

  @Test(arguments: sources)
  func `a file imports only what its room may`(file: SourceFile) throws {
    let allowed = try #require(Self.rooms[file.target], "a room without a row")
      .union(Self.outside[file.target] ?? [])
    let forbidden = Self.imports(of: file).subtracting(allowed)
    #expect(forbidden.isEmpty, "\(file.path) imports \(forbidden.sorted())")
  }

  @Test func `Package.swift declares no dependency that the table lacks`() throws {
    for target in try Self.manifestTargets() where target.type != "test" {
      guard let allowed = Self.rooms[target.name] else {
        #expect(target.isC, "\(target.name) has no row")
        continue
      }
      let extra = Set(target.dependencies).subtracting(allowed)
      #expect(extra.isEmpty, "\(target.name) depends on \(extra.sorted())")
    }
  }

  @Test func `a room declares every room it imports`() throws {
    let declared = Dictionary(
      uniqueKeysWithValues: try Self.manifestTargets().map { ($0.name, Set($0.dependencies)) })
    for file in Self.sources {
      let own = Self.imports(of: file).filter {
        declared[$0] != nil
      }
      let missing = own.subtracting(declared[file.target] ?? [])
      #expect(missing.isEmpty, "\(file.path) imports \(missing.sorted()) undeclared")
    }
  }

  @Test func `every folder of Sources and Tests is a target and every target has a file`() throws {
    let targets = Set(try Self.manifestTargets().map(\.name))
    let folders = Set(
      Repository.files.compactMap { path -> String? in
        let parts = path.split(separator: "/")
        guard parts.count > 2, parts[0] == "Sources" || parts[0] == "Tests" else { return nil }
        return String(parts[1])
      })
    #expect(folders == targets)
  }

  // MARK: - Reading

  struct ManifestTarget {
    var name: String
    var type: String
    var dependencies: [String]

    var isC: Bool { name.hasPrefix("C") && name.dropFirst().first?.isUppercase == true }
  }

  static func imports(of file: SourceFile) -> Set<String> {
    let statement =
      /^\s*(?:@\w+(?:\([^)]*\))? +)*(?:(?:public|package|internal|private|fileprivate) +)?import +(?:(?:struct|class|enum|protocol|func|var|let|typealias) +)?(\w+)/
    return Set(file.lines.compactMap { $0.firstMatch(of: statement).map { String($0.1) } })
  }

  /// The manifest as text: asking SwiftPM would wait for the lock that this very run holds.
  static func manifestTargets() throws -> [ManifestTarget] {
    let text = Repository.text("Package.swift")
    let list = try #require(text.range(of: "  targets: [\n"))
    let entry =
      /(\.target|\.executableTarget|\.systemLibrary|room|tests)\(\s*(?:name: )?"(\w+)"([^\n]*(?:\n {6,}[^\n]*)*)/
    return text[list.upperBound...].matches(of: entry).map { match in
      let rest = String(match.3)
      let uses = rest.firstMatch(of: /\[([^\[\]:(]*)\]/)
        .map { $0.1.matches(of: /"(\w+)"/).map { String($0.1) } }
      let hasDependencies =
        match.1 == "room" || match.1 == "tests" || rest.contains("dependencies:")
      return ManifestTarget(
        name: String(match.2), type: match.1 == "tests" ? "test" : "room",
        dependencies: hasDependencies ? uses ?? [] : [])
    }
  }
}
