import IO
import Kubernetes
import Telemetry
import Wire

extension Server {
  /// What `/metrics` shows.
  func addMetrics(to page: inout MetricsPage) {
    page.addBuild(version: Version.number, revision: Version.revision, swift: Version.swift)
    page.addPanics()
    for (labels, plugins) in generation.enabledPlugins {
      for plugin in plugins { page.addEnabled(plugin: plugin, in: labels) }
    }
    page.add(queries: parts.counters.all)
    status.addMetrics(to: &page)
    reloading.addMetrics(to: &page)
    parts.watchMetrics.add(to: &page)
    // Sources of one zone on several ports are numbered: a page has each series once.
    var zones: [String: Int] = [:]
    for (zone, source) in generation.clusterZones {
      let zone = zone.description
      let number = zones[zone, default: 0] + 1
      zones[zone] = number
      source.addMetrics(to: &page, zone: number == 1 ? zone : "\(zone) #\(number)")
    }
    ForwardMetrics.add(
      generation.upstreams.all.map(\.group), generation.cacheLabels, retired: parts.retired,
      to: &page)
    page.add(
      "martlet_log_lines_dropped_total", .counter,
      help: "Log lines dropped because standard output was not read fast enough.",
      value: Double(droppedLines))
    page.add(
      "martlet_dns_replies_lost_total", .counter,
      help: "UDP replies that the kernel did not take.", value: Double(parts.lostReplies.count))
    if let status = try? ProcessStatus.current() {
      page.add(
        process: ProcessFigures(
          cpuSeconds: status.cpuSeconds, residentOctets: status.residentOctets,
          virtualOctets: status.virtualOctets, startTime: status.startTime,
          openDescriptors: status.openDescriptors, maximumDescriptors: status.maximumDescriptors))
    }
  }
}
