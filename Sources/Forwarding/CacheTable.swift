/// Entries by hash: open addressing with linear probing.
///
/// A word holds an entry's address, and in its upper 20 bits the hash's lower 20, which are also
/// where its slot comes from: neither probing past others, nor growing, nor closing the gap of a
/// removed one reads an entry.
@safe struct CacheTable {
  // Blocks are aligned to 16 octets and lie below 2^48, as everything a process has on Linux
  // unless it asks for more.
  private static let tagBits = 20
  private static let addressBits: UInt = 1 << 44 - 1
  private static let smallest = 16

  private var slots: UnsafeMutablePointer<UInt>?
  private var mask = -1
  private(set) var count = 0

  /// Calls `body` with each entry whose hash may be `hash`, until it returns false.
  @inline(__always)
  func forEach(_ hash: UInt64, _ body: (CacheEntry) -> Bool) {
    guard let slots = unsafe slots else { return }
    let tag = Self.tag(hash)
    var index = Int(tag) & mask
    while true {
      let word = unsafe slots[index]
      if word == 0 { return }
      if word >> 44 == tag, let entry = Self.entry(word), !body(entry) { return }
      index = (index &+ 1) & mask
    }
  }

  /// Calls `body` with every entry.
  func forEach(_ body: (CacheEntry) -> Void) {
    guard let slots = unsafe slots else { return }
    for index in 0...mask {
      if let entry = unsafe Self.entry(slots[index]) { body(entry) }
    }
  }

  /// Puts in an entry that is not there yet.
  mutating func insert(_ entry: CacheEntry) {
    if (count + 1) * 4 > (mask + 1) * 3 { grow() }
    put(entry.address >> 4 | Self.tag(entry.fields.hash) << 44)
    count += 1
  }

  /// Puts `new` where `old` of the same hash is.
  mutating func replace(_ old: CacheEntry, with new: CacheEntry) {
    guard let slots = unsafe slots, let index = place(of: old) else { return }
    unsafe slots[index] = new.address >> 4 | Self.tag(new.fields.hash) << 44
  }

  /// Takes out `entry`, and moves those behind it that belong nearer to their slot.
  mutating func remove(_ entry: CacheEntry) {
    guard let slots = unsafe slots, var hole = place(of: entry) else { return }
    var index = hole
    while true {
      index = (index + 1) & mask
      let word = unsafe slots[index]
      if word == 0 { break }
      let home = Int(word >> 44) & mask
      // It may move unless its home lies behind the hole.
      if (index - home) & mask >= (index - hole) & mask {
        unsafe slots[hole] = word
        hole = index
      }
    }
    unsafe slots[hole] = 0
    count -= 1
  }

  /// Frees the slots; the entries are their owner's.
  mutating func free() {
    unsafe slots?.deallocate()
    unsafe slots = nil
    mask = -1
    count = 0
  }

  // MARK: - Slots

  private func place(of entry: CacheEntry) -> Int? {
    guard let slots = unsafe slots else { return nil }
    let word = entry.address >> 4 | Self.tag(entry.fields.hash) << 44
    var index = Int(Self.tag(entry.fields.hash)) & mask
    while unsafe slots[index] != word {
      if unsafe slots[index] == 0 { return nil }
      index = (index + 1) & mask
    }
    return index
  }

  private func put(_ word: UInt) {
    guard let slots = unsafe slots else { return }
    var index = Int(word >> 44) & mask
    while unsafe slots[index] != 0 { index = (index + 1) & mask }
    unsafe slots[index] = word
  }

  private mutating func grow() {
    let old = unsafe slots
    let oldSize = mask + 1
    let size = max(oldSize * 2, Self.smallest)
    let new = UnsafeMutablePointer<UInt>.allocate(capacity: size)
    unsafe new.initialize(repeating: 0, count: size)
    unsafe slots = new
    mask = size - 1
    guard let old = unsafe old else { return }
    for index in 0..<oldSize where unsafe old[index] != 0 {
      unsafe put(old[index])
    }
    unsafe old.deallocate()
  }

  @inline(__always)
  private static func tag(_ hash: UInt64) -> UInt {
    UInt(truncatingIfNeeded: hash) & (1 << UInt(tagBits) - 1)
  }

  @inline(__always)
  private static func entry(_ word: UInt) -> CacheEntry? {
    CacheEntry(address: (word & addressBits) << 4)
  }
}
