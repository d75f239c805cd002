import Testing

@testable import Config

/// Errors and warnings by their whole text.
struct DiagnosticTests {
  struct Row: CustomTestStringConvertible {
    var title: String
    var text: String
    var rendered: String
    var testDescription: String { title }

    init(_ title: String, _ text: String, _ rendered: String) {
      (self.title, self.text, self.rendered) = (title, text, rendered)
    }
  }

  static let rows = [
    Row(
      "an unknown property, its tabs kept before the caret",
      ".:53 {\n\tkubernetes cluster.local {\n\t\tpod insecure\n\t}\n}",
      """
      Corefile:3:3: error: unknown property 'pod' of kubernetes
      \t\tpod insecure
      \t\t^
      expected: manifests, endpoint, tls, kubeconfig, snapshot, namespaces, namespace_labels, \
      labels, pods, endpoint_pod_names, noendpoints, ignore, ttl, fallthrough, startup_timeout, \
      apiserver_qps, apiserver_burst, apiserver_max_inflight
      did you mean 'pods'?
      """),
    Row(
      "an unknown plugin and its nearest",
      ". {\n  kubernets cluster.local\n}",
      """
      Corefile:2:3: error: unknown plugin 'kubernets'
        kubernets cluster.local
        ^
      expected: the name of a plugin
      did you mean 'kubernetes'?
      """),
    Row(
      "an unknown plugin near to none", ". {\n  frobnicate\n}",
      """
      Corefile:2:3: error: unknown plugin 'frobnicate'
        frobnicate
        ^
      expected: the name of a plugin
      """),
    Row(
      "a plugin of CoreDNS that is missing here", ". {\n  hosts {\n    fallthrough\n  }\n}",
      """
      Corefile:2:3: error: plugin 'hosts' is not supported by this version of martlet
        hosts {
        ^
      """),
    Row(
      "a plugin from elsewhere", ". {\nk8s_gateway example.org\n}",
      """
      Corefile:2:1: error: plugin 'k8s_gateway' is not supported by this version of martlet
      k8s_gateway example.org
      ^
      """),
    Row(
      "every error of a file at once, in order of place",
      "a..b {\n  erors\n  health {\n    lameduck 5\n  }\n  cache 0\n}",
      """
      Corefile:1:1: error: 'a..b' is not a domain name
      a..b {
      ^
      expected: labels of 1 to 63 octets between dots, 255 octets in all
      Corefile:2:3: error: unknown plugin 'erors'
        erors
        ^
      expected: the name of a plugin
      did you mean 'errors'?
      Corefile:4:14: error: '5' is not a duration
          lameduck 5
                   ^
      expected: a number and unit, such as 30s
      did you mean '5s'?
      Corefile:6:9: error: 0 is out of range
        cache 0
              ^
      expected: a whole number from 1 to 2147483647
      """),
    Row(
      "a brace that is never closed", ". {\n  health {\n    lameduck 5s\n",
      """
      Corefile:1:3: error: this '{' is never closed
      . {
        ^
      expected: '}'
      Corefile:2:10: error: this '{' is never closed
        health {
               ^
      expected: '}'
      """),
    Row(
      "a brace too many", ". {\nlog\n}\n}\n",
      """
      Corefile:4:1: error: this '}' closes nothing
      }
      ^
      """),
    Row(
      "a quote without end", ". {\nroot \"/etc\n}\n",
      """
      Corefile:1:3: error: this '{' is never closed
      . {
        ^
      expected: '}'
      Corefile:2:6: error: the quotation that begins here has no end
      root "/etc
           ^
      expected: '"'
      """),
    Row(
      "an import that finds nothing, near to a snippet",
      "(common) {\nlog\n}\n. {\n  import comon\n}",
      """
      Corefile:5:10: error: cannot import 'comon': there is no such file
        import comon
               ^
      expected: a snippet defined above, a file or a pattern
      did you mean 'common'?
      """),
    Row(
      "a pattern that matches nothing is a warning", ". {\n  import custom/*.override\n}",
      """
      Corefile:2:10: warning: no file matches 'custom/*.override'
        import custom/*.override
               ^
      """),
    Row(
      "a pattern with two wildcards", "import */*.server",
      """
      Corefile:1:8: error: the pattern of an import may hold one wildcard
      import */*.server
             ^
      expected: one '*'
      """),
    Row(
      "a snippet that imports itself", "(a) {\nimport b\n}\n(b) {\nimport a\n}\n. {\nimport a\n}",
      """
      Corefile:5:8: error: the snippet 'a' imports itself
      import a
             ^
      """),
    Row(
      "a snippet defined twice", "(a) {\nlog\n}\n(a) {\nerrors\n}\n. {\nimport a\n}",
      """
      Corefile:4:1: error: the snippet 'a' is already defined
      (a) {
      ^
      """),
    Row(
      "an import of nothing", ". {\nimport\n}",
      """
      Corefile:2:1: error: import names nothing
      import
      ^
      expected: import SNIPPET, import FILE or import GLOB
      """),
    Row(
      "a zone served twice", ". {\nlog\n}\n.:53 {\nerrors\n}",
      """
      Corefile:4:1: error: .:53 is already served by the block at Corefile:1:1
      .:53 {
      ^
      expected: another zone or port, or 'bind' with other addresses in both blocks
      """),
    Row(
      "namespaces beside namespace_labels",
      ". {\nkubernetes a.org {\nnamespaces x\nnamespace_labels a=b\n}\n}",
      """
      Corefile:4:1: error: 'namespaces' and 'namespace_labels' exclude one another
      namespace_labels a=b
      ^
      expected: one of the two
      """),
    Row(
      "snapshot beside manifests",
      ". {\nkubernetes a.org {\nsnapshot s.json\nmanifests m\n}\n}",
      """
      Corefile:3:1: error: 'snapshot' and 'manifests' exclude one another
      snapshot s.json
      ^
      expected: 'snapshot' with an API server only: manifests are on disk already
      """),
    Row(
      "an API server without TLS is taken with a warning",
      ". {\nkubernetes a.org {\nendpoint https://a http://b:8080\n}\n}",
      """
      Corefile:3:20: warning: objects travel in clear text, and can be changed on the way, from 'http://b:8080'
      endpoint https://a http://b:8080
                         ^
      expected: https://HOST[:PORT]
      """),
    Row(
      "tls without endpoint", ". {\nkubernetes a.org {\ntls c k ca\n}\n}",
      """
      Corefile:3:1: warning: 'tls' has no effect without 'endpoint'
      tls c k ca
      ^
      """),
    Row(
      "a removed option is ignored with a warning",
      ". {\nkubernetes a.org {\nupstream\n}\n}",
      """
      Corefile:3:1: warning: 'upstream' has no effect any more and is ignored
      upstream
      ^
      expected: no such line: names outside the cluster are looked up by this server
      """),
    Row(
      "a variable that is not set", "{$ZONES} {\nlog\n}",
      """
      Corefile:1:1: warning: the environment variable 'ZONES' is not set and read as empty
      {$ZONES} {
      ^
      expected: '{$ZONES:DEFAULT}' to give a value for that case
      Corefile:1:10: warning: the server block has no key and is left out
      {$ZONES} {
               ^
      """),
    Row(
      "control characters do not reach the terminal", ". {\n\u{1B}[2J\n}",
      """
      Corefile:2:1: error: unknown plugin '\u{FFFD}[2J'
      \u{FFFD}[2J
      ^
      expected: the name of a plugin
      """),
  ]

  @Test("A diagnostic reads as its row says", arguments: rows)
  func rendered(_ row: Row) {
    let result = load(row.text)
    #expect(result.rendered == row.rendered)
    #expect((result.configuration == nil) == row.rendered.contains(": error: "))
  }

  @Test("An error inside an imported file has that file's place")
  func imported() {
    let result = load("import sub/a", files: ["sub/a": ". {\nimport b\n}", "sub/b": "logg\n"])
    #expect(
      result.rendered == """
        sub/b:1:1: error: unknown plugin 'logg'
        logg
        ^
        expected: the name of a plugin
        did you mean 'log'?
        """)
    #expect(result.sources == ["Corefile", "sub/a", "sub/b"])
  }

  @Test("A file that imports itself is an error, not a loop")
  func cycle() {
    let result = load("import a", files: ["a": "import b\n", "b": "import a\n"])
    #expect(result.headlines == ["1:8: error: the file 'a' imports itself"])
  }

  @Test("Snippets that multiply one another end in an error")
  func multiplication() {
    let levels = (1...20).map { "(s\($0)) {\nimport s\($0 - 1)\nimport s\($0 - 1)\n}\n" }
    let result = load("(s0) {\nlog\n}\n" + levels.joined() + ". {\nimport s20\n}")
    #expect(result.headlines.contains { $0.hasSuffix("words with everything imported") })
  }

  @Test("Two hundred diagnostics are enough, and an error is always among them")
  func manyDiagnostics() {
    let text = ". {\n" + String(repeating: "errors;\n", count: 300) + "nonsense\n}"
    let result = load(text)
    #expect(result.diagnostics.count == Findings.maximumDiagnostics)
    #expect(result.configuration == nil)
  }
}
