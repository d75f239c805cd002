import CPrefetch
import Synchronization
import Wire

/// Published records by key: one thread changes it, any number look up without a lock.
///
/// Open addressing with linear probing over atomic words; each holds a record's address and, in the
/// 16 bits above, a tag of its hash, so that a probe reads no record but the right one. A removed
/// record leaves a tombstone; when live and removed words pass half of the slots, the writer moves
/// the live ones to a new array and publishes that. What readers may still hold goes to ``Epochs``.
@safe final class RecordTable: @unchecked Sendable {
  // SAFETY: `slots` changes only by atomic stores of the one writer; arrays and records that
  // readers may hold are freed by `epochs` after each reader has left its batch.

  private static let tombstone: UInt = 1
  private static let addressBits: UInt = 0x0000_FFFF_FFFF_FFFF

  /// The slot array: a word with the mask, then mask + 1 slots.
  private let slots: Atomic<UInt>
  private let hash: NameHash
  private let epochs: Epochs

  /// Writer's own counts of slots that hold a record, and of tombstones.
  private(set) var count = 0
  private var tombstones = 0

  init(hash: NameHash, epochs: Epochs) {
    self.hash = hash
    self.epochs = epochs
    slots = unsafe Atomic(UInt(bitPattern: Self.makeSlots(64)))
  }

  deinit {
    let array = slots.load(ordering: .relaxed)
    let mask = Self.mask(array)
    for index in 0...mask {
      if let record = unsafe Self.record(Self.slot(array, index).pointee.load(ordering: .relaxed)) {
        unsafe record.deallocate()
      }
    }
    unsafe UnsafeMutableRawPointer(bitPattern: array)?.deallocate()
  }

  // MARK: - Readers

  /// The record under `key`; valid until the reader's batch ends (see ``Epochs``).
  @inline(__always)
  func find(_ key: Octets) -> Record? {
    let hash = hash(key)
    let array = slots.load(ordering: .acquiring)
    let mask = Self.mask(array)
    let tag = UInt(truncatingIfNeeded: hash >> 48)
    var index = Int(truncatingIfNeeded: hash) & mask
    while true {
      let word = unsafe Self.slot(array, index).pointee.load(ordering: .acquiring)
      if word == 0 { return nil }
      if word >> 48 == tag, let base = unsafe Self.record(word) {
        let record = unsafe Record(base: base)
        if record.key.equals(key) { return record }
      }
      index = (index &+ 1) & mask
    }
  }

  /// Starts bringing the slot of `key` nearer; the hash is for ``prefetchRecord(_:)``. Neither slot nor
  /// record is often in the cache, and waiting for them is most of a lookup.
  func prefetchSlot(_ key: Octets) -> UInt64 {
    let hash = hash(key)
    let array = slots.load(ordering: .acquiring)
    unsafe cprefetch(Self.slot(array, Int(truncatingIfNeeded: hash) & Self.mask(array)))
    return hash
  }

  /// Starts bringing the record nearer whose slot ``prefetchSlot(_:)`` has asked for, for a
  /// ``find(_:)`` that comes some hundred nanoseconds later.
  func prefetchRecord(_ hash: UInt64) {
    let array = slots.load(ordering: .acquiring)
    let tag = UInt(truncatingIfNeeded: hash >> 48)
    let index = Int(truncatingIfNeeded: hash) & Self.mask(array)
    let word = unsafe Self.slot(array, index).pointee.load(ordering: .acquiring)
    // What collided stands in a later slot; that is the rare case, and find() sees to it.
    guard word >> 48 == tag, let base = unsafe Self.record(word) else { return }
    unsafe cprefetch(base)
    unsafe cprefetch(base + 64)
  }

  // MARK: - Writer

  /// Puts `record` in, in place of the one with its key.
  func insert(_ record: Record) {
    if (count + tombstones + 1) * 2 > Self.mask(slots.load(ordering: .relaxed)) + 1 {
      rebuild()
    }
    let hash = hash(record.key)
    let word = unsafe UInt(bitPattern: record.base) | UInt(truncatingIfNeeded: hash >> 48) << 48
    let place = unsafe locate(record.key, hash)
    unsafe place.slot.pointee.store(word, ordering: .releasing)
    if let old = unsafe place.record {
      unsafe epochs.retire(old)
    } else {
      count += 1
    }
  }

  /// Takes out the record under `key`, if there is one.
  func remove(_ key: Octets) {
    let place = unsafe locate(key, hash(key))
    guard let old = unsafe place.record else { return }
    unsafe place.slot.pointee.store(Self.tombstone, ordering: .releasing)
    count -= 1
    tombstones += 1
    unsafe epochs.retire(old)
  }

  private func locate(
    _ key: Octets, _ hash: UInt64
  ) -> (slot: UnsafeMutablePointer<Atomic<UInt>>, record: UnsafeMutableRawPointer?) {
    let array = slots.load(ordering: .relaxed)
    let mask = Self.mask(array)
    let tag = UInt(truncatingIfNeeded: hash >> 48)
    var index = Int(truncatingIfNeeded: hash) & mask
    while true {
      let slot = unsafe Self.slot(array, index)
      let word = unsafe slot.pointee.load(ordering: .relaxed)
      if word == 0 { return unsafe (slot, nil) }
      if word >> 48 == tag, let base = unsafe Self.record(word) {
        let record = unsafe Record(base: base)
        if record.key.equals(key) { return unsafe (slot, base) }
      }
      index = (index &+ 1) & mask
    }
  }

  private func rebuild() {
    let old = slots.load(ordering: .relaxed)
    let oldMask = Self.mask(old)
    var size = 64
    while size < (count + 1) * 3 { size *= 2 }
    let new = unsafe UInt(bitPattern: Self.makeSlots(size))
    for index in 0...oldMask {
      let word = unsafe Self.slot(old, index).pointee.load(ordering: .relaxed)
      guard let base = unsafe Self.record(word) else { continue }
      let record = unsafe Record(base: base)
      var at = Int(truncatingIfNeeded: hash(record.key)) & (size - 1)
      while unsafe Self.slot(new, at).pointee.load(ordering: .relaxed) != 0 {
        at = (at + 1) & (size - 1)
      }
      unsafe Self.slot(new, at).pointee.store(word, ordering: .relaxed)
    }
    tombstones = 0
    slots.store(new, ordering: .releasing)
    if let array = unsafe UnsafeMutableRawPointer(bitPattern: old) { unsafe epochs.retire(array) }
  }

  // MARK: - Slot arrays

  private static func makeSlots(_ count: Int) -> UnsafeMutableRawPointer {
    let array = UnsafeMutableRawPointer.allocate(byteCount: 8 * (count + 1), alignment: 8)
    unsafe array.initializeMemory(as: UInt.self, repeating: 0, count: count + 1)
    unsafe array.storeBytes(of: count - 1, as: Int.self)
    return unsafe array
  }

  @inline(__always)
  private static func mask(_ array: UInt) -> Int {
    unsafe UnsafePointer<Int>(bitPattern: array).unsafelyUnwrapped.pointee
  }

  @inline(__always)
  private static func slot(_ array: UInt, _ index: Int) -> UnsafeMutablePointer<Atomic<UInt>> {
    unsafe UnsafeMutablePointer<Atomic<UInt>>(bitPattern: array).unsafelyUnwrapped + (index &+ 1)
  }

  @inline(__always)
  private static func record(_ word: UInt) -> UnsafeMutableRawPointer? {
    word == tombstone ? nil : unsafe UnsafeMutableRawPointer(bitPattern: word & addressBits)
  }
}
