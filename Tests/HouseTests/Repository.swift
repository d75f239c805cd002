import Foundation
import Testing

/// The project's own files, found from where this one was compiled.
enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The built server beside the running test bundle, nil when it was not built or cannot serve yet.
  static let server: URL? = {
    let binary = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appending(path: "martlet")
    guard FileManager.default.isExecutableFile(atPath: binary.path),
      let version = try? run(binary.path, ["-version"]),
      version.status == 0, version.output.contains(/\d+\.\d+/)
    else { return nil }
    return binary
  }()

  /// Every file that git knows or would add, by its path from the root.
  static let files: [String] = {
    let listed = try? run(
      "git",
      ["-C", root.path, "ls-files", "--cached", "--others", "--exclude-standard"])
    let paths = listed?.output.split(separator: "\n").map(String.init) ?? []
    return paths.filter { FileManager.default.fileExists(atPath: root.appending(path: $0).path) }
  }()

  static func files(below directory: String, ending suffix: String) -> [SourceFile] {
    files.filter { $0.hasPrefix(directory + "/") && $0.hasSuffix(suffix) }.map(SourceFile.init)
  }

  static func text(_ path: String) -> String {
    let octets = (try? Data(contentsOf: root.appending(path: path))) ?? Data()
    return String(decoding: octets, as: UTF8.self)
  }

  /// Runs a program to its end; output holds stdout and stderr.
  static func run(
    _ program: String, _ arguments: [String], in directory: URL? = nil
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.currentDirectoryURL = directory
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}

/// A text file of the project; as an argument of a test it shows as its path.
struct SourceFile: CustomTestStringConvertible, Sendable {
  var path: String

  var testDescription: String { path }
  var text: String { Repository.text(path) }
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  /// `Sources/Wire/Name.swift` is of target Wire.
  var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
}
