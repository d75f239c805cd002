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
    #expect(row.complaints.isEmpty == end.complaints.isEmpty)
  }
}
