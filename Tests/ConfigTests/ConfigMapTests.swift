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
        "kind: ConfigMap\nmetadata:\n  name: coredns\ndata:\n  corefile: |\n    .\n",
        "the ConfigMap has neither a Corefile nor a key of kube-dns: it has 'corefile'"
      ),
      (
        "kind: ConfigMap\nmetadata:\n  name: kube-dns\ndata:\n  a: b\n  c: d\n",
        "the ConfigMap has neither a Corefile nor a key of kube-dns: it has 'a', 'c'"
      ),
      ("kind: ConfigMap\ndata:\n  Corefile: {}\n", "the value of 'Corefile' is no string"),
      (
        "kind: ConfigMap\ndata:\n  stubDomains:\n    a.org: [10.0.0.1]\n",
        "the value of 'stubDomains' is no string"
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
  }

  private static let keys = ["Corefile", "stubDomains", "upstreamNameservers", "federations"]

  /// What lies in a directory `dir`, how many server blocks come of it, and what is said.
  static let folders: [([String: String], Int?, [String])] = [
    (["upstreamNameservers": "[]"], 1, []),
    (["stubDomains": "{\"a.org\": [\"10.0.0.1\"]}\n", "federations": "{}"], 2, []),
    (
      [:], 1,
      ["dir:1:1: warning: the directory is empty: the defaults of kube-dns count"]
    ),
    (
      ["stubDomains": "{}", "stubdomain": "{}"], 1,
      ["dir:1:1: warning: 'stubdomain' is no key of kube-dns and is ignored"]
    ),
    (
      ["stubdomain": "{}", "other": ""], nil,
      [
        "dir:1:1: error: the directory has neither a Corefile nor a key of kube-dns: it has "
          + "'other', 'stubdomain'"
      ]
    ),
    (
      ["stubDomains": "{\n\"a.org\": [\"10.0.0\"]}"], nil,
      ["dir/stubDomains:2:11: error: stubDomains: '10.0.0' is not a server"]
    ),
    (
      ["stubDomains/": "", "federations": "["], nil,
      ["dir/stubDomains:1:1: error: cannot read the configuration: it is a directory"]
    ),
  ]

  @Test("A folder as a mounted ConfigMap of kube-dns gives it", arguments: folders)
  func folderOfKubeDNS(_ files: [String: String], _ blocks: Int?, _ messages: [String]) {
    let paths = files.map { ("dir/" + $0, $1) } + [("dir/", "")]
    let result = load(Dictionary(uniqueKeysWithValues: paths), path: "dir")
    #expect(result.configuration?.blocks.count == blocks)
    #expect(
      result.diagnostics.map { "\($0.place): \($0.severity.rawValue): \($0.message)" } == messages)
    #expect(result.sources == Self.keys.map { "dir/" + $0 })
  }

  @Test("A folder with a slash at its end, and keys beside a Corefile")
  func folderWithCorefile() {
    let result = load(["dir/": "", "dir/stubDomains": "{}"], path: "dir/")
    #expect(result.sources.first == "dir/Corefile")
    #expect(result.configuration?.blocks.count == 1)
    let both = load(["dir/": "", "dir/Corefile": ".", "dir/stubDomains": "{}"], path: "dir")
    #expect(
      both.headlines == ["1:1: warning: 'stubDomains' stands beside a Corefile and is ignored"])
    #expect(both.corefile == ".")
  }

  @Test("A line of the key elsewhere, shorter than the text, is not taken for it")
  func keyElsewhere() {
    let text =
      "kind: Secret\napiVersion: v1\nstringData:\n  Corefile: |\n   a\n---\n"
      + "kind: ConfigMap\napiVersion: v1\ndata:\n  Corefile: |\n    example.org {\n      erors\n    }\n"
    #expect(load(["cm.yaml": text]).headlines == ["12:7: error: unknown plugin 'erors'"])
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
