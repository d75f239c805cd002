/// What somebody keeps for the exchanges or attempts of an ``ExchangeMachine``, by number.
///
/// Numbers have their slot in the lower bits, so that a place in an array does where a dictionary
/// would hash them anew each time; those of refused exchanges, which are negative, are few.
public struct ExchangeValues<Value> {
  @usableFromInline var places: [(number: Int, value: Value)?] = []
  @usableFromInline var refused: [Int: Value] = [:]

  @inlinable
  public init() {}

  @inlinable
  public subscript(number: Int) -> Value? {
    get {
      guard number >= 0 else { return refused[number] }
      let place = SlotNumber.slot(number)
      guard place < places.count, let found = places[place], found.number == number else {
        return nil
      }
      return found.value
    }
    set {
      guard number >= 0 else { return refused[number] = newValue }
      let place = SlotNumber.slot(number)
      while places.count <= place { places.append(nil) }
      places[place] = newValue.map { (number, $0) }
    }
  }

  /// Takes out what is kept for `number`; nil where nothing is.
  @inlinable
  public mutating func remove(_ number: Int) -> Value? {
    guard let value = self[number] else { return nil }
    self[number] = nil
    return value
  }
}
