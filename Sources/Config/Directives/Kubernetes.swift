internal import Wire

extension KubernetesSettings.Pods: CaseIterable {
  public static let allCases: [Self] = [.disabled, .insecure, .verified]
}

/// `kubernetes [ZONES…] { … }`.
enum Kubernetes {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> [KubernetesSettings] {
    var reader = Reader(directive, context)
    reader.readBody()
    reader.checkTogether()
    return [reader.settings]
  }

  private struct Reader {
    let directive: Statement
    let context: DirectiveContext
    var settings: KubernetesSettings
    /// The properties that say where objects come from, as they stand.
    var sources: [(property: Statement, source: KubernetesSettings.Source)] = []
    var namespaceLabels: Token?
    var tls: Token?
    var snapshot: Token?

    init(_ directive: Statement, _ context: DirectiveContext) {
      self.directive = directive
      self.context = context
      settings = KubernetesSettings(
        zones: context.zonesOrBlock(directive.arguments), place: directive.name.place)
    }

    mutating func readBody() {
      var reader = self
      context.read(
        directive,
        [
          "manifests": { reader.paths($0) },
          "endpoint": { reader.endpoints($0) },
          "tls": { reader.certificate($0) },
          "kubeconfig": { reader.kubeconfig($0) },
          "snapshot": { property in
            reader.snapshot = property.name
            reader.settings.snapshot =
              reader.context.argument(property, usage: "snapshot FILE")?.text
          },
          "namespaces": { reader.namespaces($0) },
          "namespace_labels": { property in
            reader.namespaceLabels = property.name
            reader.settings.namespaceLabels = reader.selector(property)
          },
          "labels": { property in reader.settings.labels = reader.selector(property) },
          "pods": { property in
            if let word = reader.context.argument(
              property, usage: "pods disabled|insecure|verified"),
              let pods: KubernetesSettings.Pods = reader.context.choice(
                word, of: "way to answer pods")
            {
              reader.settings.pods = pods
            }
          },
          "endpoint_pod_names": { reader.settings.endpointPodNames = reader.flag($0) },
          "noendpoints": { reader.settings.noEndpoints = reader.flag($0) },
          "ignore": { property in
            guard let word = reader.context.argument(property, usage: "ignore empty_service") else {
              return
            }
            reader.ignore(word)
          },
          "ttl": { property in
            if let token = reader.context.argument(property, usage: "ttl SECONDS"),
              let ttl = reader.context.integer(token, in: 0...3600)
            {
              reader.settings.ttl = UInt32(ttl)
            }
          },
          "fallthrough": { property in
            reader.settings.fallThrough = reader.context.fallThrough(property)
          },
          "startup_timeout": { property in
            if let token = reader.context.argument(property, usage: "startup_timeout DURATION"),
              let timeout = reader.context.duration(token)
            {
              reader.settings.startupTimeout = timeout
            }
          },
          "apiserver_qps": { reader.queriesPerSecond($0) },
          "apiserver_burst": { reader.settings.apiserverBurst = reader.limit($0) },
          "apiserver_max_inflight": { reader.settings.apiserverMaxInflight = reader.limit($0) },
        ],
        removed: [
          "upstream": "no such line: names outside the cluster are looked up by this server",
          "resyncperiod": "no such line: changes come by watch",
        ],
        moved: ["transfer": "transfer"],
        unsupported: ["multicluster", "zonal"], repeatable: ["namespaces"])
      self = reader
    }

    // MARK: - Properties

    mutating func paths(_ property: Statement) {
      guard !property.arguments.isEmpty else {
        lacksArgument(property, "manifests PATH…")
        return
      }
      sources.append((property, .manifests(property.arguments.map(\.text))))
    }

    mutating func endpoints(_ property: Statement) {
      guard !property.arguments.isEmpty else {
        lacksArgument(property, "endpoint URL…")
        return
      }
      for url in property.arguments {
        if url.text.contains("://"), !url.text.hasPrefix("https://"), !url.text.hasPrefix("http://")
        {
          context.findings.error(
            url.place, "'\(url.text)' is not the URL of an API server",
            expected: "https://HOST[:PORT] or http://HOST[:PORT]")
        } else if url.text.contains("@") || url.text.contains("?") {
          context.findings.error(
            url.place, "a URL of an API server has no name, password or query",
            expected: "https://HOST[:PORT], and 'tls CERT KEY CACERT' or 'kubeconfig FILE'")
        } else if url.text.hasPrefix("http://") {
          context.findings.warning(
            url.place,
            "objects travel in clear text, and can be changed on the way, from '\(url.text)'",
            expected: "https://HOST[:PORT]")
        }
      }
      sources.append((property, .endpoints(property.arguments.map(\.text))))
    }

    mutating func certificate(_ property: Statement) {
      guard context.hasArguments(property, 3...3, usage: "tls CERT KEY CACERT") else { return }
      let words = property.words.map(\.text)
      tls = property.name
      settings.tls = .init(certificate: words[1], key: words[2], authority: words[3])
    }

    mutating func kubeconfig(_ property: Statement) {
      guard context.hasArguments(property, 1...2, usage: "kubeconfig FILE [CONTEXT]") else {
        return
      }
      let words = property.words.map(\.text)
      sources.append((property, .kubeconfig(file: words[1], context: words.dropFirst(2).first)))
    }

    mutating func namespaces(_ property: Statement) {
      if property.arguments.isEmpty { lacksArgument(property, "namespaces NAMESPACE…") }
      settings.namespaces.formUnion(property.arguments.map(\.text))
    }

    func selector(_ property: Statement) -> LabelSelector? {
      guard let first = property.arguments.first else {
        lacksArgument(property, "\(property.name.text) SELECTOR")
        return nil
      }
      let text = property.arguments.map(\.text).joined(separator: " ")
      do throws(LabelSelectorParser.Failure) {
        return try LabelSelectorParser.parse(text)
      } catch {
        context.findings.error(first.place, error.message, expected: error.expected)
        return nil
      }
    }

    func flag(_ property: Statement) -> Bool {
      context.hasArguments(property, 0...0, usage: property.name.text)
    }

    mutating func ignore(_ word: Token) {
      switch word.text {
      case "empty_service":
        settings.ignoreEmptyService = true
      case "emptyservice":
        // CoreDNS's manual spelled it so once.
        context.findings.warning(
          word.place, "'emptyservice' is read as 'empty_service'", expected: "'empty_service'")
        settings.ignoreEmptyService = true
      default:
        context.findings.error(
          word.place, "'\(word.text)' is nothing to ignore", expected: "empty_service",
          suggestion: nearest(word.text, among: ["empty_service"]))
      }
    }

    mutating func queriesPerSecond(_ property: Statement) {
      guard let token = context.argument(property, usage: "apiserver_qps NUMBER") else { return }
      guard let number = Double(token.text), number.isFinite, number >= 0 else {
        context.findings.error(
          token.place, "'\(token.text)' is not a rate", expected: "queries per second, such as 50")
        return
      }
      settings.apiserverQPS = number == 0 ? nil : number
    }

    func limit(_ property: Statement) -> Int? {
      guard let token = context.argument(property, usage: "\(property.name.text) NUMBER"),
        let number = context.integer(token, in: 0...Int(Int32.max))
      else { return nil }
      return number == 0 ? nil : number
    }

    private func lacksArgument(_ property: Statement, _ usage: String) {
      context.findings.error(
        property.name.place, "'\(property.name.text)' lacks an argument", expected: usage)
    }

    // MARK: - Properties together

    mutating func checkTogether() {
      if let namespaceLabels, !settings.namespaces.isEmpty {
        context.findings.error(
          namespaceLabels.place, "'namespaces' and 'namespace_labels' exclude one another",
          expected: "one of the two")
      }
      if !settings.zones.isEmpty, settings.zones.allSatisfy(\.isReverse) {
        context.findings.error(
          directive.name.place, "kubernetes has only reverse zones",
          expected: "the cluster's zone among them, such as cluster.local")
      }
      chooseSource()
      if let snapshot, case .manifests = settings.source {
        context.findings.error(
          snapshot.place, "'snapshot' and 'manifests' exclude one another",
          expected: "'snapshot' with an API server only: manifests are on disk already")
      }
      if let tls {
        if case .endpoints = settings.source { return }
        context.findings.warning(tls.place, "'tls' has no effect without 'endpoint'")
      }
    }

    /// CoreDNS takes the kubeconfig where an endpoint stands beside it.
    private mutating func chooseSource() {
      let chosen =
        sources.last { if case .kubeconfig = $0.source { true } else { false } } ?? sources.last
      guard let chosen else { return }
      settings.source = chosen.source
      settings.sourcePlace = chosen.property.name.place
      let others = sources.map(\.property).filter { $0.name.text != chosen.property.name.text }
      guard let other = others.first else { return }
      let names = Set(sources.map(\.property.name.text))
      if names.contains("manifests") {
        context.findings.error(
          other.name.place,
          "'\(other.name.text)' and '\(chosen.property.name.text)' exclude one another",
          expected: "one place that objects come from")
      } else {
        context.findings.warning(
          other.name.place, "'\(other.name.text)' has no effect beside 'kubeconfig'")
      }
    }
  }
}

extension DomainName {
  /// Whether the name is `in-addr.arpa`, `ip6.arpa` or lies below one of them.
  fileprivate var isReverse: Bool {
    ["in-addr.arpa", "ip6.arpa"].compactMap { DomainName($0) }.contains { isAtOrBelow($0) }
  }
}
