import Cluster
import Foundation
import Kubernetes
import Testing

@Suite struct ManifestSourceTests {
  // MARK: - What is read

  struct Row: CustomTestStringConvertible, Sendable {
    let name: String
    let files: [String: String]
    let services: [String]
    let reports: [String]

    init(
      _ name: String, _ files: [String: String], _ services: [String], reports: [String] = []
    ) {
      (self.name, self.files, self.services, self.reports) = (name, files, services, reports)
    }

    var testDescription: String { name }
  }

  static let rows: [Row] = [
    Row(
      "single objects",
      ["a.yaml": service("a", "10.0.0.1"), "b.json": serviceJSON("b", "10.0.0.2")],
      ["default/a 10.0.0.1", "default/b 10.0.0.2"]),
    Row(
      "YAML of several documents",
      ["a.yml": "---\n" + service("a", "10.0.0.1") + "---\n" + service("b", "10.0.0.2")],
      ["default/a 10.0.0.1", "default/b 10.0.0.2"]),
    Row(
      "a List in YAML",
      ["a.yaml": "apiVersion: v1\nitems:\n- " + service("a", "10.0.0.1") + "kind: List\n"],
      ["default/a 10.0.0.1"]),
    Row(
      "a List in JSON, its kind last",
      [
        "a.json": #"{"apiVersion":"v1","items":["# + serviceJSON("a", "10.0.0.1")
          + #"],"kind":"List"}"#
      ],
      ["default/a 10.0.0.1"]),
    Row(
      "an API list without kinds in it, its own kind first",
      [
        "a.json":
          #"{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"a"},"spec":{"clusterIP":"10.0.0.1"}}]}"#
      ],
      ["default/a 10.0.0.1"]),
    Row(
      "an API list without kinds in it, its own kind last",
      [
        "a.json":
          #"{"apiVersion":"v1","items":[{"metadata":{"name":"a"},"spec":{"clusterIP":"10.0.0.1"}}],"kind":"ServiceList"}"#
      ],
      ["default/a 10.0.0.1"]),
    Row(
      "such a list in YAML, another behind it",
      [
        "a.yaml":
          "items: [{metadata: {name: a}, spec: {clusterIP: 10.0.0.1}}]\nkind: ServiceList\n---\nitems: [{metadata: {name: b}, spec: {clusterIP: 10.0.0.2}}]\nkind: ServiceList\n"
      ],
      ["default/a 10.0.0.1", "default/b 10.0.0.2"]),
    Row(
      "a list in a list",
      [
        "a.json":
          #"{"items":[{"kind":"ServiceList","items":[{"metadata":{"name":"a"},"spec":{"clusterIP":"10.0.0.1"}}]}],"kind":"List"}"#
      ],
      ["default/a 10.0.0.1"]),
    Row(
      "directories below, hidden ones and other names left out",
      [
        "x/y/a.yaml": service("a", "10.0.0.1"), ".h/b.yaml": service("b", "10.0.0.2"),
        ".c.yaml": service("c", "10.0.0.3"), "d.txt": service("d", "10.0.0.4"),
      ],
      ["default/a 10.0.0.1"]),
    Row(
      "other kinds and Services of other groups are passed over",
      [
        "a.yaml":
          "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}}\n---\n{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: k}}\n---\n"
          + service("a", "10.0.0.1")
      ],
      ["default/a 10.0.0.1"]),
    Row(
      "the same object twice: the later path",
      ["a.yaml": service("a", "10.0.0.1"), "b.yaml": service("a", "10.0.0.2")],
      ["default/a 10.0.0.2"],
      reports: ["warning: b.yaml: Service default/a is in a.yaml, too: the later path is served"]),
    Row(
      "the same object twice in a file: the later",
      ["a.yaml": service("a", "10.0.0.1") + "---\n" + service("a", "10.0.0.2")],
      ["default/a 10.0.0.2"],
      reports: ["warning: a.yaml: Service default/a is in it twice: the later is served"]),
    Row(
      "a broken file, the others untouched",
      [
        "a.json": serviceJSON("a", "10.0.0.1") + "\n{\"kind\":", "b.yaml": service("b", "10.0.0.2"),
      ],
      ["default/b 10.0.0.2"], reports: ["error: a.json:2:9: the text ends inside an object"]),
    Row(
      "an empty JSON file", ["a.json": ""], [], reports: ["error: a.json:1:1: the file is empty"]),
    Row(
      "an object that no API server would take, the others untouched",
      ["a.yaml": "# c\n" + service("A", "10.0.0.1") + "---\n" + service("b", "10.0.0.2")],
      ["default/b 10.0.0.2"],
      reports: ["error: a.yaml:2:1: Service default/A: the name is not a DNS label"]),
    Row(
      "an object without a kind", ["a.yaml": "a: b\n"], [],
      reports: ["error: a.yaml:1:1: object: has no kind"]),
    Row(
      "a list without a kind", ["a.json": #"{"items":[{"a":1}]}"#], [],
      reports: ["error: a.json:1:11: object: has no kind"]),
  ]

  @Test(arguments: rows)
  func `a directory is read`(row: Row) throws {
    let directory = try Directory()
    for (name, text) in row.files {
      try directory.makeDirectory((name as NSString).deletingLastPathComponent)
      try directory.write(name, text)
    }
    directory.load()
    #expect(directory.services == row.services)
    #expect(directory.reports == row.reports)
    #expect(directory.source?.isSynchronized == true)
  }

  @Test func `of given paths the later wins`() throws {
    let directory = try Directory()
    try directory.write("a.yaml", service("a", "10.0.0.1"))
    try directory.write("b.yaml", service("a", "10.0.0.2"))
    directory.load(["b.yaml", "a.yaml"])
    #expect(directory.services == ["default/a 10.0.0.1"])
  }

  @Test func `what a real API server lists is read`() throws {
    let samples = try #require(Bundle.module.path(forResource: "Samples", ofType: nil))
    let directory = try Directory()
    try directory.link("samples", to: samples)
    directory.load()
    #expect(
      directory.reports == [
        "warning: samples/list-services.json: Service samples/headless is in "
          + "samples/get-service-headless.json, too: the later path is served"
      ])
    let counts = Dictionary(grouping: directory.objects.keys, by: \.kind).mapValues(\.count)
    #expect(counts == [.service: 17, .slice: 7, .namespace: 6, .pod: 1])
  }
}
