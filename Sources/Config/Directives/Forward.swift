internal import Wire

extension ForwardSettings.Policy: CaseIterable {
  public static let allCases: [Self] = [.random, .roundRobin, .sequential]
}

/// `forward FROM TO… { … }`.
enum Forward {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> [ForwardSettings] {
    guard var settings = heading(directive, context) else {
      return []
    }
    var serverName: Token?
    context.read(
      directive,
      [
        "except": { settings.except += except($0, context) },
        "force_tcp": { settings.forceTCP = flag($0, context) },
        "prefer_udp": { settings.preferUDP = flag($0, context) },
        "expire": { settings.expire = duration($0, context) ?? settings.expire },
        "max_age": { settings.maxAge = duration($0, context) ?? settings.maxAge },
        "max_idle_conns": { settings.maxIdleConnections = number($0, context) ?? 0 },
        "max_fails": { settings.maxFails = number($0, context).map { UInt32($0) } ?? 2 },
        "max_connect_attempts": {
          settings.maxConnectAttempts = number($0, context).map { UInt32($0) } ?? 0
        },
        "doh_method": { property in
          context.findings.error(
            property.name.place, UpstreamText.noHTTPS, expected: UpstreamText.transports)
        },
        "tls": { settings.tls = tls($0, context) },
        "tls_servername": { property in
          serverName = context.argument(property, usage: "tls_servername NAME")
          settings.tlsServerName = serverName?.text
        },
        "policy": { property in
          if let word = context.argument(property, usage: "policy random|round_robin|sequential"),
            let policy: ForwardSettings.Policy = context.choice(word, of: "policy")
          {
            settings.policy = policy
          }
        },
        "health_check": { settings.healthCheck = healthCheck($0, context) },
        "max_concurrent": { settings.maxConcurrent = number($0, context) ?? 0 },
        "next": { settings.next.formUnion(codes($0, context)) },
        "next_on_nodata": { settings.nextOnNoData = flag($0, context) },
        "failfast_all_unhealthy_upstreams": {
          settings.failfastAllUnhealthyUpstreams = flag($0, context)
        },
        "failover": { settings.failover.formUnion(codes($0, context, besides: .noError)) },
        "resolver": { settings.resolvers = resolvers($0, context) },
        "read_timeout": {
          let shortest = Duration.milliseconds(1)
          settings.readTimeout = duration($0, context, from: shortest) ?? settings.readTimeout
        },
        "families": { settings.families = Families.read($0, context) },
        "source_address": { settings.sourceAddresses = sourceAddresses($0, context) },
      ], repeatable: ["except", "next", "failover"])
    if let serverName, settings.upstreams.contains(where: { $0.serverName != nil }) {
      context.findings.error(
        serverName.place, "an upstream names its own server behind '%'",
        expected: "either 'tls_servername' or '%NAME' behind upstreams")
    }
    let isEncrypted = settings.upstreams.contains { $0.transport == .tls }
    for name in ["tls", "tls_servername"] where !isEncrypted {
      if let property = directive.body?.first(where: { $0.name.text == name }) {
        context.findings.warning(
          property.name.place, "'\(name)' has no effect: no upstream is reached by TLS",
          expected: "'tls://' before upstreams")
      }
    }
    if settings.forceTCP, settings.preferUDP,
      let property = directive.body?.first(where: { $0.name.text == "prefer_udp" })
    {
      context.findings.warning(
        property.name.place, "'prefer_udp' has no effect beside 'force_tcp'")
    }
    return [settings]
  }

  /// FROM and TO….
  static func heading(_ directive: Statement, _ context: DirectiveContext) -> ForwardSettings? {
    let usage = "\(directive.name.text) FROM TO…"
    guard directive.arguments.count >= 2 else {
      context.findings.error(
        directive.name.place, "'\(directive.name.text)' lacks an argument", expected: usage)
      return nil
    }
    guard let from = ZoneText(directive.words[1], findings: context.findings) else { return nil }
    var settings = ForwardSettings(from: from.zones[0], place: directive.name.place)
    if from.zones.count > 1 {
      context.findings.warning(
        directive.words[1].place,
        "'\(directive.words[1].text)' covers \(from.zones.count) reverse zones; only "
          + "\(from.zones[0]) is forwarded", expected: "a mask at a whole octet or nibble")
    }
    let targets = directive.arguments.dropFirst()
    for target in targets {
      guard let upstream = UpstreamText.read(target, context) else { continue }
      if settings.upstreams.contains(upstream) {
        context.findings.warning(
          target.place, "'\(target.text)' stands twice among the upstreams; it is asked once")
      }
      settings.upstreams.append(upstream)
    }
    if targets.count > ForwardSettings.maximumUpstreams {
      context.findings.error(
        targets[targets.startIndex + ForwardSettings.maximumUpstreams].place,
        "more than \(ForwardSettings.maximumUpstreams) upstreams")
    }
    return settings
  }

  // MARK: - Properties

  static func except(_ property: Statement, _ context: DirectiveContext) -> [DomainName] {
    if property.arguments.isEmpty {
      _ = context.hasArguments(property, 1...1, usage: "except NAMES…")
    }
    return context.zones(property.arguments)
  }

  private static func flag(_ property: Statement, _ context: DirectiveContext) -> Bool {
    context.hasArguments(property, 0...0, usage: property.name.text)
  }

  private static func duration(
    _ property: Statement, _ context: DirectiveContext, from shortest: Duration = .zero
  ) -> Duration? {
    context.argument(property, usage: "\(property.name.text) DURATION")
      .flatMap { context.duration($0, in: shortest ... .seconds(1 << 33)) }
  }

  static func number(_ property: Statement, _ context: DirectiveContext) -> Int? {
    context.argument(property, usage: "\(property.name.text) NUMBER")
      .flatMap { context.integer($0, in: 0...Int(UInt32.max)) }
  }

  private static func tls(
    _ property: Statement, _ context: DirectiveContext
  ) -> ForwardSettings.TLS? {
    guard context.hasArguments(property, 0...3, usage: "tls [CERT KEY] [CA]") else { return nil }
    let words = property.arguments.map(\.text)
    var tls = ForwardSettings.TLS()
    if words.count >= 2 { (tls.certificate, tls.key) = (words[0], words[1]) }
    if words.count % 2 == 1 { tls.authority = words.last }
    return tls
  }

  private static func healthCheck(
    _ property: Statement, _ context: DirectiveContext
  ) -> ForwardSettings.HealthCheck {
    let usage = "health_check DURATION [no_rec] [domain NAME]"
    var check = ForwardSettings.HealthCheck()
    var rest = property.arguments
    guard let first = rest.popFirst() else {
      _ = context.hasArguments(property, 1...4, usage: usage)
      return check
    }
    check.interval = context.duration(first) ?? check.interval
    while let word = rest.popFirst() {
      switch word.text {
      case "no_rec":
        check.recursionDesired = false
      case "domain":
        guard let name = rest.popFirst() else {
          context.findings.error(word.place, "after 'domain' comes no name", expected: usage)
          return check
        }
        check.domain = ZoneText(name, findings: context.findings)?.zones.first ?? .root
      default:
        context.findings.error(
          word.place, "unknown option '\(word.text)' of health_check", expected: usage,
          suggestion: nearest(word.text, among: ["no_rec", "domain"]))
      }
    }
    return check
  }

  private static let codesByName = Dictionary(
    (0...23).map { ResponseCode(rawValue: $0) }.map { ($0.description, $0) },
    uniquingKeysWith: { first, _ in first })

  private static func codes(
    _ property: Statement, _ context: DirectiveContext, besides refused: ResponseCode? = nil
  ) -> [ResponseCode] {
    let names = codesByName.keys.filter { Int($0) == nil }.sorted()
    let usage = "\(property.name.text) RCODE…"
    if property.arguments.isEmpty { _ = context.hasArguments(property, 1...1, usage: usage) }
    return property.arguments.compactMap { word in
      guard let code = codesByName[word.text.uppercased()], names.contains(code.description) else {
        context.findings.error(
          word.place, "'\(word.text)' is not a response code",
          expected: "NXDOMAIN, SERVFAIL, REFUSED and others",
          suggestion: nearest(word.text, among: names))
        return nil
      }
      guard code != refused else {
        context.findings.error(
          word.place, "'\(property.name.text)' cannot have \(code)", expected: "codes of failure")
        return nil
      }
      return code
    }
  }

  private static func resolvers(
    _ property: Statement, _ context: DirectiveContext
  ) -> [ForwardSettings.Endpoint] {
    if property.arguments.isEmpty {
      _ = context.hasArguments(property, 1...1, usage: "resolver IP[:PORT]…")
    }
    return property.arguments.compactMap { word in
      if let (host, port) = DirectiveContext.hostAndPort(word.text), let address = IPAddress(host) {
        return .init(address: address, port: port ?? 53)
      }
      context.findings.error(
        word.place, "'\(word.text)' is not the address of a resolver", expected: "IP or IP:PORT")
      return nil
    }
  }

  private static func sourceAddresses(
    _ property: Statement, _ context: DirectiveContext
  ) -> [IPAddress] {
    guard context.hasArguments(property, 1...2, usage: "source_address IP [IP]") else { return [] }
    let addresses = property.arguments.compactMap { word in
      guard let address = IPAddress(word.text) else {
        context.findings.error(word.place, "'\(word.text)' is not an address", expected: "IP")
        return nil as IPAddress?
      }
      return address
    }
    if addresses.count == 2, addresses[0].isV4 == addresses[1].isV4 {
      context.findings.error(
        property.words[2].place, "two source addresses of one family",
        expected: "at most one IPv4 and one IPv6 address")
    }
    return addresses
  }
}
