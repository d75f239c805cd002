import Foundation
import IO
import Kubernetes
import Testing

/// A directory of credentials, a source that reads them, and what it has said. In all texts the
/// directory's path is `DIR`.
final class AccessBench {
  let directory: Directory
  private(set) var warnings: [String] = []
  private(set) var changes: [String] = []
  private var source: AccessSource?

  init() throws {
    directory = try Directory()
    for (name, text) in PEMSamples.files { try directory.write(name, text) }
    try directory.write("token", "from-file\n")
    try directory.makeDirectory("sub")
  }

  var path: String { directory.path }

  func open(
    _ origin: AccessSource.Origin, lookPeriod: Duration = .seconds(3_600),
    pluginDeadline: Duration = .seconds(60)
  ) {
    let source = AccessSource(
      origin, loop: directory.loop, lookPeriod: lookPeriod, pluginDeadline: pluginDeadline
    ) { [unowned self] in
      warnings.append(shown($0))
      directory.loop.stop()
    }
    source.onChange = { [unowned self] in
      changes.append(shown($0.summary))
      directory.loop.stop()
    }
    self.source = source
  }

  /// The access as text, or the error.
  func load() -> String { wait { $0.load($1) } }

  func refresh() -> String { wait { $0.refresh($1) } }

  /// Two at the same time.
  func loadTwice() -> [String] {
    var results: [String] = []
    source?.load { [unowned self] in results.append(shown($0)) }
    source?.load { [unowned self] in
      results.append(shown($0))
      directory.loop.stop()
    }
    #expect(results.isEmpty, "never from within the call")
    #expect(directory.run { results.count == 2 })
    return results
  }

  /// Asks, and waits for nothing.
  func begin() {
    source?.load { _ in }
  }

  /// Gives the source up, whatever it is doing.
  func close() {
    source = nil
  }

  private func wait(
    _ call: (AccessSource, @escaping (Result<ClusterAccess, AccessError>) -> Void) -> Void
  ) -> String {
    var result: String?
    if let source {
      call(source) { [unowned self] in
        result = shown($0)
        directory.loop.stop()
      }
    }
    #expect(result == nil, "never from within the call")
    #expect(directory.run { result != nil })
    return result ?? "nothing"
  }

  private func shown(_ result: Result<ClusterAccess, AccessError>) -> String {
    switch result {
    case .success(let access): shown(access.summary)
    case .failure(let error): shown(error.description)
    }
  }

  private func shown(_ text: String) -> String {
    text.replacingOccurrences(of: path, with: "DIR")
  }
}

extension ClusterAccess {
  /// All of it in a line.
  var summary: String {
    func pem(_ octets: [UInt8]?) -> String? {
      octets.map { octets in
        PEMSamples.files.first { $0.value == String(decoding: octets, as: UTF8.self) }?.key ?? "?"
      }
    }
    let parts: [(String, String?)] = [
      ("ca", pem(authority)), ("name", serverName), ("proxy", proxy),
      ("cert", pem(certificate)), ("key", pem(key)), ("token", token),
      ("until", expiry.map { "\($0)" }), ("by", credential),
    ]
    return
      (servers + parts.compactMap { name, value in value.map { "\(name)=\($0)" } }
      + extraHeaders.map { "\($0.name): \($0.value)" }).joined(separator: " ")
  }
}

/// Certificates by the names of their files; nobody has signed them and nobody asks.
enum PEMSamples {
  /// O=system:nodes, O=dns, CN=system:node:a, until 2036-11-18T08:22:49Z.
  static let node = """
    -----BEGIN CERTIFICATE-----
    MIIBzzCCAXWgAwIBAgIUTiifRuz5Ps/NGipGLdvclM8FjCUwCgYIKoZIzj0EAwIw
    PTEVMBMGA1UECgwMc3lzdGVtOm5vZGVzMQwwCgYDVQQKDANkbnMxFjAUBgNVBAMM
    DXN5c3RlbTpub2RlOmEwHhcNMjYxMTIxMDgyMjQ5WhcNMzYxMTE4MDgyMjQ5WjA9
    MRUwEwYDVQQKDAxzeXN0ZW06bm9kZXMxDDAKBgNVBAoMA2RuczEWMBQGA1UEAwwN
    c3lzdGVtOm5vZGU6YTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLuK07mktc0t
    KC5vkeDwrL3TEZy7kBXs/Eh8/95A4G0BuUzCf+adw2MVpV4aFWSsmLNJnhebZroy
    kheLEe4knPajUzBRMB0GA1UdDgQWBBRgefZxagXrcSIaQsY2zh21q0O0BDAfBgNV
    HSMEGDAWgBRgefZxagXrcSIaQsY2zh21q0O0BDAPBgNVHRMBAf8EBTADAQH/MAoG
    CCqGSM49BAMCA0gAMEUCIFpbDx4g008wPkROyxoFMiUHZ6yleH48mt+GgEiyCZGC
    AiEA+aM/JwgF9UuIhwG34gM+bHPRa8PPNwQS0T3M1Tb+07o=
    -----END CERTIFICATE-----

    """

  static let files = [
    "ca.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "client.crt": "-----BEGIN CERTIFICATE-----\nAAAB\n-----END CERTIFICATE-----\n",
    "client.key": "-----BEGIN PRIVATE KEY-----\nAAAC\n-----END PRIVATE KEY-----\n",
    "locked.key":
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAD\n-----END ENCRYPTED PRIVATE KEY-----\n",
    "node.crt": node,
  ]

  /// A file in base 64, as fields of a kubeconfig have it.
  static func data(_ name: String) -> String {
    Data((files[name] ?? "").utf8).base64EncodedString()
  }
}
