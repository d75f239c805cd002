import Cluster
import Wire

extension MessageWriter {
  /// Adds prepared address records, beginning at a place of the set that `rotation` gives; TC where
  /// not all fit.
  @inline(__always)
  mutating func putAddresses(
    _ records: AddressRecords, at place: KubernetesStep.Place, rotation: UInt64
  ) {
    let fitting = min(records.count, max(0, limit - count) / records.stride)
    if fitting < records.count { setTruncated() }
    let first = Rotation.first(of: records.count, rotation)
    let start = count
    let tail = min(fitting, records.count - first)
    put(records.octets[(first * records.stride)..<((first + tail) * records.stride)])
    put(records.octets[0..<((fitting - tail) * records.stride)])
    // Prepared owners point to the question; behind a CNAME the name stands elsewhere.
    if place.name != Query.headerOctets {
      for index in 0..<fitting {
        set16(start + index * records.stride, 0xC000 | UInt16(truncatingIfNeeded: place.name))
      }
    }
    count(.answer, fitting)
  }

  /// Adds one A or AAAA record, which the caller knows to fit.
  mutating func putAddress(
    _ address: IPAddress, owner: Int, ttl: UInt32, in section: Section
  ) {
    putPointer(owner)
    if address.isV4 {
      putFields(.a, ttl: ttl, dataCount: 4)
    } else {
      putFields(.aaaa, ttl: ttl, dataCount: 16)
      put32(UInt32(truncatingIfNeeded: address.high >> 32))
      put32(UInt32(truncatingIfNeeded: address.high))
      put32(UInt32(truncatingIfNeeded: address.low >> 32))
    }
    put32(address.v4Bits)
    count(section, 1)
  }

  // MARK: - SRV

  /// Adds the SRV records of a service's matching ports (RFC 2782, priority 0, weights that add up
  /// to 100 at most), TC where not all fit; then their targets' addresses as far as they fit, which
  /// nobody has to ask for again over TCP (RFC 2181 §9).
  mutating func putServices(
    _ service: ServiceRecord, _ filter: ClusterIndex.PortFilter, at place: KubernetesStep.Place,
    ttl: UInt32
  ) {
    var total = 0
    let ports = service.ports(for: filter)
    for index in 0..<ports.count {
      let port = ports[index]
      if filter.selects(port) { total += service.isHeadless ? port.memberCount : 1 }
    }
    let target = Target(service: service, place: place, weight: UInt16(max(1, 100 / max(1, total))))
    let start = count
    for index in 0..<ports.count {
      let port = ports[index]
      guard filter.selects(port) else { continue }
      guard putPort(port, target, ttl) else { return setTruncated() }
    }
    putTargetAddresses(ports, filter, target, from: start)
  }

  /// What the SRV records of one reply share.
  private struct Target {
    let service: ServiceRecord
    let place: KubernetesStep.Place
    let weight: UInt16

    /// Octets of a target: endpoint label, service, namespace, `svc`, zone.
    func octetCount(_ label: Octets?) -> Int {
      (label.map { $0.count + 1 } ?? 0) + service.labels.count + 4 + place.zoneCount
    }
  }

  private mutating func putPort(_ port: PortView, _ target: Target, _ ttl: UInt32) -> Bool {
    guard target.service.isHeadless else { return putService(port, nil, target, ttl) }
    for index in 0..<port.memberCount {
      let label = target.service.member(index, of: port).label
      guard putService(port, label, target, ttl) else { return false }
    }
    return true
  }

  private mutating func putService(
    _ port: PortView, _ label: Octets?, _ target: Target, _ ttl: UInt32
  ) -> Bool {
    let octets = target.octetCount(label)
    // A name that is too long cannot be a target; the others are still good.
    guard octets <= DomainName.maximumOctets else { return true }
    guard hasRoom(18 + octets) else { return false }
    putPointer(target.place.name)
    putFields(.srv, ttl: ttl, dataCount: 6 + octets)
    put16(0)
    put16(target.weight)
    put16(port.number)
    if let label {
      put8(UInt8(truncatingIfNeeded: label.count))
      put(label)
    }
    put(target.service.labels)
    put("\u{3}svc")
    let zone = self.octets[target.place.zone..<(target.place.zone + target.place.zoneCount)]
    put(zone)
    count(.answer, 1)
    return true
  }

  /// Each target's addresses once, their owners pointing into the SRV records, which begin at
  /// `start` and are walked again in the order they were written.
  private mutating func putTargetAddresses(
    _ ports: Ports, _ filter: ClusterIndex.PortFilter, _ target: Target, from start: Int
  ) {
    let service = target.service
    guard service.isHeadless else {
      guard target.octetCount(nil) <= DomainName.maximumOctets else { return }
      putGlue(service.addresses(.ipv4), owner: start + 18)
      putGlue(service.addresses(.ipv6), owner: start + 18)
      return
    }
    var at = start
    for index in 0..<ports.count {
      let port = ports[index]
      guard filter.selects(port) else { continue }
      for number in 0..<port.memberCount {
        let endpoint = service.member(number, of: port)
        let octets = target.octetCount(endpoint.label)
        guard octets <= DomainName.maximumOctets else { continue }
        if !service.hasMember(number, of: index, in: ports, beforeIn: filter) {
          putGlue(endpoint.addresses(.ipv4), owner: at + 18)
          putGlue(endpoint.addresses(.ipv6), owner: at + 18)
        }
        at += 18 + octets
      }
    }
  }

  private mutating func putGlue(_ records: AddressRecords, owner: Int) {
    guard owner < 0x4000 else { return }
    for index in 0..<records.count {
      guard hasRoom(records.stride) else { return }
      let start = count
      put(records[index])
      set16(start, 0xC000 | UInt16(truncatingIfNeeded: owner))
      count(.additional, 1)
    }
  }
}
