/// Holds that no two sets of objects are kept in one file: each would replace the other's.
enum SnapshotFiles {
  static func check(_ blocks: [ServerBlock], findings: Findings) {
    var keepers: [String: KubernetesSettings] = [:]
    for settings in blocks.flatMap(\.kubernetes) {
      guard let file = settings.snapshot else { continue }
      guard let other = keepers[file] else {
        keepers[file] = settings
        continue
      }
      // Directives that differ only in their zones have their objects, and the file, in common.
      guard other.withoutZones != settings.withoutZones else { continue }
      findings.error(
        settings.place,
        "'\(file)' is already the snapshot of the kubernetes on line \(other.place.line)",
        expected: "a file of its own, or the same properties in both")
    }
  }
}

extension KubernetesSettings {
  /// What the objects and their names depend on: directives that have this in common share them.
  public var withoutZones: KubernetesSettings {
    var settings = self
    settings.zones = []
    settings.fallThrough = .none
    settings.place = Place(file: "", line: 0, column: 0)
    settings.sourcePlace = settings.place
    return settings
  }
}
