internal import Wire

/// Checks the values of a kube-dns ConfigMap: what kube-dns refused is refused, and named with its
/// place.
struct KubeDNSReader {
  var clusterDomain: String
  var findings: Findings

  // MARK: - Keys

  /// `{"DOMAIN": ["SERVER", …], …}`.
  func stubDomains(_ node: JSONNode) -> [KubeDNSSettings.StubDomain] {
    members(node, of: "stubDomains", expected: "{\"DOMAIN\": [\"ADDRESS\"]}").compactMap { member in
      let isDomain = check(domain: member)
      guard case .array(let elements) = member.value.content else {
        findings.error(
          member.value.place,
          "stubDomains: the servers of '\(member.key)' are \(member.value.kind)",
          expected: "a list such as [\"10.0.0.53\"]")
        return nil
      }
      let servers = elements.compactMap { server($0, "stubDomains", takesNames: true) }
      if elements.isEmpty {
        findings.error(
          member.value.place, "stubDomains: '\(member.key)' has no server",
          expected: "a list such as [\"10.0.0.53\"]")
      }
      checkCount(elements, of: "stubDomains", most: ForwardSettings.maximumUpstreams)
      return isDomain ? .init(domain: member.key, servers: servers) : nil
    }
  }

  /// `["ADDRESS", …]`.
  func nameServers(_ node: JSONNode) -> [String] {
    guard case .array(let elements) = node.content else {
      findings.error(
        node.place, "upstreamNameservers is \(node.kind)",
        expected: "a list such as [\"10.0.0.53\", \"10.0.1.53:5353\"]")
      return []
    }
    checkCount(elements, of: "upstreamNameservers", most: KubeDNSSettings.maximumNameServers)
    return elements.compactMap { server($0, "upstreamNameservers", takesNames: false) }
  }

  /// `{"NAME": "DOMAIN", …}`; Kubernetes dropped federation in 1.16.
  func federations(_ node: JSONNode) {
    let members = members(node, of: "federations", expected: "{\"NAME\": \"DOMAIN\"}")
    for member in members {
      if !KubeDNSNames.isLabel(member.key) {
        findings.error(
          member.keyPlace, "federations: '\(member.key)' is not the name of a federation",
          expected: "lower-case letters, digits and '-'")
      }
      guard case .string(let domain) = member.value.content, KubeDNSNames.isSubdomain(domain)
      else {
        findings.error(
          member.value.place, "federations: the domain of '\(member.key)' is not one",
          expected: "a name such as \"example.com\"")
        continue
      }
    }
    if !members.isEmpty {
      findings.warning(
        node.place, "'federations' has no effect any more and is ignored",
        expected: "no such key: Kubernetes dropped federation in 1.16")
    }
  }

  // MARK: - Parts

  /// The members of an object, the last of each key.
  private func members(
    _ node: JSONNode, of key: String, expected: String
  ) -> [JSONNode.Member] {
    guard case .object(let members) = node.content else {
      findings.error(node.place, "\(key) is \(node.kind)", expected: expected)
      return []
    }
    var places: [String: Int] = [:]
    var kept: [JSONNode.Member] = []
    for member in members {
      if let index = places[member.key] {
        findings.warning(
          member.keyPlace, "\(key): '\(member.key)' stands twice; the last counts")
        kept[index] = member
      } else {
        places[member.key] = kept.count
        kept.append(member)
      }
    }
    return kept
  }

  private func check(domain member: JSONNode.Member) -> Bool {
    let domain = member.key
    guard KubeDNSNames.isSubdomain(domain) else {
      let plain = (domain.hasSuffix(".") ? String(domain.dropLast()) : domain).lowercased()
      findings.error(
        member.keyPlace, "stubDomains: '\(domain)' is not a domain",
        expected: domain == "." || domain.isEmpty
          ? "a domain; for all other names there is upstreamNameservers"
          : "lower-case letters, digits and '-' between dots, no dot at the end",
        suggestion: KubeDNSNames.isSubdomain(plain) ? plain : nil)
      return false
    }
    if domain == clusterDomain {
      findings.error(
        member.keyPlace,
        "stubDomains: '\(domain)' is the cluster's own domain, whose names would all be lost",
        expected: "another domain, or '-domain' with that of the cluster")
      return false
    }
    if ["in-addr.arpa", "ip6.arpa"].contains(domain) {
      findings.warning(
        member.keyPlace,
        "stubDomains: '\(domain)' takes the PTR records of the cluster's addresses with it",
        expected: "the zone of one network, such as 168.192.in-addr.arpa")
    }
    return true
  }

  /// The server as `forward` takes it, spelled anew from what was read: nothing of the ConfigMap
  /// comes into the Corefile otherwise.
  private func server(_ node: JSONNode, _ key: String, takesNames: Bool) -> String? {
    let expected = "IP, IP:PORT\(takesNames ? ", [IPV6]:PORT or a host name" : " or [IPV6]:PORT")"
    guard case .string(let text) = node.content else {
      findings.error(
        node.place, "\(key): a server is a string, this is \(node.kind)", expected: expected)
      return nil
    }
    if let address = IPAddress(text) { return "\(address)" }
    if let (host, port) = DirectiveContext.hostAndPort(text), let port, port > 0,
      let address = IPAddress(host)
    {
      return address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
    if KubeDNSNames.isHost(text) {
      // Without a scheme `forward` takes what ends so for the path of a file.
      if takesNames { return text.hasSuffix(".conf") ? "dns://\(text)" : text }
      findings.error(
        node.place, "\(key): '\(text)' is a name, and kube-dns takes addresses alone here",
        expected: expected)
    } else {
      findings.error(
        node.place, "\(key): '\(text)' is not a server", expected: expected,
        suggestion: suggestion(text))
    }
    return nil
  }

  /// An IPv6 address in brackets without a port.
  private func suggestion(_ text: String) -> String? {
    guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
    return IPAddress(text.dropFirst().dropLast()).map { "\($0)" }
  }

  private func checkCount(_ elements: [JSONNode], of key: String, most: Int) {
    guard elements.count > most else { return }
    findings.error(elements[most].place, "\(key): more than \(most) servers")
  }
}

/// Names as Kubernetes checks them.
enum KubeDNSNames {
  /// A DNS-1123 label: lower-case letters, digits and inner `-`, at most 63.
  static func isLabel(_ text: some StringProtocol) -> Bool {
    let isWord = text.utf8.allSatisfy { octet in
      (0x30...0x39).contains(octet) || (0x61...0x7A).contains(octet)
        || octet == UInt8(ascii: "-")
    }
    return isWord && !text.isEmpty && text.utf8.count <= DomainName.maximumLabelOctets
      && !text.hasPrefix("-") && !text.hasSuffix("-")
  }

  /// A DNS-1123 subdomain: labels between dots, at most 253 octets.
  static func isSubdomain(_ text: some StringProtocol) -> Bool {
    text.utf8.count <= 253
      && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
  }

  /// A subdomain that is no mistyped address.
  static func isHost(_ text: String) -> Bool {
    let last = text.split(separator: ".").last ?? ""
    return isSubdomain(text) && !last.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}
