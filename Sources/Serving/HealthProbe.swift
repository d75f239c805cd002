import IO
import Telemetry

/// How soon the control thread, which answers `/health`, comes to what is due: looked at each
/// second, as often as CoreDNS asks its own `/health`.
final class HealthProbe {
  /// Seconds: CoreDNS's for this metric.
  private static let bounds = [0.00025, 0.0025, 0.025, 0.25, 2.5]
  private static let period: UInt64 = 1_000_000_000

  private var counts = [UInt64](repeating: 0, count: HealthProbe.bounds.count + 1)
  private var sum = 0.0
  private var due: UInt64
  private var timer: Registration?

  init(on loop: EventLoop) {
    due = Clock.monotonic + Self.period
    timer = loop.every(.seconds(1)) { [unowned self] in note(Clock.monotonic) }
  }

  private func note(_ now: UInt64) {
    let seconds = now > due ? Double(now - due) / 1e9 : 0
    counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
    sum += seconds
    due = now + Self.period
  }

  /// Adds CoreDNS's two families. Inside one process a probe cannot fail: the second is always 0.
  func addMetrics(to page: inout MetricsPage) {
    page.add(
      "coredns_health_request_duration_seconds",
      help: "Histogram of the time (in seconds) each request took.",
      bounds: Self.bounds, counts: counts, sum: sum)
    page.add(
      "coredns_health_request_failures_total", .counter,
      help: "The number of times the health check failed.", value: 0)
  }
}
