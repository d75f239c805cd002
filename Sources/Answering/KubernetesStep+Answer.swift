import Cluster
import Wire

extension KubernetesStep {
  /// Answers from the cluster's names; false where the name is in none of the zones, or is passed
  /// on by `fallthrough`.
  func answer(
    _ name: borrowing QueryName, _ reply: inout Reply, _ writer: inout MessageWriter
  ) -> Bool {
    guard let zone = zones.find(name) else { return false }
    let labels = labelCounts[zone]
    let reverse = isReverse[zone]
    let type = reply.query.type
    // Before the lookup: what it misses may come, and everything have been read, right behind it.
    let state = unsafe index._withUnsafeGuaranteedRef { $0.state }
    let answer = unsafe index._withUnsafeGuaranteedRef {
      reverse
        ? $0.reverseLookup(name, zoneLabels: labels, type: type)
        : $0.lookup(name, zoneLabels: labels, type: type)
    }
    let place = Place(
      name: reply.namePlace,
      zone: reply.namePlace + name.place(name.labelCount - labels),
      zoneCount: name.count - name.place(name.labelCount - labels))
    let start = writer.count
    if state == .loading, isOpen(answer, name, zone) {
      putNotReady(place, &reply, &writer)
      return true
    }
    if answer.isMiss, reply.namePlace == Query.headerOctets, passesOn(answer, name) {
      return false
    }
    writer.setAuthoritative()
    if answer.isMiss {
      reply.error = answer.extendedError(state)
      if answer.isNameError { reply.code = .nameError }
      putSOA(place, in: .authority, &writer)
    } else {
      write(answer, place, &reply, &writer)
      // Every record would have had a name that is too long.
      if writer.count == start, !writer.isTruncated { putSOA(place, in: .authority, &writer) }
    }
    if state == .stale { noteStale(answer, from: start, &reply, &writer) }
    return true
  }

  /// Where the name and its zone stand in the message, as the client (or a CNAME) spells them.
  struct Place {
    let name: Int
    let zone: Int
    /// Octets of the zone's name.
    let zoneCount: Int
  }

  private func write(
    _ answer: ClusterIndex.Answer, _ place: Place, _ reply: inout Reply,
    _ writer: inout MessageWriter
  ) {
    switch answer {
    case .addresses(let records):
      writer.putAddresses(records, at: place, rotation: reply.rotation)
    case .ports(let service, let filter):
      writer.putServices(service, filter, at: place, ttl: ttl)
    case .alias(let target):
      putAlias(target, place, &reply, &writer)
    case .pointers(let record):
      putPointers(record, place, &writer)
    case .podAddress(let address):
      writer.putAddress(address, owner: place.name, ttl: ttl, in: .answer)
    case .version:
      writer.putPointer(place.name)
      writer.putFields(.txt, ttl: 28_800, dataCount: 6)
      writer.put("\u{5}1.1.0")
      writer.count(.answer, 1)
    case .startOfAuthority:
      putSOA(place, in: .answer, &writer)
    case .nameServers:
      putNameServers(place, &writer)
    case .serverAddresses(let family):
      putOwnAddresses(family, place, &reply, &writer)
    case .noData, .nameError:
      break
    }
  }

  private var ttl: UInt32 { unsafe index._withUnsafeGuaranteedRef { $0.ttl } }

  // MARK: - Nothing there

  /// Whether the answer may be another one when everything has been read, or somebody else's to
  /// give. What exists may well lack the type: a client that asks for A and AAAA together must not
  /// fail for the second.
  private func isOpen(
    _ answer: ClusterIndex.Answer, _ name: borrowing QueryName, _ zone: Int
  ) -> Bool {
    let isSettled = unsafe index._withUnsafeGuaranteedRef {
      $0.isSettled(
        answer, name, zoneLabels: labelCounts[zone], isReverse: isReverse[zone])
    }
    return !isSettled || passesOn(answer, name)
  }

  /// SERVFAIL with the zone's SOA, at once: the client asks again, or another server.
  private func putNotReady(
    _ place: Place, _ reply: inout Reply, _ writer: inout MessageWriter
  ) {
    reply.code = .serverFailure
    reply.error = ExtendedError(
      code: ExtendedError.notReady, text: "kubernetes: not all objects have been read yet")
    writer.setAuthoritative()
    putSOA(place, in: .authority, &writer)
  }

  /// The records from `start` on may have changed since: clients are told, and to ask again soon.
  private func noteStale(
    _ answer: ClusterIndex.Answer, from start: Int, _ reply: inout Reply,
    _ writer: inout MessageWriter
  ) {
    reply.error = answer.extendedError(.stale)
    writer.limitTTLs(from: start)
  }

  /// Name errors fall through; of a reverse zone also names that only have names below them, since
  /// the addresses elsewhere under them are somebody else's.
  private func passesOn(_ answer: ClusterIndex.Answer, _ name: borrowing QueryName) -> Bool {
    switch answer {
    case .nameError: return fallThrough.covers(name)
    case .noData(.emptyNonTerminal):
      return zones.find(name).map { isReverse[$0] } == true && fallThrough.covers(name)
    default: return false
    }
  }

  /// `<zone> SOA ns.dns.<zone> hostmaster.<zone> <serial> 7200 1800 86400 <ttl>`, its names pointing
  /// to the zone as spelled in the question.
  private func putSOA(
    _ place: Place, in section: MessageWriter.Section, _ writer: inout MessageWriter
  ) {
    // Owner and fields 12, mname 9, rname 13, numbers 20.
    guard writer.hasRoom(54) else { return writer.setTruncated() }
    let serial = unsafe index._withUnsafeGuaranteedRef { $0.serial }
    writer.putPointer(place.zone)
    writer.putFields(.soa, ttl: min(ttl, 300), dataCount: 42)
    writer.put("\u{2}ns\u{3}dns")
    writer.putPointer(place.zone)
    writer.put("\u{A}hostmaster")
    writer.putPointer(place.zone)
    writer.put32(serial)
    writer.put32(7200)
    writer.put32(1800)
    writer.put32(86_400)
    writer.put32(ttl)
    writer.count(section, 1)
  }

  // MARK: - Aliases and pointers

  private func putAlias(
    _ target: Octets, _ place: Place, _ reply: inout Reply, _ writer: inout MessageWriter
  ) {
    guard writer.hasRoom(12 + target.count) else { return writer.setTruncated() }
    writer.putPointer(place.name)
    writer.putFields(.cname, ttl: ttl, dataCount: target.count)
    let at = writer.count
    writer.put(target)
    writer.count(.answer, 1)
    reply.setAlias(at, count: 1)
  }

  private func putPointers(
    _ record: AddressRecord, _ place: Place, _ writer: inout MessageWriter
  ) {
    var names = record.names
    while let name = names.next() {
      let count = name.count + 4 + primaryZone.octets.count
      guard count <= DomainName.maximumOctets else { continue }
      guard writer.hasRoom(12 + count) else { return writer.setTruncated() }
      writer.putPointer(place.name)
      writer.putFields(.ptr, ttl: ttl, dataCount: count)
      writer.put(name)
      writer.put("\u{3}svc")
      writer.put(primaryZone.octets)
      writer.count(.answer, 1)
    }
  }

  // MARK: - The zone's servers

  /// The Services that the server's own addresses belong to, else `ns.dns`, with glue.
  private func putNameServers(_ place: Place, _ writer: inout MessageWriter) {
    let servers = servers
    var glue: [(place: Int, addresses: [IPAddress])] = []
    for server in servers {
      let left = server.name + Self.svcLabel
      if let at = putNameServer(left, place, &writer) { glue.append((at, server.addresses)) }
    }
    if servers.isEmpty, let at = putNameServer(Self.nsDNSLabels, place, &writer) {
      glue.append((at, ownAddresses))
    }
    for (at, addresses) in glue where at < MessageWriter.pointerReach {
      for address in addresses where writer.hasRoom(28) {
        writer.putAddress(address, owner: at, ttl: ttl, in: .additional)
      }
    }
  }

  /// The Services that the server's own addresses belong to.
  private var servers: [ClusterIndex.NameServer] {
    unsafe index._withUnsafeGuaranteedRef {
      $0.nameServers(at: ownAddresses.filter { !$0.isLoopback })
    }
  }

  private static let svcLabel: [UInt8] = [3] + Array("svc".utf8)
  private static let nsDNSLabels: [UInt8] = [2] + Array("ns".utf8) + [3] + Array("dns".utf8)

  /// One NS record; where its target stands, nil where it does not fit.
  private func putNameServer(
    _ labels: [UInt8], _ place: Place, _ writer: inout MessageWriter
  ) -> Int? {
    guard writer.hasRoom(12 + labels.count + 2) else {
      writer.setTruncated()
      return nil
    }
    writer.putPointer(place.zone)
    writer.putFields(.ns, ttl: ttl, dataCount: labels.count + 2)
    let at = writer.count
    writer.put(labels)
    writer.putPointer(place.zone)
    writer.count(.answer, 1)
    return at
  }

  private func putOwnAddresses(
    _ family: AddressFamily, _ place: Place, _ reply: inout Reply, _ writer: inout MessageWriter
  ) {
    // What clients reach the server at: the Services' addresses where it stands behind some.
    let servers = servers
    let all = servers.isEmpty ? ownAddresses : servers.flatMap(\.addresses)
    var own: [IPAddress] = []
    for address in all where address.isV4 == (family == .ipv4) && !own.contains(address) {
      own.append(address)
    }
    for address in own {
      guard writer.hasRoom(28) else { return writer.setTruncated() }
      writer.putAddress(address, owner: place.name, ttl: ttl, in: .answer)
    }
  }
}

extension ClusterIndex.Answer {
  @inline(__always)
  fileprivate var isMiss: Bool {
    switch self {
    case .nameError, .noData: true
    default: false
    }
  }
}
