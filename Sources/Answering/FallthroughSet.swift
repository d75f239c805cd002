import Config
import Wire

/// `fallthrough` for some zones, all, or none.
struct FallthroughSet {
  private let zones: SuffixTable?
  private let isAll: Bool

  init(_ settings: Fallthrough, hash: NameHash) {
    switch settings {
    case .none: (zones, isAll) = (nil, false)
    case .all: (zones, isAll) = (nil, true)
    case .zones(let names): (zones, isAll) = (SuffixTable(names.map { ($0, 0) }, hash: hash), false)
    }
  }

  func covers(_ name: borrowing QueryName) -> Bool {
    isAll || zones?.find(name) != nil
  }
}
