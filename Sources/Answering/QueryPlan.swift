public import Cluster
public import Config
public import Telemetry
public import Wire
public import Zones
import Synchronization

/// What a server block does with a query: made once when the configuration is loaded, one copy for
/// each worker, so that nothing in it is counted by two threads.
public final class QueryPlan {
  /// The block's zone as the metrics name it.
  public let zone: DomainName
  /// Which block of the configuration it is.
  public let block: Int
  public let steps: [Step]
  /// Queries come to a plugin, even if to none that answers; else they are refused.
  public let hasHandlers: Bool
  /// Address records begin at a random place of their set (`loadbalance`).
  public let rotates: Bool
  /// `errors` is there.
  public let reportsErrors: Bool
  public let logs: [LogStep]
  /// `prometheus` is there.
  public let counters: QueryCounters?
  /// The largest UDP payload, octets (`bufsize`, else 1232).
  public let bufferSize: UInt16

  public init(
    zone: DomainName, block: Int, steps: [Step], hasHandlers: Bool, rotates: Bool,
    reportsErrors: Bool, logs: [LogStep], counters: QueryCounters?, bufferSize: UInt16
  ) {
    self.zone = zone
    self.block = block
    self.steps = steps
    self.hasHandlers = hasHandlers
    self.rotates = rotates
    self.reportsErrors = reportsErrors
    self.logs = logs
    self.counters = counters
    self.bufferSize = bufferSize
  }

  /// The plugin that a query comes to last; `errors`, which says so, where none answers.
  public var lastPlugin: String {
    steps.last.map { Step.pluginNames[$0.pluginIndex] } ?? "errors"
  }
}

/// One thing that may answer, in the order of the plugins. An enum of structs: an array of classes
/// or existentials costs 12 ns an element in reference counting.
public enum Step {
  case kubernetes(KubernetesStep)
  case file(FileStep)
  case whoami

  /// The plugin's name, for logs and metrics.
  var pluginIndex: Int {
    switch self {
    case .kubernetes: 0
    case .file: 1
    case .whoami: 2
    }
  }

  /// Plugin names by ``pluginIndex``: what counters are made with.
  public static let pluginNames = ["kubernetes", "file", "whoami"]
}

/// The cluster's names under the zones of one `kubernetes` directive.
@safe public final class KubernetesStep {
  /// Shared by all workers and therefore never counted on the way of a query; the owner of the
  /// plan keeps it alive.
  let index: Unmanaged<ClusterIndex>
  private let keepsAlive: ClusterIndex
  let zones: SuffixTable
  let isReverse: [Bool]
  let labelCounts: [Int]
  /// The first forward zone: what PTR records point into.
  let primaryZone: DomainName
  let fallThrough: FallthroughSet
  /// Addresses that the server is reached at, for NS and `ns.dns`.
  let ownAddresses: [IPAddress]

  public init(
    index: ClusterIndex, settings: KubernetesSettings, ownAddresses: [IPAddress], hash: NameHash
  ) {
    unsafe self.index = Unmanaged.passUnretained(index)
    keepsAlive = index
    zones = SuffixTable(settings.zones.enumerated().map { ($1, $0) }, hash: hash)
    isReverse = settings.zones.map(\.isReverse)
    labelCounts = settings.zones.map(\.labelCount)
    primaryZone = settings.zones.first { !$0.isReverse } ?? .root
    fallThrough = FallthroughSet(settings.fallThrough, hash: hash)
    self.ownAddresses = ownAddresses
  }
}

/// The zones of one `file` directive.
public final class FileStep {
  private let slots: [ZoneSlot]
  let zones: SuffixTable
  let fallThrough: FallthroughSet
  private var taken: [(generation: Int, zone: Zone?)]

  /// - Parameter slots: one for each of the settings' zones.
  public init(slots: [ZoneSlot], settings: FileSettings, hash: NameHash) {
    self.slots = slots
    zones = SuffixTable(settings.zones.enumerated().map { ($1, $0) }, hash: hash)
    fallThrough = FallthroughSet(settings.fallThrough, hash: hash)
    taken = slots.map { _ in (-1, nil) }
  }

  /// The present contents of zone `index`; nil while its file could not be read yet.
  func zone(_ index: Int) -> Zone? {
    let generation = slots[index].generation
    if taken[index].generation != generation { taken[index] = (generation, slots[index].zone) }
    return taken[index].zone
  }
}

/// Where the control thread puts a zone's contents for the workers to take.
public final class ZoneSlot: Sendable {
  private let counter = Atomic<Int>(0)
  private let contents = Mutex<Zone?>(nil)

  public init() {}

  /// Grows with each ``publish(_:)``.
  public var generation: Int { counter.load(ordering: .acquiring) }
  public var zone: Zone? { contents.withLock { $0 } }

  /// Puts `zone` in the place of what was there.
  public func publish(_ zone: Zone) {
    contents.withLock { $0 = zone }
    counter.add(1, ordering: .releasing)
  }
}

/// `fallthrough` for some zones, all, or none.
struct FallthroughSet {
  private let zones: SuffixTable?
  private let isAll: Bool

  init(_ settings: Fallthrough, hash: NameHash) {
    switch settings {
    case .none: (zones, isAll) = (nil, false)
    case .all: (zones, isAll) = (nil, true)
    case .zones(let names): (zones, isAll) = (SuffixTable(names.map { ($0, 0) }, hash: hash), false)
    }
  }

  func covers(_ name: borrowing QueryName) -> Bool {
    isAll || zones?.find(name) != nil
  }
}

/// One `log` directive, compiled.
public struct LogStep {
  public let zones: SuffixTable
  public let classes: Set<LogSettings.ResponseClass>
  /// Which of the worker's formats it is written in.
  public let format: Int

  public init(zones: SuffixTable, classes: Set<LogSettings.ResponseClass>, format: Int) {
    self.zones = zones
    self.classes = classes
    self.format = format
  }
}

extension DomainName {
  private static let reverseZones = ["in-addr.arpa", "ip6.arpa"].compactMap { DomainName($0) }

  /// Whether the name is in-addr.arpa, ip6.arpa or below one of them.
  var isReverse: Bool { Self.reverseZones.contains { isAtOrBelow($0) } }
}
