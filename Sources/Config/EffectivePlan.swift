internal import Wire

/// The plan of a configuration in words: what `martlet check` prints.
public enum EffectivePlan {
  /// For each block its keys, where it listens and its plugins in the order in which a query meets
  /// them, with every setting that counts, defaults included; ends in a line feed.
  public static func describe(_ configuration: Configuration) -> String {
    guard !configuration.blocks.isEmpty else { return "no server blocks\n" }
    return configuration.blocks.map(describe).joined(separator: "\n")
  }

  private static func describe(_ block: ServerBlock) -> String {
    var lines = [block.keys.map(\.description).joined(separator: ", ") + "  (\(block.place))"]
    lines.append("  listens on \(listeners(block))")
    let plugins = PluginOrder.supported.flatMap { name in
      settings(of: name, block).map { text in
        text.isEmpty ? "  " + name : "  " + pad(name) + text
      }
    }
    lines += plugins.isEmpty ? ["  no plugins: every query is refused"] : plugins
    if !plugins.isEmpty, !block.hasHandlers {
      lines.append("  no plugin that queries come to: every query is refused")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func pad(_ name: String) -> String {
    name + String(repeating: " ", count: max(1, 12 - name.count))
  }

  private static func listeners(_ block: ServerBlock) -> String {
    let served = block.keys.filter { $0.transport == .dns }
    guard !served.isEmpty else { return "no port" }
    let ports = Set(served.map(\.port)).sorted().map(String.init).joined(separator: ", ")
    let except = block.bind.flatMap(\.except)
    let addresses = block.bind.flatMap(\.addresses)
    return (addresses.isEmpty ? "all addresses" : addresses.joined(separator: ", "))
      + (except.isEmpty ? "" : " except \(except.joined(separator: ", "))")
      + ", port \(ports), UDP and TCP"
  }

  /// A line for each time a plugin is there; `bind` is in the line before.
  fileprivate static func settings(of plugin: String, _ block: ServerBlock) -> [String] {
    switch plugin {
    case "root": [block.root].compactMap { $0 }
    case "reload":
      [block.reload.map { "every \(text($0.interval)) ± \(text($0.jitter))" }].compactMap { $0 }
    case "bufsize": [block.bufsize.map { "\($0) octets" }].compactMap { $0 }
    case "debug": block.debug ? [""] : []
    case "ready":
      [block.ready.map { "\($0.address), monitor \($0.monitor.rawValue)" }].compactMap { $0 }
    case "health":
      [block.health.map { "\($0.address), lameduck \(text($0.lameduck))" }].compactMap { $0 }
    case "prometheus": block.prometheus.map { "\($0.address)" }
    case "errors": [block.errors.map(errors)].compactMap { $0 }
    case "log": block.log.map(log)
    case "families": [block.families?.rawValue].compactMap { $0 }
    case "loadbalance": [block.loadbalance?.policy.rawValue].compactMap { $0 }
    case "cache": [block.cache.map(cache)].compactMap { $0 }
    case "kubernetes": block.kubernetes.map(kubernetes)
    case "file": block.files.map(file)
    case "loop": block.loop ? [""] : []
    case "forward": block.forwards.map(ForwardPlan.describe)
    case "whoami": block.whoami ? [""] : []
    default: []
    }
  }

  // MARK: - Plugins

  private static func errors(_ settings: ErrorsSettings) -> String {
    let rules = settings.consolidations.map { rule in
      "consolidate \(text(rule.period)) \"\(rule.pattern)\" \(rule.level.rawValue)"
        + (rule.showFirst ? " show_first" : "")
    }
    return (rules + (settings.stacktrace ? ["stacktrace"] : [])).joined(separator: "; ")
  }

  private static func log(_ settings: LogSettings) -> String {
    let format =
      switch settings.format {
      case LogSettings.commonFormat: "common"
      case LogSettings.combinedFormat: "combined"
      default: "'\(settings.format)'"
      }
    let classes = settings.classes.map(\.rawValue).sorted().joined(separator: " ")
    return "\(names(settings.names)); class \(classes); format \(format)"
  }

  private static func cache(_ settings: CacheSettings) -> String {
    func store(_ name: String, _ store: CacheSettings.Store) -> String {
      "\(name) \(store.capacity) answers, \(store.minTTL) to \(store.maxTTL) s"
        + (store.disabled.isEmpty ? "" : ", not for \(names(store.disabled))")
    }
    var parts = [names(settings.zones)]
    parts.append(store("success", settings.success))
    parts.append(store("denial", settings.denial))
    parts.append("servfail \(text(settings.servfail))")
    if let prefetch = settings.prefetch {
      parts.append("prefetch \(prefetch.amount) \(text(prefetch.duration)) \(prefetch.percentage)%")
    }
    if let stale = settings.serveStale {
      parts.append(
        "serve_stale \(text(stale.duration)) \(stale.mode.rawValue)"
          + (stale.verifyTimeout.map { " " + text($0) } ?? "")
          + ", TTL \(text(stale.responseTTL)), recheck \(text(stale.failureRecheck))"
          + (stale.prefersPositive ? ", prefer_positive" : ""))
    }
    if settings.keepTTL { parts.append("keepttl") }
    if settings.nxdomainCut { parts.append("nxdomain_cut") }
    return parts.joined(separator: "; ")
  }

  private static func kubernetes(_ settings: KubernetesSettings) -> String {
    var parts = [names(settings.zones), source(settings.source)]
    if let tls = settings.tls {
      parts.append("tls \(tls.certificate) \(tls.key) \(tls.authority)")
    }
    if let snapshot = settings.snapshot { parts.append("snapshot \(snapshot)") }
    if !settings.namespaces.isEmpty {
      parts.append("namespaces \(settings.namespaces.sorted().joined(separator: " "))")
    }
    if let selector = settings.namespaceLabels { parts.append("namespace_labels \(selector.text)") }
    if let selector = settings.labels { parts.append("labels \(selector.text)") }
    parts.append("pods \(settings.pods.rawValue)")
    parts.append("ttl \(settings.ttl)")
    if settings.endpointPodNames { parts.append("endpoint_pod_names") }
    if settings.noEndpoints { parts.append("noendpoints") }
    if settings.ignoreEmptyService { parts.append("ignore empty_service") }
    parts.append(fallThrough(settings.fallThrough))
    parts.append("startup_timeout \(text(settings.startupTimeout))")
    if let qps = settings.apiserverQPS { parts.append("apiserver_qps \(rate(qps))") }
    if let burst = settings.apiserverBurst { parts.append("apiserver_burst \(burst)") }
    if let inflight = settings.apiserverMaxInflight {
      parts.append("apiserver_max_inflight \(inflight)")
    }
    return parts.joined(separator: "; ")
  }

  private static func rate(_ number: Double) -> String {
    Int(exactly: number).map(String.init) ?? "\(number)"
  }

  fileprivate static func source(_ source: KubernetesSettings.Source) -> String {
    switch source {
    case .inCluster: "from the cluster around it"
    case .kubeconfig(let file, let context):
      "from kubeconfig \(file)" + (context.map { ", context \($0)" } ?? "")
    case .endpoints(let urls): "from \(urls.joined(separator: " "))"
    case .manifests(let paths): "from manifests \(paths.joined(separator: " "))"
    }
  }

  private static func file(_ settings: FileSettings) -> String {
    "\(settings.path) for \(names(settings.zones)); reload \(text(settings.reload)); "
      + fallThrough(settings.fallThrough)
  }

  private static func fallThrough(_ settings: Fallthrough) -> String {
    switch settings {
    case .none: "no fallthrough"
    case .all: "fallthrough"
    case .zones(let zones): "fallthrough \(names(zones))"
    }
  }

  private static func text(_ duration: Duration) -> String { DurationText.text(duration) }

  static func names(_ names: [DomainName]) -> String {
    names.map(\.description).joined(separator: " ")
  }
}

extension KubernetesSettings {
  /// Which objects of which cluster are asked for, in words: settings with the same words ask for
  /// the same. What was kept of others is not to be answered from.
  public var selection: String {
    var parts = [EffectivePlan.source(source)]
    if !namespaces.isEmpty {
      parts.append("namespaces \(namespaces.sorted().joined(separator: " "))")
    }
    if let namespaceLabels { parts.append("namespace_labels \(namespaceLabels.text)") }
    if let labels { parts.append("labels \(labels.text)") }
    if pods == .verified { parts.append("pods verified") }
    if noEndpoints { parts.append("noendpoints") }
    if endpointPodNames { parts.append("endpoint_pod_names") }
    return parts.joined(separator: "; ")
  }
}

extension ListenAddress: CustomStringConvertible {
  /// `host:port`, the host of IPv6 in brackets.
  public var description: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
}

extension ServerBlock {
  /// The plugins that the block has, by name, in the order in which a query meets them.
  public var plugins: [String] { entries.map(\.name) }

  /// Whether queries come to any plugin of the block; else they are refused.
  public var hasHandlers: Bool { entries.contains(where: \.isHandler) }

  private var entries: [PluginOrder.Entry] {
    PluginOrder.entries.filter {
      $0.name == "bind" ? !bind.isEmpty : !EffectivePlan.settings(of: $0.name, self).isEmpty
    }
  }
}
