extension MetricsPage {
  /// Adds the `coredns_dns_*` families, workers with the same labels summed.
  ///
  /// A series appears with its first query, as in CoreDNS.
  public mutating func add(queries counters: [QueryCounters]) {
    for (labels, counters) in Dictionary(grouping: counters, by: \.labels) {
      add(QueryTotals(labels, counters))
    }
  }

  private mutating func add(_ totals: QueryTotals) {
    addRequests(totals)
    addResponses(totals)
    for (index, transport) in ["udp", "tcp"].enumerated() {
      addSizes(
        "coredns_dns_request_size_bytes",
        help: "Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.",
        totals, transport, from: Slot.requestSizes + index * Slot.sizes)
      addSizes(
        "coredns_dns_response_size_bytes", help: "Size of the returned response in bytes.",
        totals, transport, from: Slot.responseSizes + index * Slot.sizes)
    }
    let durations = Array(totals.values[Slot.durations..<Slot.durationSum])
    if durations.contains(where: { $0 > 0 }) {
      add(
        "coredns_dns_request_duration_seconds",
        help: "Histogram of the time (in seconds) each request took per zone.",
        labels: totals.labels, bounds: Buckets.seconds, counts: durations,
        sum: Double(totals.values[Slot.durationSum]) / 1e9)
    }
  }

  private mutating func addRequests(_ totals: QueryTotals) {
    for index in 0..<4 * Slot.types where totals.values[index] > 0 {
      let source = index / Slot.types
      add(
        "coredns_dns_requests_total", .counter,
        help: "Counter of DNS requests made per zone, protocol and family.",
        labels: totals.labels + [
          ("proto", source < 2 ? "udp" : "tcp"), ("family", source % 2 == 0 ? "1" : "2"),
          ("type", Slot.typeNames[index % Slot.types]),
        ],
        value: Double(totals.values[index]))
    }
    if totals.values[Slot.dnssecOK] > 0 {
      add(
        "coredns_dns_do_requests_total", .counter,
        help: "Counter of DNS requests with DO bit set per zone.",
        labels: totals.labels, value: Double(totals.values[Slot.dnssecOK]))
    }
  }

  private mutating func addResponses(_ totals: QueryTotals) {
    for (response, count) in totals.responses {
      add(
        "coredns_dns_responses_total", .counter, help: "Counter of response status codes.",
        labels: totals.labels + [
          ("rcode", ResponseCodeNames.label(response.code)), ("plugin", response.plugin),
        ],
        value: Double(count))
    }
  }

  private mutating func addSizes(
    _ name: String, help: String, _ totals: QueryTotals, _ transport: String, from first: Int
  ) {
    let counts = Array(totals.values[first..<first + Slot.sizeSum])
    guard counts.contains(where: { $0 > 0 }) else { return }
    add(
      name, help: help, labels: totals.labels + [("proto", transport)],
      bounds: Buckets.octets, counts: counts, sum: Double(totals.values[first + Slot.sizeSum]))
  }
}

/// The counters of all workers for one server, zone and view, added up.
private struct QueryTotals {
  struct Response: Hashable {
    var plugin: String
    var code: Int
  }

  let labels: [(String, String)]
  /// All slots before ``Slot/responses``.
  private(set) var values = [UInt64](repeating: 0, count: Slot.responses)
  /// By name, since a reload may bring another table of plugins.
  private(set) var responses: [Response: UInt64] = [:]

  init(_ labels: QueryLabels, _ counters: [QueryCounters]) {
    self.labels = [("server", labels.server), ("zone", labels.zone), ("view", labels.view)]
    for one in counters {
      let read = one.values()
      for index in 0..<Slot.responses { values[index] += read[index] }
      for index in Slot.responses..<read.count where read[index] > 0 {
        let (plugin, code) = (index - Slot.responses)
          .quotientAndRemainder(dividingBy: Slot.responseCodes)
        let name = plugin == 0 ? "" : one.plugins[plugin - 1]
        responses[Response(plugin: name, code: code), default: 0] += read[index]
      }
    }
  }
}
