import Foundation
import IO
import Kubernetes
import Testing

@Suite struct AccessSourceTests {
  // MARK: - In a cluster

  struct PodRow: CustomTestStringConvertible, Sendable {
    let name: String
    var environment = ["KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"]
    var removed: [String] = []
    let result: String

    var testDescription: String { name }
  }

  private static let credentials = " ca=ca.crt token=from-file by=the token of DIR/token"
  private static let notInCluster =
    "this process does not run in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are"
    + " not set; say where objects come from with one of the properties 'kubeconfig', 'endpoint' and"
    + " 'manifests'"

  static let pods: [PodRow] = [
    PodRow(name: "a Pod", result: "https://10.96.0.1:443" + credentials),
    PodRow(
      name: "a Pod of an IPv6 cluster",
      environment: ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"],
      result: "https://[fd00::1]:443" + credentials),
    PodRow(
      name: "the port by its name",
      environment: ["KUBERNETES_SERVICE_HOST": "a", "KUBERNETES_SERVICE_PORT_HTTPS": "6443"],
      result: "https://a:6443" + credentials),
    PodRow(
      name: "a port set by hand",
      environment: [
        "KUBERNETES_SERVICE_HOST": "localhost", "KUBERNETES_SERVICE_PORT": "7445",
        "KUBERNETES_SERVICE_PORT_HTTPS": "443",
      ],
      result: "https://localhost:7445" + credentials),
    PodRow(name: "no environment", environment: [:], result: notInCluster),
    PodRow(
      name: "half an environment", environment: ["KUBERNETES_SERVICE_HOST": "10.96.0.1"],
      result: notInCluster),
    PodRow(
      name: "a port that is none",
      environment: ["KUBERNETES_SERVICE_HOST": "a", "KUBERNETES_SERVICE_PORT": "tcp://a:1"],
      result: "'https://a:tcp://a:1' is not a URL to use: '' is not a port from 1 to 65535"),
    PodRow(
      name: "no token", removed: ["token"], result: "DIR/token: No such file or directory"),
    PodRow(
      name: "no authority", removed: ["ca.crt"], result: "DIR/ca.crt: No such file or directory"),
    PodRow(
      name: "no service account", removed: [""],
      result: "DIR: there is no such directory; has the Pod, or its ServiceAccount,"
        + " automountServiceAccountToken: false?"),
  ]

  @Test(arguments: pods)
  func `a service account gives an access or says what is wrong`(row: PodRow) throws {
    let bench = try AccessBench()
    for name in row.removed { try bench.directory.remove(name) }
    bench.open(.inCluster(environment: row.environment, directory: bench.path))
    #expect(bench.load() == row.result)
    #expect(bench.warnings.isEmpty)
  }

  // MARK: - By URL

  struct URLRow: CustomTestStringConvertible, Sendable {
    let urls: [String]
    var hasTLS = false
    let result: String
    var warned = 0

    var testDescription: String { urls.prefix(3).joined(separator: " ") }
  }

  private static let credential =
    " ca=ca.crt cert=client.crt key=client.key by=the client certificate of DIR/client.crt"

  static let urls: [URLRow] = [
    URLRow(urls: ["https://a:6443"], result: "https://a:6443"),
    URLRow(
      urls: ["https://a:6443", "b"], hasTLS: true, result: "https://a:6443 https://b" + credential),
    URLRow(urls: ["a:8080", "b"], result: "http://a:8080 http://b", warned: 2),
    URLRow(urls: ["HTTPS://a/", "https://A.b_c/x/y//"], result: "https://a https://A.b_c/x/y"),
    URLRow(
      urls: ["https://[fd00::1]", "https://[fd00::1]:6443", "https://fd00::1"],
      result: "https://[fd00::1] https://[fd00::1]:6443 https://[fd00::1]"),
    URLRow(urls: [], result: "'endpoint' names no URL"),
    URLRow(
      urls: Array(repeating: "https://a", count: 33),
      result: "'endpoint' names 33 URLs; 32 are the limit"),
    URLRow(
      urls: ["unix:///x"],
      result: "'unix:///x' is not a URL to use: an API server speaks https:// (or http://)"),
    URLRow(
      urls: ["https://me:secret@a:1/p"],
      result: "'https://…@a:1/p' is not a URL to use: an API server takes no name and password"),
    URLRow(
      urls: ["https://me:secret@a/p?token=secret"],
      result: "'https://…@a/p?…' is not a URL to use: a base URL has no query and no fragment"),
    URLRow(
      urls: ["me:secret@a:1"],
      result: "'…@a:1' is not a URL to use: an API server takes no name and password"),
    URLRow(urls: ["https://"], result: "'https://' is not a URL to use: it has no host"),
    URLRow(urls: ["https://:6443"], result: "'https://:6443' is not a URL to use: it has no host"),
    URLRow(
      urls: ["https://a:0"],
      result: "'https://a:0' is not a URL to use: '0' is not a port from 1 to 65535"),
    URLRow(
      urls: ["https://a:"],
      result: "'https://a:' is not a URL to use: '' is not a port from 1 to 65535"),
    URLRow(
      urls: ["https://a?x"],
      result: "'https://a?…' is not a URL to use: a base URL has no query and no fragment"),
    URLRow(
      urls: ["a/b"], result: "'a/b' is not a URL to use: expected https://HOST[:PORT][/PATH]"),
    URLRow(
      urls: ["https://[a]"],
      result: "'https://[a]' is not a URL to use: '[a]' is not an IPv6 address in brackets"),
    URLRow(
      urls: ["https://a b"],
      result: "'https://a b' is not a URL to use: 'a b' is not a host name"),
  ]

  @Test(arguments: urls)
  func `endpoints give an access or say what is wrong`(row: URLRow) throws {
    let bench = try AccessBench()
    func path(_ name: String) -> String { bench.path + "/" + name }
    let tls = (certificate: path("client.crt"), key: path("client.key"), authority: path("ca.crt"))
    bench.open(.endpoints(row.urls, tls: row.hasTLS ? tls : nil))
    #expect(bench.load() == row.result)
    #expect(bench.warnings.count == row.warned)
    // Once, however often it is read.
    #expect(bench.load() == row.result)
    #expect(bench.warnings.count == row.warned)
  }

  // MARK: - Changes

  private static let environment = [
    "KUBERNETES_SERVICE_HOST": "a", "KUBERNETES_SERVICE_PORT": "1",
  ]

  /// As the kubelet projects a token: all through one link, which is swapped.
  private func projected(_ bench: AccessBench, _ version: String, token: String) throws {
    let directory = bench.directory
    try directory.makeDirectory("sub/..\(version)")
    try directory.write("sub/..\(version)/token", token)
    try directory.write("sub/..\(version)/ca.crt", PEMSamples.files["ca.crt"] ?? "")
    try directory.link("sub/..data_tmp", to: "..\(version)")
    directory.move("sub/..data_tmp", to: "sub/..data")
  }

  @Test func `a projected token that is rotated is told`() throws {
    let bench = try AccessBench()
    try projected(bench, "1", token: "one")
    for name in ["token", "ca.crt"] {
      try bench.directory.link("sub/" + name, to: "..data/" + name)
    }
    bench.open(
      .inCluster(environment: Self.environment, directory: bench.path + "/sub"),
      lookPeriod: .milliseconds(1))
    let rest = " by=the token of DIR/sub/token"
    #expect(bench.load() == "https://a:1 ca=ca.crt token=one" + rest)
    for (index, token) in ["two", "three"].enumerated() {
      try projected(bench, token, token: token)
      #expect(bench.directory.run { bench.changes.count == index + 1 })
      #expect(bench.changes.last == "https://a:1 ca=ca.crt token=\(token)" + rest)
    }
    #expect(bench.warnings.isEmpty)
  }

  @Test func `without a look nothing changes until it is asked for`() throws {
    let bench = try AccessBench()
    bench.open(.inCluster(environment: Self.environment, directory: bench.path))
    _ = bench.load()
    try bench.directory.replace("token", "new")
    bench.directory.loop.runReady()
    #expect(bench.changes.isEmpty)
    #expect(bench.refresh() == "https://a:1 ca=ca.crt token=new by=the token of DIR/token")
    #expect(bench.changes.isEmpty)
  }

  @Test func `what is gone or broken is warned of once, and the last access stays`() throws {
    let bench = try AccessBench()
    bench.open(
      .inCluster(environment: Self.environment, directory: bench.path), lookPeriod: .milliseconds(1)
    )
    _ = bench.load()
    try bench.directory.remove("token")
    #expect(bench.directory.run { bench.warnings.count == 1 })
    try bench.directory.replace("token", "")
    #expect(bench.directory.run { bench.warnings.count == 2 })
    try bench.directory.replace("token", " \n")
    try bench.directory.replace("token", "new")
    #expect(bench.directory.run { bench.changes.count == 1 })
    #expect(
      bench.warnings == [
        "DIR/token: No such file or directory", "DIR/token: the token is empty",
      ])
  }

  @Test func `what comes later is told without being asked for`() throws {
    let bench = try AccessBench()
    try bench.directory.remove("token")
    bench.open(
      .inCluster(environment: Self.environment, directory: bench.path), lookPeriod: .milliseconds(1)
    )
    #expect(bench.load() == "DIR/token: No such file or directory")
    try bench.directory.replace("token", "new")
    #expect(bench.directory.run { bench.changes.count == 1 })
    #expect(bench.changes == ["https://a:1 ca=ca.crt token=new by=the token of DIR/token"])
    #expect(bench.warnings.isEmpty)
  }

  @Test func `a kubeconfig that is edited, and a client certificate that is renewed`() throws {
    let bench = try AccessBench()
    func write(_ server: String) throws {
      try bench.directory.replace(
        "config",
        """
        current-context: x
        contexts: [{name: x, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: '\(server)'}}]
        users: [{name: u, user: {client-certificate: mine, client-key: client.key}}]
        """)
    }
    try write("https://a")
    try bench.directory.write("mine", PEMSamples.files["client.crt"] ?? "")
    bench.open(
      .kubeconfig(path: bench.path + "/config", context: nil), lookPeriod: .milliseconds(1))
    let rest = " key=client.key by=the client certificate of DIR/mine"
    #expect(bench.load() == "https://a cert=client.crt" + rest)
    try write("https://b")
    #expect(bench.directory.run { bench.changes.count == 1 })
    #expect(bench.changes.last == "https://b cert=client.crt" + rest)
    try bench.directory.replace("mine", PEMSamples.node)
    #expect(bench.directory.run { bench.changes.count == 2 })
    #expect(bench.changes.last?.hasPrefix("https://b cert=node.crt" + rest) == true)
  }
}
