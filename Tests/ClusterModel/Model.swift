package import Cluster
internal import Wire

/// What the names should be, found by going through all objects for each question.
package struct Model {
  /// What there is.
  package var objects: [ObjectKey: ClusterObject] = [:]
  let options: StoreOptions
  /// Whether every Namespace has been listed, where they are.
  package var areNamespacesComplete = false

  /// A model without objects.
  package init(options: StoreOptions) { self.options = options }

  /// What `name TYPE` should be, in the words of ``Cluster/ClusterIndex/look(_:)``.
  package func look(_ question: String) -> String {
    let words = question.split(separator: " ").map(String.init)
    let labels = words[0].split(separator: ".").map(String.init)
    if labels.last == "arpa" { return reverse(labels) }
    let left = Array(labels.dropLast())
    if left.last == "pod" { return pod(left) }
    guard left.count > 1 else { return "not asked" }
    let namespace = left[left.count - 2]
    guard isExposed(namespace) else { return "NXDOMAIN" }
    if left.count == 2 { return "ENT" }
    guard let service = served(namespace, left[left.count - 3]) else { return "NXDOMAIN" }
    if case .externalName(let target) = service.kind {
      return left.count == 3 ? "alias \(target ?? .root)" : "NXDOMAIN"
    }
    switch left.count {
    case 3: return atService(service, words[1])
    case 4: return below(service, left[0], words[1])
    default: return atPort(service, left[0], left[1], words[1])
    }
  }

  // MARK: - Objects

  private func exists(_ namespace: String) -> Bool {
    let known = objects.keys.filter { $0.kind == .namespace }
    if known.contains(where: { $0.id.name == namespace }) { return true }
    guard options.namespacesAreListed ? !areNamespacesComplete : known.isEmpty else {
      return false
    }
    return objects.keys.contains { $0.id.namespace == namespace }
  }

  private func isExposed(_ namespace: String) -> Bool {
    let key = ObjectKey(kind: .namespace, id: ObjectName(namespace: "", name: namespace))
    var labels: [String: String] = [:]
    if case .namespace(let object) = objects[key] {
      labels = object.labels
    } else if options.exposesByLabels, options.namespacesAreListed {
      return false
    }
    return exists(namespace) && options.exposes(namespace, labels)
  }

  private var services: [Service] {
    objects.values.compactMap { if case .service(let service) = $0 { service } else { nil } }
  }

  private func slices(of service: Service) -> [EndpointSlice] {
    guard !options.naming.noEndpoints else { return [] }
    let slices: [EndpointSlice] = objects.values.compactMap { object in
      guard case .slice(let slice) = object, slice.id.namespace == service.id.namespace,
        slice.serviceName == service.id.name
      else { return nil }
      return slice
    }
    let key = ObjectKey(kind: .endpoints, id: service.id)
    guard slices.isEmpty, case .endpoints(let endpoints) = objects[key] else { return slices }
    return endpoints.subsets
  }

  /// Names with their addresses and the port numbers of the slices they are in.
  private func endpoints(
    of service: Service
  ) -> [(label: String, address: IPAddress, ports: [UInt16])] {
    slices(of: service).flatMap { slice in
      slice.endpoints.flatMap { endpoint in
        endpoint.addresses.map { address in
          let label =
            endpoint.hostname.isEmpty
            ? Self.dashed(address) : endpoint.hostname
          return (label, address, slice.ports.compactMap(\.number))
        }
      }
    }
  }

  /// The label of an address: a label does not end in a dash.
  private static func dashed(_ address: IPAddress) -> String {
    let text = String(address.description.map { $0 == "." || $0 == ":" ? "-" : $0 })
    return text.hasSuffix("-") ? text + "0" : text
  }

  private func isServed(_ service: Service) -> Bool {
    switch service.kind {
    case .headless: !endpoints(of: service).isEmpty
    case .clusterIP:
      !options.naming.ignoresEmptyServices || !endpoints(of: service).isEmpty
    case .externalName: true
    }
  }

  private func served(_ namespace: String, _ name: String) -> Service? {
    services.first {
      $0.id == ObjectName(namespace: namespace, name: name) && isServed($0)
    }
  }

  // MARK: - Names

  private func join(_ texts: some Sequence<String>) -> String {
    Set(texts).sorted().joined(separator: " ")
  }

  private func atService(_ service: Service, _ type: String) -> String {
    switch type {
    case "A", "AAAA":
      var addresses = endpoints(of: service).map(\.address)
      if case .clusterIP(let own) = service.kind { addresses = own }
      let found = addresses.filter { $0.isV4 == (type == "A") }
      return found.isEmpty ? "NODATA" : join(found.map(\.description))
    case "SRV": return srv(service)
    default: return "NODATA"
    }
  }

  private func srv(_ service: Service) -> String {
    if case .clusterIP(let own) = service.kind {
      return own.isEmpty ? "NODATA" : join(service.ports.compactMap { $0.number?.description })
    }
    return join(
      endpoints(of: service).flatMap { entry in entry.ports.map { "\(entry.label):\($0)" } })
  }

  private func below(_ service: Service, _ label: String, _ type: String) -> String {
    let found = endpoints(of: service).filter { $0.label == label }
    guard !found.isEmpty else { return label == "_tcp" ? "ENT" : "NXDOMAIN" }
    let addresses = found.map(\.address).filter { $0.isV4 == (type == "A") }
    return addresses.isEmpty ? "NODATA" : join(addresses.map(\.description))
  }

  private func atPort(
    _ service: Service, _ port: String, _ transport: String, _ type: String
  ) -> String {
    guard port == "_http", transport == "_tcp" else { return "NXDOMAIN" }
    return type == "SRV" ? srv(service) : "NODATA"
  }

  private func pod(_ left: [String]) -> String {
    let namespace = left[left.count - 2]
    guard isExposed(namespace) else { return "NXDOMAIN" }
    guard left.count == 3 else { return "ENT" }
    for object in objects.values {
      guard case .pod(let pod) = object, pod.id.namespace == namespace else { continue }
      for address in pod.addresses
      where Self.dashed(address) == left[0] {
        return "pod \(address)"
      }
    }
    return "NXDOMAIN"
  }

  // MARK: - Reverse

  private func reverse(_ labels: [String]) -> String {
    let parts = labels.dropLast(2).reversed()
    var services: [IPAddress: Set<String>] = [:]
    var endpointNames: [IPAddress: Set<String>] = [:]
    for service in self.services where isExposed(service.id.namespace) && isServed(service) {
      let name = "\(service.id.name).\(service.id.namespace)."
      if case .externalName = service.kind { continue }
      if case .clusterIP(let own) = service.kind {
        for address in own { services[address, default: []].insert(name) }
      }
      for entry in endpoints(of: service) {
        endpointNames[entry.address, default: []].insert("\(entry.label).\(name)")
      }
    }
    let all = Set(services.keys).union(endpointNames.keys)
    if labels.contains("ip6") { return all.contains { !$0.isV4 } ? "ENT" : "NXDOMAIN" }
    let text = parts.joined(separator: ".")
    if parts.count < 4 {
      return all.contains { $0.isV4 && $0.description.hasPrefix(text + ".") } ? "ENT" : "NXDOMAIN"
    }
    guard let own = IPAddress(text) else { return "NXDOMAIN" }
    if let names = services[own] { return names.sorted()[0] }
    return endpointNames[own].map { join($0) } ?? "NXDOMAIN"
  }
}
