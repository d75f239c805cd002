/// A resource that the test API server knows.
public enum APIResource: String, CaseIterable, Sendable, Hashable {
  case services, endpointslices, namespaces, pods

  /// As in `kind` of an object.
  public var kind: String {
    switch self {
    case .services: "Service"
    case .endpointslices: "EndpointSlice"
    case .namespaces: "Namespace"
    case .pods: "Pod"
    }
  }

  /// The API group, empty for the core.
  public var group: String { self == .endpointslices ? "discovery.k8s.io" : "" }

  /// As in `apiVersion` of an object.
  public var apiVersion: String { self == .endpointslices ? "discovery.k8s.io/v1" : "v1" }

  /// Whether objects live in a Namespace.
  public var isNamespaced: Bool { self != .namespaces }

  /// The path of the collection over all Namespaces.
  public var path: String {
    self == .endpointslices ? "/apis/discovery.k8s.io/v1/endpointslices" : "/api/v1/\(rawValue)"
  }

  /// Only these count their changes in `metadata.generation`.
  var hasGeneration: Bool { self == .endpointslices || self == .pods }

  /// What follows `metadata` in an object without content, as bookmarks carry it.
  var emptyMembers: String {
    switch self {
    case .services: #""spec":{},"status":{"loadBalancer":{}}"#
    case .endpointslices: #""addressType":"","endpoints":null,"ports":null"#
    case .namespaces: #""spec":{},"status":{}"#
    case .pods: #""spec":{"containers":null},"status":{}"#
    }
  }
}

/// What a request's path names: a collection, the part of it in one Namespace, or an object.
struct APITarget {
  var resource: APIResource
  var namespace: String?
  var name: String?

  /// Nil when the path is none of the known resources'.
  init?(path: String) {
    var parts = path.split(separator: "/").map(String.init)
    let isCore = parts.starts(with: ["api", "v1"])
    guard isCore || parts.starts(with: ["apis", "discovery.k8s.io", "v1"]) else { return nil }
    parts.removeFirst(isCore ? 2 : 3)
    // `/namespaces/NAME` alone is an object; with more behind it, a scope.
    if parts.first == "namespaces", parts.count > 2 {
      namespace = parts[1]
      parts.removeFirst(2)
    }
    guard let first = parts.first, parts.count <= 2, let resource = APIResource(rawValue: first),
      (resource.group.isEmpty) == isCore, resource.isNamespaced || namespace == nil
    else { return nil }
    self.resource = resource
    name = parts.count == 2 ? parts[1] : nil
    guard name == nil || namespace != nil || !resource.isNamespaced else { return nil }
  }
}
