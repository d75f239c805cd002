import Foundation
import Telemetry
import Testing

@Suite struct QueryCountersTests {
  static let cluster = QueryLabels(server: "dns://:53", zone: ".")

  @Test func `one query gives every family, as CoreDNS prints it`() {
    let counters = QueryCounters(Self.cluster, plugins: ["kubernetes", "file"])
    counters.record(
      transport: 0, family: 1, type: 1, requestSize: 54, responseSize: 106, dnssecOK: true,
      responseCode: 0, plugin: 0, nanoseconds: 105_216)
    var page = MetricsPage()
    page.add(queries: [counters])
    #expect(
      page.text == """
        # HELP coredns_dns_do_requests_total Counter of DNS requests with DO bit set per zone.
        # TYPE coredns_dns_do_requests_total counter
        coredns_dns_do_requests_total{server="dns://:53",view="",zone="."} 1
        # HELP coredns_dns_request_duration_seconds Histogram of the time (in seconds) each request took per zone.
        # TYPE coredns_dns_request_duration_seconds histogram
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.00025"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.0005"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.001"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.002"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.004"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.008"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.016"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.032"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.064"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.128"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.256"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="0.512"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="1.024"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="2.048"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="4.096"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="8.192"} 1
        coredns_dns_request_duration_seconds_bucket{server="dns://:53",view="",zone=".",le="+Inf"} 1
        coredns_dns_request_duration_seconds_sum{server="dns://:53",view="",zone="."} 0.000105216
        coredns_dns_request_duration_seconds_count{server="dns://:53",view="",zone="."} 1
        # HELP coredns_dns_request_size_bytes Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.
        # TYPE coredns_dns_request_size_bytes histogram
        \(Self.sizes("request", from: 100, sum: 54))
        # HELP coredns_dns_requests_total Counter of DNS requests made per zone, protocol and family.
        # TYPE coredns_dns_requests_total counter
        coredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="A",view="",zone="."} 1
        # HELP coredns_dns_response_size_bytes Size of the returned response in bytes.
        # TYPE coredns_dns_response_size_bytes histogram
        \(Self.sizes("response", from: 200, sum: 106))
        # HELP coredns_dns_responses_total Counter of response status codes.
        # TYPE coredns_dns_responses_total counter
        coredns_dns_responses_total{plugin="kubernetes",rcode="NOERROR",server="dns://:53",view="",zone="."} 1

        """)
  }

  private static func sizes(_ kind: String, from bound: Int, sum: Int) -> String {
    let name = "coredns_dns_\(kind)_size_bytes"
    let labels = "proto=\"udp\",server=\"dns://:53\",view=\"\",zone=\".\""
    let bounds = [
      0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000,
    ]
    let buckets = bounds.map { "\(name)_bucket{\(labels),le=\"\($0)\"} \($0 >= bound ? 1 : 0)" }
    return
      (buckets + [
        "\(name)_bucket{\(labels),le=\"+Inf\"} 1",
        "\(name)_sum{\(labels)} \(sum)",
        "\(name)_count{\(labels)} 1",
      ]).joined(separator: "\n")
  }

  @Test func `no query, no family`() {
    var page = MetricsPage()
    page.add(queries: [QueryCounters(Self.cluster, plugins: [])])
    #expect(page.text == "")
  }

  struct Row: CustomTestStringConvertible {
    var transport = 0
    var family = 1
    var type: UInt16 = 1
    var code = 0
    var plugin = 0
    var line: String
    var testDescription: String { line }
  }

  @Test(arguments: [
    Row(
      transport: 1, family: 2,
      line: "coredns_dns_requests_total{family=\"2\",proto=\"tcp\",*,type=\"A\",*} 1"),
    Row(type: 65, line: "coredns_dns_requests_total{*,type=\"HTTPS\",*} 1"),
    Row(type: 64, line: "coredns_dns_requests_total{*,type=\"other\",*} 1"),
    Row(type: 255, line: "coredns_dns_requests_total{*,type=\"ANY\",*} 1"),
    Row(type: 252, line: "coredns_dns_requests_total{*,type=\"AXFR\",*} 1"),
    Row(type: 0, line: "coredns_dns_requests_total{*,type=\"other\",*} 1"),
    Row(type: 65_535, line: "coredns_dns_requests_total{*,type=\"other\",*} 1"),
    Row(
      code: 3, line: "coredns_dns_responses_total{plugin=\"kubernetes\",rcode=\"NXDOMAIN\",*} 1"),
    Row(code: 16, line: "coredns_dns_responses_total{*,rcode=\"BADVERS\",*} 1"),
    Row(code: 12, line: "coredns_dns_responses_total{*,rcode=\"RCODE12\",*} 1"),
    Row(code: 23, line: "coredns_dns_responses_total{*,rcode=\"BADCOOKIE\",*} 1"),
    Row(code: 24, line: "coredns_dns_responses_total{*,rcode=\"other\",*} 1"),
    Row(code: -1, line: "coredns_dns_responses_total{*,rcode=\"other\",*} 1"),
    Row(plugin: 1, line: "coredns_dns_responses_total{plugin=\"file\",*} 1"),
    Row(
      code: 5, plugin: QueryCounters.noPlugin,
      line: "coredns_dns_responses_total{plugin=\"\",rcode=\"REFUSED\",*} 1"),
    Row(plugin: 2, line: "coredns_dns_responses_total{plugin=\"\",*} 1"),
  ])
  func `a query is counted under its labels`(row: Row) {
    let counters = QueryCounters(Self.cluster, plugins: ["kubernetes", "file"])
    counters.record(
      transport: row.transport, family: row.family, type: row.type, requestSize: 30,
      responseSize: 30, dnssecOK: false, responseCode: row.code, plugin: row.plugin,
      nanoseconds: 1)
    var page = MetricsPage()
    page.add(queries: [counters])
    let lines = page.text.split(separator: "\n").map(String.init)
    #expect(lines.contains { Self.fits($0, row.line) }, "\(row.line) in\n\(page.text)")
    #expect(!page.text.contains("do_requests"))
  }

  /// `*` stands for any text.
  private static func fits(_ line: String, _ pattern: String) -> Bool {
    var rest = line[...]
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard rest.hasPrefix(parts[0]), rest.hasSuffix(parts[parts.count - 1]) else { return false }
    for part in parts where !part.isEmpty {
      guard let found = rest.range(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return true
  }

  @Test func `workers are summed, zones are not`() {
    let registry = QueryCounterRegistry(plugins: ["kubernetes"])
    let dropped = QueryLabels(server: "dns://:53", zone: QueryLabels.dropped)
    for (labels, worker) in [(Self.cluster, 0), (Self.cluster, 1), (dropped, 0)] {
      registry.counters(for: labels, worker: worker).record(
        transport: 0, family: 1, type: 28, requestSize: 40, responseSize: 0, dnssecOK: false,
        responseCode: 0, plugin: 0, nanoseconds: 10)
    }
    #expect(
      registry.counters(for: Self.cluster, worker: 0)
        === registry.counters(for: Self.cluster, worker: 0))
    var page = MetricsPage()
    page.add(queries: registry.all)
    let lines = page.text.split(separator: "\n").filter { $0.hasPrefix("coredns_dns_requests") }
    #expect(
      lines == [
        #"coredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="AAAA",view="",zone="."} 2"#,
        #"coredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="AAAA",view="",zone="dropped"} 1"#,
      ])
  }

  @Test func `totals only grow while workers count, and miss nothing at the end`() throws {
    let queries = 20_000
    let workers = (0..<4).map { _ in QueryCounters(Self.cluster, plugins: ["kubernetes"]) }
    let threads = workers.map { counters in
      Joinable {
        for number in 0..<queries {
          counters.record(
            transport: number & 1, family: 1, type: 1, requestSize: 40, responseSize: 100,
            dnssecOK: false, responseCode: 0, plugin: 0, nanoseconds: 1_000)
        }
      }
    }
    var last = 0.0
    for _ in 0..<50 {
      let total = Self.requests(workers)
      #expect(total >= last)
      last = total
    }
    threads.forEach { $0.join() }
    #expect(Self.requests(workers) == Double(4 * queries))
  }

  private static func requests(_ counters: [QueryCounters]) -> Double {
    var page = MetricsPage()
    page.add(queries: counters)
    return page.text.split(separator: "\n")
      .filter { $0.hasPrefix("coredns_dns_requests_total") }
      .reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? 0) }
  }
}

/// A thread that can be waited for.
final class Joinable: Sendable {
  private let ended = DispatchSemaphore(value: 0)

  init(_ work: @escaping @Sendable () -> Void) {
    let ended = ended
    Thread {
      work(); ended.signal()
    }.start()
  }

  func join() {
    ended.wait()
  }
}
