import Answering
import Cluster
import Config
import Documents
import Kubernetes
import Testing
import Wire
import ZoneFiles
import Zones

/// A configuration over the sample objects, ready to be asked.
final class World: Sendable {
  let setup: Setup
  private let blocks: [ServerBlock]
  private let indexes: [ClusterIndex]
  private let slots: [String: ZoneSlot]
  private let ownAddresses: [IPAddress]

  static let all = Dictionary(uniqueKeysWithValues: Setup.allCases.map { ($0, World($0)) })
  static let serial: UInt32 = 1_700_000_000
  private static let hash = NameHash(seed: 7)

  init(_ setup: Setup) {
    self.setup = setup
    let loaded = CorefileLoader.load(text: setup.corefile)
    #expect(loaded.configuration != nil, "\(loaded.diagnostics)")
    blocks = loaded.configuration?.blocks ?? []
    indexes = blocks.flatMap(\.kubernetes).map { Self.index($0, setup) }
    slots = Self.slots(blocks)
    ownAddresses = setup.ownAddresses.compactMap { IPAddress($0) }
  }

  /// The zones of `kubernetes`, the longest first.
  var clusterZones: [DomainName] {
    blocks.flatMap(\.kubernetes).flatMap(\.zones).sorted { $0.labelCount > $1.labelCount }
  }

  /// The reply to a message; nil for silence.
  func ask(_ query: [UInt8], _ transport: Peer.Transport, seed: UInt64 = 1) -> [UInt8]? {
    var responder = Responder(plans: plans(), hash: Self.hash, seed: seed)
    let peer = Peer(
      transport: transport, address: IPAddress(v4: 0xC633_6401), port: 40_212,
      localAddress: IPAddress(v4: 0xC000_020A), localPort: 53)
    let capacity = 65_535
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
    defer { unsafe buffer.deallocate() }
    var writer = unsafe MessageWriter(base: buffer, capacity: capacity)
    let outcome = query.withOctets { responder.respond(to: $0, from: peer, into: &writer, now: 0) }
    return outcome.map { _ in writer.octets.array }
  }

  private func plans() -> [(zone: DomainName, plan: QueryPlan)] {
    var next = 0
    return blocks.enumerated().flatMap { number, block in
      var steps: [Step] = []
      for settings in block.kubernetes {
        steps.append(
          .kubernetes(
            KubernetesStep(
              index: indexes[next], settings: settings, ownAddresses: ownAddresses,
              hash: Self.hash)))
        next += 1
      }
      for settings in block.files {
        let slots = settings.zones.map { _ in self.slots[settings.path] ?? ZoneSlot() }
        steps.append(.file(FileStep(slots: slots, settings: settings, hash: Self.hash)))
      }
      if block.whoami { steps.append(.whoami) }
      return block.keys.map { key in
        (
          key.zone,
          QueryPlan(
            zone: key.zone, block: number, steps: steps, hasHandlers: block.hasHandlers,
            rotates: block.loadbalance != nil,
            reportsErrors: false, logs: [], counters: nil,
            bufferSize: block.bufsize.map { UInt16($0) } ?? QueryPlan.defaultBufferSize)
        )
      }
    }
  }

  // MARK: - Contents

  private static func index(_ settings: KubernetesSettings, _ setup: Setup) -> ClusterIndex {
    var settings = settings
    // An API server would have selected by labels already; here the store has to.
    if settings.labels != nil || settings.namespaceLabels != nil {
      settings.source = .manifests([])
    }
    let index = ClusterIndex(settings, epochs: Epochs(readers: 1), hash: hash)
    let store = ClusterStore(index: index, options: StoreOptions(settings)) { _ in }
    for object in Samples.objects where setup.holds(object.key) { store.upsert(object) }
    if setup.state != .loading { store.namespacesComplete() }
    store.publish(candidate: serial)
    store.setState(setup.state)
    return index
  }

  private static func slots(_ blocks: [ServerBlock]) -> [String: ZoneSlot] {
    var slots: [String: ZoneSlot] = [:]
    for file in blocks.flatMap(\.files) where file.path != "nowhere.zone" {
      let slot = ZoneSlot()
      do {
        slot.publish(try ZoneFile.zone(path: Samples.path(file.path), apex: file.zones[0]))
      } catch {
        Issue.record("\(error)")
      }
      slots[file.path] = slot
    }
    return slots
  }
}
