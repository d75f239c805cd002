internal import Documents

/// A kubeconfig's entry about who asks.
struct KubeconfigUser {
  let node: KubeconfigNode
  let name: String
  /// Of the kubeconfig.
  let path: String
  let folder: String

  func read(
    _ cluster: KubeconfigCluster, into reading: inout AccessReading,
    _ files: inout CredentialFiles
  ) throws(AccessError) {
    try refuseWhatIsGone()
    try readCertificate(into: &reading.access, &files)
    try readToken(into: &reading, &files)
    reading.access.extraHeaders = try impersonation()
    guard let exec = try node.object("exec") else { return }
    let plugin = try ExecPlugin(exec, cluster, folder: folder)
    if reading.access.token != nil {
      reading.warnings.append(
        "\(node.place): exec: not run, as there is a token beside it")
    } else {
      reading.plugin = plugin
      reading.access.credential = "the credential from plugin \(plugin.program)"
    }
  }

  private func refuseWhatIsGone() throws(AccessError) {
    if try node.object("auth-provider") != nil {
      throw node.fault(
        "auth-provider",
        "no Kubernetes since 1.26 reads it; use exec with a credential plugin"
          + " (gke-gcloud-auth-plugin, kubelogin), token, tokenFile or a client certificate")
    }
    for field in ["username", "password"] as [StaticString] where try node.text(field) != nil {
      throw node.fault(
        "\(field)",
        "no API server since 1.19 takes a name and password; use token, tokenFile, exec or a"
          + " client certificate")
    }
  }

  // MARK: - Certificate

  private func readCertificate(
    into access: inout ClusterAccess, _ files: inout CredentialFiles
  ) throws(AccessError) {
    var origin = "user '\(name)' in \(path)"
    if let data = try node.data("client-certificate-data") {
      access.certificate = try PEM.certificates(data, "\(node.place): client-certificate-data")
    } else if let file = try node.path("client-certificate", in: folder) {
      access.certificate = try files.certificates(file, for: node, "client-certificate")
      origin = file
    }
    if let data = try node.data("client-key-data") {
      access.key = try PEM.key(data, "\(node.place): client-key-data")
    } else if let file = try node.path("client-key", in: folder) {
      do {
        access.key = try files.key(file)
      } catch {
        throw node.fault("client-key", error.description)
      }
    }
    switch (access.certificate, access.key) {
    case (_?, nil): throw node.fault("client-key", "missing beside the client certificate")
    case (nil, _?): throw node.fault("client-certificate", "missing beside the client key")
    case (let certificate?, _?):
      access.credential =
        "the client certificate of \(origin)" + CertificateSummary.inBrackets(certificate)
    case (nil, nil): break
    }
  }

  // MARK: - Token

  /// Where both are given the file's contents count as long as it can be read, as for client-go.
  private func readToken(
    into reading: inout AccessReading, _ files: inout CredentialFiles
  ) throws(AccessError) {
    var origin = "user '\(name)' in \(path)"
    let given = try node.text("token")
    var token: String?
    if let given { token = try CredentialFiles.token(Array(given.utf8), "\(node.place): token") }
    if let file = try node.path("tokenFile", in: folder) {
      do {
        token = try files.token(file)
        origin = file
      } catch {
        guard given != nil else { throw node.fault("tokenFile", error.description) }
        reading.warnings.append("\(node.place): tokenFile: \(error); 'token' is used instead")
      }
    }
    guard let token else { return }
    reading.access.token = token
    // Where a certificate goes along the server may have refused either.
    let certificate = reading.access.credential.map { ", sent with \($0)" } ?? ""
    reading.access.credential = "the token of \(origin)" + certificate
  }

  // MARK: - Impersonation

  /// Kubernetes documentation, "User impersonation".
  private func impersonation() throws(AccessError) -> [(name: String, value: String)] {
    var headers: [(name: String, value: String)] = []
    func add(_ header: String, _ value: String, _ field: String) throws(AccessError) {
      guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        throw node.fault(field, "holds what no header can: a control character")
      }
      headers.append((header, value))
    }
    if let user = try node.text("as") { try add("Impersonate-User", user, "as") }
    if let uid = try node.text("as-uid") { try add("Impersonate-Uid", uid, "as-uid") }
    for group in try node.texts("as-groups") {
      try add("Impersonate-Group", group, "as-groups")
    }
    if let extra = try node.object("as-user-extra") {
      for (key, values) in extra.value.members {
        for value in values.elements {
          guard let key = key.string, let value = value.string else {
            throw node.fault("as-user-extra", "not lists of strings")
          }
          try add("Impersonate-Extra-" + Self.headerName(key), value, "as-user-extra")
        }
      }
    }
    if let first = headers.first, first.name != "Impersonate-User" {
      throw node.fault("as", "missing, though a uid, groups or extra fields are to go along")
    }
    return headers
  }

  /// What a header's name cannot hold is percent-encoded, as client-go does.
  private static func headerName(_ key: String) -> String {
    key.lowercased().utf8.map { octet in
      switch octet {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"),
        UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "&"),
        UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "^"),
        UInt8(ascii: "`"), UInt8(ascii: "|"):
        String(UnicodeScalar(octet))
      default:
        "%" + (octet < 0x10 ? "0" : "") + String(octet, radix: 16, uppercase: true)
      }
    }.joined()
  }
}
