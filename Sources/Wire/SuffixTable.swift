/// Finds the longest of a set of zones that a name lies in. Made once, then only read.
@safe public final class SuffixTable {
  // SAFETY: `slots` holds mask + 1 entries and `octets` the zones they point into, for as long as
  // this lives; `mask` and each range were made together with them.

  private struct Slot {
    var at = 0
    /// 0 where the slot is free: a zone has at least the root's octet.
    var count = 0
    var value = 0
  }

  private let slots: UnsafeMutablePointer<Slot>
  private let octets: UnsafeMutablePointer<UInt8>
  private let octetCount: Int
  private let mask: Int
  private let hash: NameHash
  private let mostLabels: Int

  /// - Parameter zones: each with the value that ``find(_:)`` gives for it; of equal ones the
  ///   first counts.
  public init(_ zones: [(zone: DomainName, value: Int)], hash: NameHash) {
    var size = 8
    while size < zones.count * 2 { size *= 2 }
    mask = size - 1
    self.hash = hash
    mostLabels = zones.map(\.zone.labelCount).max() ?? 0
    octetCount = max(1, zones.reduce(0) { $0 + $1.zone.octets.count })
    unsafe slots = .allocate(capacity: size)
    unsafe slots.initialize(repeating: Slot(), count: size)
    unsafe octets = .allocate(capacity: octetCount)
    unsafe octets.initialize(repeating: 0, count: octetCount)
    var end = 0
    for (zone, value) in zones {
      let folded = zone.folded.octets
      for (index, octet) in folded.enumerated() { unsafe octets[end + index] = octet }
      insert(Slot(at: end, count: folded.count, value: value))
      end += folded.count
    }
  }

  deinit {
    unsafe slots.deallocate()
    unsafe octets.deallocate()
  }

  private func insert(_ new: Slot) {
    let name = view(new)
    var index = Int(truncatingIfNeeded: hash(name)) & mask
    while unsafe slots[index].count > 0 {
      if view(unsafe slots[index]).equals(name) { return }
      index = (index + 1) & mask
    }
    unsafe slots[index] = new
  }

  private func view(_ slot: Slot) -> Octets {
    unsafe Octets(base: UnsafeRawPointer(octets), count: octetCount)[
      slot.at..<(slot.at + slot.count)]
  }

  /// The value of the longest zone that `name` is at or below; nil where there is none.
  public func find(_ name: borrowing QueryName) -> Int? {
    var label = max(0, name.labelCount - mostLabels)
    while label <= name.labelCount {
      let suffix = name.suffix(from: label)
      var index = Int(truncatingIfNeeded: hash(suffix)) & mask
      while unsafe slots[index].count > 0 {
        if view(unsafe slots[index]).equals(suffix) { return unsafe slots[index].value }
        index = (index &+ 1) & mask
      }
      label &+= 1
    }
    return nil
  }
}
