// Corefile text becomes checked settings:
//
//   octets ─ ConfigMapForm ─┬─────────────────────────────────────┬─ Lexer
//                           └─ KubeDNSSettings ─ KubeDNSCorefile ─┘
//          ─ TokenStream (imports, environment) ─ CorefileSyntax ─ BlockReader (Directives/…)
//          ─ SameKeys ─ Configuration
//
// Every step goes on after an error, so that one load shows all of them.

internal import Glibc

/// What a load depends on besides the text.
public struct LoadOptions: Sendable {
  /// The port of keys that name none; a flag sets it.
  public var defaultPort: UInt16
  /// Looks up an environment variable.
  public var environment: @Sendable (String) -> String?
  public var files: FileReading
  /// What flags say where the configuration is a ConfigMap of kube-dns; an error beside a Corefile.
  public var cluster: ClusterFlags

  public init(
    defaultPort: UInt16 = 53,
    environment: @escaping @Sendable (String) -> String? = LoadOptions.processEnvironment,
    files: FileReading = .fileSystem, cluster: ClusterFlags = ClusterFlags()
  ) {
    self.defaultPort = defaultPort
    self.environment = environment
    self.files = files
    self.cluster = cluster
  }

  /// The variables of the process.
  public static let processEnvironment: @Sendable (String) -> String? = { name in
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}

/// What came of a load.
public struct LoadResult: Sendable {
  /// Nil when there is any error.
  public var configuration: Configuration?
  /// The Corefile that it is or equals, imports as written; nil where none was found.
  public var corefile: String?
  /// Errors and warnings in the order of their places.
  public var diagnostics: [Diagnostic]
  /// Every file that was read or looked for, imports included: a change to one of them, or that it
  /// comes or goes, is a change of the configuration.
  public var sources: [String]
  /// Patterns given to imports; a file that comes to match one is a change too.
  public var patterns: [String]
}

/// Loads a configuration. Errors come back as diagnostics, never thrown.
public enum CorefileLoader {
  /// Read when no path is given and present; CoreDNS's default.
  public static let defaultPath = "Corefile"

  /// Loads what lies at a path: a Corefile, a ConfigMap object as JSON or YAML, or a directory as a
  /// mounted ConfigMap gives it, of CoreDNS or kube-dns. Without a path: `Corefile`, or where there
  /// is none, a block that answers with `whoami`.
  public static func load(path: String? = nil, options: LoadOptions = LoadOptions()) -> LoadResult {
    let findings = Findings()
    let file = path ?? defaultPath
    let content = options.files.read(file)
    if case .octets(let octets) = content {
      return load(octets: octets, file: file, options: options, findings: findings)
    }
    if path == nil, content == .failure(ENOENT) || content == .directory {
      return load(text: ".:\(options.defaultPort) {\nwhoami\nlog\n}\n", options: options)
    }
    if content == .directory {
      let text = MountedDirectory.read(file, files: options.files, findings: findings)
      return load(text, options: options, findings: findings)
    }
    findings.add(file: file)
    findings.error(
      Place(file: file, line: 1, column: 1),
      "cannot read the configuration: \(content.complaint ?? "it is no file")",
      expected: "a Corefile, a ConfigMap, or a folder with a Corefile")
    return load(nil, options: options, findings: findings)
  }

  /// Loads a text; `file` is its name in messages, and imports are relative to its folder.
  public static func load(
    text: String, file: String = defaultPath, options: LoadOptions = LoadOptions()
  ) -> LoadResult {
    load(octets: Array(text.utf8), file: file, options: options, findings: Findings())
  }

  private static func load(
    octets: [UInt8], file: String, options: LoadOptions, findings: Findings
  ) -> LoadResult {
    load(
      ConfigMapForm.read(octets, file: file, findings: findings), options: options,
      findings: findings)
  }

  private static func load(
    _ text: ConfigurationText?, options: LoadOptions, findings: Findings
  ) -> LoadResult {
    var patterns: [String] = []
    var blocks: [ServerBlock] = []
    let corefile = text.flatMap { Self.corefile($0, options: options, findings: findings) }
    if let corefile {
      let tokens = Lexer.tokens(
        corefile.text, file: corefile.file, line: corefile.line, column: corefile.column,
        findings: findings)
      let syntax = CorefileSyntax.blocks(
        tokens, file: corefile.file, options: options, findings: findings)
      patterns = syntax.patterns
      let read = syntax.blocks.compactMap { block in
        BlockReader.read(block, defaultPort: options.defaultPort, findings: findings)
          .map { (block, $0) }
      }
      blocks = SameKeys.settle(read, findings: findings)
      SnapshotFiles.check(blocks, findings: findings)
    }
    return LoadResult(
      configuration: findings.hasErrors ? nil : Configuration(blocks: blocks),
      corefile: corefile?.text, diagnostics: findings.inOrderOfPlace, sources: findings.sources,
      patterns: patterns)
  }

  /// The Corefile itself, or the one that a ConfigMap of kube-dns equals.
  private static func corefile(
    _ text: ConfigurationText, options: LoadOptions, findings: Findings
  ) -> EmbeddedText? {
    switch text {
    case .corefile(let corefile):
      for flag in options.cluster.given {
        findings.error(
          corefile.place(), "-\(flag.name) is for a ConfigMap of kube-dns, and this is a Corefile",
          expected: flag.corefile)
      }
      return corefile
    case .kubeDNS(let map):
      guard let text = KubeDNSCorefile.text(map, options: options, findings: findings) else {
        return nil
      }
      let name = "\(map.place.file)#Corefile"
      findings.add(part: name, text: text)
      return EmbeddedText(text: text, file: name)
    }
  }
}
