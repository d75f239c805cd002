package import Cluster
internal import Wire

extension ClusterIndex {
  /// What `name TYPE` is to a reader: sorted addresses, names or ports, else why there are none.
  package func look(_ question: String) -> String {
    let words = question.split(separator: " ")
    guard let name = DomainName(words[0]), let type = RecordType(mnemonic: String(words[1])) else {
      return "not a question"
    }
    var query = QueryName()
    guard name.octets.withOctets({ query.read($0, at: 0) }) else { return "not a name" }
    epochs.enter(0)
    defer { epochs.leave(0) }
    let isReverse = words[0].hasSuffix(".arpa")
    let answer =
      isReverse
      ? reverseLookup(query, zoneLabels: 2, type: type)
      : lookup(query, zoneLabels: 1, type: type)
    return Self.describe(answer)
  }

  private static func describe(_ answer: ClusterIndex.Answer) -> String {
    switch answer {
    case .addresses(let records):
      return (0..<records.count).compactMap { IPAddress(octets: records.address($0).array) }
        .map(\.description).sorted().joined(separator: " ")
    case .podAddress(let address): return "pod \(address)"
    case .ports(let service, let filter): return describe(service, filter)
    case .pointers(let record):
      var names = record.names
      var texts: [String] = []
      while let name = names.next() { texts.append(DomainName.presentation(name.array)) }
      return texts.sorted().joined(separator: " ")
    case .alias(let target): return "alias " + DomainName.presentation(target.array)
    case .version: return "version"
    case .startOfAuthority: return "SOA"
    case .nameServers: return "NS"
    case .serverAddresses: return "own"
    case .noData(let reason): return reason == .emptyNonTerminal ? "ENT" : "NODATA"
    case .nameError: return "NXDOMAIN"
    }
  }

  private static func describe(
    _ service: ServiceRecord, _ filter: ClusterIndex.PortFilter
  ) -> String {
    let ports = service.ports(for: filter)
    var lines: Set<String> = []
    for index in 0..<ports.count where filter.selects(ports[index]) {
      let port = ports[index]
      guard service.isHeadless else {
        lines.insert("\(port.number)")
        continue
      }
      for member in 0..<port.memberCount {
        let label = String(decoding: service.member(member, of: port).label.array, as: UTF8.self)
        lines.insert("\(label):\(port.number)")
      }
    }
    return lines.sorted().joined(separator: " ")
  }
}
