/// Things under way in slots that are used again. A thing's number is its slot and how often the
/// slot was used, so that what comes late for a thing that has ended finds nothing.
struct SlotTable<Element> {
  private static var slotBits: Int { SlotNumber.slotBits }

  private var elements: [Element?] = []
  private var uses: [UInt32] = []
  private var free: [Int32] = []
  let capacity: Int
  private(set) var count = 0

  /// - Parameter capacity: the most elements at once, under 2²⁴.
  init(capacity: Int) {
    precondition(capacity > 0 && capacity < 1 << Self.slotBits)
    self.capacity = capacity
  }

  /// The slot of a new element; nil where the table is full.
  mutating func insert(_ element: Element) -> Int? {
    guard count < capacity else { return nil }
    count += 1
    if let slot = free.popLast() {
      elements[Int(slot)] = element
      return Int(slot)
    }
    elements.append(element)
    uses.append(0)
    return elements.count - 1
  }

  mutating func remove(_ slot: Int) {
    elements[slot] = nil
    uses[slot] &+= 1
    free.append(Int32(slot))
    count -= 1
  }

  /// The number of the thing in `slot`.
  func number(_ slot: Int) -> Int { Int(uses[slot]) << Self.slotBits | slot }

  /// The slot of the thing with this number; nil where it has ended.
  func slot(_ number: Int) -> Int? {
    let slot = SlotNumber.slot(number)
    guard number >= 0, slot < elements.count, elements[slot] != nil,
      Int(uses[slot]) == number >> Self.slotBits
    else { return nil }
    return slot
  }

  subscript(slot: Int) -> Element {
    _read { yield elements[slot]! }
    _modify { yield &elements[slot]! }
  }
}

/// How a number of a ``SlotTable`` is made up.
@usableFromInline
enum SlotNumber {
  static let slotBits = 24

  /// The slot that the thing with this number has, or had.
  @inlinable
  static func slot(_ number: Int) -> Int { number & (1 << 24 - 1) }
}
