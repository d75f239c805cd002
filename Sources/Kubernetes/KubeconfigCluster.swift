internal import Documents

/// A kubeconfig's entry about a server.
struct KubeconfigCluster {
  /// As it stands in the file.
  let server: String
  let authority: [UInt8]?
  let serverName: String?
  let proxy: String?
  /// What the cluster's entry has for credential plugins, as JSON.
  let pluginConfiguration: String?

  init(
    _ node: KubeconfigNode, folder: String, _ files: inout CredentialFiles
  ) throws(AccessError) {
    guard let server = try node.text("server") else {
      throw node.fault("server", "the cluster has no URL")
    }
    self.server = server
    if try node.flag("insecure-skip-tls-verify") {
      throw node.fault(
        "insecure-skip-tls-verify",
        "the server's certificate is always verified; remove this field and put the certificate of"
          + " the cluster's authority into certificate-authority-data (base64), or its path into"
          + " certificate-authority; kubectl get configmap kube-root-ca.crt"
          + " -o jsonpath='{.data.ca\\.crt}' prints it")
    }
    if let data = try node.data("certificate-authority-data") {
      authority = try PEM.certificates(data, "\(node.place): certificate-authority-data")
    } else if let path = try node.path("certificate-authority", in: folder) {
      authority = try files.certificates(path, for: node, "certificate-authority")
    } else {
      authority = nil
    }
    serverName = try node.text("tls-server-name")
    do {
      proxy = if let url = try node.text("proxy-url") { try ServerURL.proxy(url) } else { nil }
    } catch {
      throw node.fault("proxy-url", error.description)
    }
    pluginConfiguration = try node.list("extensions")
      .last { $0["name"]?.isString("client.authentication.k8s.io/exec") == true }
      .flatMap { $0["extension"] }.map(JSONText.value)
  }

  func apply(to access: inout ClusterAccess) {
    access.authority = authority
    access.serverName = serverName
    access.proxy = proxy
  }

  /// The `cluster` of KUBERNETES_EXEC_INFO.
  var execInfo: String {
    var members = [(name: "server", json: JSONText.string(server))]
    if let serverName { members.append(("tls-server-name", JSONText.string(serverName))) }
    if let authority {
      members.append(
        ("certificate-authority-data", JSONText.string(Base64.encode(authority))))
    }
    if let proxy { members.append(("proxy-url", JSONText.string(proxy))) }
    if let pluginConfiguration { members.append(("config", pluginConfiguration)) }
    return JSONText.object(members)
  }
}

extension CredentialFiles {
  /// Certificates out of the file that a field names.
  mutating func certificates(
    _ path: String, for node: KubeconfigNode, _ field: String
  ) throws(AccessError) -> [UInt8] {
    do {
      return try certificates(path)
    } catch {
      throw node.fault(field, error.description)
    }
  }
}
