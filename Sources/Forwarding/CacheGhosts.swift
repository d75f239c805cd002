/// Hashes of what fell out of the small queue, as many as the store has entries.
///
/// Pairs of slots, in which a newer hash takes the place of the older of two: a hash may be
/// forgotten early, which costs no more than a fetch.
@safe struct CacheGhosts {
  /// A slot: 32 bits of the hash, 32 of the count of insertions when it came.
  private var slots: UnsafeMutablePointer<UInt64>?
  private let size: Int
  private let capacity: UInt32
  private var insertions: UInt32 = 0

  /// Takes memory only when the first comes.
  init(capacity: Int) {
    self.capacity = UInt32(clamping: capacity)
    var size = 2
    while size < capacity { size *= 2 }
    self.size = size
  }

  mutating func insert(_ hash: UInt64) {
    let slots = unsafe self.slots ?? makeSlots()
    insertions &+= 1
    // 0 is an empty slot.
    if insertions == 0 { insertions = 1 }
    let first = pair(hash)
    let (one, other) = unsafe (slots[first], slots[first + 1])
    unsafe slots[age(one) >= age(other) ? first : first + 1] =
      hash & ~0xFFFF_FFFF | UInt64(insertions)
  }

  /// Whether `hash` fell out lately; it is forgotten by this.
  mutating func remove(_ hash: UInt64) -> Bool {
    guard let slots = unsafe slots else { return false }
    let first = pair(hash)
    for index in first...(first + 1) {
      let slot = unsafe slots[index]
      guard slot != 0, slot >> 32 == hash >> 32 else { continue }
      let isRecent = age(slot) < capacity
      unsafe slots[index] = 0
      return isRecent
    }
    return false
  }

  mutating func free() {
    unsafe slots?.deallocate()
    unsafe slots = nil
  }

  private func pair(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash) & (size - 2)
  }

  private func age(_ slot: UInt64) -> UInt32 {
    slot == 0 ? .max : insertions &- UInt32(truncatingIfNeeded: slot)
  }

  private mutating func makeSlots() -> UnsafeMutablePointer<UInt64> {
    let new = UnsafeMutablePointer<UInt64>.allocate(capacity: size)
    unsafe new.initialize(repeating: 0, count: size)
    unsafe slots = new
    return unsafe new
  }
}
