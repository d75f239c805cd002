import IO
import Testing

struct CRC32CTests {
  /// RFC 3720 §B.4, the CRCs there with their octets in the order of the wire.
  static let vectors: [(octets: [UInt8], crc: UInt32)] = [
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    (Array(0..<32), 0x46DD_794E),
    (Array((0..<32).reversed()), 0x113F_DB5C),
    (
      [
        0x01, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00,
        0x00, 0x18, 0x28, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00,
      ], 0xD996_3A56
    ),
    (Array("123456789".utf8), 0xE306_9283),
    ([], 0),
  ]

  @Test("The CRC is that of the RFC", arguments: vectors)
  func vector(octets: [UInt8], crc: UInt32) {
    var whole = CRC32C()
    whole.update(octets)
    #expect(whole.value == crc)
  }

  @Test("It does not matter how the octets are cut")
  func pieces() {
    let octets = (0..<100).map { UInt8($0 &* 37 & 255) }
    var whole = CRC32C()
    whole.update(octets)
    for cut in 0...100 {
      var parts = CRC32C()
      parts.update(octets[..<cut])
      parts.update(octets[cut...])
      #expect(parts == whole)
    }
  }
}
