public import Wire

extension ClusterIndex {
  /// Looks up `name` for `type` in a forward zone of `zoneLabels` labels that it lies in.
  ///
  /// The grammar is the Kubernetes DNS specification's (§2), read from the right; names that only
  /// have names below them exist and hold nothing (RFC 8020).
  public func lookup(
    _ name: borrowing QueryName, zoneLabels: Int, type: RecordType
  ) -> Answer {
    let left = name.labelCount - zoneLabels
    guard left > 0 else { return apex(type) }
    if left >= 3, name.label(left - 1, is: "svc") {
      return lookupService(name, left: left, type: type)
    }
    if left > 1, name.label(left - 1, is: "pod") {
      return lookupPod(name, left: left, type: type)
    }
    return lookupUpper(name, left: left, type: type)
  }

  /// Starts bringing nearer where ``lookup(_:zoneLabels:type:)`` will begin for a name of a service
  /// or below one; nil for other names.
  public func prefetchSlot(_ name: borrowing QueryName, zoneLabels: Int) -> UInt64? {
    let left = name.labelCount - zoneLabels
    return left >= 3 ? services.prefetchSlot(name.labels((left - 3)..<(left - 1))) : nil
  }

  /// The second step, for what the first has given.
  public func prefetchRecord(_ hash: UInt64) { services.prefetchRecord(hash) }

  private func apex(_ type: RecordType) -> Answer {
    switch type {
    case .soa: .startOfAuthority
    case .ns: .nameServers
    default: .noData(.none)
    }
  }

  // MARK: - Services

  private func lookupService(
    _ name: borrowing QueryName, left: Int, type: RecordType
  ) -> Answer {
    guard let service = service(name.labels((left - 3)..<(left - 1))) else {
      return .nameError(
        hasNamespace(name.labels((left - 2)..<(left - 1))) ? .noSuchService : .noSuchNamespace)
    }
    guard !service.isAbsent else {
      return .nameError(service.isAlias ? .targetIsAddress : .noReadyEndpoints)
    }
    if service.isAlias { return left == 3 ? .alias(service.target) : .nameError(.belowAlias) }
    switch left {
    case 3: return answer(service, type)
    case 4: return lookupEndpoint(service, name, type)
    case 5: return lookupPort(service, name, type)
    default: return .nameError(.tooLong)
    }
  }

  @inline(__always)
  private func answer(_ service: ServiceRecord, _ type: RecordType) -> Answer {
    switch type {
    case .a, .aaaa:
      let addresses = service.addresses(type == .a ? .ipv4 : .ipv6)
      if addresses.count > 0 { return .addresses(addresses) }
      return .noData(service.hasNoAddress ? .noAddressYet : .none)
    case .srv where service.portCount > 0 && !service.hasNoAddress:
      return .ports(
        service, PortFilter(name: service.labels[0..<0], transport: service.labels[0..<0]))
    default: return .noData(.none)
    }
  }

  /// `<endpoint>.<service>…`; else `_tcp.<service>…` or `tcp.<service>…`, which exists where a
  /// named port with that transport does.
  private func lookupEndpoint(
    _ service: ServiceRecord, _ name: borrowing QueryName, _ type: RecordType
  ) -> Answer {
    let label = name.label(0)
    if let endpoint = service.endpoint(named: label) {
      guard type == .a || type == .aaaa else { return .noData(.none) }
      let addresses = endpoint.addresses(type == .a ? .ipv4 : .ipv6)
      return addresses.count > 0 ? .addresses(addresses) : .noData(.none)
    }
    let transport = label.withoutUnderscore
    for index in 0..<service.portCount {
      let port = service.port(index)
      if !port.name.isEmpty, port.transport.equals(transport) { return .noData(.emptyNonTerminal) }
    }
    return .nameError(.noSuchEndpoint)
  }

  private func lookupPort(
    _ service: ServiceRecord, _ name: borrowing QueryName, _ type: RecordType
  ) -> Answer {
    let filter = PortFilter(
      name: name.label(0).withoutUnderscore, transport: name.label(1).withoutUnderscore)
    for index in 0..<service.portCount where filter.matches(service.port(index)) {
      guard type == .srv else { return .noData(.none) }
      return service.hasNoAddress ? .noData(.noAddressYet) : .ports(service, filter)
    }
    return .nameError(.noSuchPort)
  }

  // MARK: - Pods

  private func lookupPod(
    _ name: borrowing QueryName, left: Int, type: RecordType
  ) -> Answer {
    guard pods != .disabled else { return .nameError(.podNamesDisabled) }
    guard left <= 3 else { return .nameError(.noSuchPod) }
    let namespace = name.labels((left - 2)..<(left - 1))
    guard hasNamespace(namespace) else { return .nameError(.noSuchNamespace) }
    guard left == 3 else { return .noData(.emptyNonTerminal) }
    guard let address = IPAddress(dashed: name.label(0)) else { return .nameError(.notAnAddress) }
    if pods == .verified {
      guard findPod(namespace, address) else { return .nameError(.noSuchPod) }
    }
    let family: RecordType = address.isV4 ? .a : .aaaa
    return type == family ? .podAddress(address) : .noData(.none)
  }

  private func findPod(_ namespace: Octets, _ address: IPAddress) -> Bool {
    AddressKey(address).withOctets { key in
      guard let record = podAddresses.find(key) else { return false }
      return PodAddressRecord(record: record).contains(namespace)
    }
  }

  // MARK: - Above the namespaces

  private func lookupUpper(
    _ name: borrowing QueryName, left: Int, type: RecordType
  ) -> Answer {
    if left == 1 {
      if name.label(0, is: "svc") || name.label(0, is: "pod") || name.label(0, is: "dns") {
        return .noData(.emptyNonTerminal)
      }
      if name.label(0, is: "dns-version") { return type == .txt ? .version : .noData(.none) }
    } else if left == 2 {
      if name.label(1, is: "svc") {
        return hasNamespace(name.labels(0..<1))
          ? .noData(.emptyNonTerminal) : .nameError(.noSuchNamespace)
      }
      if name.label(0, is: "ns"), name.label(1, is: "dns") {
        switch type {
        case .a: return .serverAddresses(.ipv4)
        case .aaaa: return .serverAddresses(.ipv6)
        default: return .noData(.none)
        }
      }
    }
    return .nameError(.none)
  }
}

extension Octets {
  /// The label without a leading underscore, which the specification has and clients may omit.
  @inline(__always)
  fileprivate var withoutUnderscore: Octets {
    count > 0 && self[0] == UInt8(ascii: "_") ? self[1..<count] : self
  }
}

extension IPAddress {
  /// Reads a pod's label: exactly three dashes, none beside another, are dots; else all dashes are
  /// colons.
  init?(dashed label: Octets) {
    let dash = UInt8(ascii: "-")
    var dashes = 0
    var hasPair = false
    for index in 0..<label.count where label[index] == dash {
      dashes += 1
      if index > 0, label[index - 1] == dash { hasPair = true }
    }
    if dashes == 3, !hasPair {
      self.init(v4Text: label, separator: dash)
    } else {
      self.init(v6Text: label, separator: dash)
    }
  }
}
