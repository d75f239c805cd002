public import Cluster
public import Documents
internal import Wire

// Where objects come from: manifests on disk. (The API server hands its objects to the same
// decoder.)
//
//   FileWatch ─ ManifestSource ─ ManifestFile ─ ItemReader ─ ObjectDecoder ─ ObjectSink

/// Reads the objects that DNS needs out of parsed JSON or YAML, and of each only what DNS needs.
///
/// Values repeated from one object to the next share their memory.
public struct ObjectDecoder {
  /// Whether `labels` are kept; without a selector over them they would only fill memory.
  public var keepsLabels: Bool
  /// Whether endpoints keep the names of their Pods, which only `endpoint_pod_names` asks for.
  public var keepsPodNames: Bool
  /// The ports read last: most slices of a cluster have the same.
  private var lastPorts: [Port] = []

  public init(keepsLabels: Bool = false, keepsPodNames: Bool = true) {
    self.keepsLabels = keepsLabels
    self.keepsPodNames = keepsPodNames
  }

  public enum Outcome: Hashable, Sendable {
    case object(ClusterObject)
    /// Not for DNS: another kind, a slice of no Service, a Pod that is over.
    case passedOver
    /// An item without a kind of its own: the list's decides, which must be known first.
    case kindMissing
  }

  /// Reads one object.
  ///
  /// - Parameter type: what the object is if it does not say so itself, as items of API lists.
  /// - Throws: ``ObjectError`` where the API server would not have taken it.
  public mutating func decode(
    _ value: Value, type inherited: ObjectType? = nil
  ) throws(ObjectError) -> Outcome {
    guard value.kind == .object else {
      throw ObjectError(object: "a \(value.kind)", message: "is not an object")
    }
    var type = ObjectType(of: value)
    if type.kind.isEmpty {
      guard let inherited else { return .kindMissing }
      type = inherited
    }
    guard let kind = type.read else { return .passedOver }
    let metadata = try Metadata(value, kind, type)
    do {
      switch kind {
      case .service: return .object(.service(try service(value, metadata)))
      case .slice: return try slice(value, metadata)
      case .endpoints: return try endpoints(value, metadata)
      case .namespace: return .object(.namespace(namespace(value, metadata)))
      case .pod: return try pod(value, metadata)
      }
    } catch {
      throw ObjectError(object: metadata.title, message: error.text, key: metadata.key)
    }
  }

  /// Reads an object, or the objects of a `List` (and `ServiceList`, …) however deep, and hands out
  /// each outcome.
  public mutating func decodeAll(
    _ value: Value, type inherited: ObjectType? = nil,
    _ take: (Result<Outcome, ObjectError>) -> Void
  ) {
    let own = ObjectType(of: value)
    let type = own.kind.isEmpty ? inherited ?? own : own
    if let element = type.element, let items = value["items"] {
      for item in items.elements { decodeAll(item, type: element, take) }
      return
    }
    do {
      take(.success(try decode(value, type: inherited)))
    } catch {
      take(.failure(error))
    }
  }
}

/// An object that the API server would not have taken.
public struct ObjectError: Error, Hashable, Sendable, CustomStringConvertible {
  /// `Service default/web`, as far as that can be read.
  public var object: String
  public var message: String
  /// Nil where not even the name can be read.
  public var key: ObjectKey?

  init(object: String, message: String, key: ObjectKey? = nil) {
    self.object = object
    self.message = message
    self.key = key
  }

  /// `Service default/web: message`.
  public var description: String { "\(object): \(message)" }
}

/// What is wrong inside an object.
struct FieldError: Error {
  let text: String

  init(_ text: String) {
    self.text = text
  }
}

// MARK: - Kinds

extension ObjectDecoder {
  private mutating func service(
    _ value: Value, _ metadata: Metadata
  ) throws(FieldError) -> Service {
    let spec = value["spec"]
    return Service(
      id: metadata.id, labels: labels(value), kind: try serviceKind(spec),
      ports: try ports(spec?["ports"], needsNumber: true))
  }

  private func serviceKind(_ spec: Value?) throws(FieldError) -> Service.Kind {
    if spec?["type"]?.isString("ExternalName") == true {
      return .externalName(try Field.externalName(spec?["externalName"]))
    }
    // Old objects have clusterIP alone; in all others it repeats the first of clusterIPs.
    var texts = spec?["clusterIPs"].map { Array($0.elements) } ?? []
    if texts.isEmpty, let single = spec?["clusterIP"] { texts = [single] }
    if texts.contains(where: { $0.isString("None") }) { return .headless }
    var addresses: [IPAddress] = []
    for text in texts where !text.isString("") {
      let address = try Field.address(text, "clusterIPs")
      if !addresses.contains(address) { addresses.append(address) }
    }
    return .clusterIP(addresses)
  }

  private mutating func slice(
    _ value: Value, _ metadata: Metadata
  ) throws(FieldError) -> Outcome {
    let service = value["metadata"]?["labels"]?["kubernetes.io/service-name"]?.string ?? ""
    // Addresses of type FQDN are names, which no answer can carry.
    guard !service.isEmpty, value["addressType"]?.isString("FQDN") != true else {
      return .passedOver
    }
    guard Field.isLabel(service) else {
      throw FieldError("label kubernetes.io/service-name '\(service)' is not a DNS label")
    }
    var packed = PackedEndpoints()
    var notReady = 0
    if let endpoints = value["endpoints"] {
      for endpoint in endpoints.elements {
        let addresses = try Field.addresses(endpoint["addresses"]?.elements, "endpoints.addresses")
        // "nil should be interpreted as true" (EndpointConditions.ready).
        guard endpoint["conditions"]?["ready"]?.boolean ?? true else {
          notReady += addresses.count
          continue
        }
        packed.append(try self.endpoint(endpoint, addresses))
      }
    }
    packed.trim()
    return .object(
      .slice(
        EndpointSlice(
          id: metadata.id, labels: labels(value), serviceName: service,
          ports: try ports(value["ports"], needsNumber: false), endpoints: packed,
          notReadyCount: notReady)))
  }

  /// An Endpoints object, each subset as a slice of the Service that has its name: a subset's ports
  /// are those of its own addresses alone.
  private mutating func endpoints(
    _ value: Value, _ metadata: Metadata
  ) throws(FieldError) -> Outcome {
    // Longer names and such with dots are locks of old leader elections: no Service has them.
    guard Field.isLabel(metadata.id.name) else { return .passedOver }
    var endpoints = Endpoints(id: metadata.id, labels: labels(value))
    for subset in value["subsets"].elementsOrNone {
      endpoints.subsets.append(try self.subset(subset, metadata))
    }
    return .object(.endpoints(endpoints))
  }

  private mutating func subset(
    _ value: Value, _ metadata: Metadata
  ) throws(FieldError) -> EndpointSlice {
    var packed = PackedEndpoints()
    for endpoint in value["addresses"].elementsOrNone {
      guard let ip = endpoint["ip"] else { throw FieldError("subsets.addresses: no ip") }
      packed.append(try self.endpoint(endpoint, [try Field.address(ip, "subsets.addresses.ip")]))
    }
    packed.trim()
    return EndpointSlice(
      id: metadata.id, serviceName: metadata.id.name,
      ports: try ports(value["ports"], needsNumber: true), endpoints: packed,
      notReadyCount: value["notReadyAddresses"].elementsOrNone.count)
  }

  private func endpoint(
    _ value: Value, _ addresses: [IPAddress]
  ) throws(FieldError) -> Endpoint {
    let hostname = value["hostname"]?.string ?? ""
    guard hostname.isEmpty || Field.isLabel(hostname) else {
      throw FieldError("hostname '\(hostname)' is not a DNS label")
    }
    var podName: String?
    if keepsPodNames, let target = value["targetRef"], target["kind"]?.isString("Pod") == true {
      podName = target["name"]?.string
    }
    return Endpoint(addresses: addresses, hostname: hostname, podName: podName ?? "")
  }

  private func namespace(_ value: Value, _ metadata: Metadata) -> Namespace {
    Namespace(name: metadata.id.name, labels: labels(value))
  }

  private func pod(_ value: Value, _ metadata: Metadata) throws(FieldError) -> Outcome {
    let status = value["status"]
    // A Pod that is over may see its address given to another.
    let isOver = ["Succeeded", "Failed", "Unknown"].contains(status?["phase"]?.string ?? "")
    guard !isOver, value["metadata"]?["deletionTimestamp"] == nil else { return .passedOver }
    var addresses: [IPAddress] = []
    for entry in (status?["podIPs"]).elementsOrNone {
      if let ip = entry["ip"] { addresses.append(try Field.address(ip, "status.podIPs")) }
    }
    if addresses.isEmpty, let ip = status?["podIP"], !ip.isString("") {
      addresses.append(try Field.address(ip, "status.podIP"))
    }
    guard !addresses.isEmpty else { return .passedOver }
    return .object(.pod(Pod(id: metadata.id, labels: labels(value), addresses: addresses)))
  }
}

// MARK: - Parts

extension ObjectDecoder {
  private func labels(_ value: Value) -> [String: String] {
    guard keepsLabels, let labels = value["metadata"]?["labels"] else { return [:] }
    var result: [String: String] = [:]
    for (key, value) in labels.members {
      if let key = key.string, let value = value.string { result[key] = value }
    }
    return result
  }

  private mutating func ports(
    _ value: Value?, needsNumber: Bool
  ) throws(FieldError) -> [Port] {
    var ports: [Port] = []
    for port in value.elementsOrNone { ports.append(try Field.port(port, needsNumber)) }
    if ports == lastPorts { return lastPorts }
    lastPorts = ports
    return ports
  }
}
