import Foundation
import Testing

@testable import IO

/// Octets that a real API server has sent, said again.
@Suite struct HTTPRecordingTests {
  struct Row: CustomTestStringConvertible {
    var file: String
    /// How the body begins and ends, and how long it is decoded.
    var begins: String
    var ends: String
    var count: Int
    var failure: HTTPClientFailure.Kind?
    var testDescription: String { file }
  }

  @Test(arguments: [
    Row(
      file: "wire-list-services-gzip", begins: #"{"kind":"ServiceList""#, ends: "]}\n",
      count: 954_198),
    Row(
      file: "wire-list-small-accept-gzip", begins: #"{"kind":"ServiceList""#, ends: "]}\n",
      count: 13_090
    ),
    Row(file: "wire-watch-chunked", begins: #"{"type":"ADDED""#, ends: "}\n", count: 3_374),
    Row(
      file: "wire-watch-cut-by-sigterm", begins: #"{"type":"MODIFIED""#, ends: "}\n", count: 836),
    Row(file: "wire-watch-cut-by-sigkill", begins: "", ends: "", count: 0, failure: .cut),
  ])
  func `a recorded response is read`(row: Row) throws {
    let bench = HTTPClientBench()
    let octets = try Self.octets(row.file)
    let server = try OctetServer(bench.loop) {
      $0.answer(OctetServer.Reply([octets], closes: true))
    }
    let received = bench.fetch("http://127.0.0.1:\(server.port)/", gzip: true)
    #expect(received.head?.status == 200)
    #expect(received.head?.value(of: "Content-Type") == "application/json")
    #expect(received.text.hasPrefix(row.begins))
    #expect(received.text.hasSuffix(row.ends))
    #expect(received.count == row.count)
    #expect(received.failure?.kind == row.failure)
  }

  static func octets(_ name: String) throws -> [UInt8] {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "http", subdirectory: "Samples"))
    return Array(try Data(contentsOf: url))
  }
}
