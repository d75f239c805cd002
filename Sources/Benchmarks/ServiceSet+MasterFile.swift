// What martlet answers from the manifests, as a zone that an authoritative server can load. Only
// what the questions ask for: no reverse zone, and endpoints of headless services without SRV.
extension ServiceSet {
  func writeMasterFile(to file: inout TextFile) {
    file.append(
      """
      $ORIGIN \(Self.domain)
      $TTL \(Self.ttl)
      @ IN SOA ns.dns.\(Self.domain) hostmaster.\(Self.domain) 1 7200 1800 86400 \(Self.ttl)
      @ IN NS ns.dns.\(Self.domain)
      ns.dns IN A 127.0.0.1

      """)
    for service in services {
      let addresses = service.isHeadless ? service.endpoints.map(\.address) : [service.address]
      for address in addresses {
        file.append("\(service.owner) IN A \(address)\n")
      }
      if !service.isHeadless {
        file.append("_http._tcp.\(service.owner) IN SRV 0 100 80 \(service.owner)\n")
      }
    }
  }
}
