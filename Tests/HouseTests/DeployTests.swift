import Config
import Documents
import Foundation
import Testing

/// What `deploy/` promises: whole objects, CoreDNS's pod, a Corefile that is taken, the rights for
/// what is asked.
@Suite struct DeployTests {
  static let paths = Repository.files.filter { $0.hasPrefix("deploy/") && $0.hasSuffix(".yaml") }

  static let snippets = ["docs/watching.md", "docs/forwarding.md"].flatMap { page in
    Repository.text(page).matches(of: /(?s)```yaml\n(.*?)```/).map { String($0.1) }
  }

  /// The objects of a file, in order.
  static func objects(_ path: String) throws -> [Document] {
    try documents(Repository.text(path))
  }

  static func documents(_ text: String) throws -> [Document] {
    var rest = Array(text.utf8)
    var objects: [Document] = []
    let nextChunk = {
      defer { rest = [] }
      return rest
    }
    try ItemReader.read(.yaml, nextChunk) { (_, document, _) throws(DocumentError) in
      objects.append(document)
    }
    return objects
  }

  static func objects(_ path: String, of kind: StaticString) throws -> [Value] {
    try objects(path).map(\.root).filter { $0["kind"]?.isString(kind) == true }
  }

  @Test(arguments: paths)
  func `every object has a version, a kind and a name`(path: String) throws {
    let objects = try Self.objects(path)
    #expect(!objects.isEmpty)
    for object in objects {
      #expect(object.root["apiVersion"]?.string != nil)
      #expect(object.root["kind"]?.string != nil)
      #expect(object.root["metadata"]?["name"]?.string != nil)
    }
  }

  @Test(arguments: snippets)
  func `what a page shows as YAML can be read`(text: String) throws {
    #expect(try !Self.documents(text).isEmpty)
  }

  @Test(arguments: paths)
  func `a ConfigMap's Corefile is taken without an error`(path: String) throws {
    for object in try Self.objects(path, of: "ConfigMap") {
      let text = try #require(object["data"]?["Corefile"]?.string)
      let file = FileManager.default.temporaryDirectory
        .appending(path: "martlet-deploy-\(UUID().uuidString)")
      try Data(text.utf8).write(to: file)
      defer { try? FileManager.default.removeItem(at: file) }
      let result = CorefileLoader.load(path: file.path)
      #expect(result.diagnostics.map(\.description) == [])
      #expect(result.configuration != nil)
    }
  }

  /// The image must run in the pod that CoreDNS has.
  @Test(arguments: paths)
  func `a Deployment has the ports, probes and rights of CoreDNS's`(path: String) throws {
    for object in try Self.objects(path, of: "Deployment") {
      let pod = try #require(object["spec"]?["template"]?["spec"])
      #expect(pod["dnsPolicy"]?.string == "Default")
      let container = try #require(pod["containers"]?.elements.first { _ in true })
      let arguments = container["args"]?.elements.compactMap(\.string)
      let configuration =
        path.hasPrefix("deploy/kube-dns/") ? "/etc/kube-dns" : "/etc/coredns/Corefile"
      #expect(arguments == ["-conf", configuration])
      let mounts = container["volumeMounts"]?.elements.compactMap { $0["mountPath"]?.string } ?? []
      #expect(mounts.contains { configuration.hasPrefix($0) })
      let sysctls = pod["securityContext"]?["sysctls"]?.elements.compactMap { $0["name"]?.string }
      #expect(sysctls == ["net.ipv4.ip_local_port_range"])
      let ports = container["ports"]?.elements.map { port in
        "\(port["containerPort"]?.integer ?? 0)/\(port["protocol"]?.string ?? "")"
      }
      #expect(ports == ["53/UDP", "53/TCP", "9153/TCP"])
      let probes = [container["livenessProbe"], container["readinessProbe"]].map { probe in
        let get = probe?["httpGet"]
        return "\(get?["path"]?.string ?? "") \(get?["port"]?.integer ?? 0)"
      }
      #expect(probes == ["/health 8080", "/ready 8181"])
      let security = try #require(container["securityContext"])
      #expect(security["readOnlyRootFilesystem"]?.boolean == true)
      #expect(security["allowPrivilegeEscalation"]?.boolean == false)
      let capabilities = security["capabilities"]
      #expect(capabilities?["add"]?.elements.compactMap(\.string) == ["NET_BIND_SERVICE"])
      #expect(capabilities?["drop"]?.elements.compactMap(\.string) == ["ALL"])
    }
  }

  @Test(arguments: paths)
  func `a ClusterRole allows to list and watch what is asked for`(path: String) throws {
    for object in try Self.objects(path, of: "ClusterRole") {
      var allowed: Set<String> = []
      let rules = try #require(object["rules"])
      for rule in rules.elements {
        #expect(rule["verbs"]?.elements.compactMap(\.string) == ["list", "watch"])
        for group in try #require(rule["apiGroups"]).elements.compactMap(\.string) {
          for resource in try #require(rule["resources"]).elements.compactMap(\.string) {
            allowed.insert(group + "/" + resource)
          }
        }
      }
      #expect(
        allowed.isSuperset(of: ["/namespaces", "/services", "discovery.k8s.io/endpointslices"]))
    }
  }

  @Test func `the image is built with every header that a build here takes`() throws {
    let list = try #require(
      Repository.text("scripts/install-packages").firstMatch(of: /(?s)run_packages=\((.*?)\)/))
    let wanted = Set(list.1.matches(of: /lib[\w.+-]+-dev/).map { String($0.0) })
      .subtracting(["libc6-dev"])
    let image = Repository.text("deploy/Dockerfile")
    #expect(wanted.filter { !image.contains($0) } == [])
    #expect(wanted.count > 4)
    // What `tls://` upstreams are verified with.
    #expect(image.contains("ca-certificates"))
    #expect(image.contains("libssl3"))
  }
}
