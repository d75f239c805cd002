import Forwarding
import Wire

/// What came of looking up a host's addresses of both families.
struct HostLookUp {
  private(set) var found: [IPAddress] = []
  private let known: [IPAddress]
  private var reasons: [String] = []
  private var ttl = Self.longest
  /// Families of which nothing could be learned; what was known of them goes on.
  private var failedFamilies = 0

  /// Seconds between lookups: TTLs are taken within these.
  static let shortest: UInt32 = 30
  static let longest: UInt32 = 3600

  /// - Parameter known: what was found before.
  init(known: [IPAddress]) {
    self.known = known
  }

  /// Takes the answer for one family.
  mutating func take(_ result: ExchangeResult, isV4: Bool) {
    switch result {
    case .answer(let given):
      let answer = given.answer
      let code = answer.header.code
      if code != .noError { reasons.append("\(given.upstream.description): \(code)") }
      guard code == .noError || code == .nameError else { return keepKnown(isV4) }
      let addresses = answer.addresses
      found += addresses
      if !addresses.isEmpty { ttl = min(ttl, answer.header.ttl) }
    case .failure(let failure):
      reasons.append(failure.text)
      keepKnown(isV4)
    }
  }

  private mutating func keepKnown(_ isV4: Bool) {
    failedFamilies += 1
    found += known.filter { $0.isV4 == isV4 }
  }

  /// Why there are no addresses, or none but those that were known; nil where some were found.
  var failure: String? {
    guard found.isEmpty || failedFamilies == 2 else { return nil }
    return reasons.first ?? "no A and no AAAA record"
  }

  /// Whether both families are known; else it is to be looked up again soon.
  var isWhole: Bool { failure == nil && failedFamilies == 0 }

  /// Seconds until it is to be looked up again where it is whole.
  var lifetime: UInt32 { min(max(ttl, Self.shortest), Self.longest) }
}
