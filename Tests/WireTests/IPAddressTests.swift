import Testing

import Wire

@Suite struct IPAddressTests {
  @Test(arguments: [
    ("0.0.0.0", "0.0.0.0"), ("192.0.2.1", "192.0.2.1"), ("255.255.255.255", "255.255.255.255"),
    ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::A", "2001:db8::a"),
    ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("1:0:0:4:0:0:0:8", "1:0:0:4::8"),
    ("::ffff:192.0.2.1", "192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("fe80::1", "fe80::1"),
  ])
  func `text is read and written as RFC 5952 says`(text: String, written: String) throws {
    #expect(try #require(IPAddress(text)).description == written)
  }

  @Test(arguments: [
    "", ".", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.0.0.1", "01.2.3.4",
    "1.2.3.04", "1.2.3.4 ", "-1.2.3.4", "1.2.3.0x4", "1e1.2.3.4", "0000.0.0.0", "４.2.3.4",
    ":", ":::", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::",
    "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5",
    "::1.2.3.4.5", "fe80::1%eth0", "[::1]", "1:2:3:4:5:6:7:8:", "::ffff:1.2.3.256",
  ])
  func `other text is refused`(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func `four and sixteen octets survive a round trip, other counts are refused`() {
    for count in 0..<20 {
      let octets = (0..<count).map { UInt8($0 + 1) }
      #expect(IPAddress(octets: octets)?.octets == (count == 4 || count == 16 ? octets : nil))
    }
  }

  @Test func `loopback and unspecified are told`() {
    #expect(["127.0.0.1", "127.255.0.9", "::1"].allSatisfy { IPAddress($0)?.isLoopback == true })
    #expect(["128.0.0.1", "::2", "::"].allSatisfy { IPAddress($0)?.isLoopback == false })
    #expect(["0.0.0.0", "::"].allSatisfy { IPAddress($0)?.isUnspecified == true })
  }
}
