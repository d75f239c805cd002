import Answering
import Forwarding
import IO
import Telemetry
import Wire

// Names are CoreDNS's, those that it had before 1.11 besides: dashboards use both.
enum ForwardMetrics {
  /// Adds what is known of upstreams and caches. Those that several directives name are one series.
  ///
  /// - Parameters:
  ///   - groups: of the directives that serve.
  ///   - caches: of the blocks that serve.
  ///   - retired: what has been counted by others, which has no series but counters.
  static func add(
    _ groups: [UpstreamGroup], _ caches: [(cache: AnswerCache, labels: CacheLabels)],
    retired: RetiredParts, to page: inout MetricsPage
  ) {
    var sums = retired.counted()
    for group in groups {
      sums.add(group)
      for status in group.status() { sums.note(status) }
    }
    var present: [CacheLabels: AnswerCache.Counters] = [:]
    for (cache, labels) in caches {
      let counters = cache.counters
      sums.add(counters, labels)
      present[labels, default: AnswerCache.Counters()].add(counters)
    }
    for (name, sum) in sums.upstreams.values { sum.write(name, to: &page) }
    if sums.directives > 0 { add(sums.total, to: &page) }
    for (labels, counters) in present { addSizes(counters, labels, to: &page) }
    for (labels, counters) in sums.caches.values { add(counters, labels, to: &page) }
  }

  private static func add(_ total: GroupCounters, to page: inout MetricsPage) {
    for (name, help, value) in [
      (
        "coredns_forward_healthcheck_broken_total",
        "Times when the last upstream that was up went down.", total.broken
      ),
      (
        "coredns_forward_max_concurrent_rejects_total", "Queries refused by max_concurrent.",
        total.rejects
      ),
      ("martlet_forward_exchanges_total", "Questions that upstreams were asked.", total.exchanges),
      (
        "martlet_forward_all_down_total",
        "Questions that nobody was asked, every upstream being down.", total.allDown
      ),
      (
        "martlet_forward_hedges_total",
        "Questions that a second upstream was asked, the first being silent for longer than usual.",
        total.hedges
      ),
      (
        "martlet_forward_resends_total",
        "Questions that the same upstream was asked again: a datagram may be lost.", total.resends
      ),
      (
        "martlet_forward_stream_retries_total",
        "Questions asked again over TCP: truncated, or not to be believed.", total.streamRetries
      ),
      (
        "martlet_forward_edns_retries_total", "Questions asked again without EDNS.",
        total.ednsRetries
      ),
      (
        "martlet_forward_cookie_retries_total",
        "Questions asked again with the cookie that the upstream wants.", total.cookieRetries
      ),
      (
        "martlet_forward_case_retries_total",
        "Questions asked again in small letters, the upstream not keeping their case.",
        total.caseRetries
      ),
    ] {
      page.add(name, .counter, help: help, value: Double(value))
    }
  }

  // MARK: - Caches

  private static let kinds: KeyValuePairs = [
    "success": \AnswerCache.Counters.Pair.success, "denial": \.denial,
  ]

  private static func addSizes(
    _ counters: AnswerCache.Counters, _ of: CacheLabels, to page: inout MetricsPage
  ) {
    for (kind, path) in kinds {
      let labels: KeyValuePairs = [
        "server": of.server, "type": kind, "zones": of.zones, "view": "",
      ]
      page.add(
        "coredns_cache_entries", .gauge, help: "Answers in the cache.", labels: labels,
        value: Double(counters.entries[keyPath: path]))
      page.add(
        "martlet_cache_size_bytes", .gauge, help: "Octets of the answers in the cache.",
        labels: labels, value: Double(counters.octets[keyPath: path]))
    }
  }

  private static func add(
    _ counters: AnswerCache.Counters, _ of: CacheLabels, to page: inout MetricsPage
  ) {
    for (kind, path) in kinds {
      let labels: KeyValuePairs = [
        "server": of.server, "type": kind, "zones": of.zones, "view": "",
      ]
      page.add(
        "coredns_cache_hits_total", .counter, help: "Queries answered from the cache.",
        labels: labels, value: Double(counters.hits[keyPath: path]))
      page.add(
        "coredns_cache_evictions_total", .counter,
        help: "Answers that made room for others before their time.", labels: labels,
        value: Double(counters.evictions[keyPath: path]))
    }
    let labels: KeyValuePairs = ["server": of.server, "zones": of.zones, "view": ""]
    for (name, help, value) in [
      ("coredns_cache_requests_total", "Queries that the cache was asked for.", counters.requests),
      ("coredns_cache_misses_total", "Queries that the cache had no answer to.", counters.misses),
      (
        "coredns_cache_prefetch_total", "Answers fetched anew before their end.",
        counters.prefetches
      ),
      ("coredns_cache_drops_total", "Answers that were not to be kept.", counters.drops),
      ("coredns_cache_served_stale_total", "Answers given after their end.", counters.servedStale),
    ] {
      page.add(name, .counter, help: help, labels: labels, value: Double(value))
    }
  }
}

extension UpstreamSum {
  fileprivate func write(_ name: String, to page: inout MetricsPage) {
    for (code, histogram) in answers {
      let rcode = code?.description ?? "other"
      let seconds = Double(histogram.sum) / 1e9
      page.add(
        "coredns_proxy_request_duration_seconds",
        help: "How long upstreams took to answer.",
        labels: ["proxy_name": "forward", "to": name, "rcode": rcode],
        bounds: Buckets.seconds, counts: histogram.counts, sum: seconds)
      page.add(
        "coredns_forward_request_duration_seconds",
        help: "How long upstreams took to answer (the name before CoreDNS 1.11).",
        labels: ["to": name, "rcode": rcode], bounds: Buckets.seconds,
        counts: histogram.counts, sum: seconds)
      page.add(
        "coredns_forward_responses_total", .counter, help: "Answers of upstreams.",
        labels: ["to": name, "rcode": rcode],
        value: Double(histogram.counts.reduce(0, +)))
    }
    addCounters(name, to: &page)
    guard let isUp else { return }
    page.add(
      "martlet_forward_upstream_up", .gauge,
      help: "Whether the upstream is asked: 0 after max_fails failures in a row.",
      labels: ["to": name], value: isUp ? 1 : 0)
    page.add(
      "martlet_forward_upstream_latency_seconds", .gauge,
      help: "How long the upstream takes to answer, smoothed; 0 before its first answer.",
      labels: ["to": name], value: Double(latency ?? 0) / 1e9)
  }

  private func addCounters(_ name: String, to page: inout MetricsPage) {
    let proxy: KeyValuePairs = ["proxy_name": "forward", "to": name]
    page.add(
      "coredns_proxy_healthcheck_failures_total", .counter, help: "Probes that failed.",
      labels: proxy, value: Double(failedProbes))
    let stream: KeyValuePairs = [
      "proxy_name": "forward", "to": name, "proto": isEncrypted ? "tcp-tls" : "tcp",
    ]
    page.add(
      "coredns_proxy_conn_cache_hits_total", .counter,
      help: "Queries sent on a connection that was open.", labels: stream,
      value: Double(streamsReused))
    page.add(
      "coredns_proxy_conn_cache_misses_total", .counter,
      help: "Queries that a connection was opened for.", labels: stream,
      value: Double(streamsOpened))
    for (metric, help, value) in [
      ("coredns_forward_requests_total", "Queries sent to upstreams.", requests),
      ("coredns_forward_healthcheck_failures_total", "Probes that failed.", failedProbes),
      ("martlet_forward_timeouts_total", "Queries that were not answered in time.", timeouts),
      (
        "martlet_forward_errors_total",
        "Queries that the network or the upstream refused, or whose replies could not be read.",
        errors
      ),
      (
        "martlet_forward_wrong_datagrams_total",
        "Datagrams that were no reply to the query whose port they came to.", wrongDatagrams
      ),
    ] {
      page.add(metric, .counter, help: help, labels: ["to": name], value: Double(value))
    }
  }
}
