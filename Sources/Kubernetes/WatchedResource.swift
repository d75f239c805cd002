internal import Cluster

/// What an API server is asked to list and watch: one kind of object, of all namespaces or of one.
public struct WatchedResource: Hashable, Sendable {
  let kind: ObjectKey.Kind
  /// As in paths and RBAC rules: `endpointslices`.
  public let name: String
  /// Empty for the core group.
  public let group: String
  /// Nil: of all namespaces, or not of any.
  public let namespace: String?
  /// What items of lists are, which do not say so themselves.
  let type: ObjectType
  private let root: String
  private let labelSelector: String?
  private let fieldSelector: String?
  private let soleName: String?

  /// `endpointslices`, or `endpointslices in namespace web`.
  public var title: String { namespace.map { "\(name) in namespace \($0)" } ?? name }

  private init(
    _ kind: ObjectKey.Kind, _ name: String, _ type: ObjectType, in namespace: String?,
    labels: String?, fields: String?, soleName: String? = nil
  ) {
    self.kind = kind
    self.name = name
    self.type = type
    self.namespace = namespace
    let parts = type.apiVersion.split(separator: "/")
    group = parts.count > 1 ? String(parts[0]) : ""
    root = parts.count > 1 ? "/apis/\(type.apiVersion)" : "/api/\(type.apiVersion)"
    labelSelector = labels
    fieldSelector = fields
    self.soleName = soleName
  }

  /// The Namespaces that match a label selector, or the one with a name.
  static func namespaces(labels: String?, name: String?) -> WatchedResource {
    WatchedResource(
      .namespace, "namespaces", ObjectType(apiVersion: "v1", kind: "Namespace"), in: nil,
      labels: labels, fields: name.map { "metadata.name=\($0)" }, soleName: name)
  }

  static func services(in namespace: String?, labels: String?) -> WatchedResource {
    WatchedResource(
      .service, "services", ObjectType(apiVersion: "v1", kind: "Service"), in: namespace,
      labels: labels, fields: nil)
  }

  static func endpointSlices(in namespace: String?, labels: String?) -> WatchedResource {
    WatchedResource(
      .slice, "endpointslices",
      ObjectType(apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice"), in: namespace,
      labels: labels, fields: nil)
  }

  /// Pods that hold their addresses: one that is over may see its address given to another.
  static func pods(in namespace: String?, labels: String?) -> WatchedResource {
    WatchedResource(
      .pod, "pods", ObjectType(apiVersion: "v1", kind: "Pod"), in: namespace, labels: labels,
      fields: "status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown")
  }

  /// Whether the list has such objects, if they exist and match the selectors.
  func covers(_ key: ObjectKey) -> Bool {
    key.kind == kind && soleName.map { key.id.name == $0 } ?? true
  }

  /// The path and query of a request, with the selectors.
  func path(_ parameters: [(name: String, value: String)]) -> String {
    var query = parameters
    if let labelSelector { query.append(("labelSelector", labelSelector)) }
    if let fieldSelector { query.append(("fieldSelector", fieldSelector)) }
    let scope = namespace.map { "/namespaces/\($0)" } ?? ""
    return "\(root)\(scope)/\(name)?"
      + query.map { "\($0.name)=\(Self.escaped($0.value))" }.joined(separator: "&")
  }

  /// Percent-encoding of all but RFC 3986's unreserved characters.
  static func escaped(_ text: String) -> String {
    var result = ""
    for octet in text.utf8 {
      switch octet {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(octet))
      default:
        let digits = Array("0123456789ABCDEF")
        result += "%\(digits[Int(octet >> 4)])\(digits[Int(octet & 15)])"
      }
    }
    return result
  }
}

/// Which objects a source asks the API server for; selectors as the API spells them.
public struct WatchScope: Hashable, Sendable {
  public var watchesSlices = true
  public var watchesPods = false
  /// Whether endpoints are named after their Pods.
  public var needsPodNames = true
  /// Holds for Services, EndpointSlices and Pods.
  public var labels: String?
  public var namespaceLabels: String?
  /// Only these namespaces; empty: all.
  public var namespaces: [String] = []

  /// Above this many named namespaces all are watched and the others passed over: each takes a
  /// watch for every kind, and the API server counts watches.
  static let maximumSeparateNamespaces = 16

  public init() {}

  /// Namespaces come first, as they are few; slices last, as a headless name without its Service
  /// is nothing.
  var resources: [WatchedResource] {
    let separate = namespaces.count <= Self.maximumSeparateNamespaces ? namespaces : []
    let scopes: [String?] = separate.isEmpty ? [nil] : separate
    var resources = scopes.map { WatchedResource.namespaces(labels: namespaceLabels, name: $0) }
    resources += scopes.map { .services(in: $0, labels: labels) }
    if watchesSlices { resources += scopes.map { .endpointSlices(in: $0, labels: labels) } }
    if watchesPods { resources += scopes.map { .pods(in: $0, labels: labels) } }
    return resources
  }
}
