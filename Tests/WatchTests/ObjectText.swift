/// Objects, events and lists as an API server writes them, no longer than a test needs.
enum ObjectText {
  static func namespace(_ name: String, _ version: Int) -> String {
    #"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"\#(name)","#
      + #""resourceVersion":"\#(version)"}}"#
  }

  /// A Service with a ClusterIP; `id` is `namespace/name`.
  static func service(_ id: String, _ version: Int, _ address: String = "10.96.0.1") -> String {
    #"{"kind":"Service","apiVersion":"v1",\#(metadata(id, version)),"spec":{"#
      + #""type":"ClusterIP","clusterIP":"\#(address)","clusterIPs":["\#(address)"]}}"#
  }

  /// A slice of a service with ready endpoints.
  static func slice(
    _ id: String, _ version: Int, of service: String, _ addresses: String...
  ) -> String {
    let endpoints = addresses.map { #"{"addresses":["\#($0)"],"conditions":{"ready":true}}"# }
    let labels = #","labels":{"kubernetes.io/service-name":"\#(service)"}"#
    return #"{"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","#
      + metadata(id, version, labels)
      + #","addressType":"IPv4","ports":null,"endpoints":[\#(endpoints.joined(separator: ","))]}"#
  }

  /// Name and version of an object, as lists of metadata have them.
  static func partial(_ id: String, _ version: Int) -> String {
    #"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",\#(metadata(id, version))}"#
  }

  private static func metadata(_ id: String, _ version: Int, _ more: String = "") -> String {
    let parts = id.split(separator: "/")
    let namespace = parts.count > 1 ? #","namespace":"\#(parts[0])""# : ""
    return #""metadata":{"name":"\#(parts.last ?? "")"\#(namespace),"#
      + #""resourceVersion":"\#(version)"\#(more)}"#
  }

  // MARK: - Around objects

  static func added(_ object: String) -> String { event("ADDED", object) }
  static func modified(_ object: String) -> String { event("MODIFIED", object) }
  static func deleted(_ object: String) -> String { event("DELETED", object) }

  private static func event(_ type: String, _ object: String) -> String {
    #"{"type":"\#(type)","object":\#(object)}"# + "\n"
  }

  /// A bookmark; with `ends` the one behind the initial events of a streaming list.
  static func bookmark(_ version: Int, ends: Bool = false) -> String {
    let annotations = ends ? #","annotations":{"k8s.io/initial-events-end":"true"}"# : ""
    return event(
      "BOOKMARK",
      #"{"kind":"Any","apiVersion":"v1","metadata":{"resourceVersion":"\#(version)"\#(annotations)}}"#
    )
  }

  /// A whole streaming list.
  static func stream(_ version: Int, _ objects: [String] = []) -> String {
    objects.map(added).joined() + bookmark(version, ends: true)
  }

  /// A list, or a page of one.
  static func list(_ version: Int, _ items: [String] = [], next: String? = nil) -> String {
    let more = next.map { #","continue":"\#($0)""# } ?? ""
    return
      #"{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"\#(version)"\#(more)},"#
      + #""items":[\#(items.joined(separator: ","))]}"#
  }

  /// An ERROR event.
  static func error(_ code: Int, _ message: String) -> String {
    event("ERROR", status(code, message))
  }

  static func status(_ code: Int, _ message: String) -> String {
    #"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"\#(message)","code":\#(code)}"#
  }
}
