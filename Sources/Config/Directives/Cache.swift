internal import Wire

extension CacheSettings.ServeStale.Mode: CaseIterable {
  public static let allCases: [Self] = [.immediate, .verify]
}

/// `cache [TTL] [ZONES…] { … }`.
enum Cache {
  private static let ttls = 1...Int(Int32.max)

  static func read(_ directive: Statement, _ context: DirectiveContext) -> CacheSettings {
    var arguments = directive.arguments
    var settings = CacheSettings(zones: [])
    if let first = arguments.first, Int(first.text) != nil {
      arguments.removeFirst()
      if let ttl = context.integer(first, in: ttls) {
        settings.success.maxTTL = UInt32(ttl)
        settings.denial.maxTTL = UInt32(ttl)
      }
    }
    settings.zones = context.zonesOrBlock(arguments)
    var policy: Token?
    context.read(
      directive,
      [
        "success": { store($0, &settings.success, context) },
        "denial": { store($0, &settings.denial, context) },
        "prefetch": { settings.prefetch = prefetch($0, context) },
        "serve_stale": { settings.serveStale = serveStale($0, context) },
        "serve_stale_policy": { property in
          let usage = "serve_stale_policy prefer_positive"
          guard let word = context.argument(property, usage: usage) else { return }
          if word.text == "prefer_positive" {
            policy = word
          } else {
            context.findings.error(
              word.place, "unknown policy '\(word.text)' of serve_stale_policy",
              expected: "prefer_positive",
              suggestion: nearest(word.text, among: ["prefer_positive"]))
          }
        },
        "servfail": { property in
          guard let token = context.argument(property, usage: "servfail DURATION"),
            let duration = context.duration(token, in: .zero ... .seconds(300))
          else { return }
          settings.servfail = duration
        },
        "disable": { disable($0, &settings, context) },
        "keepttl": { property in
          settings.keepTTL = context.hasArguments(property, 0...0, usage: "keepttl")
        },
        "nxdomain_cut": { property in
          settings.nxdomainCut = context.hasArguments(property, 0...0, usage: "nxdomain_cut")
        },
      ], repeatable: ["disable"])
    if let policy {
      if settings.serveStale == nil {
        context.findings.error(
          policy.place, "serve_stale_policy without serve_stale", expected: "a line 'serve_stale'")
      }
      settings.serveStale?.prefersPositive = true
    }
    return settings
  }

  /// `success CAPACITY [TTL [MINTTL]]`, and `denial`.
  private static func store(
    _ property: Statement, _ store: inout CacheSettings.Store, _ context: DirectiveContext
  ) {
    let usage = "\(property.name.text) CAPACITY [TTL [MINTTL]]"
    guard context.hasArguments(property, 1...3, usage: usage) else { return }
    let words = property.words
    if let capacity = context.integer(words[1], in: 0...Int(Int32.max)) {
      store.capacity = capacity
    }
    if words.count > 2, let ttl = context.integer(words[2], in: ttls) { store.maxTTL = UInt32(ttl) }
    if words.count > 3, let ttl = context.integer(words[3], in: 0...Int(Int32.max)) {
      store.minTTL = UInt32(ttl)
    }
  }

  /// `prefetch AMOUNT [DURATION [PERCENTAGE%]]`.
  private static func prefetch(
    _ property: Statement, _ context: DirectiveContext
  ) -> CacheSettings.Prefetch? {
    let usage = "prefetch AMOUNT [DURATION [PERCENTAGE%]]"
    guard context.hasArguments(property, 1...3, usage: usage),
      let amount = context.integer(property.words[1], in: 0...Int(Int32.max))
    else { return nil }
    var prefetch = CacheSettings.Prefetch(amount: amount)
    let words = property.words
    if words.count > 2, let duration = context.duration(words[2]) { prefetch.duration = duration }
    guard words.count > 3 else { return prefetch }
    if words[3].text.hasSuffix("%"), let percentage = Int(words[3].text.dropLast()),
      (10...90).contains(percentage)
    {
      prefetch.percentage = percentage
    } else {
      context.findings.error(
        words[3].place, "'\(words[3].text)' is not a percentage", expected: "10% to 90%")
    }
    return prefetch
  }

  /// `serve_stale [DURATION [immediate | verify [TIMEOUT]] [RESPONSE_TTL [FAILURE_RECHECK]]]`.
  private static func serveStale(
    _ property: Statement, _ context: DirectiveContext
  ) -> CacheSettings.ServeStale? {
    let usage = "serve_stale [DURATION [immediate|verify [TIMEOUT] [RESPONSE_TTL [RECHECK]]]]"
    guard context.hasArguments(property, 0...5, usage: usage) else { return nil }
    var stale = CacheSettings.ServeStale()
    var rest = property.arguments
    if let token = rest.popFirst() {
      guard let duration = context.duration(token) else { return stale }
      stale.duration = duration
    }
    if let token = rest.popFirst() {
      guard let mode = mode(token, context) else { return stale }
      stale.mode = mode
    }
    if stale.mode == .verify, let token = rest.popFirst() {
      stale.verifyTimeout = context.duration(token)
    }
    if let token = rest.popFirst(), let ttl = context.duration(token) { stale.responseTTL = ttl }
    if let token = rest.popFirst(),
      let recheck = context.duration(token, in: .zero ... .seconds(300))
    {
      stale.failureRecheck = recheck
    }
    if let extra = rest.first {
      context.findings.error(extra.place, "'serve_stale' takes fewer arguments", expected: usage)
    }
    return stale
  }

  /// CoreDNS's own manual once said `verified`.
  private static func mode(
    _ token: Token, _ context: DirectiveContext
  ) -> CacheSettings.ServeStale.Mode? {
    guard token.text == "verified" else { return context.choice(token, of: "way to refresh") }
    context.findings.warning(token.place, "'verified' is read as 'verify'", expected: "'verify'")
    return .verify
  }

  /// `disable success|denial [ZONES…]`.
  private static func disable(
    _ property: Statement, _ settings: inout CacheSettings, _ context: DirectiveContext
  ) {
    guard let what = property.arguments.first else {
      _ = context.hasArguments(property, 1...1, usage: "disable success|denial [ZONES…]")
      return
    }
    let named = property.arguments.dropFirst()
    let zones = named.isEmpty ? settings.zones : context.zones(named)
    switch what.text {
    case "success": settings.success.disabled += zones
    case "denial": settings.denial.disabled += zones
    default:
      context.findings.error(
        what.place, "'\(what.text)' is not a kind of answer", expected: "success, denial",
        suggestion: nearest(what.text, among: ["success", "denial"]))
    }
  }
}
