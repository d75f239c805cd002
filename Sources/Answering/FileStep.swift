public import Config
public import Wire
import Zones

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

  /// Whether the name lies in one of the zones.
  func owns(_ name: borrowing QueryName) -> Bool { zones.find(name) != nil }
}
