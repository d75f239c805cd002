internal import Wire

/// A `forward` in words, with the settings that count and those that differ from their default.
enum ForwardPlan {
  static func describe(_ settings: ForwardSettings) -> String {
    var parts = ["\(settings.from) to \(settings.upstreams.map(text).joined(separator: " "))"]
    if !settings.except.isEmpty { parts.append("except \(EffectivePlan.names(settings.except))") }
    parts.append("policy \(settings.policy.rawValue)")
    if settings.forceTCP { parts.append("force_tcp") }
    if settings.preferUDP { parts.append("prefer_udp") }
    parts.append("expire \(text(settings.expire))")
    if settings.maxAge > .zero { parts.append("max_age \(text(settings.maxAge))") }
    parts.append("max_fails \(settings.maxFails)")
    parts.append(healthCheck(settings.healthCheck))
    parts.append("read_timeout \(text(settings.readTimeout))")
    parts += limits(settings)
    parts += encryption(settings)
    parts += outcomes(settings)
    if !settings.resolvers.isEmpty {
      let resolvers = settings.resolvers.map { text($0.address, $0.port) }
      parts.append("resolver \(resolvers.joined(separator: " "))")
    }
    if !settings.sourceAddresses.isEmpty {
      let addresses = settings.sourceAddresses.map(\.description)
      parts.append("source_address \(addresses.joined(separator: " "))")
    }
    if let family = settings.families { parts.append("families \(family.rawValue)") }
    return parts.joined(separator: "; ")
  }

  private static func limits(_ settings: ForwardSettings) -> [String] {
    [
      ("max_concurrent", settings.maxConcurrent),
      ("max_idle_conns", settings.maxIdleConnections),
      ("max_connect_attempts", Int(settings.maxConnectAttempts)),
    ].filter { $0.1 > 0 }.map { "\($0) \($1)" }
  }

  private static func encryption(_ settings: ForwardSettings) -> [String] {
    var parts: [String] = []
    if let tls = settings.tls {
      let files = [tls.certificate, tls.key, tls.authority].compactMap { $0 }
      parts.append((["tls"] + files).joined(separator: " "))
    }
    if let name = settings.tlsServerName { parts.append("tls_servername \(name)") }
    return parts
  }

  private static func outcomes(_ settings: ForwardSettings) -> [String] {
    func list(_ name: String, _ codes: Set<ResponseCode>) -> [String] {
      codes.isEmpty ? [] : ["\(name) \(codes.map(\.description).sorted().joined(separator: " "))"]
    }
    return list("next", settings.next)
      + (settings.nextOnNoData ? ["next_on_nodata"] : [])
      + list("failover", settings.failover)
      + (settings.failfastAllUnhealthyUpstreams ? ["failfast_all_unhealthy_upstreams"] : [])
  }

  private static func healthCheck(_ check: ForwardSettings.HealthCheck) -> String {
    "health_check \(text(check.interval))" + (check.recursionDesired ? "" : " no_rec")
      + (check.domain.isRoot ? "" : " domain \(check.domain)")
  }

  private static func text(_ upstream: ForwardSettings.Upstream) -> String {
    let prefix = upstream.transport == .dns ? "" : upstream.transport.rawValue + "://"
    let name = upstream.serverName.map { "%" + $0 } ?? ""
    switch upstream.target {
    case .address(let address, let zoneIndex):
      let index = zoneIndex.map { "%" + $0 } ?? ""
      let host = address.isV4 ? "\(address)" : "[\(address)\(index)]"
      return "\(prefix)\(host)\(name):\(upstream.port)"
    case .hostName(let host):
      return "\(prefix)\(host)\(name):\(upstream.port)"
    case .resolverFile(let path):
      return path
    }
  }

  private static func text(_ address: IPAddress, _ port: UInt16) -> String {
    address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
  }

  private static func text(_ duration: Duration) -> String { DurationText.text(duration) }
}
