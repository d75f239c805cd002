import Wire

@testable import Config

/// Loads a Corefile named `Corefile` with a file system and environment of its own.
func load(
  _ text: String, files: [String: String] = [:], environment: [String: String] = [:],
  defaultPort: UInt16 = 53, cluster: ClusterFlags = ClusterFlags()
) -> LoadResult {
  CorefileLoader.load(
    text: text,
    options: LoadOptions(
      defaultPort: defaultPort, environment: { environment[$0] }, files: memory(files),
      cluster: cluster))
}

/// Files by path; a path with `/` at its end is a folder. Patterns have one `*`.
func memory(_ files: [String: String]) -> FileReading {
  FileReading(
    read: { path in
      if path.hasSuffix("/") { return files[path] == nil ? .failure(2) : .directory }
      if let text = files[path] { return .octets(Array(text.utf8)) }
      return files[path + "/"] == nil ? .failure(2) : .directory
    },
    glob: { pattern in
      let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
      return files.keys.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }.filter { path in
        path.hasPrefix(parts[0]) && path.hasSuffix(parts[1])
          && !path.dropFirst(parts[0].count).dropLast(parts[1].count).contains("/")
      }.sorted()
    })
}

extension LoadResult {
  /// The diagnostics as a person sees them.
  var rendered: String { diagnostics.map(\.description).joined(separator: "\n") }

  /// The first lines of the diagnostics: place, severity, message.
  var headlines: [String] {
    diagnostics.map {
      "\($0.place.line):\($0.place.column): \($0.severity.rawValue): \($0.message)"
    }
  }

  var block: ServerBlock? { configuration?.blocks.first }
}

func name(_ text: String) -> DomainName { DomainName(text) ?? .root }
