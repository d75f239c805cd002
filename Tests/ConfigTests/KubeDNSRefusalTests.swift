import Testing

@testable import Config

/// ConfigMaps of kube-dns by the mistakes that are refused.
struct KubeDNSRefusalTests {
  /// The value of a key as block text, which begins at 7:5, and its first error.
  static let mistakes = [
    ("stubDomains", "[]", "7:5: error: stubDomains is a list"),
    (
      "stubDomains", "{\"a.org\": \"10.0.0.1\"}",
      "7:15: error: stubDomains: the servers of 'a.org' are a string"
    ),
    (
      "stubDomains", "{\"a.org\": null}",
      "7:15: error: stubDomains: the servers of 'a.org' are null"
    ),
    ("stubDomains", "{\"a.org\": []}", "7:15: error: stubDomains: 'a.org' has no server"),
    (
      "stubDomains", "{\"a.org\": [5]}",
      "7:16: error: stubDomains: a server is a string, this is a number"
    ),
    (
      "stubDomains", "{\"a.org\":\n [\"10.0.0.1\",\n \"10.0.0.256\"]}",
      "9:6: error: stubDomains: '10.0.0.256' is not a server"
    ),
    (
      "stubDomains", "{\"a.org\": [\"[::1]\"]}", "7:16: error: stubDomains: '[::1]' is not a server"
    ),
    (
      "stubDomains", "{\"a.org\": [\"10.0.0.1:0\"]}",
      "7:16: error: stubDomains: '10.0.0.1:0' is not a server"
    ),
    (
      "stubDomains", "{\"a.org\": [\"10.0.0.1:65536\"]}",
      "7:16: error: stubDomains: '10.0.0.1:65536' is not a server"
    ),
    (
      "stubDomains", "{\"a.org\": [\"ns.b.org:53\"]}",
      "7:16: error: stubDomains: 'ns.b.org:53' is not a server"
    ),
    (
      "stubDomains", "{\"a.org\": [\"/etc/resolv.conf\"]}",
      "7:16: error: stubDomains: '/etc/resolv.conf' is not a server"
    ),
    ("stubDomains", "{\"a.org\": [\"\"]}", "7:16: error: stubDomains: '' is not a server"),
    (
      "stubDomains", "{\"a.org\": [\"1.1.1.1 {\\n whoami\\n}\"]}",
      "7:16: error: stubDomains: '1.1.1.1 {\n whoami\n}' is not a server"
    ),
    ("stubDomains", "{\"\": [\"10.0.0.1\"]}", "7:6: error: stubDomains: '' is not a domain"),
    ("stubDomains", "{\".\": [\"10.0.0.1\"]}", "7:6: error: stubDomains: '.' is not a domain"),
    (
      "stubDomains", "{\"A.org\": [\"10.0.0.1\"]}",
      "7:6: error: stubDomains: 'A.org' is not a domain"
    ),
    (
      "stubDomains", "{\"a.org.\": [\"10.0.0.1\"]}",
      "7:6: error: stubDomains: 'a.org.' is not a domain"
    ),
    (
      "stubDomains", "{\"a_b.org\": [\"10.0.0.1\"]}",
      "7:6: error: stubDomains: 'a_b.org' is not a domain"
    ),
    (
      "stubDomains", "{\"-a.org\": [\"10.0.0.1\"]}",
      "7:6: error: stubDomains: '-a.org' is not a domain"
    ),
    (
      "stubDomains", "{\"a.org {$HOME}\": [\"10.0.0.1\"]}",
      "7:6: error: stubDomains: 'a.org {$HOME}' is not a domain"
    ),
    (
      "stubDomains", "{\"\(String(repeating: "a", count: 64)).org\": [\"10.0.0.1\"]}",
      "7:6: error: stubDomains: '\(String(repeating: "a", count: 64)).org' is not a domain"
    ),
    (
      "stubDomains", "{\"cluster.local\": [\"10.0.0.1\"]}",
      "7:6: error: stubDomains: 'cluster.local' is the cluster's own domain, whose names would all be lost"
    ),
    (
      "stubDomains",
      "{\"a.org\": [\(Array(repeating: "\"::1\"", count: 16).joined(separator: ","))]}",
      "7:106: error: stubDomains: more than 15 servers"
    ),
    ("stubDomains", "{\"a.org\" [\"10.0.0.1\"]}", "7:14: error: stubDomains is not JSON"),
    (
      "stubDomains", "{“acme.local”: [“1.2.3.4”]}",
      "7:6: error: stubDomains: '“' is a typographic quotation mark, which JSON does not know"
    ),
    (
      "stubDomains", "{\"a“\": [”1.2.3.4\"]}",
      "7:13: error: stubDomains: '”' is a typographic quotation mark, which JSON does not know"
    ),
    (
      "stubDomains", "{‘a.org’: [‘1.2.3.4’]}",
      "7:6: error: stubDomains: '‘' is a typographic quotation mark, which JSON does not know"
    ),
    ("upstreamNameservers", "{}", "7:5: error: upstreamNameservers is an object"),
    ("upstreamNameservers", "\"8.8.8.8\"", "7:5: error: upstreamNameservers is a string"),
    (
      "upstreamNameservers", "[true, \"8.8.8.8\"]",
      "7:6: error: upstreamNameservers: a server is a string, this is a boolean"
    ),
    (
      "upstreamNameservers", "[\"8.8.8.8\", \"dns.google\"]",
      "7:17: error: upstreamNameservers: 'dns.google' is a name, and kube-dns takes addresses alone here"
    ),
    (
      "upstreamNameservers", "[\"8.8.8.8\",\"8.8.8.8\",\"8.8.8.8\",\"8.8.4.4\"]",
      "7:36: error: upstreamNameservers: more than 3 servers"
    ),
    ("upstreamNameservers", "8.8.8.8", "7:5: error: upstreamNameservers is not JSON"),
    ("federations", "[]", "7:5: error: federations is a list"),
    (
      "federations", "{\"a.b\": \"example.com\"}",
      "7:6: error: federations: 'a.b' is not the name of a federation"
    ),
    (
      "federations", "{\"prod\": \"x y\"}",
      "7:14: error: federations: the domain of 'prod' is not one"
    ),
    ("federations", "{\"prod\": 1}", "7:14: error: federations: the domain of 'prod' is not one"),
  ]

  @Test("A mistake is an error at its place, and nothing is used", arguments: mistakes)
  func mistake(_ key: String, _ value: String, _ headline: String) {
    let block = value.replacing("\n", with: "\n    ")
    let result = load(KubeDNSTests.map("data:\n  \(key): |\n    \(block)\n"))
    #expect(result.configuration == nil)
    #expect(result.corefile == nil)
    let first = result.headlines.first { $0.contains(": error: ") } ?? ""
    #expect(first.hasPrefix(headline), "\(first)")
  }

  @Test("All mistakes of all keys are said in one load, with what could stand there")
  func allMistakes() {
    let result = load(
      KubeDNSTests.map(
        "data:\n  stubDomains: |\n    {\"A.org\": [\"[::1]\"]}\n  upstreamNameservers: '[0]'\n"))
    #expect(
      result.rendered == """
        Corefile:7:6: error: stubDomains: 'A.org' is not a domain
            {"A.org": ["[::1]"]}
             ^
        expected: lower-case letters, digits and '-' between dots, no dot at the end
        did you mean 'a.org'?
        Corefile:7:16: error: stubDomains: '[::1]' is not a server
            {"A.org": ["[::1]"]}
                       ^
        expected: IP, IP:PORT, [IPV6]:PORT or a host name
        did you mean '::1'?
        Corefile:8:26: error: upstreamNameservers: a server is a string, this is a number
          upstreamNameservers: '[0]'
                                 ^
        expected: IP, IP:PORT or [IPV6]:PORT
        """)
  }

  @Test("More stub domains than a Corefile can have words is an error of theirs")
  func tooMany() {
    // Each has 10 words and its server; the first block has 29.
    let domains = { (count: Int) in
      let members = (0..<count).map { "\"d\($0).org\": [\"10.0.0.1\"]" }
      return "{\(members.joined(separator: ", "))}"
    }
    var most = KubeDNSConfigMap(place: Place(file: "most", line: 1, column: 1))
    most.values["stubDomains"] = EmbeddedText(text: domains(18_179), file: "most")
    #expect(KubeDNSCorefile.text(most, options: LoadOptions(), findings: Findings()) != nil)
    let result = load(KubeDNSTests.map("data:\n  stubDomains: |\n    \(domains(18_180))\n"))
    #expect(result.configuration == nil)
    #expect(
      result.headlines == [
        "7:5: error: stubDomains: too many: with 18180 domains the Corefile that they equal has "
          + "more than 200000 words"
      ])
  }

  @Test("A mistake in a JSON string has lines of its own")
  func placeInString() {
    let result = load(#"{"kind":"ConfigMap","data":{"stubDomains":"{\n \"a\": [1]}"}}"#)
    #expect(
      result.diagnostics.map(\.place) == [Place(file: "Corefile#stubDomains", line: 2, column: 8)])
    #expect(result.diagnostics.first?.sourceLine == " \"a\": [1]}")
    #expect(result.sources == ["Corefile"])
  }
}
