internal import Cluster
public import Documents

/// The `apiVersion` and `kind` of an object or a list; empty where they are not said.
public struct ObjectType: Hashable, Sendable {
  public var apiVersion: String
  public var kind: String

  public init(apiVersion: String, kind: String) {
    self.apiVersion = apiVersion
    self.kind = kind
  }

  /// What a value says of itself.
  public init(of value: Value) {
    apiVersion = value["apiVersion"]?.string ?? ""
    kind = value["kind"]?.string ?? ""
  }

  /// What the elements of a list are that do not say it themselves, nothing for a plain `List`;
  /// nil for what is not a list.
  public var element: ObjectType? {
    guard kind.hasSuffix("List") else { return nil }
    return ObjectType(apiVersion: apiVersion, kind: String(kind.dropLast(4)))
  }

  /// The kind as DNS reads it; nil for the others. The group counts: Knative has a Service, too.
  var read: ObjectKey.Kind? {
    switch (apiVersion, kind) {
    case ("v1", "Service"), ("", "Service"): .service
    case ("v1", "Endpoints"), ("", "Endpoints"): .endpoints
    case ("v1", "Namespace"), ("", "Namespace"): .namespace
    case ("v1", "Pod"), ("", "Pod"): .pod
    case (_, "EndpointSlice") where apiVersion.isEmpty || apiVersion.hasPrefix("discovery.k8s.io/"):
      .slice
    default: nil
    }
  }
}

/// Name and namespace of an object, checked.
struct Metadata {
  let id: ObjectName
  let key: ObjectKey
  /// `Service default/web`.
  let title: String

  init(_ value: Value, _ kind: ObjectKey.Kind, _ type: ObjectType) throws(ObjectError) {
    let metadata = value["metadata"]
    guard let name = metadata?["name"]?.string, !name.isEmpty else {
      throw ObjectError(object: type.kind, message: "has no metadata.name")
    }
    let isScoped = kind != .namespace
    // kubectl, too, takes a manifest without a namespace for one of "default".
    var namespace = isScoped ? metadata?["namespace"]?.string ?? "default" : ""
    if isScoped, namespace.isEmpty { namespace = "default" }
    title = isScoped ? "\(type.kind) \(namespace)/\(name)" : "\(type.kind) \(name)"
    let isLabel = kind == .service || kind == .namespace
    guard isLabel ? Field.isLabel(name) : Field.isSubdomain(name) else {
      throw ObjectError(
        object: title, message: "the name is not a DNS \(isLabel ? "label" : "subdomain")")
    }
    guard !isScoped || Field.isLabel(namespace) else {
      throw ObjectError(object: title, message: "the namespace is not a DNS label")
    }
    id = ObjectName(namespace: namespace, name: name)
    key = ObjectKey(kind: kind, id: id)
  }
}
