import Testing

@testable import Config

struct ClusterFlagsTests {
  @Test("Flags say what a Corefile would")
  func flags() {
    var flags = ClusterFlags()
    flags.domain = "Corp.Example."
    flags.bind = ["127.0.0.1", "::1", "eth0"]
    flags.manifests = ["/a b", "/c#d", "/e\"f"]
    let stub = "{\"a.org\":[\"10.0.0.1\"],\"cluster.local\":[\"10.0.0.2\"]}"
    let result = load(
      KubeDNSTests.map("data:\n  stubDomains: '\(stub)'\n"), defaultPort: 1053, cluster: flags)
    #expect(
      result.corefile == """
        .:1053 {
            bind 127.0.0.1 ::1 eth0
            errors
            health
            ready
            prometheus :9153
            kubernetes corp.example in-addr.arpa ip6.arpa {
                manifests "/a b" "/c#d" "/e\\"f"
                pods insecure
                ttl 30
                fallthrough in-addr.arpa ip6.arpa
            }
            forward . /etc/resolv.conf
            cache 30
            reload
        }

        a.org:1053 {
            bind 127.0.0.1 ::1 eth0
            errors
            prometheus :9153
            forward . 10.0.0.1
            cache 30
        }

        cluster.local:1053 {
            bind 127.0.0.1 ::1 eth0
            errors
            prometheus :9153
            forward . 10.0.0.2
            cache 30
        }

        """)
    #expect(result.rendered == "")
    #expect(
      result.block?.kubernetes.first?.source == .manifests(["/a b", "/c#d", "/e\"f"]))
    flags = ClusterFlags()
    flags.kubeconfig = "/etc/kube config"
    #expect(
      load(KubeDNSTests.map(""), cluster: flags).block?.kubernetes.first?.source
        == .kubeconfig(file: "/etc/kube config", context: nil))
  }

  static let badFlags: [(ClusterFlags, String)] = [
    (flags { $0.domain = "a b" }, "1:1: error: invalid value 'a b' for flag -domain"),
    (flags { $0.domain = "." }, "1:1: error: invalid value '.' for flag -domain"),
    (flags { $0.bind = ["a\n}"] }, "1:1: error: invalid value 'a\n}' for flag -bind"),
    (flags { $0.bind = ["127.0.0.1:53"] }, "2:10: error: '127.0.0.1:53' is neither an address"),
    (flags { $0.kubeconfig = "" }, "1:1: error: invalid value '' for flag -kubeconfig"),
    (flags { $0.manifests = ["/{$HOME}"] }, "1:1: error: invalid value '/{$HOME}' for flag"),
    (flags { $0.manifests = ["a b\\"] }, "1:1: error: invalid value 'a b\\' for flag"),
    (
      flags {
        $0.kubeconfig = "/k"
        $0.manifests = ["/m"]
      }, "1:1: error: -kubeconfig and -manifests both say where objects come from"
    ),
  ]

  private static func flags(_ set: (inout ClusterFlags) -> Void) -> ClusterFlags {
    var flags = ClusterFlags()
    set(&flags)
    return flags
  }

  @Test("A flag that cannot be written in a Corefile is an error", arguments: badFlags)
  func badFlag(_ flags: ClusterFlags, _ headline: String) {
    let result = load(KubeDNSTests.map(""), cluster: flags)
    #expect(result.configuration == nil)
    #expect(result.headlines.first?.hasPrefix(headline) == true, "\(result.headlines)")
  }

  @Test("A domain of the cluster that a stub domain has is an error")
  func shadowed() {
    let text = KubeDNSTests.map("data:\n  stubDomains: '{\"corp.example\":[\"10.0.0.1\"]}'\n")
    #expect(load(text, cluster: Self.flags { $0.domain = "corp.example" }).configuration == nil)
    #expect(load(text).configuration != nil)
  }

  @Test("Flags beside a Corefile are errors that say what to write in it")
  func flagsBesideCorefile() {
    let flags = Self.flags {
      $0.domain = "cluster.local"
      $0.bind = ["::1"]
      $0.kubeconfig = "/k"
      $0.manifests = ["/m"]
    }
    let result = load("a.org {\n}\n", cluster: flags)
    #expect(result.configuration == nil)
    #expect(
      result.diagnostics.map { "\($0.message): \($0.expected ?? "")" } == [
        "-domain is for a ConfigMap of kube-dns, and this is a Corefile: "
          + "'kubernetes ZONE' in the Corefile",
        "-bind is for a ConfigMap of kube-dns, and this is a Corefile: "
          + "'bind ADDRESS' in every server block of the Corefile",
        "-kubeconfig is for a ConfigMap of kube-dns, and this is a Corefile: "
          + "'kubeconfig FILE' in kubernetes",
        "-manifests is for a ConfigMap of kube-dns, and this is a Corefile: "
          + "'manifests PATH' in kubernetes",
      ])
  }
}
