/// Where a list in pages goes on: the first page's ResourceVersion and the last key sent.
struct ContinueToken {
  /// Nil for a token that goes on from the present state, which may be inconsistent.
  var revision: UInt64?
  /// The key after which to go on.
  var after: String

  init(revision: UInt64?, after: String) {
    self.revision = revision
    self.after = after
  }

  /// URL-safe base64 without padding around JSON, as the real server's.
  var text: String {
    // The real server writes no slash where it has taken a token apart before.
    let place = revision.map { #"\#($0),"start":"/"# } ?? #"-1,"start":""#
    return Self.encode(Array(#"{"v":"meta.k8s.io/v1","rv":\#(place)\#(after)\u0000"}"#.utf8))
  }

  init(_ text: String) throws(APIStatus) {
    guard let octets = Self.decode(text) else {
      throw .badRequest("continue key is not valid: illegal base64 data")
    }
    let json = String(decoding: octets, as: UTF8.self)
    let prefix = #"{"v":"meta.k8s.io/v1","rv":"#
    let suffix = #"\u0000"}"#
    guard json.hasPrefix(prefix), json.hasSuffix(suffix) else {
      throw .badRequest("continue key is not valid: incorrect encoded start resourceVersion")
    }
    let rest = json.dropFirst(prefix.count).dropLast(suffix.count)
    let number = rest.prefix { $0 != "," }
    let start = rest.dropFirst(number.count)
    let lead = #","start":""#
    guard start.hasPrefix(lead), number == "-1" || UInt64(number) != nil else {
      throw .badRequest("continue key is not valid: incorrect encoded start resourceVersion")
    }
    revision = UInt64(number)
    let key = start.dropFirst(lead.count)
    after = String(key.first == "/" ? key.dropFirst() : key)
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  private static func encode(_ octets: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: octets.count, by: 3) {
      let group = octets[start..<min(start + 3, octets.count)]
      var bits = 0
      for index in 0..<3 {
        let octet = index < group.count ? group[start + index] : 0
        bits = bits << 8 | Int(octet)
      }
      for index in 0...group.count { text.append(alphabet[bits >> (18 - 6 * index) & 63]) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func decode(_ text: String) -> [UInt8]? {
    var octets: [UInt8] = []
    var bits = 0
    var count = 0
    for character in text.utf8 where character != UInt8(ascii: "=") {
      guard let value = alphabet.firstIndex(of: character) else { return nil }
      bits = (bits << 6 | value) & 0xFFFFFF
      count += 6
      if count >= 8 {
        count -= 8
        octets.append(UInt8(bits >> count & 255))
      }
    }
    return octets
  }
}
