import Foundation
import Testing

/// What a real API server answered, see the file names.
enum Samples {
  static func octets(_ name: String) -> [UInt8] {
    guard
      let url = Bundle.module.url(
        forResource: name, withExtension: "json", subdirectory: "Samples"),
      let data = try? Data(contentsOf: url)
    else {
      Issue.record("no sample \(name)")
      return []
    }
    return Array(data)
  }

  static func text(_ name: String) -> String { String(decoding: octets(name), as: UTF8.self) }
}
