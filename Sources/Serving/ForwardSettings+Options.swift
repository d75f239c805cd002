import Config
import Forwarding
import Wire

extension ForwardOptions {
  /// What a directive asks for.
  ///
  /// - Parameter tls: the files that its `tls` leads to.
  init(_ settings: ForwardSettings, tls: StreamOptions.TLS) {
    self.init()
    forceTCP = settings.forceTCP
    preferUDP = settings.preferUDP
    maxFails = settings.maxFails
    maxConnectAttempts = settings.maxConnectAttempts
    policy =
      switch settings.policy {
      case .random: .random
      case .roundRobin: .roundRobin
      case .sequential: .sequential
      }
    // 0 is as often as it is looked whether a probe is due.
    healthCheck.interval = max(
      settings.healthCheck.interval.nanoseconds, UpstreamRounds.probing.nanoseconds)
    healthCheck.recursionDesired = settings.healthCheck.recursionDesired
    healthCheck.domain = settings.healthCheck.domain
    maxConcurrent = settings.maxConcurrent
    failover = settings.failover
    failfastAllUnhealthy = settings.failfastAllUnhealthyUpstreams
    readTimeout = settings.readTimeout.nanoseconds
    sourceV4 = settings.sourceAddresses.first(where: \.isV4)
    sourceV6 = settings.sourceAddresses.first { !$0.isV4 }
    streams.expire = settings.expire.nanoseconds
    streams.maxIdle = settings.maxIdleConnections
    streams.maxAge = settings.maxAge.nanoseconds
    streams.tls = tls
  }
}

extension AnswerCache.Settings {
  /// What a directive asks for.
  ///
  /// - Parameter longerZones: zones of longer server blocks.
  init(_ settings: CacheSettings, longerZones: [DomainName]) {
    self.init()
    zones = settings.zones
    success = Store(settings.success)
    denial = Store(settings.denial)
    prefetch = settings.prefetch.map { asked in
      var prefetch = Prefetch(amount: asked.amount)
      prefetch.gapNanoseconds = asked.duration.nanoseconds
      prefetch.percentage = asked.percentage
      return prefetch
    }
    serveStale = settings.serveStale.map { asked in
      var stale = ServeStale()
      stale.windowNanoseconds = asked.duration.nanoseconds
      stale.mode =
        asked.mode == .immediate
        ? .immediate : .verify(timeoutNanoseconds: asked.verifyTimeout?.nanoseconds)
      stale.responseTTL = UInt32(clamping: asked.responseTTL.components.seconds)
      stale.failureRecheckNanoseconds = asked.failureRecheck.nanoseconds
      stale.prefersPositive = asked.prefersPositive
      return stale
    }
    servfailNanoseconds = settings.servfail.nanoseconds
    keepTTL = settings.keepTTL
    nxdomainCut = settings.nxdomainCut
    self.longerZones = longerZones
  }
}

extension AnswerCache.Settings.Store {
  fileprivate init(_ settings: CacheSettings.Store) {
    self.init(maxTTL: settings.maxTTL)
    capacity = settings.capacity
    minTTL = settings.minTTL
    disabled = settings.disabled
  }
}

extension Duration {
  /// Whole nanoseconds; a negative duration is none.
  var nanoseconds: UInt64 {
    let parts = components
    guard parts.seconds >= 0, parts.attoseconds >= 0 else { return 0 }
    return UInt64(clamping: parts.seconds).multipliedReportingOverflow(by: 1_000_000_000)
      .partialValue &+ UInt64(parts.attoseconds / 1_000_000_000)
  }
}
