/// A port of a Service or of a slice.
public struct APIPort: Sendable, Equatable {
  /// Nil for a port without a name.
  public var name: String?
  /// `TCP`, `UDP` or `SCTP`.
  public var transport: String
  /// The Service's port, and the slice's.
  public var number: Int

  /// A port; TCP unless said otherwise.
  public init(_ name: String?, _ number: Int, _ transport: String = "TCP") {
    self.name = name
    self.transport = transport
    self.number = number
  }
}

/// An endpoint of a slice.
public struct APIEndpoint: Sendable, Equatable {
  /// Addresses, one in practice.
  public var addresses: [String]
  /// `conditions.ready`; nil gives `conditions: {}`.
  public var ready: Bool?
  /// `hostname`, when the Pod has one.
  public var hostname: String?
  /// The Pod of `targetRef`, when there is one.
  public var pod: String?
  /// `nodeName`, when it is known.
  public var node: String?

  /// An endpoint; ready unless said otherwise.
  public init(
    _ addresses: String..., ready: Bool? = true, hostname: String? = nil, pod: String? = nil,
    node: String? = nil
  ) {
    self.addresses = addresses
    self.ready = ready
    self.hostname = hostname
    self.pod = pod
    self.node = node
  }
}

extension APIObject {
  /// What a Service is.
  public enum ServiceType: Sendable, Equatable {
    /// With these addresses, one for each family.
    case clusterIP([String])
    /// `clusterIP: None`.
    case headless
    /// An alias of this name.
    case externalName(String)
  }

  /// A Service as the server completes it.
  public static func service(
    _ namespace: String, _ name: String, _ type: ServiceType, ports: [APIPort] = [],
    labels: [String: String]? = nil, publishNotReady: Bool = false
  ) -> APIObject {
    var spec: [String] = []
    if !ports.isEmpty { spec.append("\"ports\":" + JSONText.array(ports.map(servicePort))) }
    var managed = ["\"f:sessionAffinity\":{}", "\"f:type\":{}"]
    if !ports.isEmpty { managed.append("\"f:ports\":{" + managedPorts(ports) + "}") }
    switch type {
    case .externalName(let target):
      spec += [
        #""type":"ExternalName","sessionAffinity":"None""#,
        "\"externalName\":" + JSONText.string(target),
      ]
      managed.append("\"f:externalName\":{}")
    case .headless:
      managed += ["\"f:clusterIP\":{}", "\"f:internalTrafficPolicy\":{}"]
      spec += clusterSpec(["None"], families: ["IPv4"], publishNotReady)
    case .clusterIP(let addresses):
      managed.append("\"f:internalTrafficPolicy\":{}")
      spec += clusterSpec(addresses, families: addresses.map(family), publishNotReady)
    }
    if publishNotReady { managed.append("\"f:publishNotReadyAddresses\":{}") }
    return APIObject(
      .services, namespace: namespace, name: name, labels: labels ?? ["app": name],
      members: "\"spec\":{" + spec.joined(separator: ",") + "},\"status\":{\"loadBalancer\":{}}",
      managed: ["\"f:spec\":{" + managed.sorted().joined(separator: ",") + "}"])
  }

  /// A slice of a Service as the endpointslice-controller writes it. Nil `endpoints` or `ports`
  /// give `null`, as real slices have; `triggered` is the last-change-trigger-time, RFC 3339.
  public static func slice(
    _ namespace: String, _ name: String, of service: String?, _ endpoints: [APIEndpoint]?,
    ports: [APIPort]? = nil, addressType: String? = nil, headless: Bool = false,
    triggered: String? = nil, labels: [String: String] = [:]
  ) -> APIObject {
    var labels = labels
    if let service {
      labels["kubernetes.io/service-name"] = service
      labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io"
    }
    if headless { labels["service.kubernetes.io/headless"] = "" }
    let type = addressType ?? endpoints?.first?.addresses.first.map(family) ?? "IPv4"
    let list = endpoints.map { JSONText.array($0.map { endpoint($0, namespace) }) }
    let portList = ports.map { JSONText.array($0.map(slicePort)) }
    return APIObject(
      .endpointslices, namespace: namespace, name: name, labels: labels,
      annotations: triggered.map { ["endpoints.kubernetes.io/last-change-trigger-time": $0] }
        ?? [:],
      owner: service,
      members: "\"addressType\":\"\(type)\",\"endpoints\":\(list ?? "null"),"
        + "\"ports\":\(portList ?? "null")",
      managed: ["\"f:addressType\":{}"] + (endpoints == nil ? [] : ["\"f:endpoints\":{}"])
        + (ports == nil ? [] : ["\"f:ports\":{}"]))
  }

  /// A Namespace; the server's own label is added.
  public static func namespace(
    _ name: String, labels: [String: String] = [:], phase: String = "Active"
  ) -> APIObject {
    APIObject(
      .namespaces, namespace: "", name: name,
      labels: labels.merging(["kubernetes.io/metadata.name": name]) { $1 }, phase: phase,
      members: #""spec":{"finalizers":["kubernetes"]},"status":{"phase":"\#(phase)"}"#)
  }

  /// A Pod of one container; nil `address` is one that has none yet.
  public static func pod(
    _ namespace: String, _ name: String, address: String?, phase: String = "Running",
    hostname: String? = nil, subdomain: String? = nil, labels: [String: String]? = nil
  ) -> APIObject {
    var names = ""
    if let hostname { names += "\"hostname\":\(JSONText.string(hostname))," }
    if let subdomain { names += "\"subdomain\":\(JSONText.string(subdomain))," }
    let addresses = address.map { #""podIP":"\#($0)","podIPs":[{"ip":"\#($0)"}],"# } ?? ""
    return APIObject(
      .pods, namespace: namespace, name: name, labels: labels ?? ["app": name], phase: phase,
      members: #""spec":{"containers":[{"name":"c","image":"registry.invalid/x","resources":{},"#
        + #""terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","#
        + #""imagePullPolicy":"Always"}],"restartPolicy":"Always","#
        + #""terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","securityContext":{},"#
        + names + #""schedulerName":"default-scheduler","priority":0,"enableServiceLinks":true,"#
        + #""preemptionPolicy":"PreemptLowerPriority"},"status":{"phase":"\#(phase)","#
        + addresses + #""qosClass":"BestEffort"}"#,
      managed: [#""f:spec":{"f:dnsPolicy":{},"f:restartPolicy":{}}"#])
  }

  // MARK: - Parts

  private static func family(_ address: String) -> String {
    if address.contains(":") { return "IPv6" }
    return address.allSatisfy { $0.isNumber || $0 == "." } ? "IPv4" : "FQDN"
  }

  private static func clusterSpec(
    _ addresses: [String], families: [String], _ publishNotReady: Bool
  ) -> [String] {
    [
      "\"clusterIP\":" + JSONText.string(addresses.first ?? ""),
      "\"clusterIPs\":" + JSONText.strings(addresses),
      #""type":"ClusterIP","sessionAffinity":"None""#,
    ] + (publishNotReady ? ["\"publishNotReadyAddresses\":true"] : []) + [
      "\"ipFamilies\":" + JSONText.strings(families),
      "\"ipFamilyPolicy\":\"" + (families.count > 1 ? "PreferDualStack" : "SingleStack") + "\"",
      "\"internalTrafficPolicy\":\"Cluster\"",
    ]
  }

  private static func servicePort(_ port: APIPort) -> String {
    let name = port.name.map { "\"name\":" + JSONText.string($0) + "," } ?? ""
    return "{\(name)\"protocol\":\"\(port.transport)\",\"port\":\(port.number),"
      + "\"targetPort\":\(port.number)}"
  }

  private static func slicePort(_ port: APIPort) -> String {
    let name = JSONText.string(port.name ?? "")
    return "{\"name\":\(name),\"protocol\":\"\(port.transport)\",\"port\":\(port.number)}"
  }

  private static func managedPorts(_ ports: [APIPort]) -> String {
    let entries = ports.map { port in
      let key = JSONText.string(
        "k:{\"port\":\(port.number),\"protocol\":\"\(port.transport)\"}")
      let name = port.name == nil ? "" : "\"f:name\":{},"
      return "\(key):{\".\":{},\(name)\"f:port\":{},\"f:protocol\":{},\"f:targetPort\":{}}"
    }
    return "\".\":{}," + entries.joined(separator: ",")
  }

  private static func endpoint(_ endpoint: APIEndpoint, _ namespace: String) -> String {
    var text = "{\"addresses\":" + JSONText.strings(endpoint.addresses) + ",\"conditions\":{"
    if let ready = endpoint.ready {
      text += "\"ready\":\(ready),\"serving\":\(ready),\"terminating\":false"
    }
    text += "}"
    if let hostname = endpoint.hostname { text += ",\"hostname\":" + JSONText.string(hostname) }
    if let pod = endpoint.pod {
      text += #","targetRef":{"kind":"Pod","namespace":"# + JSONText.string(namespace)
      text += ",\"name\":" + JSONText.string(pod)
      text += ",\"uid\":\"\(StoredObject.uid("pods/\(namespace)/\(pod)", 0))\"}"
    }
    if let node = endpoint.node {
      text += ",\"nodeName\":" + JSONText.string(node) + ",\"zone\":\"zone-a\""
    }
    return text + "}"
  }
}
