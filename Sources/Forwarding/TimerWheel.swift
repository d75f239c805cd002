/// Deadlines of numbered things, set and taken back in constant time: most are never reached.
///
/// A wheel of slots of about a millisecond; the things of a slot are a doubly linked list. A
/// deadline is told at the end of its slot: never early, at most ``slotLength`` late.
struct TimerWheel {
  /// log₂ of nanoseconds of a slot.
  private static let shift: UInt64 = 20
  /// Nanoseconds of a slot: a tenth of the shortest wait there is, the hedge of a fast upstream.
  static let slotLength: UInt64 = 1 << shift
  /// 8.6 s in slots: no wait here is longer than the 5 s of an exchange.
  private static let slotCount = 8192
  private static let none: Int32 = -1

  /// The first thing of each slot.
  private var heads = [Int32](repeating: Self.none, count: Self.slotCount)
  /// A bit for each slot that holds something.
  private var filled = [UInt64](repeating: 0, count: Self.slotCount / 64)
  private var entries: [Entry] = []
  /// The first slot, counted from time 0, that was not told yet.
  private var position: UInt64 = 0
  private(set) var count = 0

  private struct Entry {
    var next = TimerWheel.none
    var previous = TimerWheel.none
    /// The slot it is in, -1 for none.
    var slot = TimerWheel.none
  }

  /// Sets the deadline of `index`, in place of one it had. A time beyond the wheel is told early,
  /// at the wheel's end; whoever hears of it sets it again.
  mutating func set(_ index: Int, at time: UInt64, now: UInt64) {
    while entries.count <= index { entries.append(Entry()) }
    if count == 0 { position = max(position, now >> Self.shift) }
    let wanted = max(time >> Self.shift, position)
    let slot = Int(min(wanted, position + UInt64(Self.slotCount) - 1) % UInt64(Self.slotCount))
    guard entries[index].slot != Int32(slot) else { return }
    cancel(index)
    let head = heads[slot]
    entries[index] = Entry(next: head, previous: Self.none, slot: Int32(slot))
    if head != Self.none { entries[Int(head)].previous = Int32(index) }
    heads[slot] = Int32(index)
    filled[slot >> 6] |= 1 << UInt64(slot & 63)
    count += 1
  }

  /// Forgets the deadline of `index`, if it has one.
  mutating func cancel(_ index: Int) {
    guard index < entries.count, entries[index].slot != Self.none else { return }
    let entry = entries[index]
    let slot = Int(entry.slot)
    if entry.next != Self.none { entries[Int(entry.next)].previous = entry.previous }
    if entry.previous != Self.none {
      entries[Int(entry.previous)].next = entry.next
    } else {
      heads[slot] = entry.next
      if entry.next == Self.none { filled[slot >> 6] &= ~(1 << UInt64(slot & 63)) }
    }
    entries[index].slot = Self.none
    count -= 1
  }

  /// Something whose slot has ended by `now`, its deadline forgotten.
  mutating func expired(now: UInt64) -> Int? {
    guard count > 0, let slot = nextSlot, slot < now >> Self.shift else { return nil }
    position = slot
    let index = Int(heads[Int(slot % UInt64(Self.slotCount))])
    cancel(index)
    return index
  }

  /// When the first deadline is told.
  var next: UInt64? {
    nextSlot.map { ($0 + 1) << Self.shift }
  }

  /// The first slot with something in it, counted from time 0.
  private var nextSlot: UInt64? {
    guard count > 0 else { return nil }
    let start = Int(position % UInt64(Self.slotCount))
    var word = start >> 6
    var bits = filled[word] & (~0 << UInt64(start & 63))
    for _ in 0...filled.count {
      if bits != 0 {
        let slot = word << 6 + bits.trailingZeroBitCount
        let ahead = (slot - start + Self.slotCount) % Self.slotCount
        return position + UInt64(ahead)
      }
      word = (word + 1) % filled.count
      bits = filled[word]
    }
    return nil
  }
}
