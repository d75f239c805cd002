public import Wire

extension ForwardedAnswer {
  /// The addresses that the question's last name has, of the family asked for.
  public var addresses: [IPAddress] {
    withView { view in
      let header = view.header
      return (0..<Int(header.runCount)).compactMap { index in
        // RDATA ends each record.
        let end = Int(header.runPlace) + (index + 1) * Int(header.runSize)
        guard end <= view.records.count, header.runSize > 12 else { return nil }
        let isV4 = view.records.u16(end - 6) == 4
        return IPAddress(octets: view.records[(end - (isV4 ? 4 : 16))..<end].array)
      }
    }
  }
}
