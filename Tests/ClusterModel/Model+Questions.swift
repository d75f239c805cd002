extension Model {
  /// Questions that together see everything of a small cluster: every name of every service, and
  /// names that are not there.
  ///
  /// - Parameters:
  ///   - hostname: one that endpoints have.
  ///   - addresses: IPv4, of endpoints, services and Pods, and some of none.
  package static func questions(
    namespaces: [String], names: [String], hostname: String, addresses: [String]
  ) -> [String] {
    let dashed = addresses.map { String($0.map { $0 == "." ? "-" : $0 }) }
    var questions: [String] = []
    for namespace in namespaces {
      questions += ["\(namespace).svc.zone A", "\(namespace).pod.zone A"]
      for name in names {
        let base = "\(name).\(namespace).svc.zone"
        questions += ["A", "AAAA", "SRV", "TXT"].map { "\(base) \($0)" }
        questions += ["\(hostname).\(base) A", "fd00--1.\(base) AAAA"]
        questions += ["_tcp.\(base) A", "_http._tcp.\(base) SRV", "_http._tcp.\(base) A"]
        questions += dashed.prefix(2).map { "\($0).\(base) A" }
      }
      questions += dashed.map { "\($0).\(namespace).pod.zone A" }
      questions.append("fd00--1.\(namespace).pod.zone AAAA")
    }
    var reversed: Set<String> = ["d.f.ip6.arpa PTR"]
    for address in addresses {
      let labels = address.split(separator: ".").reversed()
      for count in 0..<labels.count {
        reversed.insert("\(labels.dropFirst(count).joined(separator: ".")).in-addr.arpa PTR")
      }
    }
    return questions + reversed.sorted()
  }
}
