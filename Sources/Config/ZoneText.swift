internal import Wire

/// A zone as people write it: `[scheme://]zone[:port]`, the zone a name or a CIDR.
struct ZoneText {
  var transport: ZoneKey.Transport?
  /// More than one for a CIDR whose mask ends inside an octet or nibble.
  var zones: [DomainName]
  var port: UInt16?

  /// Reads the text of `token`; reports and gives nil where it cannot be a zone.
  init?(_ token: Token, findings: Findings) {
    var rest = Substring(token.text)
    if let (scheme, behind) = Self.scheme(rest) {
      guard let transport = Self.transport(scheme, token, findings) else { return nil }
      self.transport = transport
      rest = behind
    }
    if IPAddress(rest)?.isV4 == false {
      findings.error(
        token.place, "'\(token.text)' is an address, not a zone",
        expected: "'\(rest)/128' for its reverse zone")
      return nil
    }
    if let colon = rest.lastIndex(of: ":") {
      let digits = rest[rest.index(after: colon)...]
      guard !digits.isEmpty else {
        findings.error(
          token.place, "after the colon of '\(token.text)' comes no port", expected: "1 to 65535")
        return nil
      }
      if digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
        guard let port = UInt16(digits), port > 0 else {
          findings.error(token.place, "'\(digits)' is not a port", expected: "1 to 65535")
          return nil
        }
        self.port = port
        rest = rest[..<colon]
        if rest.isEmpty {
          findings.warning(
            token.place, "no zone stands before ':\(digits)'; read as the root",
            expected: "'.:\(digits)'")
        }
      }
    }
    guard let zones = Self.zones(rest, token, findings) else { return nil }
    self.zones = zones
  }

  private static func scheme(_ text: Substring) -> (Substring, Substring)? {
    guard let range = text.firstRange(of: "://") else { return nil }
    return (text[..<range.lowerBound], text[range.upperBound...])
  }

  private static func transport(
    _ scheme: Substring, _ token: Token, _ findings: Findings
  ) -> ZoneKey.Transport? {
    if let transport = ZoneKey.Transport(rawValue: scheme.lowercased()) { return transport }
    if scheme == "tcp" || scheme == "udp" {
      findings.warning(
        token.place, "'\(scheme)://' chooses no protocol; read as 'dns://'",
        expected: "the zone alone: UDP and TCP are both served")
      return .dns
    }
    let known = ["dns", "tls", "https", "https3", "quic", "grpc"]
    findings.error(
      token.place, "unknown scheme '\(scheme)://'",
      expected: known.map { $0 + "://" }.joined(separator: ", "),
      suggestion: nearest(String(scheme), among: known).map { $0 + "://" })
    return nil
  }

  private static func zones(
    _ text: Substring, _ token: Token, _ findings: Findings
  ) -> [DomainName]? {
    if let cidr = CIDR(text) { return cidr.reverseZones }
    guard let zone = DomainName(text) else {
      findings.error(
        token.place, "'\(text)' is not a domain name",
        expected: "labels of 1 to 63 octets between dots, 255 octets in all")
      return nil
    }
    if text.hasPrefix("*.") {
      findings.warning(
        token.place, "'*' is no wildcard here: only names below '\(text)' itself belong to it",
        suggestion: String(text.dropFirst(2)))
    }
    if !text.utf8.allSatisfy({ $0 < 0x80 }) {
      findings.warning(
        token.place, "'\(text)' has letters beyond ASCII; clients ask for its xn-- form")
    }
    return [zone.folded]
  }
}

/// An address block, `10.0.0.0/17`.
struct CIDR {
  var address: IPAddress
  /// Bits of the mask, of 32 or 128.
  var length: Int

  /// Nil where the text is something else, as `32/27.2.0.192.in-addr.arpa` is.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPAddress(parts[0]), let length = Int(parts[1]),
      parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), length <= (address.isV4 ? 32 : 128)
    else { return nil }
    self.address = address
    self.length = length
  }

  /// The zones below `in-addr.arpa` (RFC 1035 §3.5) or `ip6.arpa` (RFC 3596 §2.5) that cover the
  /// block: one, or as many as the mask leaves open in its last octet or nibble.
  var reverseZones: [DomainName] {
    let bits = address.isV4 ? 8 : 4
    let digits =
      address.isV4
      ? address.octets.map(Int.init)
      : address.octets.flatMap { [Int($0 >> 4), Int($0 & 15)] }
    let whole = length / bits
    let suffix = address.isV4 ? "in-addr.arpa" : "ip6.arpa"
    func zone(_ digits: [Int]) -> DomainName? {
      let labels = digits.reversed().map { String($0, radix: bits == 8 ? 10 : 16) }
      return DomainName((labels + [suffix]).joined(separator: "."))
    }
    let open = (bits - length % bits) % bits
    guard open > 0 else { return [zone(Array(digits[..<whole]))].compactMap { $0 } }
    let first = (digits[whole] >> open) << open
    return (first..<(first + (1 << open))).compactMap { zone(digits[..<whole] + [$0]) }
  }
}
