/// The Corefile that a ConfigMap of kube-dns equals.
enum KubeDNSCorefile {
  private static let reverseZones = ["in-addr.arpa", "ip6.arpa"]

  /// Nil where the ConfigMap or a flag has a mistake; it is in `findings`.
  static func text(
    _ map: KubeDNSConfigMap, options: LoadOptions, findings: Findings
  ) -> String? {
    let flags = options.cluster
    for flag in flags.given {
      for value in flag.values {
        guard let complaint = ClusterFlags.complaint(of: flag.name, value: value) else { continue }
        findings.error(map.place, "invalid value '\(value)' for flag -\(flag.name): \(complaint)")
      }
    }
    if flags.kubeconfig != nil, !flags.manifests.isEmpty {
      findings.error(map.place, "-kubeconfig and -manifests both say where objects come from")
    }
    let settings = KubeDNSSettings.read(
      map, clusterDomain: flags.clusterDomain, findings: findings)
    guard !findings.hasErrors else { return nil }
    let stubs = settings.stubDomains.map { stubBlock($0, options) }
    let text = ([rootBlock(settings, options)] + stubs).joined(separator: "\n")
    guard isReadable(text) else {
      findings.error(
        map.values["stubDomains"]?.place() ?? map.place,
        "stubDomains: too many: with \(stubs.count) domains the Corefile that they equal has more "
          + "than \(TokenStream.maximumTokens) words",
        expected: "fewer domains, or fewer servers of each: a domain is ten words and its servers")
      return nil
    }
    return text
  }

  /// A Corefile of more words is read to that place only, and what was cut off looks like a mistake
  /// that nobody has made.
  private static func isReadable(_ text: String) -> Bool {
    var words = 0
    var isInWord = false
    for octet in text.utf8 {
      let isSpace = octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\n")
      if !isSpace, !isInWord { words += 1 }
      isInWord = !isSpace
    }
    return words <= TokenStream.maximumTokens
  }

  private static func rootBlock(_ settings: KubeDNSSettings, _ options: LoadOptions) -> String {
    let flags = options.cluster
    let zones = [flags.clusterDomain] + reverseZones
    // A stub domain above one of these, `local`, would have the longer match for names in it.
    let kept = zones.filter { zone in
      settings.stubDomains.contains { zone.hasSuffix("." + $0.domain) }
    }
    let keys = ["."] + kept
    let nameServers =
      settings.nameServers.isEmpty ? ["/etc/resolv.conf"] : settings.nameServers
    let lines =
      bind(flags) + [
        "errors", "health", "ready", "prometheus :9153",
        "kubernetes \(zones.joined(separator: " ")) {",
      ] + source(flags) + [
        "    pods insecure", "    ttl 30", "    fallthrough \(reverseZones.joined(separator: " "))",
        "}", "forward . \(nameServers.joined(separator: " "))", "cache 30", "reload",
      ]
    return block(keys.map { "\($0):\(options.defaultPort)" }, lines)
  }

  private static func stubBlock(
    _ stub: KubeDNSSettings.StubDomain, _ options: LoadOptions
  ) -> String {
    block(
      ["\(stub.domain):\(options.defaultPort)"],
      bind(options.cluster) + [
        "errors", "prometheus :9153", "forward . \(stub.servers.joined(separator: " "))",
        "cache 30",
      ])
  }

  private static func block(_ keys: [String], _ lines: [String]) -> String {
    "\(keys.joined(separator: " ")) {\n" + lines.map { "    \($0)\n" }.joined() + "}\n"
  }

  private static func bind(_ flags: ClusterFlags) -> [String] {
    flags.bind.isEmpty ? [] : ["bind \(words(flags.bind))"]
  }

  private static func source(_ flags: ClusterFlags) -> [String] {
    if let file = flags.kubeconfig { return ["    kubeconfig \(words([file]))"] }
    return flags.manifests.isEmpty ? [] : ["    manifests \(words(flags.manifests))"]
  }

  private static func words(_ values: [String]) -> String {
    values.compactMap(CorefileWord.spelling).joined(separator: " ")
  }
}
