// The lists have the fields that an API server gives and their order, managedFields and all: what a
// reader must step over is part of the cost of loading.
extension ServiceSet {
  func writeNamespaces(to file: inout TextFile) {
    writeList("NamespaceList", version: "v1", of: namespaces, to: &file) { name in
      """
      {"metadata":{"name":"\(name)",\(Self.identity),\
      "labels":{"kubernetes.io/metadata.name":"\(name)"}},\
      "spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}
      """
    }
  }

  func writeServices(to file: inout TextFile) {
    writeList("ServiceList", version: "v1", of: services, to: &file) { service in
      let address = service.isHeadless ? "None" : service.address
      return """
        {"metadata":{"name":"\(service.name)","namespace":"\(service.namespace)",\(Self.identity),\
        "labels":{"app":"\(service.name)"},"managedFields":[{"manager":"kubectl",\
        "operation":"Update","apiVersion":"v1","time":"2026-11-21T03:19:55Z",\
        "fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},\
        "f:spec":{"f:internalTrafficPolicy":{},"f:ports":{".":{},\
        "k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:name":{},"f:port":{},\
        "f:protocol":{},"f:targetPort":{}}},"f:selector":{},"f:sessionAffinity":{},\
        "f:type":{}}}}]},"spec":{"ports":[{"name":"http","protocol":"TCP","port":80,\
        "targetPort":8080}],"selector":{"app":"\(service.name)"},"clusterIP":"\(address)",\
        "clusterIPs":["\(address)"],"type":"ClusterIP","sessionAffinity":"None",\
        "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack",\
        "internalTrafficPolicy":"Cluster"},"status":{"loadBalancer":{}}}
        """
    }
  }

  func writeSlices(to file: inout TextFile) {
    let slices = services.filter { !$0.endpoints.isEmpty }
    writeList("EndpointSliceList", version: "discovery.k8s.io/v1", of: slices, to: &file) {
      service in
      let endpoints = service.endpoints.map { endpoint in
        """
        {"addresses":["\(endpoint.address)"],"conditions":{"ready":true,"serving":true,\
        "terminating":false},"targetRef":{"kind":"Pod","namespace":"\(service.namespace)",\
        "name":"\(service.name)-\(endpoint.number)","uid":"05b953f1-c122-48e0-93bd-640758e0aaa0"},\
        "nodeName":"node-\(endpoint.number % 500)","zone":"zone-a"}
        """
      }
      return """
        {"metadata":{"name":"\(service.name)-x7k2p","generateName":"\(service.name)-",\
        "namespace":"\(service.namespace)",\(Self.identity),"labels":{\
        "endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io",\
        "kubernetes.io/service-name":"\(service.name)"},"ownerReferences":[{"apiVersion":"v1",\
        "kind":"Service","name":"\(service.name)","uid":"e908258f-bb41-4b80-bd09-6abe3de7470b",\
        "controller":true,"blockOwnerDeletion":true}]},"addressType":"IPv4",\
        "endpoints":[\(endpoints.joined(separator: ","))],\
        "ports":[{"name":"http","protocol":"TCP","port":8080}]}
        """
    }
  }

  private static let identity = """
    "uid":"477895cb-6347-454c-9704-d417d1aaeca2","resourceVersion":"235",\
    "creationTimestamp":"2026-11-21T03:19:55Z"
    """

  private func writeList<Items: Sequence>(
    _ kind: String, version: String, of items: Items, to file: inout TextFile,
    item: (Items.Element) -> String
  ) {
    file.append("{\"kind\":\"\(kind)\",\"apiVersion\":\"\(version)\",")
    file.append("\"metadata\":{\"resourceVersion\":\"270\"},\"items\":[")
    var separator = ""
    for element in items {
      file.append(separator)
      file.append(item(element))
      separator = ","
    }
    file.append("]}\n")
  }
}
