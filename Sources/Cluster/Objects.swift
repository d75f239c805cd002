public import Wire

// What DNS needs of Kubernetes objects, and nothing else: a cluster has a hundred thousand of
// these in memory. Names are as the API server holds them, lower case.

/// Namespace and name of an object; the namespace is empty for cluster-scoped kinds.
public struct ObjectName: Hashable, Sendable {
  public var namespace: String
  public var name: String

  public init(namespace: String, name: String) {
    self.namespace = namespace
    self.name = name
  }
}

/// A named port of a Service or an EndpointSlice; `name` is empty for an unnamed one.
public struct Port: Hashable, Sendable {
  public var name: String
  /// Lower case: `tcp`, `udp` or `sctp`.
  public var transport: String
  /// Nil where the slice leaves it open ("all ports"): no SRV record.
  public var number: UInt16?

  public init(name: String, transport: String, number: UInt16?) {
    self.name = name
    self.transport = transport
    self.number = number
  }
}

/// A core/v1 Service.
public struct Service: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// `clusterIPs`, or `clusterIP` where that is all there is; empty when none has been
    /// allocated.
    case clusterIP([IPAddress])
    case headless
    /// The target as written; nil where it is not a DNS name (an IP literal).
    case externalName(DomainName?)
  }

  public var id: ObjectName
  public var labels: [String: String]
  public var kind: Kind
  public var ports: [Port]

  public init(id: ObjectName, labels: [String: String] = [:], kind: Kind, ports: [Port]) {
    self.id = id
    self.labels = labels
    self.kind = kind
    self.ports = ports
  }
}

/// A core/v1 Namespace.
public struct Namespace: Hashable, Sendable {
  public var name: String
  public var labels: [String: String]

  public init(name: String, labels: [String: String] = [:]) {
    self.name = name
    self.labels = labels
  }
}

/// A core/v1 Pod that holds addresses: not terminated, not being deleted.
public struct Pod: Hashable, Sendable {
  public var id: ObjectName
  public var labels: [String: String]
  public var addresses: [IPAddress]

  public init(id: ObjectName, labels: [String: String] = [:], addresses: [IPAddress]) {
    self.id = id
    self.labels = labels
    self.addresses = addresses
  }
}

/// A discovery.k8s.io/v1 EndpointSlice, or one subset of ``Endpoints``.
public struct EndpointSlice: Hashable, Sendable {
  public var id: ObjectName
  public var labels: [String: String]
  /// The Service it belongs to: label `kubernetes.io/service-name`, or the Endpoints object's name.
  public var serviceName: String
  public var ports: [Port]
  /// Endpoints that are ready, or whose readiness is not said.
  public var endpoints: PackedEndpoints
  /// Endpoints left out because they are not ready.
  public var notReadyCount: Int

  public init(
    id: ObjectName, labels: [String: String] = [:], serviceName: String, ports: [Port],
    endpoints: PackedEndpoints, notReadyCount: Int = 0
  ) {
    self.id = id
    self.labels = labels
    self.serviceName = serviceName
    self.ports = ports
    self.endpoints = endpoints
    self.notReadyCount = notReadyCount
  }
}

/// A core/v1 Endpoints object; it counts only while the Service with its name has no slice.
public struct Endpoints: Hashable, Sendable {
  public var id: ObjectName
  public var labels: [String: String]
  /// Each with the ports of its own addresses, in the order of the object.
  public var subsets: [EndpointSlice]

  public init(
    id: ObjectName, labels: [String: String] = [:], subsets: [EndpointSlice] = []
  ) {
    self.id = id
    self.labels = labels
    self.subsets = subsets
  }
}

/// One endpoint of a slice.
public struct Endpoint: Hashable, Sendable {
  /// Usually one; all are served.
  public var addresses: [IPAddress]
  /// `hostname`, empty where there is none.
  public var hostname: String
  /// `targetRef.name` of a Pod, empty where there is none; used under `endpoint_pod_names`.
  public var podName: String

  public init(addresses: [IPAddress], hostname: String = "", podName: String = "") {
    self.addresses = addresses
    self.hostname = hostname
    self.podName = podName
  }
}

/// Endpoints one after the other in one array of octets: some 40 octets each where an array of
/// ``Endpoint`` takes 200.
///
/// Each is: count of addresses, then per address 4 or 16 as its length and its octets; length and
/// octets of the host name; length and octets of the Pod's name. Lengths are one octet.
public struct PackedEndpoints: Hashable, Sendable, Sequence {
  private var octets: [UInt8] = []

  public init() {}

  public init(_ endpoints: some Sequence<Endpoint>) {
    for endpoint in endpoints { append(endpoint) }
  }

  public var isEmpty: Bool { octets.isEmpty }

  /// Adds an endpoint; host and Pod names longer than 255 octets (the API server allows 63 and
  /// 253) are dropped.
  public mutating func append(_ endpoint: Endpoint) {
    octets.append(UInt8(clamping: endpoint.addresses.count))
    for address in endpoint.addresses.prefix(255) { append(address) }
    for name in [endpoint.hostname, endpoint.podName] {
      let length = UInt8(exactly: name.utf8.count) ?? 0
      octets.append(length)
      if length > 0 { octets += name.utf8 }
    }
  }

  private mutating func append(_ address: IPAddress) {
    octets.append(address.isV4 ? 4 : 16)
    if !address.isV4 {
      for shift in stride(from: UInt64(56), through: 0, by: -8) {
        octets.append(UInt8(truncatingIfNeeded: address.high >> shift))
      }
    }
    for shift in stride(from: UInt64(address.isV4 ? 24 : 56), through: 0, by: -8) {
      octets.append(UInt8(truncatingIfNeeded: address.low >> shift))
    }
  }

  /// Gives back the room that growing has left over.
  public mutating func trim() {
    octets = Array(octets.lazy.map { $0 })
  }

  /// Calls `body` for each address of each endpoint with the host name and the Pod's name, which are
  /// empty where there is none. Allocates nothing; the views are gone afterwards.
  func forEachAddress(_ body: (IPAddress, _ hostname: Octets, _ podName: Octets) -> Void) {
    octets.withOctets { octets in
      var at = 0
      while at < octets.count {
        let first = at + 1
        var end = first
        for _ in 0..<octets[at] { end += 1 + Int(octets[end]) }
        let hostname = octets[(end + 1)..<(end + 1 + Int(octets[end]))]
        let podAt = end + 1 + hostname.count
        let podName = octets[(podAt + 1)..<(podAt + 1 + Int(octets[podAt]))]
        at = first
        while at < end {
          body(IPAddress(octets[(at + 1)..<(at + 1 + Int(octets[at]))]), hostname, podName)
          at += 1 + Int(octets[at])
        }
        at = podAt + 1 + podName.count
      }
    }
  }

  public func makeIterator() -> Iterator {
    Iterator(octets: octets)
  }

  public struct Iterator: IteratorProtocol {
    fileprivate let octets: [UInt8]
    private var at = 0

    fileprivate init(octets: [UInt8]) {
      self.octets = octets
    }

    private mutating func field() -> ArraySlice<UInt8> {
      let start = at + 1
      at = start + Int(octets[at])
      return octets[start..<at]
    }

    public mutating func next() -> Endpoint? {
      guard at < octets.count else { return nil }
      let count = Int(octets[at])
      at += 1
      var addresses: [IPAddress] = []
      for _ in 0..<count {
        if let address = IPAddress(octets: field()) { addresses.append(address) }
      }
      let hostname = String(decoding: field(), as: UTF8.self)
      let podName = String(decoding: field(), as: UTF8.self)
      return Endpoint(addresses: addresses, hostname: hostname, podName: podName)
    }
  }
}

extension IPAddress {
  /// 4 or 16 octets in network order.
  init(_ octets: Octets) {
    if octets.count == 4 {
      self.init(v4: octets.u32(0))
    } else {
      self.init(
        high: UInt64(octets.u32(0)) << 32 | UInt64(octets.u32(4)),
        low: UInt64(octets.u32(8)) << 32 | UInt64(octets.u32(12)))
    }
  }
}

/// One object of any kind that DNS reads.
public enum ClusterObject: Hashable, Sendable {
  case service(Service)
  case slice(EndpointSlice)
  case endpoints(Endpoints)
  case namespace(Namespace)
  case pod(Pod)

  /// What tells it from every other object.
  public var key: ObjectKey {
    switch self {
    case .service(let service): ObjectKey(kind: .service, id: service.id)
    case .slice(let slice): ObjectKey(kind: .slice, id: slice.id)
    case .endpoints(let endpoints): ObjectKey(kind: .endpoints, id: endpoints.id)
    case .namespace(let namespace):
      ObjectKey(kind: .namespace, id: ObjectName(namespace: "", name: namespace.name))
    case .pod(let pod): ObjectKey(kind: .pod, id: pod.id)
    }
  }
}

/// Kind, namespace and name.
public struct ObjectKey: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case service, slice, endpoints, namespace, pod
  }

  public var kind: Kind
  public var id: ObjectName

  public init(kind: Kind, id: ObjectName) {
    self.kind = kind
    self.id = id
  }
}
