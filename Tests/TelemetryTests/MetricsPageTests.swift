import Telemetry
import Testing

@Suite struct MetricsPageTests {
  @Test(arguments: [
    (0, "0"), (1, "1"), (-1, "-1"), (0.00025, "0.00025"), (0.0005, "0.0005"), (8.192, "8.192"),
    (0.000105216, "0.000105216"), (0.0000999, "9.99e-05"), (1e-10, "1e-10"), (64_000, "64000"),
    (999_999, "999999"), (1_000_000, "1e+06"), (1_234_567, "1.234567e+06"),
    (46_530_560, "4.653056e+07"), (1_795_239_600.25, "1.79523960025e+09"), (0.1, "0.1"),
    (1e21, "1e+21"), (-1.5e-7, "-1.5e-07"), (1e100, "1e+100"), (.infinity, "+Inf"),
    (-.infinity, "-Inf"), (.nan, "NaN"), (100, "100"), (120_000, "120000"), (12.5, "12.5"),
  ])
  func `numbers are written as Go writes them`(value: Double, text: String) {
    var page = MetricsPage()
    page.add("x", .gauge, help: "X.", value: value)
    #expect(page.text == "# HELP x X.\n# TYPE x gauge\nx \(text)\n")
  }

  @Test func `label values and help are escaped`() {
    var page = MetricsPage()
    page.add("x", .counter, help: "a\\b\n\"c\"", labels: ["l": "a\\b\n\"c\" é"], value: 1)
    #expect(
      page.text == "# HELP x a\\\\b\\n\"c\"\n# TYPE x counter\nx{l=\"a\\\\b\\n\\\"c\\\" é\"} 1\n")
  }

  @Test func `families, labels and series stand in order however they came`() {
    var page = MetricsPage()
    page.add("b_total", .counter, help: "B.", labels: ["z": "2", "a": "1"], value: 1)
    page.add("b_total", .counter, help: "B.", labels: ["a": "1", "z": "10"], value: 2)
    page.add("a", .gauge, help: "A.", value: 3)
    page.add("b_total", .counter, help: "B.", labels: ["a": "0", "z": "9"], value: 4)
    #expect(
      page.text == """
        # HELP a A.
        # TYPE a gauge
        a 3
        # HELP b_total B.
        # TYPE b_total counter
        b_total{a="0",z="9"} 4
        b_total{a="1",z="10"} 2
        b_total{a="1",z="2"} 1

        """)
  }

  @Test func `a histogram's buckets add up`() {
    let family = MetricFamily<Histogram>("h", help: "H.", labels: ["k"]) {
      Histogram(bounds: [0.5, 2])
    }
    for value in [0.5, 0.6, 2, 3] { family("v").observe(value) }
    var page = MetricsPage()
    page.add(family)
    #expect(
      page.text == """
        # HELP h H.
        # TYPE h histogram
        h_bucket{k="v",le="0.5"} 1
        h_bucket{k="v",le="2"} 3
        h_bucket{k="v",le="+Inf"} 4
        h_sum{k="v"} 6.1
        h_count{k="v"} 4

        """)
  }

  @Test func `counters and gauges appear when first asked for`() {
    let counters = MetricFamily<Counter>("c_total", help: "C.", labels: ["k"]) { Counter() }
    let gauges = MetricFamily<Gauge>("g", help: "G.") { Gauge() }
    var empty = MetricsPage()
    empty.add(counters)
    empty.add(gauges)
    #expect(empty.text == "")
    counters("v").add()
    counters("v").add(2)
    gauges().set(0.5)
    var page = MetricsPage()
    page.add(counters)
    page.add(gauges)
    #expect(
      page.text == """
        # HELP c_total C.
        # TYPE c_total counter
        c_total{k="v"} 3
        # HELP g G.
        # TYPE g gauge
        g 0.5

        """)
    gauges.removeAll()
    var after = MetricsPage()
    after.add(gauges)
    #expect(after.text == "")
  }

  @Test func `build, plugins, panics and process are named as in CoreDNS`() {
    var page = MetricsPage()
    page.addBuild(version: "0.1.0", revision: "", swift: "6.3.1")
    page.addPanics()
    page.addEnabled(
      plugin: "errors", in: QueryLabels(server: "dns://:53", zone: "cluster.local."))
    page.add(
      process: ProcessFigures(
        cpuSeconds: 1.25, residentOctets: 46_530_560, virtualOctets: 0, startTime: 1_795_239_600,
        openDescriptors: 12, maximumDescriptors: 1_048_576))
    let samples = page.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(
      samples == [
        #"coredns_build_info{goversion="swift6.3.1",revision="",version="1.14.7"} 1"#,
        "coredns_panics_total 0",
        #"coredns_plugin_enabled{name="errors",server="dns://:53",view="",zone="cluster.local."} 1"#,
        #"martlet_build_info{swift="6.3.1",version="0.1.0"} 1"#,
        "process_cpu_seconds_total 1.25",
        "process_max_fds 1.048576e+06",
        "process_open_fds 12",
        "process_resident_memory_bytes 4.653056e+07",
        "process_start_time_seconds 1.7952396e+09",
        "process_virtual_memory_bytes 0",
      ])
  }
}
