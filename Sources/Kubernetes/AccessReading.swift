internal import IO
internal import Wire

/// What one reading of a source gives: an access that is whole but for what a plugin has to say.
struct AccessReading {
  var access: ClusterAccess
  var plugin: ExecPlugin?
  var warnings: [String] = []
}

// MARK: - In a Pod

/// A Pod's service account (Kubernetes documentation, "Accessing the Kubernetes API from a Pod").
enum InClusterFiles {
  static func read(
    environment: [String: String], directory: String, files: inout CredentialFiles
  ) throws(AccessError) -> AccessReading {
    // Whoever sets another way to the server by hand sets these two; the third names the port
    // where the Service's first is not the one for HTTPS.
    guard let host = filled(environment["KUBERNETES_SERVICE_HOST"]),
      let port = filled(environment["KUBERNETES_SERVICE_PORT"])
        ?? filled(environment["KUBERNETES_SERVICE_PORT_HTTPS"])
    else {
      throw AccessError(
        "this process does not run in a cluster: KUBERNETES_SERVICE_HOST and"
          + " KUBERNETES_SERVICE_PORT are not set; say where objects come from with one of the"
          + " properties 'kubeconfig', 'endpoint' and 'manifests'")
    }
    let isIPv6 = host.contains(":") && !host.hasPrefix("[")
    let server = try ServerURL.normalized(
      "https://" + (isIPv6 ? "[\(host)]" : host) + ":\(port)", hasTLS: true)
    let token = FilePath.join(directory, "token")
    if FilePath.entry(directory) == nil {
      // Looked at again, so that it is read as soon as it is there.
      _ = try? files.read(token)
      throw AccessError(
        "\(directory): there is no such directory; has the Pod, or its ServiceAccount,"
          + " automountServiceAccountToken: false?")
    }
    return AccessReading(
      access: ClusterAccess(
        servers: [server], authority: try files.certificates(FilePath.join(directory, "ca.crt")),
        token: try files.token(token), credential: "the token of \(token)"))
  }

  private static func filled(_ text: String?) -> String? {
    text.flatMap { $0.isEmpty ? nil : $0 }
  }
}

// MARK: - By URL

/// The properties `endpoint` and `tls`.
enum EndpointList {
  /// More than any cluster has API servers; each is tried in turn.
  static let maximumCount = 32

  static func read(
    _ urls: [String], tls: (certificate: String, key: String, authority: String)?,
    files: inout CredentialFiles
  ) throws(AccessError) -> AccessReading {
    guard !urls.isEmpty else { throw AccessError("'endpoint' names no URL") }
    guard urls.count <= maximumCount else {
      throw AccessError("'endpoint' names \(urls.count) URLs; \(maximumCount) are the limit")
    }
    var servers: [String] = []
    for url in urls { servers.append(try ServerURL.normalized(url, hasTLS: tls != nil)) }
    var reading = AccessReading(access: ClusterAccess(servers: servers))
    if let tls {
      let certificate = try files.certificates(tls.certificate)
      reading.access.certificate = certificate
      reading.access.key = try files.key(tls.key)
      reading.access.authority = try files.certificates(tls.authority)
      reading.access.credential =
        "the client certificate of \(tls.certificate)" + CertificateSummary.inBrackets(certificate)
    }
    reading.warnings += reading.access.protectToken()
    return reading
  }
}
