internal import Wire

/// A TO of `forward`: `[scheme://]ADDRESS[%NAME][:PORT]`, a host name, or a `resolv.conf`.
enum UpstreamText {
  static let noHTTPS = "DNS over HTTPS upstreams are not supported by this version of martlet"
  /// What may stand before an upstream.
  static let transports = "tls:// or dns://"

  static func read(_ token: Token, _ context: DirectiveContext) -> ForwardSettings.Upstream? {
    var rest = Substring(token.text)
    var transport = ForwardSettings.Transport.dns
    if let range = rest.firstRange(of: "://") {
      let scheme = String(rest[..<range.lowerBound])
      if scheme == "https" || scheme == "https3" {
        context.findings.error(token.place, noHTTPS, expected: transports)
        return nil
      }
      guard let known = ForwardSettings.Transport(rawValue: scheme) else {
        let schemes = ["dns", "tls"]
        context.findings.error(
          token.place, "forward cannot reach an upstream by '\(scheme)://'",
          expected: transports,
          suggestion: nearest(scheme, among: schemes).map { $0 + "://" })
        return nil
      }
      transport = known
      rest = rest[range.upperBound...]
    } else if rest.contains("/") || rest.hasSuffix(".conf") {
      return .init(target: .resolverFile(token.text), port: 53)
    }
    guard let upstream = host(rest, transport) else {
      context.findings.error(
        token.place, "'\(token.text)' is not an upstream",
        expected: "an address with or without :PORT, a host name or the path of a resolv.conf")
      return nil
    }
    return upstream
  }

  private static func host(
    _ text: Substring, _ transport: ForwardSettings.Transport
  ) -> ForwardSettings.Upstream? {
    let percent = text.firstIndex(of: "%")
    var address = text[..<(percent ?? text.endIndex)]
    var behind = percent.map { text[text.index(after: $0)...] }
    var port: UInt16?
    if let text = behind {
      // `9.9.9.9%dns.quad9.net:853`, `[fe80::1%eth0]:53`
      if address.hasPrefix("["), let end = text.firstIndex(of: "]") {
        address += text[end...]
        behind = text[..<end]
      } else if let colon = text.lastIndex(of: ":") {
        guard let number = UInt16(text[text.index(after: colon)...]) else { return nil }
        port = number
        behind = text[..<colon]
      }
      guard behind?.isEmpty == false else { return nil }
    }
    guard let (host, ownPort) = DirectiveContext.hostAndPort(address), !host.isEmpty else {
      return nil
    }
    let standard: UInt16 = transport == .dns ? 53 : 853
    let isEncrypted = transport != .dns
    let target: ForwardSettings.Upstream.Target
    if let address = IPAddress(host) {
      target = .address(address, zoneIndex: isEncrypted ? nil : behind.map { String($0) })
    } else if isHostName(host), behind == nil || isEncrypted {
      target = .hostName(host)
    } else {
      return nil
    }
    return .init(
      transport: transport, target: target, port: port ?? ownPort ?? standard,
      serverName: isEncrypted ? behind.map { String($0) } : nil)
  }

  /// A name that a resolver could find; the last label is no number, else it is a bad address.
  private static func isHostName(_ text: String) -> Bool {
    guard let name = DomainName(text), let last = name.labels.last else { return false }
    return !last.allSatisfy { (0x30...0x39).contains($0) }
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
          || "-_.".utf8.contains(byte)
      }
  }
}
