public import Telemetry

/// Counts of what is asked of API servers and what they say. The names that begin with `coredns_`
/// are CoreDNS's own.
public final class WatchMetrics: Sendable {
  /// client-go's buckets of its request metrics, seconds.
  private static let requestBounds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]

  let requests = MetricFamily(
    "coredns_kubernetes_rest_client_requests_total",
    help: "Requests to API servers by status code; <error> for those without an answer.",
    labels: ["code", "method", "host"], make: Counter.init)
  let durations = MetricFamily(
    "coredns_kubernetes_rest_client_request_duration_seconds",
    help: "Time until the answer began.", labels: ["verb", "host"]
  ) { Histogram(bounds: requestBounds) }
  let waits = MetricFamily(
    "coredns_kubernetes_rest_client_rate_limiter_duration_seconds",
    help: "Time that requests waited for apiserver_qps and apiserver_max_inflight.",
    labels: ["verb", "host"]
  ) { Histogram(bounds: requestBounds) }
  let events = MetricFamily(
    "martlet_kubernetes_watch_events_total", help: "Events of watches by kind of object.",
    labels: ["resource"], make: Counter.init)
  let lists = MetricFamily(
    "martlet_kubernetes_lists_total",
    help: "Whole lists taken over, by kind of object and why they were needed.",
    labels: ["resource", "reason"], make: Counter.init)
  let comparisons = MetricFamily(
    "martlet_kubernetes_comparisons_total",
    help: "Comparisons of what is known with the API server's lists, and what they found.",
    labels: ["resource", "result"], make: Counter.init)
  /// Exponential from a millisecond, as CoreDNS has them.
  let programming = MetricFamily(
    "coredns_kubernetes_dns_programming_duration_seconds",
    help: "Time from the change that a slice says led to it until answers had it.",
    labels: ["service_kind"]
  ) { Histogram(bounds: (0..<20).map { 0.001 * Double(1 << $0) }) }

  public init() {}

  /// Notes how long after its cause a change of a service's endpoints was in the answers.
  ///
  /// - Parameter kind: `cluster_ip` or `headless_with_selector`.
  public func observeProgramming(_ seconds: Double, kind: String) {
    programming(kind).observe(seconds)
  }

  /// Adds all series.
  public func add(to page: inout MetricsPage) {
    page.add(requests)
    page.add(durations)
    page.add(waits)
    page.add(events)
    page.add(lists)
    page.add(comparisons)
    page.add(programming)
  }
}
