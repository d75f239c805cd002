/// What the process uses, for the `process_*` metrics.
public struct ProcessFigures: Sendable {
  public var cpuSeconds: Double
  public var residentOctets: UInt64
  public var virtualOctets: UInt64
  /// Seconds since 1970.
  public var startTime: Double
  public var openDescriptors: Int
  public var maximumDescriptors: UInt64

  public init(
    cpuSeconds: Double, residentOctets: UInt64, virtualOctets: UInt64, startTime: Double,
    openDescriptors: Int, maximumDescriptors: UInt64
  ) {
    self.cpuSeconds = cpuSeconds
    self.residentOctets = residentOctets
    self.virtualOctets = virtualOctets
    self.startTime = startTime
    self.openDescriptors = openDescriptors
    self.maximumDescriptors = maximumDescriptors
  }
}

extension MetricsPage {
  /// Adds what the server is: the CoreDNS release it stands in for, and martlet's own.
  public mutating func addBuild(version: String, revision: String, swift: String) {
    add(
      "coredns_build_info", .gauge,
      help: "A metric with a constant '1' value labeled by version, revision, and goversion "
        + "from which CoreDNS was built.",
      labels: ["version": coreDNSRelease, "revision": revision, "goversion": "swift\(swift)"],
      value: 1)
    add(
      "martlet_build_info", .gauge,
      help: "A metric with a constant '1' value labeled by martlet's version and Swift's.",
      labels: ["version": version, "swift": swift], value: 1)
  }

  /// Adds `coredns_plugin_enabled` for one plugin of one block.
  public mutating func addEnabled(plugin: String, in labels: QueryLabels) {
    add(
      "coredns_plugin_enabled", .gauge,
      help: "A metric that indicates whether a plugin is enabled on per server and zone basis.",
      labels: [
        "server": labels.server, "zone": labels.zone, "view": labels.view, "name": plugin,
      ], value: 1)
  }

  /// Adds `coredns_panics_total`. A panic of martlet ends the process, so the count stays 0; alerts
  /// expect the series to exist.
  public mutating func addPanics(_ count: UInt64 = 0) {
    add(
      "coredns_panics_total", .counter, help: "A metrics that counts the number of panics.",
      value: Double(count))
  }

  /// Adds the `process_*` families, by the names and texts of Prometheus' own library.
  public mutating func add(process figures: ProcessFigures) {
    add(
      "process_cpu_seconds_total", .counter,
      help: "Total user and system CPU time spent in seconds.", value: figures.cpuSeconds)
    add(
      "process_resident_memory_bytes", .gauge, help: "Resident memory size in bytes.",
      value: Double(figures.residentOctets))
    add(
      "process_virtual_memory_bytes", .gauge, help: "Virtual memory size in bytes.",
      value: Double(figures.virtualOctets))
    add(
      "process_start_time_seconds", .gauge,
      help: "Start time of the process since unix epoch in seconds.", value: figures.startTime)
    add(
      "process_open_fds", .gauge, help: "Number of open file descriptors.",
      value: Double(figures.openDescriptors))
    add(
      "process_max_fds", .gauge, help: "Maximum number of open file descriptors.",
      value: Double(figures.maximumDescriptors))
  }
}
