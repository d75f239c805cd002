/// Objects of one generation by what they are made from. An object whose key an earlier generation
/// has is taken over as it is, with all it knows; others are made.
struct Kept<Key: Hashable, Object: AnyObject> {
  private var byKey: [Key: Object] = [:]
  /// In the order in which they were first asked for.
  private(set) var all: [Object] = []
  /// Those that no earlier generation had.
  private(set) var made: [Object] = []

  /// The object for `key`: this generation's own, an earlier one's, or a new one.
  mutating func object<Failure: Error>(
    for key: Key, from earlier: [Self], make: () throws(Failure) -> Object
  ) throws(Failure) -> Object {
    if let known = byKey[key] { return known }
    for generation in earlier {
      if let known = generation.byKey[key] {
        add(known, for: key)
        return known
      }
    }
    let new = try make()
    add(new, for: key)
    made.append(new)
    return new
  }

  private mutating func add(_ object: Object, for key: Key) {
    byKey[key] = object
    all.append(object)
  }

  /// The objects that none of `others` has.
  func missing(in others: [Self]) -> [Object] {
    all.filter { object in !others.contains { $0.all.contains { $0 === object } } }
  }
}
