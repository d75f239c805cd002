public import Wire

extension ForwardedAnswer {
  /// The addresses that the question's last name has, of the family asked for.
  public var addresses: [IPAddress] {
    withView { view in
      let header = view.header
      let octets = Int(header.runSize) - Self.octetsBeforeData
      guard octets == 4 || octets == 16 else { return [] }
      return (0..<Int(header.runCount)).compactMap { index in
        let end = Int(header.runPlace) + (index + 1) * Int(header.runSize)
        guard end <= view.records.count else { return nil }
        return IPAddress(octets: view.records[(end - octets)..<end].array)
      }
    }
  }

  /// A pointer as owner, TYPE, CLASS, TTL and RDLENGTH: only the size of what follows tells the
  /// family. Within an address every octet may be anything.
  private static let octetsBeforeData = 12
}
