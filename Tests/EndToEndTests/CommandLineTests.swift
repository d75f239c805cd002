import Foundation
import Testing

@Suite struct CommandLineTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    let status: Int32
    /// What standard output and standard error begin with.
    let output: String
    let complaints: String

    init(_ arguments: String, _ status: Int32, output: String = "", complaints: String = "") {
      self.arguments = arguments.split(separator: " ").map(String.init)
      self.status = status
      self.output = output
      self.complaints = complaints
    }

    var testDescription: String { arguments.joined(separator: " ") }
  }

  static let files = [
    "good": ".:21653 {\n    whoami\n}\n",
    "bad": ".:21653 {\n    kubernets\n}\n",
    "pattern": ".:21653 {\n    errors {\n        consolidate 5m \"a(b\"\n    }\n}\n",
    "map.yaml":
      "apiVersion: v1\nkind: ConfigMap\ndata:\n  Corefile: |\n    .:21653 {\n      whoami\n    }\n",
    "kube-dns.yaml":
      "kind: ConfigMap\napiVersion: v1\ndata:\n  stubDomains: |\n"
      + "    {\"acme.local\": [\"10.0.0.53\"]}\n",
    "bad-kube-dns.yaml":
      "kind: ConfigMap\napiVersion: v1\ndata:\n  upstreamNameservers: |\n    [\"dns.a.org\"]\n",
    "map.json": #"{"kind":"ConfigMap","data":{"Corefile":".:21653 {\n whoami\n}\n"}}"#,
  ]

  static let rows: [Row] = [
    Row("-version", 0, output: "martlet-"),
    Row("--version", 0, output: "martlet-"),
    Row("-plugins", 0, output: "Server types:\n  dns\n"),
    Row("--help", 0, output: "martlet – "),
    Row("-conf bad -version", 0, output: "martlet-"),
    Row("check -conf good", 0, output: ".:21653 "),
    Row("check -conf=good", 0, output: ".:21653 "),
    Row("check -conf map.yaml", 0, output: ".:21653 "),
    Row("check -conf map.json", 0, output: ".:21653 "),
    Row("check -conf bad", 1, complaints: "bad:2:5: error: unknown plugin 'kubernets'"),
    Row("-conf bad", 1, complaints: "bad:2:5: error: unknown plugin 'kubernets'"),
    Row("check -conf pattern", 1, complaints: "pattern:3:24: error: errors: pattern 'a(b': "),
    Row("-conf pattern", 1, complaints: "pattern:3:24: error: errors: pattern 'a(b': "),
    Row("check -conf missing", 1, complaints: "missing:1:1: error: cannot read"),
    Row("convert good", 0, output: ".:21653 {\n    whoami\n}\n"),
    Row("convert -conf map.yaml", 0, output: ".:21653 {\n  whoami\n}\n"),
    Row("convert kube-dns.yaml", 0, output: ".:53 {\n    errors\n    health\n"),
    Row(
      "convert -domain=corp.example. -bind 127.0.0.1,::1 -bind 127.0.0.2 -p 1053 kube-dns.yaml", 0,
      output: ".:1053 {\n    bind 127.0.0.1 ::1 127.0.0.2\n    errors\n"),
    Row(
      "check -kubeconfig /k -conf kube-dns.yaml", 0, output: ".:53  (kube-dns.yaml#Corefile:1:1)"),
    Row(
      "convert bad-kube-dns.yaml", 1,
      complaints: "bad-kube-dns.yaml:5:6: error: upstreamNameservers: 'dns.a.org' is a name"),
    Row("convert bad", 1, complaints: "bad:2:5: error: unknown plugin 'kubernets'"),
    Row(
      "convert -domain corp.example good", 1,
      complaints: "good:1:1: error: -domain is for a ConfigMap of kube-dns"),
    Row("convert good bad", 2, complaints: "extra command line arguments: [bad]"),
    Row("convert -conf good bad", 2, complaints: "extra command line arguments: [bad]"),
    Row("convrt", 2, complaints: "extra command line arguments: [convrt]; did you mean 'convert'?"),
    Row(
      "-domain a_b -conf good", 2, complaints: "invalid value \"a_b\" for flag -domain: a domain"),
    Row("-bind 127.0.0.1,,::1", 2, complaints: "invalid value \"\" for flag -bind: it is empty"),
    Row("-manifests {$HOME}", 2, complaints: "invalid value \"{$HOME}\" for flag -manifests: it "),
    Row("-kubeconfig a -manifests b", 2, complaints: "-kubeconfig and -manifests both say"),
    Row("-domain", 2, complaints: "flag -domain needs a value"),
    Row("check good", 2, complaints: "extra command line arguments: [good]"),
    Row("chek", 2, complaints: "extra command line arguments: [chek]; did you mean 'check'?"),
    Row("-cnof x", 2, complaints: "flag provided but not defined: -cnof; did you mean '-conf'?"),
    Row("-conf", 2, complaints: "flag -conf needs a value"),
    Row("-p 0", 2, complaints: "invalid value \"0\" for flag -p"),
    Row("-dns.port 65536", 2, complaints: "invalid value \"65536\" for flag -dns.port"),
    Row("-p x", 2, complaints: "invalid value \"x\" for flag -p"),
  ]

  @Test(arguments: rows)
  func `a command line has its status and its words`(_ row: Row) throws {
    let end = try Program(row.arguments, files: Self.files).end()
    #expect(end.status == row.status)
    #expect(end.output.hasPrefix(row.output))
    #expect(end.complaints.hasPrefix(row.complaints))
    // Warnings that a plugin does nothing yet come with status 0.
    #expect(end.status == 0 || row.complaints.isEmpty == end.complaints.isEmpty)
  }

  @Test func `paths of flags are seen from the current directory`() throws {
    let program = try Program(
      ["convert", "-manifests", "a b", "-manifests=/objects", "kube-dns.yaml"], files: Self.files)
    let end = program.end()
    let here = program.directory.resolvingSymlinksInPath().path
    #expect(end.status == 0)
    #expect(end.output.contains("\n        manifests \"\(here)/a b\" /objects\n"))
  }

  @Test func `what is converted gives the same plan again`() throws {
    let flags = ["-domain", "corp.example", "-bind", "127.0.0.1"]
    let corefile = try Program(["convert", "kube-dns.yaml"] + flags, files: Self.files).end().output
    let plans = [
      try Program(["check", "-conf", "Corefile"], files: ["Corefile": corefile]).end().output,
      try Program(["check", "-conf", "kube-dns.yaml"] + flags, files: Self.files).end().output
        .replacingOccurrences(of: "kube-dns.yaml#Corefile", with: "Corefile"),
    ]
    #expect(plans[0].contains("acme.local:53"))
    #expect(plans[0] == plans[1])
  }
}
