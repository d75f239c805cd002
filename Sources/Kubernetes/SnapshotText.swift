internal import Cluster
internal import IO
internal import Wire

// What keeps the known objects over a restart with the API server away:
//
//   ClusterStore.contents ─ SnapshotKeeper ─ SnapshotWriter ═ thread ═ SnapshotText ─ AtomicFile
//   FileReader ─ SnapshotFile ─ ItemReader, ObjectDecoder ─ whoever fills a ClusterStore

/// The octets of a snapshot: a Kubernetes `List` in JSON with an object a line, each with the
/// fields that ``ObjectDecoder`` reads and no other, so that `manifests` takes the file as well.
///
/// Annotations of the list say what the file is and when it was written; its last member is a
/// checksum of all octets before the checksum's digits. What the compact objects do not hold is
/// not there. Of two things only that they were is known, and 0.0.0.0 stands for them: addresses of
/// endpoints that are not ready, and an `externalName` that is an IP address.
struct SnapshotText {
  static let format = "1"
  /// What every snapshot of any format begins with.
  static let magic = Array(
    #"{"apiVersion":"v1","kind":"List","metadata":{"annotations":{"martlet/snapshot-format":""#.utf8
  )

  /// What has been added since ``take()``.
  private var octets: [UInt8] = []
  private var isFirst = true

  /// - Parameters:
  ///   - written: Unix time in seconds.
  ///   - selection: in words, which objects of the cluster these are.
  init(written: Int64, selection: String) {
    octets += Self.magic
    octets += Self.format.utf8
    raw(#"","martlet/snapshot-time":"#)
    string(Timestamp.text(written))
    raw(#","martlet/snapshot-selection":"#)
    string(selection)
    raw(#"}},"items":["#)
  }

  var count: Int { octets.count }

  /// The octets since the last call.
  mutating func take() -> [UInt8] {
    defer { octets.removeAll(keepingCapacity: true) }
    return octets
  }

  /// What comes behind the last object, up to the digits of the checksum.
  mutating func finish() {
    raw("\n],\"checksum\":\"crc32c:")
  }

  /// The digits of the checksum, and the last octets of the file. Of a fixed length.
  static func end(_ checksum: CRC32C) -> [UInt8] {
    let digits = String(checksum.value, radix: 16)
    return Array((String(repeating: "0", count: 8 - digits.utf8.count) + digits + "\"}\n").utf8)
  }

  static let endOctets = 11

  mutating func append(_ object: ClusterObject) {
    raw(isFirst ? "\n" : ",\n")
    isFirst = false
    switch object {
    case .service(let service): append(service)
    case .slice(let slice): append(slice)
    case .endpoints(let endpoints): append(endpoints)
    case .namespace(let namespace):
      head("v1", "Namespace", ObjectName(namespace: "", name: namespace.name), namespace.labels)
    case .pod(let pod):
      head("v1", "Pod", pod.id, pod.labels)
      raw(#","status":{"podIPs":"#)
      list(pod.addresses) { text, address in text.entry(address, "", "") }
      raw("}")
    }
    raw("}")
  }
}

// MARK: - Kinds

extension SnapshotText {
  private mutating func append(_ service: Service) {
    head("v1", "Service", service.id, service.labels)
    raw(#","spec":{"#)
    switch service.kind {
    case .externalName(let target):
      raw(#""type":"ExternalName","externalName":"#)
      string(target?.description ?? Self.unknownAddress)
    case .headless:
      raw(#""clusterIPs":["None"]"#)
    case .clusterIP(let addresses):
      raw(#""clusterIPs":"#)
      list(addresses) { text, address in text.string(address.description) }
    }
    ports(service.ports)
    raw("}")
  }

  private mutating func append(_ slice: EndpointSlice) {
    var labels = slice.labels
    labels["kubernetes.io/service-name"] = slice.serviceName
    head("discovery.k8s.io/v1", "EndpointSlice", slice.id, labels)
    let first = slice.endpoints.first { !$0.addresses.isEmpty }?.addresses.first
    raw(#","addressType":"#)
    string(first.map(\.isV4) ?? true ? "IPv4" : "IPv6")
    ports(slice.ports)
    raw(#","endpoints":"#)
    list(slice.endpoints) { text, endpoint in
      text.raw(#"{"addresses":"#)
      text.list(endpoint.addresses) { text, address in text.string(address.description) }
      text.names(endpoint.hostname, endpoint.podName)
      text.raw("}")
    }
    guard slice.notReadyCount > 0 else { return }
    octets.removeLast()
    raw(slice.endpoints.isEmpty ? "" : ",")
    raw(#"{"addresses":"#)
    list(repeatElement(Self.unknownAddress, count: slice.notReadyCount)) { $0.string($1) }
    raw(#","conditions":{"ready":false}}]"#)
  }

  private mutating func append(_ endpoints: Endpoints) {
    head("v1", "Endpoints", endpoints.id, endpoints.labels)
    raw(#","subsets":"#)
    list(endpoints.subsets) { text, subset in
      text.raw(#"{"addresses":"#)
      // An entry has one address, so an endpoint has.
      text.list(subset.endpoints.lazy.filter { !$0.addresses.isEmpty }) { text, endpoint in
        text.entry(endpoint.addresses[0], endpoint.hostname, endpoint.podName)
      }
      text.ports(subset.ports)
      if subset.notReadyCount > 0 {
        text.raw(#","notReadyAddresses":"#)
        text.list(repeatElement(IPAddress(v4: 0), count: subset.notReadyCount)) {
          $0.entry($1, "", "")
        }
      }
      text.raw("}")
    }
  }
}

// MARK: - Parts

extension SnapshotText {
  private static let unknownAddress = "0.0.0.0"

  private mutating func head(
    _ version: String, _ kind: String, _ id: ObjectName, _ labels: [String: String]
  ) {
    raw(#"{"apiVersion":""# + version + #"","kind":""# + kind + #"","metadata":{"name":"#)
    string(id.name)
    if !id.namespace.isEmpty {
      raw(#","namespace":"#)
      string(id.namespace)
    }
    if !labels.isEmpty {
      raw(#","labels":{"#)
      for (index, (key, value)) in labels.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { raw(",") }
        string(key)
        raw(":")
        string(value)
      }
      raw("}")
    }
    raw("}")
  }

  /// `,"ports":[…]`, where there are any.
  private mutating func ports(_ ports: [Port]) {
    guard !ports.isEmpty else { return }
    raw(#","ports":"#)
    list(ports) { text, port in
      text.raw(#"{"protocol":"#)
      text.string(port.transport.uppercased())
      if !port.name.isEmpty {
        text.raw(#","name":"#)
        text.string(port.name)
      }
      if let number = port.number { text.raw(#","port":\#(number)"#) }
      text.raw("}")
    }
  }

  /// `{"ip":"…"}`, an address of a Pod or of Endpoints.
  private mutating func entry(_ address: IPAddress, _ hostname: String, _ podName: String) {
    raw(#"{"ip":"#)
    string(address.description)
    names(hostname, podName)
    raw("}")
  }

  private mutating func names(_ hostname: String, _ podName: String) {
    if !hostname.isEmpty {
      raw(#","hostname":"#)
      string(hostname)
    }
    if !podName.isEmpty {
      raw(#","targetRef":{"kind":"Pod","name":"#)
      string(podName)
      raw("}")
    }
  }

  private mutating func list<Element>(
    _ elements: some Sequence<Element>, _ append: (inout SnapshotText, Element) -> Void
  ) {
    raw("[")
    var isFirst = true
    for element in elements {
      if !isFirst { raw(",") }
      isFirst = false
      append(&self, element)
    }
    raw("]")
  }

  private mutating func raw(_ text: String) {
    octets += text.utf8
  }

  /// A JSON string (RFC 8259 §7).
  private mutating func string(_ text: String) {
    octets.append(UInt8(ascii: "\""))
    for octet in text.utf8 {
      switch octet {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        octets.append(UInt8(ascii: "\\"))
        octets.append(octet)
      case 0..<0x20:
        raw(#"\u00"# + (octet < 16 ? "0" : "") + String(octet, radix: 16))
      default:
        octets.append(octet)
      }
    }
    octets.append(UInt8(ascii: "\""))
  }
}
