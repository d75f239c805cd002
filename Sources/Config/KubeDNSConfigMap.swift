/// A ConfigMap of kube-dns as found: the JSON texts of its keys, none of which has to be there.
struct KubeDNSConfigMap {
  static let keys = ["stubDomains", "upstreamNameservers", "federations"]
  /// The name that it has in a cluster.
  static let name = "kube-dns"
  /// Keys of another kind that a message names: enough to know the ConfigMap by.
  static let maximumNamedKeys = 8

  /// Where the object or directory begins.
  var place: Place
  /// By key.
  var values: [String: EmbeddedText] = [:]

  /// Says of keys beside those of kube-dns that they count for nothing.
  static func warn(of others: [String], at place: Place, findings: Findings) {
    for key in others.prefix(maximumNamedKeys) {
      findings.warning(
        place, "'\(key)' is no key of kube-dns and is ignored",
        expected: keys.joined(separator: ", "), suggestion: nearest(key, among: keys))
    }
  }

  /// Says that neither a Corefile nor a key of kube-dns is there.
  static func refuse(_ what: String, with others: [String], at place: Place, findings: Findings) {
    let named = others.prefix(maximumNamedKeys).map { "'\($0)'" }.joined(separator: ", ")
    findings.error(
      place,
      "the \(what) has neither a Corefile nor a key of kube-dns: it has \(named)"
        + (others.count > maximumNamedKeys ? " and others" : ""),
      expected: "Corefile, or of kube-dns \(keys.joined(separator: ", "))",
      suggestion: others.lazy.compactMap { nearest($0, among: ["Corefile"] + keys) }.first)
  }
}

/// A ConfigMap of kube-dns, checked.
struct KubeDNSSettings {
  struct StubDomain {
    var domain: String
    /// As `forward` takes them.
    var servers: [String]
  }

  /// In the order of the text.
  var stubDomains: [StubDomain] = []
  /// As `forward` takes them; those of the node's `resolv.conf` where empty.
  var nameServers: [String] = []

  /// More than kube-dns takes are an error.
  static let maximumNameServers = 3

  /// Reads every key, so that all mistakes are seen; they are in `findings`.
  static func read(
    _ map: KubeDNSConfigMap, clusterDomain: String, findings: Findings
  ) -> KubeDNSSettings {
    let reader = KubeDNSReader(clusterDomain: clusterDomain, findings: findings)
    var settings = KubeDNSSettings()
    for key in KubeDNSConfigMap.keys {
      // kube-dns takes an empty value as no value.
      guard let source = map.values[key], source.text.contains(where: { !$0.isWhitespace }),
        let node = JSONNode.read(source, of: key, findings: findings)
      else { continue }
      if case .null = node.content { continue }
      switch key {
      case "stubDomains": settings.stubDomains = reader.stubDomains(node)
      case "upstreamNameservers": settings.nameServers = reader.nameServers(node)
      default: reader.federations(node)
      }
    }
    return settings
  }
}
