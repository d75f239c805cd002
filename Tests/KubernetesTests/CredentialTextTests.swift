import Foundation
import Testing

@testable import Kubernetes

@Suite struct CredentialTextTests {
  // MARK: - Base 64

  /// RFC 4648 §10, and what is not to be taken.
  static let base64: [(String, String?)] = [
    ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"),
    ("Zm9vYmE=", "fooba"), ("Zm9vYmFy", "foobar"), ("Zm9v\r\nYmFy\n", "foobar"),
    ("fn5+Pz8/", "~~~???"),
    ("Zg", nil), ("Zg=", nil), ("Zg===", nil), ("Z", nil), ("Z===", nil), ("====", nil),
    ("Zm9v=", nil), ("Zg==Zg==", nil), ("Zh==", nil), ("Zm9=", nil), ("Zm 9v", nil),
    ("Zm9-", nil), ("Zm9_", nil), ("Zm9é", nil), ("=", nil),
  ]

  @Test(arguments: base64)
  func `base 64 is taken as the RFC has it`(text: String, decoded: String?) {
    #expect(Base64.decode(text.utf8) == decoded.map { Array($0.utf8) })
    if let decoded, !text.contains("\n") { #expect(Base64.encode(Array(decoded.utf8)) == text) }
  }

  @Test func `octets of every length come back, and as Foundation writes them`() {
    for count in 0..<70 {
      let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ count) }
      let text = Base64.encode(octets)
      #expect(text == Data(octets).base64EncodedString())
      #expect(Base64.decode(text.utf8) == octets)
    }
  }

  // MARK: - Times

  static let times: [(String, Int64?)] = [
    ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", -1),
    ("2026-11-21T08:22:49Z", 1_795_249_369), ("2026-11-21t08:22:49.999999z", 1_795_249_369),
    ("2026-11-21T10:22:49+02:00", 1_795_249_369), ("2026-11-20T20:52:49-11:30", 1_795_249_369),
    ("2024-02-29T00:00:00Z", 1_709_164_800), ("2000-02-29T12:00:00Z", 951_825_600),
    ("9999-12-31T23:59:60Z", 253_402_300_800),
    ("2023-02-29T00:00:00Z", nil), ("1900-02-29T00:00:00Z", nil), ("2026-13-01T00:00:00Z", nil),
    ("2026-00-01T00:00:00Z", nil), ("2026-04-31T00:00:00Z", nil), ("2026-01-00T00:00:00Z", nil),
    ("2026-01-01T24:00:00Z", nil), ("2026-01-01T00:60:00Z", nil), ("2026-01-01T00:00:61Z", nil),
    ("2026-01-01T00:00:00", nil), ("2026-01-01T00:00:00.Z", nil), ("2026-01-01 00:00:00Z", nil),
    ("2026-01-01T00:00:00Zx", nil), ("2026-01-01T00:00:00+24:00", nil), ("26-01-01T00:00:00Z", nil),
    ("2026-1-01T00:00:00Z", nil), ("", nil), ("+026-01-01T00:00:00Z", nil), ("soon", nil),
  ]

  @Test(arguments: times)
  func `a time is taken as RFC 3339 has it`(text: String, seconds: Int64?) {
    #expect(Timestamp.read(text) == seconds)
  }

  @Test func `times written are read again`() {
    // Every 17 days and some, from before 1900 to after 2100.
    for seconds in stride(from: Int64(-2_400_000_000), to: 4_300_000_000, by: 1_500_007) {
      #expect(Timestamp.read(Timestamp.text(seconds)) == seconds)
    }
    #expect(Timestamp.text(951_825_600) == "2000-02-29T12:00:00Z")
  }

  // MARK: - Certificates

  @Test func `a certificate cut off or changed anywhere is read or not, and no more`() throws {
    let lines = PEMSamples.node.split(separator: "\n").dropFirst().dropLast()
    let whole = try #require(Base64.decode(lines.joined().utf8))
    func summary(_ octets: [UInt8]) -> String {
      let pem = "-----BEGIN CERTIFICATE-----\n\(Base64.encode(octets))\n-----END CERTIFICATE-----\n"
      return CertificateSummary.inBrackets(Array(pem.utf8))
    }
    let full =
      " (O=system:nodes, O=dns, CN=system:node:a, valid until 2036-11-18T08:22:49Z)"
    #expect(summary(whole) == full)
    for count in 0..<whole.count { #expect(summary(Array(whole[..<count])).count <= full.count) }
    for index in whole.indices {
      for value in [0, 0x7F, 0x80, 0x84, 0xFF] as [UInt8] {
        var changed = whole
        changed[index] = value
        #expect(summary(changed).count <= 600)
      }
    }
    #expect(CertificateSummary.inBrackets(Array("no".utf8)).isEmpty)
  }

  // MARK: - Other people's words

  @Test(arguments: [
    ("a\n\tb  c\u{1B}[31m", "a b c [31m"), ("", ""),
    (String(repeating: "x", count: 501), String(repeating: "x", count: 500) + "…"),
  ])
  func `a message becomes one line without control characters`(text: String, line: String) {
    #expect(AccessError.line(text) == line)
  }
}
