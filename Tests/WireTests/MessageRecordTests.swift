import Testing
import Wire

@Suite struct MessageRecordTests {
  /// A header, and `octets` behind it.
  static func message(_ octets: [UInt8]) -> [UInt8] { [UInt8](repeating: 0, count: 12) + octets }

  static let a: [UInt8] = [1, 97, 0]

  @Test(
    arguments: [
      ([1, 97, 0], 0, "a.", 3), ([0], 0, ".", 1), ([1, 97, 0, 1, 66, 0xC0, 12], 3, "B.a.", 4),
      ([1, 97, 0, 0xC0, 12], 3, "a.", 2), ([1, 97, 0, 0xC0, 12, 0xC0, 15], 5, "a.", 2),
    ] as [([UInt8], Int, String, Int)])
  func `a name is read wherever its labels stand`(
    octets: [UInt8], at: Int, name: String, count: Int
  ) {
    Self.message(octets).withOctets { message in
      #expect(message.name(at: 12 + at)?.description == name)
      #expect(message.endOfName(at: 12 + at) == 12 + at + count)
      let folded = DomainName(name)?.folded ?? .root
      #expect(message.name(at: 12 + at, isFolded: folded) == true)
      for other in ["b.", "a.a.", "b.a.a.", "."] where DomainName(other) != folded {
        #expect(message.name(at: 12 + at, isFolded: DomainName(other) ?? .root) == false)
      }
    }
  }

  @Test(
    arguments: [
      [], [1], [1, 97], [64, 97, 0], [0x80, 97, 0], [0xC0], [0xC0, 12], [0xC0, 13], [0xC0, 11],
      [0xC0, 0], [1, 97, 0xC0, 14], [0xFF, 0xFF],
    ] as [[UInt8]])
  func `a malformed name is none`(octets: [UInt8]) {
    Self.message(octets).withOctets { message in
      #expect(message.name(at: 12) == nil)
      #expect(message.endOfName(at: 12) == nil || octets.count > 2)
      #expect(message.name(at: 12, isFolded: DomainName("a.b.") ?? .root) != true)
    }
  }

  @Test func `a name takes at most 127 pointers and 255 octets`() {
    for pointers in [127, 128] {
      var octets: [UInt8] = [0]
      for index in 0..<pointers {
        let target = index == 0 ? 12 : 12 + 1 + 2 * (index - 1)
        octets += [0xC0 | UInt8(target >> 8), UInt8(target & 255)]
      }
      Self.message(octets).withOctets { message in
        #expect((message.name(at: message.count - 2) == .root) == (pointers == 127))
      }
    }
    for last in [61, 62] {
      let label = { (count: Int) in [UInt8(count)] + [UInt8](repeating: 97, count: count) }
      let octets = label(63) + label(63) + label(63) + label(last) + [0]
      Self.message(octets).withOctets { message in
        #expect(message.name(at: 12)?.octets.count == (last == 61 ? 255 : nil))
        #expect((message.endOfName(at: 12) == nil) == (last == 62))
      }
    }
  }

  @Test func `a record says where its parts are`() {
    let record: [UInt8] = Self.a + [0, 1, 0, 1, 0x80, 0, 0, 1, 0, 4, 1, 2, 3, 4]
    Self.message(record).withOctets { message in
      let read = message.record(at: 12)
      #expect(read?.type == .a)
      #expect(read?.recordClass == 1)
      #expect(read?.ttl == 0x8000_0001)
      #expect(read?.soundTTL == 0)
      #expect(read?.ttlPlace == 19)
      #expect(read?.data == 25..<29)
      for count in 12..<message.count { #expect(message[0..<count].record(at: 12) == nil) }
    }
  }

  @Test(
    arguments: [
      // MX, SRV with a pointer as some send it, SOA of roots.
      (15, [0, 1, 0xC0, 12], [0, 1, 1, 97, 0]),
      (33, [0, 1, 0, 2, 0, 3, 0xC0, 12], [0, 1, 0, 2, 0, 3, 1, 97, 0]),
      (6, [0, 0xC0, 12] + [UInt8](1...20), [0, 1, 97, 0] + [UInt8](1...20)),
      (1, [1, 2, 3, 4], [1, 2, 3, 4]), (1, [1, 2, 3], nil), (5, [0xC0, 12, 0], nil),
      (5, [0xC0], nil), (5, [], nil), (15, [0], nil), (15, [0, 1], nil), (777, [0xC0], [0xC0]),
      (35, [0, 0, 0, 0, 9, 0], nil), (47, [0xC0, 12, 0, 1, 64], [1, 97, 0, 0, 1, 64]),
    ] as [(UInt16, [UInt8], [UInt8]?)])
  func `RDATA comes with its names whole`(type: UInt16, data: [UInt8], expected: [UInt8]?) {
    let record =
      [0xC0, 12, UInt8(type >> 8), UInt8(type & 255), 0, 1, 0, 0, 0, 0, 0, UInt8(data.count)] + data
    Self.message(Self.a + record).withOctets { message in
      guard let record = message.record(at: 15) else {
        Issue.record("no record")
        return
      }
      #expect(message.uncompressedData(of: record) == expected)
    }
  }
}
