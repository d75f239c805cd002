public import Config
import IO
import Synchronization

/// Where the configuration comes from, at the start and again.
public struct ConfigurationSource: Sendable {
  private let path: String?
  private let options: LoadOptions

  /// - Parameter path: as ``CorefileLoader/load(path:options:)`` takes it.
  public init(path: String?, options: LoadOptions) {
    self.path = path
    self.options = options
  }

  /// Reads and checks all of it.
  public func load() -> LoadedConfiguration {
    let recorder = ReadingRecorder(options.files)
    var recorded = options
    recorded.files = recorder.files
    var result = CorefileLoader.load(path: path, options: recorded)
    if let configuration = result.configuration {
      let problems = Server.problems(in: configuration)
      result.diagnostics += problems
      if !problems.isEmpty { result.configuration = nil }
      // Certificates are renewed without a word in the Corefile.
      let folder = Self.folder(of: result.sources.first ?? "")
      for path in configuration.blocks.flatMap({ $0.tlsPaths(in: folder) }) {
        _ = recorded.files.read(path)
      }
    }
    return LoadedConfiguration(
      configuration: result.configuration, diagnostics: result.diagnostics,
      corefile: result.corefile,
      sources: result.sources, fingerprint: recorder.fingerprint)
  }

  /// What paths in a file are relative to.
  private static func folder(of file: String) -> String {
    file.lastIndex(of: "/").map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "."
  }
}

/// What came of a load.
public struct LoadedConfiguration: Sendable {
  /// Nil when there is any error.
  public let configuration: Configuration?
  /// Errors and warnings in the order of their places.
  public let diagnostics: [Diagnostic]
  /// The text that the configuration is or equals.
  public let corefile: String?
  /// Every file that was read or looked for, imports included.
  public let sources: [String]
  /// Of all that the load saw.
  let fingerprint: ConfigurationFingerprint
}

extension LoadedConfiguration {
  /// Errors that a log line has room for.
  private static let complaintLimit = 10

  /// The errors in a line.
  var complaint: String {
    let errors = diagnostics.filter { $0.severity == .error }
    var lines = errors.prefix(Self.complaintLimit).map(\.line)
    if errors.count > lines.count { lines.append("\(errors.count - lines.count) more") }
    return lines.joined(separator: "; ")
  }
}

extension Diagnostic {
  /// All but the source line, on one line.
  var line: String {
    var text = "\(place): \(severity.rawValue): \(message)"
    if let expected { text += ", expected: \(expected)" }
    if let suggestion { text += ", did you mean '\(suggestion)'?" }
    return text
  }
}

/// Tells contents from each other, whatever the times of files and the links on the way say.
struct ConfigurationFingerprint: Hashable, Sendable {
  /// 128 hexadecimal digits.
  let sha512: String
}

/// Notes what a load reads: what was parsed is what is compared, never a later state of the files.
private final class ReadingRecorder: Sendable {
  /// Each file with its name and contents, each pattern with what it matched.
  private let seen = Mutex<[UInt8]>([])
  private let inner: FileReading

  init(_ inner: FileReading) { self.inner = inner }

  var fingerprint: ConfigurationFingerprint {
    ConfigurationFingerprint(sha512: SHA512.hexadecimal(of: seen.withLock { $0 }))
  }

  var files: FileReading {
    FileReading(
      read: { [self] path in
        let content = inner.read(path)
        if case .octets(let octets) = content {
          note(path, octets)
        } else {
          note(path, "\(content)".utf8)
        }
        return content
      },
      glob: { [self] pattern in
        let paths = inner.glob(pattern)
        note(pattern, paths.joined(separator: "\n").utf8)
        return paths
      },
      entry: { [self] path in
        let entry = inner.entry(path)
        note(path, "\(entry)".utf8)
        return entry
      })
  }

  private func note(_ name: String, _ text: some Collection<UInt8>) {
    let head = "\(name.utf8.count) \(text.count) \(name)".utf8
    seen.withLock { $0 += Array(head) + Array(text) }
  }
}
