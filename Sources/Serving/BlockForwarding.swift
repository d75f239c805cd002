import Answering
import Config
import Forwarding
import IO
import Telemetry
import Wire

/// What a server block forwards to and keeps: made once for all workers, and kept over a reload
/// that does not change it.
final class BlockForwarding {
  let cache: AnswerCache?
  let sources: [UpstreamSource]
  let targets: [ForwardTarget]

  /// What tells two of them apart.
  struct Key: Hashable {
    let keys: [ZoneKey]
    let bind: [[String]]
    let forwards: [ForwardSettings]
    let cache: CacheSettings?
    let loop: Bool
    /// Zones of longer server blocks, which the cache must not cross.
    let longerZones: [DomainName]

    init(_ block: ServerBlock, in configuration: Configuration) {
      keys = block.keys
      bind = block.bind.map { $0.addresses + ["except"] + $0.except }
      forwards = block.forwards.map(\.withoutPlace)
      cache = block.cache
      loop = block.loop
      let zones = Set(configuration.blocks.flatMap(\.keys).map(\.zone))
      let own = block.keys.map(\.zone)
      longerZones = zones.filter { zone in
        !own.contains(zone) && own.contains { zone.isAtOrBelow($0) }
      }.sorted { $0.description < $1.description }
    }
  }

  /// - Parameters:
  ///   - directory: what relative paths are relative to.
  init(
    _ key: Key, in directory: String, hash: NameHash, loop: EventLoop, log: Log,
    asks: OwnQuestions, probes: LoopProbes
  ) {
    let cache =
      key.forwards.isEmpty
      ? nil
      : key.cache.map {
        AnswerCache(
          settings: AnswerCache.Settings($0, longerZones: key.longerZones), hash: hash)
      }
    self.cache = cache
    let sources = key.forwards.map { settings in
      UpstreamSource(
        settings, number: asks.makeGroupNumber(), in: directory, loop: loop, log: log, asks: asks,
        probes: probes, detectsLoops: key.loop)
    }
    self.sources = sources
    targets = zip(key.forwards, sources).enumerated().map { index, pair in
      ForwardTarget(
        group: pair.1.group, cache: cache, settings: pair.0,
        hasNext: index + 1 < key.forwards.count)
    }
  }

  /// Finds the upstreams, and looks after them from then on.
  func start() {
    for source in sources { source.start() }
  }

  /// Looks for loops, now that queries can come back.
  func checkLoops() {
    for source in sources { source.checkLoops() }
  }

  /// Looks after them no more; queries that wait still get their answers.
  func stop() {
    for source in sources { source.stop() }
  }

  /// What is not as it should be, a line each.
  var problems: [String] { sources.flatMap(\.problems) }
}

extension ForwardSettings {
  /// The same wherever it stands in the file.
  fileprivate var withoutPlace: ForwardSettings {
    var settings = self
    settings.place = Place(file: "", line: 0, column: 0)
    return settings
  }
}
