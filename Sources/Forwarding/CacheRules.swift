/// What lookups need of the settings, as plain numbers: nothing here is counted when it is read.
struct CacheRules {
  /// `serve_stale … immediate`.
  let givesStaleAtOnce: Bool
  let prefersPositive: Bool
  /// Written into stale answers, seconds.
  let staleTTL: UInt32
  let failureRecheck: UInt64
  let keepsTTL: Bool
  /// 0 is off.
  let prefetchAmount: UInt32
  let prefetchGap: UInt64
  let prefetchPercentage: UInt64
  let cuts: Bool

  init(_ settings: AnswerCache.Settings) {
    let stale = settings.serveStale
    givesStaleAtOnce = stale?.mode == .immediate
    prefersPositive = stale?.prefersPositive ?? false
    staleTTL = stale?.responseTTL ?? AnswerCache.defaultStaleTTL
    failureRecheck = stale?.failureRecheckNanoseconds ?? 0
    keepsTTL = settings.keepTTL
    prefetchAmount = UInt32(clamping: settings.prefetch?.amount ?? 0)
    prefetchGap = settings.prefetch?.gapNanoseconds ?? 0
    prefetchPercentage = UInt64(clamping: settings.prefetch?.percentage ?? 0)
    cuts = settings.nxdomainCut
  }
}

/// The entries of one name, type, class, DO and CD: one of each kind at most.
struct CacheMatches {
  var positive: CacheEntry?
  var denial: CacheEntry?
  var failure: CacheEntry?

  /// What is to be given, and whether it is past its TTL; nil where upstreams have to be asked.
  @inline(__always)
  func choice(
    now: UInt64, reason: AnswerCache.Reason, rules: CacheRules
  ) -> (entry: CacheEntry, isStale: Bool)? {
    if let positive, now < positive.fields.expires { return (positive, false) }
    let stalePositive = positive.flatMap { now < $0.fields.useless ? $0 : nil }
    if let denial, now < denial.fields.expires {
      if rules.prefersPositive, let stalePositive { return (stalePositive, true) }
      return (denial, false)
    }
    let failure = failure.flatMap { now < $0.fields.expires ? $0 : nil }
    let staleDenial = denial.flatMap { now < $0.fields.useless ? $0 : nil }
    guard let stale = stalePositive ?? staleDenial else {
      return reason == .first ? failure.map { ($0, false) } : nil
    }
    if reason == .staleAllowed || rules.givesStaleAtOnce { return (stale, true) }
    // RFC 8767 §5: after a failure nobody is asked for a while, and nobody waits.
    let failedLately =
      failure != nil || stale.fields.refreshFailed && now < stale.fields.noRefreshBefore
    return failedLately ? (stale, true) : nil
  }
}
