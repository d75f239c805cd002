import Wire

/// What decides how objects become names.
public struct NamingOptions: Sendable {
  /// TTL of every record, seconds.
  public var ttl: UInt32 = 5
  /// Endpoints without a host name are called after their Pod where its name fits a label.
  public var endpointPodNames = false
  /// A Service that has an address but no ready endpoint does not exist.
  public var ignoresEmptyServices = false
  /// No endpoints are known at all: headless services and endpoint names do not exist.
  public var noEndpoints = false

  public init() {}
}

extension ServiceRecord {
  /// Wire labels of service and namespace.
  static func key(_ id: ObjectName) -> [UInt8] {
    label(id.name) + label(id.namespace)
  }

  static func label(_ text: String) -> [UInt8] {
    [UInt8(truncatingIfNeeded: min(text.utf8.count, 63))] + text.utf8.prefix(63).map(ASCII.folded)
  }

  /// The record of a service with all its slices.
  static func make(
    _ service: Service, slices: [EndpointSlice], isHidden: Bool, options: NamingOptions
  ) -> Record {
    var builder = ServiceRecordBuilder(key: key(service.id), ttl: options.ttl)
    var flags = isHidden ? Flag.hidden : 0
    switch service.kind {
    case .externalName(let target):
      if let target { builder.setTarget(target) }
      flags |= target == nil ? Flag.alias | Flag.absent : Flag.alias
    case .clusterIP(let addresses):
      builder.addEndpoints(slices, options, servesPorts: false)
      if options.ignoresEmptyServices && builder.isEmpty { flags |= Flag.absent }
      if addresses.isEmpty { flags |= Flag.unallocated }
      builder.setAddresses(addresses)
      builder.setPorts(service.ports)
    case .headless:
      builder.addEndpoints(slices, options, servesPorts: true)
      flags |= builder.isEmpty ? Flag.headless | Flag.absent : Flag.headless
    }
    return builder.finish(flags: flags)
  }
}

/// Collects a service's names, then lays them out.
private struct ServiceRecordBuilder {
  private struct Name {
    let label: [UInt8]
    var ipv4: [IPAddress] = []
    var ipv6: [IPAddress] = []
  }

  private struct ServedPort: Hashable {
    let labels: [UInt8]
    let number: UInt16
  }

  private var builder: RecordBuilder
  private let ttl: UInt32
  private var names: [Name] = []
  private var ports: [(port: ServedPort, members: [Int])] = []
  /// Where each stands in `ports`: the API server takes objects with tens of thousands of them.
  private var portIndexes: [ServedPort: Int] = [:]
  private var addresses: [IPAddress]?
  private var target: [UInt8] = []

  init(key: [UInt8], ttl: UInt32) {
    builder = RecordBuilder(key: key)
    self.ttl = ttl
  }

  var isEmpty: Bool { names.isEmpty }

  mutating func setTarget(_ name: DomainName) { target = name.octets }

  mutating func setAddresses(_ addresses: [IPAddress]) {
    self.addresses = addresses.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  mutating func setPorts(_ ports: [Port]) {
    for port in ports { add(port, members: []) }
  }

  /// Merges all slices: addresses by name, each once; ports by name, transport and number, with
  /// the endpoints of every slice that has them.
  mutating func addEndpoints(
    _ slices: [EndpointSlice], _ options: NamingOptions, servesPorts: Bool
  ) {
    guard !options.noEndpoints else { return }
    var entries: [(label: [UInt8], address: IPAddress, slice: Int)] = []
    for (index, slice) in slices.enumerated() {
      slice.endpoints.forEachAddress { address, hostname, podName in
        entries.append((Self.label(address, hostname, podName, options), address, index))
      }
    }
    entries.sort { $0.label.lexicographicallyPrecedes($1.label) }
    var members = [[Int]](repeating: [], count: slices.count)
    for entry in entries {
      if names.last?.label != entry.label { names.append(Name(label: entry.label)) }
      let last = names.count - 1
      if entry.address.isV4 {
        if !names[last].ipv4.contains(entry.address) { names[last].ipv4.append(entry.address) }
      } else {
        if !names[last].ipv6.contains(entry.address) { names[last].ipv6.append(entry.address) }
      }
      if members[entry.slice].last != last { members[entry.slice].append(last) }
    }
    guard servesPorts else { return }
    // A port that no endpoint serves has no record, so there is no such name.
    for (index, slice) in slices.enumerated() where !members[index].isEmpty {
      for port in slice.ports { add(port, members: members[index]) }
    }
  }

  private mutating func add(_ port: Port, members: [Int]) {
    guard let number = port.number else { return }
    let labels = ServiceRecord.label(port.name) + ServiceRecord.label(port.transport)
    let served = ServedPort(labels: labels, number: number)
    if let index = portIndexes[served] {
      if ports[index].members != members {
        ports[index].members = Set(ports[index].members + members).sorted()
      }
    } else {
      portIndexes[served] = ports.count
      ports.append((served, members))
    }
  }

  /// `hostname`, else the Pod's name where wanted and fitting, else the address with dashes.
  private static func label(
    _ address: IPAddress, _ hostname: Octets, _ podName: Octets, _ options: NamingOptions
  ) -> [UInt8] {
    if (1...63).contains(hostname.count) { return hostname.array.map(ASCII.folded) }
    if options.endpointPodNames, (1...63).contains(podName.count) {
      return podName.array.map(ASCII.folded)
    }
    return address.dashed
  }

  // MARK: - Layout

  mutating func finish(flags: UInt16) -> Record {
    let body = builder.count
    builder.put([UInt8](repeating: 0, count: ServiceRecord.Field.octets))
    // First what is asked most, on the cache line after the fields.
    if let addresses { layOut(addresses, body) }
    layOutEndpoints(body)
    layOutPorts(body)
    builder.set32(body + ServiceRecord.Field.targetAt, builder.count)
    builder.set32(body + ServiceRecord.Field.targetAt + 4, target.count)
    builder.put(target)
    return builder.record(flags: flags)
  }

  /// Endpoint address records stand in the order of the endpoints, IPv4 then IPv6, so that those
  /// of a headless service itself are the same octets where no address is shared.
  private mutating func layOutEndpoints(_ body: Int) {
    let table = builder.count
    builder.set32(body + ServiceRecord.Field.endpointsAt, table)
    builder.set32(body + ServiceRecord.Field.endpointsAt + 4, names.count)
    builder.put([UInt8](repeating: 0, count: names.count * ServiceRecord.Size.endpoint))
    for (index, name) in names.enumerated() {
      builder.set32(table + index * ServiceRecord.Size.endpoint, builder.count)
      builder.put([UInt8(name.label.count)] + name.label)
    }
    let ipv4At = builder.count
    for (index, name) in names.enumerated() {
      builder.set32(table + index * ServiceRecord.Size.endpoint + 4, builder.count)
      put(name.ipv4)
    }
    let ipv6At = builder.count
    for (index, name) in names.enumerated() {
      let entry = table + index * ServiceRecord.Size.endpoint
      builder.set32(entry + 8, builder.count)
      builder.set32(entry + 12, min(name.ipv4.count, 0xFFFF) | min(name.ipv6.count, 0xFFFF) << 16)
      put(name.ipv6)
    }
    guard addresses == nil else { return }
    let all = names.flatMap { $0.ipv4 + $0.ipv6 }
    let distinct = Set(all)
    if distinct.count == all.count {
      set(body, ipv4At, all.count(where: \.isV4), ipv6At, all.count { !$0.isV4 })
    } else {
      layOut(distinct.sorted { ($0.high, $0.low) < ($1.high, $1.low) }, body)
    }
  }

  private mutating func layOut(_ addresses: [IPAddress], _ body: Int) {
    let ipv4 = addresses.filter(\.isV4)
    let ipv6 = addresses.filter { !$0.isV4 }
    let ipv4At = builder.count
    put(ipv4)
    set(body, ipv4At, ipv4.count, builder.count, ipv6.count)
    put(ipv6)
  }

  private mutating func set(_ body: Int, _ ipv4At: Int, _ ipv4: Int, _ ipv6At: Int, _ ipv6: Int) {
    builder.set32(body + ServiceRecord.Field.ipv4At, ipv4At)
    builder.set32(body + ServiceRecord.Field.ipv4At + 4, ipv4)
    builder.set32(body + ServiceRecord.Field.ipv6At, ipv6At)
    builder.set32(body + ServiceRecord.Field.ipv6At + 4, ipv6)
  }

  private mutating func put(_ addresses: [IPAddress]) {
    for address in addresses {
      let type = address.isV4 ? RecordType.a : .aaaa
      let ttlOctets = (0..<4).map { UInt8(truncatingIfNeeded: ttl >> (24 - 8 * UInt32($0))) }
      builder.put([0xC0, 12, 0, UInt8(type.rawValue), 0, 1])
      builder.put(ttlOctets)
      builder.put([0, address.isV4 ? 4 : 16])
      builder.put(address.octets)
    }
  }

  private mutating func layOutPorts(_ body: Int) {
    layOutPorts(ports, body + ServiceRecord.Field.portsAt)
    let byNumber = portsByNumber
    guard byNumber.count < ports.count else {
      builder.copy(body + ServiceRecord.Field.portsAt, to: body + ServiceRecord.Field.numbersAt)
      return
    }
    layOutPorts(byNumber, body + ServiceRecord.Field.numbersAt)
  }

  /// Ports of one number as one, with the endpoints of all of them.
  private var portsByNumber: [(port: ServedPort, members: [Int])] {
    var indexes: [UInt16: Int] = [:]
    return ports.reduce(into: []) { merged, entry in
      if let index = indexes[entry.port.number] {
        guard merged[index].members != entry.members else { return }
        merged[index].members = Set(merged[index].members + entry.members).sorted()
      } else {
        indexes[entry.port.number] = merged.count
        merged.append(entry)
      }
    }
  }

  private mutating func layOutPorts(_ ports: [(port: ServedPort, members: [Int])], _ field: Int) {
    builder.align()
    let table = builder.count
    builder.set32(field, table)
    builder.set32(field + 4, ports.count)
    builder.put([UInt8](repeating: 0, count: ports.count * ServiceRecord.Size.port))
    var laidOut: [(members: [Int], at: Int)] = []
    for (index, entry) in ports.enumerated() {
      let place = table + index * ServiceRecord.Size.port
      // Ports of one slice share their endpoints.
      let at = laidOut.first { $0.members == entry.members }?.at ?? builder.count
      if at == builder.count {
        for member in entry.members { builder.put32(member) }
        laidOut.append((entry.members, at))
      }
      builder.set32(place + 4, at)
      builder.set32(place + 8, entry.members.count)
      builder.set32(place + 12, Int(entry.port.number))
    }
    for (index, entry) in ports.enumerated() {
      builder.set32(table + index * ServiceRecord.Size.port, builder.count)
      builder.put(entry.port.labels)
    }
  }
}

extension IPAddress {
  /// The name of an endpoint without a host name: dots and colons as dashes, a `0` behind a final
  /// `::` so that the label does not end in a dash.
  var dashed: [UInt8] {
    let dash = UInt8(ascii: "-")
    var text: [UInt8] = []
    text.reserveCapacity(16)
    if isV4 {
      for shift in stride(from: UInt32(24), through: 0, by: -8) {
        Self.append(UInt8(truncatingIfNeeded: v4Bits >> shift), to: &text)
        if shift > 0 { text.append(dash) }
      }
      return text
    }
    for octet in description.utf8 {
      text.append(octet == UInt8(ascii: ".") || octet == UInt8(ascii: ":") ? dash : octet)
    }
    if text.last == dash { text.append(UInt8(ascii: "0")) }
    return text
  }

  /// Decimal digits; by way of a String they took a twentieth of reading a cluster.
  private static func append(_ number: UInt8, to text: inout [UInt8]) {
    if number >= 100 { text.append(UInt8(ascii: "0") + number / 100) }
    if number >= 10 { text.append(UInt8(ascii: "0") + number / 10 % 10) }
    text.append(UInt8(ascii: "0") + number % 10)
  }
}
