import Foundation
import Testing

/// The built program, run as a person runs it.
final class Program {
  private let process = Process()
  private let output = Pipe()
  private let complaints = Pipe()
  /// Where the test's files lie; the program's working directory.
  let directory: URL

  /// The executable lies beside the test bundle.
  static var executable: URL {
    let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
    let tests = bundle ?? URL(fileURLWithPath: CommandLine.arguments[0])
    return tests.deletingLastPathComponent().appendingPathComponent("martlet")
  }

  /// - Parameter files: contents by name, in a folder of the test's own.
  init(_ arguments: [String], files: [String: String] = [:]) throws {
    directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("martlet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for (name, text) in files {
      try Data(text.utf8).write(to: directory.appendingPathComponent(name))
    }
    process.executableURL = Self.executable
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.standardOutput = output
    process.standardError = complaints
    try process.run()
  }

  deinit {
    if process.isRunning { process.terminate() }
    try? FileManager.default.removeItem(at: directory)
  }

  /// Waits until a line of the output begins with `text`; false where the output ends first.
  func waitForLine(_ text: String) -> Bool {
    var seen = Data()
    while !String(decoding: seen, as: UTF8.self).split(separator: "\n").contains(where: {
      $0.hasPrefix(text)
    }) {
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return false }
      seen += more
    }
    return true
  }

  /// Sends a signal.
  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Nobody reads what it writes any more.
  func closeOutput() { try? output.fileHandleForReading.close() }

  var processIdentifier: Int32 { process.processIdentifier }

  /// Waits for the end: exit status, standard output and standard error.
  func end() -> (status: Int32, output: String, complaints: String) {
    let said = (try? output.fileHandleForReading.readToEnd()) ?? nil
    let complained = (try? complaints.fileHandleForReading.readToEnd()) ?? nil
    process.waitUntilExit()
    return (
      process.terminationReason == .exit ? process.terminationStatus : -1,
      String(decoding: said ?? Data(), as: UTF8.self),
      String(decoding: complained ?? Data(), as: UTF8.self)
    )
  }
}
