// Corefile text becomes checked settings:
//
//   octets ─ ConfigMapForm ─ Lexer ─ TokenStream (imports, environment) ─ CorefileSyntax
//          ─ BlockReader (Directives/…) ─ SameKeys ─ Configuration
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

  public init(
    defaultPort: UInt16 = 53,
    environment: @escaping @Sendable (String) -> String? = LoadOptions.processEnvironment,
    files: FileReading = .fileSystem
  ) {
    self.defaultPort = defaultPort
    self.environment = environment
    self.files = files
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
  /// Errors and warnings in the order of their places.
  public var diagnostics: [Diagnostic]
  /// Every file that was read or looked for, imports included.
  public var sources: [String]
  /// Patterns given to imports; a file that comes to match one is a change too.
  public var patterns: [String]
}

/// Loads a configuration. Errors come back as diagnostics, never thrown.
public enum CorefileLoader {
  /// Read when no path is given and present; CoreDNS's default.
  public static let defaultPath = "Corefile"

  /// Loads what lies at a path: a Corefile, a ConfigMap object as JSON or YAML, or a folder as a
  /// mounted ConfigMap gives it. Without a path: `Corefile`, or where there is none, a block that
  /// answers with `whoami`.
  public static func load(path: String? = nil, options: LoadOptions = LoadOptions()) -> LoadResult {
    let findings = Findings()
    var file = path ?? defaultPath
    var content = options.files.read(file)
    if content == .directory, path != nil {
      file += file.hasSuffix("/") ? "Corefile" : "/Corefile"
      content = options.files.read(file)
    }
    guard case .octets(let octets) = content else {
      findings.add(file: file)
      if path == nil, content == .failure(ENOENT) || content == .directory {
        var result = load(text: ".:\(options.defaultPort) {\nwhoami\nlog\n}\n", options: options)
        result.sources = [file]
        return result
      }
      complain(of: content, file, options, findings)
      return LoadResult(
        configuration: nil, diagnostics: findings.diagnostics, sources: findings.files, patterns: []
      )
    }
    return load(octets: octets, file: file, options: options, findings: findings)
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
    var patterns: [String] = []
    var blocks: [ServerBlock] = []
    let tokens = tokens(octets, file: file, findings: findings)
    if let tokens {
      let syntax = CorefileSyntax.blocks(
        tokens, file: file, options: options, findings: findings)
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
      diagnostics: findings.inOrderOfPlace,
      sources: findings.files.filter { !$0.hasSuffix("#Corefile") }, patterns: patterns)
  }

  /// Nil where there is no Corefile in a Kubernetes object.
  private static func tokens(_ octets: [UInt8], file: String, findings: Findings) -> [Token]? {
    switch ConfigMapForm.read(octets, file: file, findings: findings) {
    case .nothing:
      return nil
    case .embedded(let text, let file, let line, let column):
      return Lexer.tokens(text, file: file, line: line, column: column, findings: findings)
    case .corefile:
      let text = String(decoding: octets, as: UTF8.self)
      findings.add(file: file, text: text)
      return Lexer.tokens(text, file: file, findings: findings)
    }
  }

  private static func complain(
    of content: FileReading.Content, _ file: String, _ options: LoadOptions, _ findings: Findings
  ) {
    let place = Place(file: file, line: 1, column: 1)
    let folder = file.dropLast("Corefile".count)
    let kubeDNSKey = ConfigMapForm.kubeDNSKeys.first { key in
      if case .octets = options.files.read(folder + key) { true } else { false }
    }
    if file.hasSuffix("/Corefile"), let kubeDNSKey {
      findings.error(
        place,
        "a ConfigMap of kube-dns ('\(kubeDNSKey)') is not understood by this version of martlet",
        expected: "a ConfigMap with 'data.Corefile'")
    } else {
      findings.error(
        place, "cannot read the configuration: \(content.complaint ?? "it is no file")",
        expected: "a Corefile, a ConfigMap, or a folder with a Corefile")
    }
  }
}
