/// What somebody keeps for the exchanges or attempts of an ``ExchangeMachine``, by number.
///
/// Numbers have their slot in the lower bits, so that a place in an array does where a dictionary
/// would hash them anew each time. The others are those of refused exchanges, which are negative, and
/// of ended ones whose slot is in use again before what is kept for them has been taken out: the
/// actions of many messages are performed together.
public struct ExchangeValues<Value> {
  @usableFromInline var places: [(number: Int, value: Value)?] = []
  @usableFromInline var others: [Int: Value] = [:]

  @inlinable
  public init() {}

  @inlinable
  public subscript(number: Int) -> Value? {
    get {
      guard number >= 0 else { return others[number] }
      let place = SlotNumber.slot(number)
      guard place < places.count, let found = places[place], found.number == number else {
        return others.isEmpty ? nil : others[number]
      }
      return found.value
    }
    set {
      guard number >= 0 else { return others[number] = newValue }
      let place = SlotNumber.slot(number)
      while places.count <= place { places.append(nil) }
      if !others.isEmpty { others[number] = nil }
      if let found = places[place], found.number != number {
        guard newValue != nil else { return }
        others[found.number] = found.value
      }
      places[place] = newValue.map { (number, $0) }
    }
  }

  /// Takes out what is kept for `number`; nil where nothing is.
  @inlinable
  public mutating func remove(_ number: Int) -> Value? {
    let place = SlotNumber.slot(number)
    if number >= 0, place < places.count, places[place]?.number == number {
      return places[place].take()?.value
    }
    return others.isEmpty ? nil : others.removeValue(forKey: number)
  }
}
