/// An object as a client of the API would write it; the server adds uid, ResourceVersion and times.
public struct APIObject: Sendable, Equatable {
  /// The collection it belongs to.
  public var resource: APIResource
  /// Empty for a Namespace.
  public var namespace: String
  /// `metadata.name`.
  public var name: String
  /// `metadata.labels`.
  public var labels: [String: String]
  /// `metadata.annotations`.
  public var annotations: [String: String]
  /// The Service named in `ownerReferences`, as the endpointslice-controller writes it, or nil.
  public var owner: String?
  /// `status.phase`, for field selectors; must be what `members` says.
  public var phase: String
  /// The members after `metadata`, compact JSON without the outer braces.
  public var members: String
  /// What `managedFields` says beside `f:metadata`: members such as `"f:ports":{}`.
  public var managed: [String]

  /// An object of a free shape; see the makers for the usual ones.
  public init(
    _ resource: APIResource, namespace: String, name: String, labels: [String: String] = [:],
    annotations: [String: String] = [:], owner: String? = nil, phase: String = "",
    members: String, managed: [String] = []
  ) {
    self.resource = resource
    self.namespace = namespace
    self.name = name
    self.labels = labels
    self.annotations = annotations
    self.owner = owner
    self.phase = phase
    self.members = members
    self.managed = managed
  }

  /// `namespace/name`, or `name` for a Namespace: objects are listed in the order of these octets.
  public var key: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }
}

/// One state of an object as the server keeps it, its text ready to be sent.
public final class StoredObject: Sendable {
  /// What was put.
  public let object: APIObject
  /// The ResourceVersion of this state.
  public let revision: UInt64
  /// How many states this object has had, from 1.
  public let generation: Int
  /// When the object was made, seconds since 1970.
  let created: Int64
  let uid: String
  /// The object without `kind` and `apiVersion`, as items of lists are.
  let item: [UInt8]
  /// Where `item` has the digits of the ResourceVersion.
  let revisionRange: Range<Int>
  /// Where `metadata` ends in `item`, behind its brace.
  let metadataEnd: Int

  init(_ object: APIObject, revision: UInt64, after previous: StoredObject?, second: Int64) {
    self.object = object
    self.revision = revision
    generation = (previous?.generation ?? 0) + 1
    created = previous?.created ?? second
    uid = previous?.uid ?? Self.uid(object.resource.rawValue + "/" + object.key, revision)
    var text = "{\"metadata\":{\"name\":" + JSONText.string(object.name)
    if !object.namespace.isEmpty { text += ",\"namespace\":" + JSONText.string(object.namespace) }
    text += ",\"uid\":\"\(uid)\",\"resourceVersion\":\""
    let start = text.utf8.count
    text += "\(revision)"
    revisionRange = start..<text.utf8.count
    text += "\""
    if object.resource.hasGeneration { text += ",\"generation\":\(generation)" }
    text += ",\"creationTimestamp\":\"\(TimeText.text(created))\""
    text += Self.describing(object, second: second) + "}"
    metadataEnd = text.utf8.count
    text += object.members.isEmpty ? "}" : ",\(object.members)}"
    item = Array(text.utf8)
  }

  /// Labels, annotations, owner and managed fields, each led by a comma.
  private static func describing(_ object: APIObject, second: Int64) -> String {
    var text = ""
    if let labels = JSONText.object(object.labels) { text += ",\"labels\":\(labels)" }
    if let annotations = JSONText.object(object.annotations) {
      text += ",\"annotations\":\(annotations)"
    }
    if let owner = object.owner {
      text += #","ownerReferences":[{"apiVersion":"v1","kind":"Service","name":"#
      text += JSONText.string(owner)
      text += ",\"uid\":\"\(uid("services/\(object.namespace)/\(owner)", 0))\""
      text += #","controller":true,"blockOwnerDeletion":true}]"#
    }
    return text + ",\"managedFields\":" + managedFields(object, second: second)
  }

  private static func managedFields(_ object: APIObject, second: Int64) -> String {
    var fields = object.managed
    var metadata: [String] = []
    for (member, keys) in [("annotations", object.annotations), ("labels", object.labels)]
    where !keys.isEmpty {
      let names = keys.keys.sorted().map { JSONText.string("f:" + $0) + ":{}" }
      metadata.append(#""f:\#(member)":{".":{},"# + names.joined(separator: ",") + "}")
    }
    if !metadata.isEmpty {
      fields.append("\"f:metadata\":{" + metadata.joined(separator: ",") + "}")
    }
    let manager = object.owner == nil ? "unknown" : "kube-controller-manager"
    return #"[{"manager":"\#(manager)","operation":"Update","apiVersion":""#
      + object.resource.apiVersion
      + #"","time":"\#(TimeText.text(second))","fieldsType":"FieldsV1","fieldsV1":{"#
      + fields.sorted().joined(separator: ",") + "}}]"
  }

  /// A uid that is the same in every run: FNV-1a over key and revision, two halves of a UUID.
  static func uid(_ key: String, _ revision: UInt64) -> String {
    var low: UInt64 = 0xcbf2_9ce4_8422_2325 ^ revision
    var high: UInt64 = 0x8422_2325_cbf2_9ce4 &+ revision
    for octet in key.utf8 {
      low = (low ^ UInt64(octet)) &* 0x100_0000_01b3
      high = (high &+ UInt64(octet)) &* 0x9e37_79b9_7f4a_7c15
    }
    let digits = Array((hex(high) + hex(low)).utf8)
    let parts = [digits[..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20...]]
    return String(decoding: Array(parts.joined(separator: [UInt8(ascii: "-")])), as: UTF8.self)
  }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension StoredObject {
  /// Appends the whole object, with kind, and with another ResourceVersion when one is given.
  func write(
    to text: inout [UInt8], metadataOnly: Bool = false, as revision: UInt64? = nil
  ) {
    let resource = object.resource
    let (kind, version) =
      metadataOnly
      ? ("PartialObjectMetadata", "meta.k8s.io/v1") : (resource.kind, resource.apiVersion)
    text += "{\"kind\":\"\(kind)\",\"apiVersion\":\"\(version)\",".utf8
    let end = metadataOnly ? metadataEnd : item.count
    if let revision {
      text += item[1..<revisionRange.lowerBound]
      text += "\(revision)".utf8
      text += item[revisionRange.upperBound..<end]
    } else {
      text += item[1..<end]
    }
    if metadataOnly { text.append(UInt8(ascii: "}")) }
  }

  /// The whole object as a GET gives it.
  public var text: [UInt8] {
    var text: [UInt8] = []
    write(to: &text)
    return text
  }
}
