import Foundation
import Testing
import Wire
import ZoneFiles
import Zones

/// Whatever a file holds, reading it ends in records or an error; a failure is found again by its
/// seed.
@Suite struct MutationTests {
  /// SplitMix64.
  struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private static let samples = [
    "example.org.zone", "2.0.192.in-addr.arpa.zone", "rfc1034.zone", "signed.example.zone",
  ]

  @Test(arguments: 0..<16 as Range<UInt64>)
  func `a changed file is read or refused`(seed: UInt64) throws {
    var generator = Generator(state: seed)
    let directory = try TemporaryDirectory([:])
    let path = directory.path + "/zone"
    let apex = try #require(DomainName("example.org."))
    for _ in 0..<40 {
      let file = try #require(Self.samples.randomElement(using: &generator))
      var octets = Array(try Data(contentsOf: URL(fileURLWithPath: Self.root + "/zones/" + file)))
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        Self.mutate(&octets, &generator)
      }
      try directory.write("zone", octets)
      var records: [ResourceRecord] = []
      try? ZoneFile.forEachRecord(path: path, origin: apex) { records.append($0) }
      for record in records {
        #expect(record.type.rdataLayout.nameRanges(in: record.rdata) != nil, "seed \(seed)")
        _ = RecordText.format(record)
      }
      if let zone = try? Zone(apex: apex, records: records) {
        for record in records {
          _ = zone.lookup(record.owner, type: record.type, dnssecOK: true)
          _ = zone.lookup(record.owner, type: .any)
        }
      }
    }
  }

  /// A line of its own, so that every change meets the reader and none hides behind the first
  /// error of a file.
  @Test(arguments: 0..<16 as Range<UInt64>)
  func `a changed record is read or refused`(seed: UInt64) throws {
    var generator = Generator(state: seed)
    let text = try Self.samples.map {
      try String(contentsOfFile: Self.root + "/zones/" + $0, encoding: .utf8)
    }
    let lines = text.flatMap { $0.split(separator: "\n") }.filter { !$0.hasPrefix(" ") }
    for _ in 0..<300 {
      var octets = Array(try #require(lines.randomElement(using: &generator)).utf8)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        Self.mutate(&octets, &generator)
      }
      guard let record = try? RecordText.parse(String(decoding: octets, as: UTF8.self)) else {
        continue
      }
      let again = RecordText.format(record)
      #expect(!again.isEmpty, "seed \(seed)")
    }
  }

  /// What RDATA from elsewhere does to the writer of text.
  @Test(arguments: 0..<16 as Range<UInt64>)
  func `any octets can be shown`(seed: UInt64) throws {
    var generator = Generator(state: seed)
    for _ in 0..<300 {
      let count = Int.random(in: 0...80, using: &generator)
      let record = ResourceRecord(
        owner: .root, type: RecordType(rawValue: UInt16.random(in: 0...270, using: &generator)),
        ttl: 1, rdata: (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
      #expect(RecordText.format(record).hasPrefix(". 1 IN "), "seed \(seed)")
    }
  }

  private static func mutate(_ octets: inout [UInt8], _ generator: inout Generator) {
    let signs = Array("\n\t \";()\\$@.\0 #0123456789".utf8) + [0xFF, 0x80]
    let at = Int.random(in: 0...octets.count, using: &generator)
    let end = min(octets.count, at + Int.random(in: 0...20, using: &generator))
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: octets.insert(signs.randomElement(using: &generator) ?? 0, at: at)
    case 1: octets.removeSubrange(at..<end)
    case 2: octets.insert(contentsOf: octets[at..<end], at: 0)
    case 3: if at < octets.count { octets[at] = UInt8.random(in: 0...255, using: &generator) }
    default:
      octets.insert(
        contentsOf: Array(
          repeating: signs[Int.random(in: 0..<signs.count, using: &generator)], count: 300), at: at)
    }
  }

  private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    .dropLast(3).joined(separator: "/")
}
