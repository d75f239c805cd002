import Answering
import Config
import Forwarding
import IO
import Wire

/// What a server block forwards to and keeps: one for each generation, of parts that are kept over
/// reloads as long as what they are made from stays the same.
struct BlockForwarding {
  let cache: AnswerCache?
  let sources: [UpstreamSource]
  let targets: [ForwardTarget]

  init(cache: AnswerCache?, sources: [UpstreamSource], block: ServerBlock) {
    self.cache = cache
    self.sources = sources
    targets = zip(block.forwards, sources).enumerated().map { place, pair in
      ForwardTarget(group: pair.1.group, cache: cache, settings: pair.0, place: place)
    }
  }
}

/// Which block of a configuration something belongs to, wherever it stands in the file.
struct BlockIdentity: Hashable {
  private let keys: [ZoneKey]
  private let bind: [[String]]

  init(_ block: ServerBlock) {
    keys = block.keys
    bind = block.bind.map { $0.addresses + ["except"] + $0.except }
  }
}

/// What a cache's answers depend on: its own settings, and who is asked for which names.
struct CacheKey: Hashable {
  let settings: AnswerCache.Settings
  private let block: BlockIdentity
  private let asked: [Asked]

  private struct Asked: Hashable {
    let from: DomainName
    let except: [DomainName]
    let upstreams: [ForwardSettings.Upstream]
  }

  /// Nil for a block that has nothing to keep.
  init?(_ block: ServerBlock, in configuration: Configuration) {
    guard let cache = block.cache, !block.forwards.isEmpty else { return nil }
    self.block = BlockIdentity(block)
    asked = block.forwards.map {
      Asked(from: $0.from, except: $0.except, upstreams: $0.upstreams)
    }
    // Without the cut no answer depends on other blocks, and they may come and go.
    let longer = cache.nxdomainCut ? Self.longerZones(than: block, in: configuration) : []
    settings = AnswerCache.Settings(cache, longerZones: longer)
  }

  private static func longerZones(
    than block: ServerBlock, in configuration: Configuration
  ) -> [DomainName] {
    let own = block.keys.map(\.zone)
    return Set(configuration.blocks.flatMap(\.keys).map(\.zone)).filter { zone in
      !own.contains(zone) && own.contains { zone.isAtOrBelow($0) }
    }.sorted { $0.description < $1.description }
  }
}

/// What the upstreams of a directive depend on.
struct UpstreamKey: Hashable {
  let settings: ForwardSettings
  let detectsLoops: Bool
  /// Where the names lie that it is asked for: FROM, or the block's zone where that is smaller.
  let zone: DomainName
  /// Connections are made with what the files had in them.
  let tls: StreamOptions.TLS
  private let block: BlockIdentity
  /// Two directives of a block may be alike.
  private let index: Int

  /// - Parameter directory: of the Corefile.
  init(_ settings: ForwardSettings, _ index: Int, of block: ServerBlock, in directory: String) {
    tls = StreamOptions.TLS(settings.tlsFiles(in: block.folder(in: directory)))
    self.settings = settings.withoutPlace
    self.index = index
    self.block = BlockIdentity(block)
    detectsLoops = block.loop
    let zones = block.keys.map(\.zone)
    let isWithin = zones.contains { settings.from.isAtOrBelow($0) }
    zone = isWithin ? settings.from : zones.first ?? settings.from
  }
}

extension ForwardSettings {
  /// The same wherever it stands in the file.
  fileprivate var withoutPlace: ForwardSettings {
    var settings = self
    settings.place = Place(file: "", line: 0, column: 0)
    return settings
  }
}
