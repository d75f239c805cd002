internal import Wire

/// The URL of an API server or a proxy as an operator writes it.
enum ServerURL {
  /// A base URL without trailing slash, its host in brackets where it is an IPv6 address.
  ///
  /// Without a scheme it is HTTPS where there is a certificate or an authority, else HTTP: what
  /// client-go makes of it, so that CoreDNS's `endpoint` goes on meaning the same.
  static func normalized(_ text: String, hasTLS: Bool) throws(AccessError) -> String {
    let (scheme, rest) = split(text)
    guard scheme == nil || scheme == "https" || scheme == "http" else {
      throw fault(text, "an API server speaks https:// (or http://)")
    }
    let path = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    guard rest[path...].allSatisfy({ $0 != "?" && $0 != "#" }) else {
      throw fault(text, "a base URL has no query and no fragment")
    }
    var base = rest[path...]
    while base.last == "/" { base.removeLast() }
    guard base.isEmpty || scheme != nil else {
      throw fault(text, "expected https://HOST[:PORT][/PATH]")
    }
    guard !rest[..<path].contains("@") else {
      throw fault(text, "an API server takes no name and password")
    }
    let host = try host(rest[..<path], text)
    return (scheme ?? (hasTLS ? "https" : "http")) + "://" + host + base
  }

  /// A proxy's URL as it stands, once it is clear that there is one.
  static func proxy(_ text: String) throws(AccessError) -> String {
    let (scheme, rest) = split(text)
    guard let scheme, ["http", "https", "socks5", "socks5h"].contains(scheme) else {
      throw fault(text, "expected http://, https:// or socks5:// with HOST[:PORT]")
    }
    let authority = rest.prefix { $0 != "/" }
    // A proxy's name and password may stand before its host.
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] }
    // The password must not get into a message.
    let shown = host == nil ? text : "\(scheme)://…@\(host ?? "")"
    _ = try Self.host(host ?? authority, shown)
    return text
  }

  private static func split(_ text: String) -> (scheme: String?, rest: Substring) {
    guard let mark = text.firstRange(of: "://") else { return (nil, text[...]) }
    return (text[..<mark.lowerBound].lowercased(), text[mark.upperBound...])
  }

  private static func host(_ text: Substring, _ url: String) throws(AccessError) -> String {
    if IPAddress(String(text)) != nil, text.contains(":") { return "[\(text)]" }
    var host = text
    if let colon = text.lastIndex(of: ":"), text.last != "]" {
      let port = text[text.index(after: colon)...]
      guard !port.isEmpty, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(port), (1...65_535).contains(number)
      else { throw fault(url, "'\(port)' is not a port from 1 to 65535") }
      host = text[..<colon]
    }
    if host.hasPrefix("["), host.hasSuffix("]") {
      guard IPAddress(String(host.dropFirst().dropLast())) != nil, host.contains(":") else {
        throw fault(url, "'\(host)' is not an IPv6 address in brackets")
      }
      return String(text)
    }
    guard !host.isEmpty, host.utf8.allSatisfy(isHostOctet) else {
      throw fault(url, host.isEmpty ? "it has no host" : "'\(host)' is not a host name")
    }
    return String(text)
  }

  private static func isHostOctet(_ octet: UInt8) -> Bool {
    switch octet {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func fault(_ url: String, _ why: String) -> AccessError {
    AccessError("'\(shown(url))' is not a URL to use: \(why)")
  }

  /// A URL without what may be a secret in it: name and password, and the query.
  private static func shown(_ url: String) -> String {
    let (scheme, rest) = split(url)
    let path = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    let user = rest[..<path].lastIndex(of: "@")
    let query = rest[path...].firstIndex { "?#".contains($0) } ?? rest.endIndex
    return (scheme.map { "\($0)://" } ?? "") + (user == nil ? "" : "…")
      + rest[(user ?? rest.startIndex)..<query] + (query < rest.endIndex ? "\(rest[query])…" : "")
  }
}
