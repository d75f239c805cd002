internal import Wire

/// A name turned so that plain order of octets is the canonical order of names (RFC 4034 §6.1):
/// labels from the root, folded, an escape for 0 and a 0 after each.
struct CanonicalKey: Comparable {
  private let octets: [UInt8]

  init(_ name: DomainName) {
    var octets: [UInt8] = []
    for label in name.labels.reversed() {
      for octet in label {
        // 0 and 1 become two octets that stay above the 0 that ends a label.
        if octet <= 1 { octets.append(1) }
        octets.append(octet <= 1 ? octet + 1 : ASCII.folded(octet))
      }
      octets.append(0)
    }
    self.octets = octets
  }

  static func < (a: CanonicalKey, b: CanonicalKey) -> Bool {
    a.octets.lexicographicallyPrecedes(b.octets)
  }
}
