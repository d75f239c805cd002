import Foundation

/// A directory of files for one test, removed with the value.
final class TemporaryDirectory {
  let path: String

  init(_ files: [String: String]) throws {
    path = NSTemporaryDirectory() + "zone-files-" + UUID().uuidString
    for (name, text) in files { try write(name, Array(text.utf8)) }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func write(_ name: String, _ octets: [UInt8]) throws {
    let file = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(octets).write(to: file)
  }
}
