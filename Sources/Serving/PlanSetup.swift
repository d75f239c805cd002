import Answering
import Cluster
import Config
import Forwarding
import Telemetry
import Wire
import Zones

/// What a worker makes its copy of a block's plan from.
struct PlanSetup: Sendable {
  let zone: DomainName
  let block: Int
  let settings: ServerBlock
  let ownAddresses: [IPAddress]
  /// One for each `kubernetes` directive of the block.
  let indexes: [ClusterIndex]
  /// One for each zone of each `file` directive of the block.
  let zoneSlots: [[ZoneSlot]]
  /// One for each `forward` directive of the block.
  let targets: [ForwardTarget]
  let counters: QueryCounters?
  /// The worker's format for each `log` directive of the block.
  let logFormats: [Int]

  /// The steps stand in the order of `PluginOrder`.
  func makePlan(hash: NameHash) -> QueryPlan {
    var steps: [Step] = []
    for (settings, index) in zip(settings.kubernetes, indexes) {
      steps.append(
        .kubernetes(
          KubernetesStep(index: index, settings: settings, ownAddresses: ownAddresses, hash: hash)))
    }
    for (settings, slots) in zip(settings.files, zoneSlots) {
      steps.append(.file(FileStep(slots: slots, settings: settings, hash: hash)))
    }
    if let cache = targets.lazy.compactMap(\.cache).first {
      steps.append(.cache(CacheStep(cache)))
    }
    for (settings, target) in zip(settings.forwards, targets) {
      steps.append(.forward(ForwardStep(target: target, settings: settings, hash: hash)))
    }
    if settings.whoami { steps.append(.whoami) }
    let logs = zip(settings.log, logFormats).map { log, format in
      LogStep(
        zones: SuffixTable((log.names.isEmpty ? [zone] : log.names).map { ($0, 0) }, hash: hash),
        classes: log.classes, format: format)
    }
    return QueryPlan(
      zone: zone, block: block, steps: steps, hasHandlers: settings.hasHandlers,
      rotates: settings.loadbalance != nil,
      reportsErrors: settings.errors != nil, logs: logs, counters: counters,
      bufferSize: settings.bufsize.map { UInt16(clamping: $0) } ?? QueryPlan.defaultBufferSize,
      leftOut: settings.families?.otherType)
  }
}
