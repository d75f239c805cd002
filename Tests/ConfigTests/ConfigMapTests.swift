import Testing

@testable import Config

struct ConfigMapTests {
  private static let yaml = """
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: coredns
    data:
      Corefile: |
        .:53 {
            errors
            kuberntes cluster.local
        }
    """

  private func load(_ files: [String: String], path: String? = "cm.yaml") -> LoadResult {
    CorefileLoader.load(
      path: path, options: LoadOptions(environment: { _ in nil }, files: memory(files)))
  }

  @Test("Places inside a block text are those of the YAML file")
  func places() {
    #expect(
      load(["cm.yaml": Self.yaml]).rendered == """
        cm.yaml:9:9: error: unknown plugin 'kuberntes'
                kuberntes cluster.local
                ^
        expected: the name of a plugin
        did you mean 'kubernetes'?
        """)
  }

  @Test(
    "A ConfigMap in any spelling is read",
    arguments: [
      yaml.replacing("kuberntes", with: "kubernetes"),
      #"{"apiVersion":"v1","data":{"Corefile":".:53 {\n  errors\n}\n"},"kind":"ConfigMap"}"#,
      "kind: ConfigMap\napiVersion: v1\ndata:\n  Corefile: \".:53 {\\n  errors\\n}\\n\"\n",
      "apiVersion: apps/v1\nkind: Deployment\n---\napiVersion: v1\nkind: ConfigMap\ndata:\n"
        + "  Corefile: |-\n    .:53 {\n      errors\n    }\n",
      "kind: List\napiVersion: v1\nitems:\n- kind: ConfigMap\n  data:\n    Corefile: |\n"
        + "      .:53 {\n        errors\n      }\n",
    ])
  func spellings(_ text: String) {
    let result = load(["cm.yaml": text])
    #expect(result.rendered == "")
    #expect(result.block?.errors != nil)
    #expect(result.sources == ["cm.yaml"])
  }

  @Test("A mistake in a JSON string has lines of its own")
  func json() {
    let result = load(["cm.yaml": #"{"kind":"ConfigMap","data":{"Corefile":".:53 {\n  erors\n}"}}"#]
    )
    #expect(result.diagnostics.first?.place == Place(file: "cm.yaml#Corefile", line: 2, column: 3))
    #expect(result.diagnostics.first?.sourceLine == "  erors")
    #expect(result.sources == ["cm.yaml"])
  }

  @Test(
    "An object without a Corefile says so",
    arguments: [
      ("kind: ConfigMap\ndata: {}\n", "the ConfigMap has no Corefile"),
      ("kind: Service\nmetadata: {}\n", "a Kubernetes object of kind 'Service'"),
      (
        "kind: ConfigMap\ndata:\n  stubDomains: |\n    {}\n",
        "a ConfigMap of kube-dns ('stubDomains') is not understood by this version of martlet"
      ),
    ])
  func without(_ text: String, _ message: String) {
    let result = load(["cm.yaml": text])
    #expect(result.configuration == nil)
    #expect(result.diagnostics.map(\.message) == [message])
  }

  @Test("YAML that is broken has its place")
  func broken() {
    let result = load(["cm.yaml": "kind: ConfigMap\ndata:\n  Corefile: [\n"])
    #expect(result.configuration == nil)
    #expect(result.diagnostics.first?.message.hasPrefix("the ConfigMap cannot be read: ") == true)
  }

  @Test("kube-dns keys beside a Corefile are ignored with a warning")
  func mixed() {
    let result = load([
      "cm.yaml": "kind: ConfigMap\ndata:\n  stubDomains: |\n    {}\n  Corefile: |\n    . {\n    }\n"
    ])
    #expect(result.configuration != nil)
    #expect(
      result.diagnostics.map(\.message)
        == ["'stubDomains' stands beside a Corefile and is ignored"])
  }

  @Test("A folder as a mounted ConfigMap gives it")
  func folder() {
    let result = load(["dir/": "", "dir/Corefile": ". {\nlog\n}"], path: "dir")
    #expect(result.block?.log.count == 1)
    #expect(result.sources == ["dir/Corefile"])
    let kubeDNS = load(["dir/": "", "dir/upstreamNameservers": "[]"], path: "dir")
    #expect(
      kubeDNS.headlines == [
        "1:1: error: a ConfigMap of kube-dns ('upstreamNameservers') is not understood by this "
          + "version of martlet"
      ])
  }

  @Test("A file that is missing is an error, none named gives whoami")
  func missing() {
    #expect(
      load([:], path: "/etc/Corefile").rendered == """
        /etc/Corefile:1:1: error: cannot read the configuration: there is no such file
        expected: a Corefile, a ConfigMap, or a folder with a Corefile
        """)
    let result = load([:], path: nil)
    #expect(result.block?.whoami == true)
    #expect(result.block?.log.count == 1)
    #expect(result.block?.keys.map(\.description) == [".:53"])
    #expect(result.sources == ["Corefile"])
  }
}
