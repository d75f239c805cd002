import Testing

@testable import Config

struct EffectivePlanTests {
  @Test("A plan names keys, listeners and plugins in their order with every setting")
  func plan() throws {
    let result = load(
      """
      cluster.local in-addr.arpa {
        forward . /etc/resolv.conf tls://9.9.9.9%dns.quad9.net {
          max_concurrent 1000
          families ipv4
        }
        families ipv6
        cache 30 {
          nxdomain_cut
          disable denial cluster.local
        }
        kubernetes {
          manifests objects
          pods insecure
          fallthrough in-addr.arpa
        }
        log
        errors
        health {
          lameduck 5s
        }
        loop
      }
      . a.org:5353 {
        bind 127.0.0.1 ::1
      }
      """)
    let configuration = try #require(result.configuration)
    #expect(
      EffectivePlan.describe(configuration) == """
        cluster.local:53, in-addr.arpa:53  (Corefile:1:1)
          listens on all addresses, port 53, UDP and TCP
          health      :8080, lameduck 5s
          errors
          log         cluster.local. in-addr.arpa.; class all; format common
          families    ipv6
          cache       cluster.local. in-addr.arpa.; success 9984 answers, 5 to 30 s; \
        denial 9984 answers, 5 to 30 s, not for cluster.local.; servfail 5s; \
        nxdomain_cut
          kubernetes  cluster.local. in-addr.arpa.; from manifests objects; pods insecure; \
        ttl 5; fallthrough in-addr.arpa.; startup_timeout 5s
          loop
          forward     . to /etc/resolv.conf tls://9.9.9.9%dns.quad9.net:853; policy random; \
        expire 10s; max_fails 2; health_check 500ms; read_timeout 2s; max_concurrent 1000; \
        families ipv4

        .:53, a.org:5353  (Corefile:23:1)
          listens on 127.0.0.1, ::1, port 53, 5353, UDP and TCP
          no plugins: every query is refused

        """)
  }

  /// The body of a `kubernetes` directive and the plan's words for it.
  static let clusters = [
    (
      "endpoint https://a:6443 https://b\ntls c.pem k.pem ca.pem",
      "from https://a:6443 https://b; tls c.pem k.pem ca.pem; pods disabled; ttl 5; "
        + "no fallthrough; startup_timeout 5s"
    ),
    (
      "kubeconfig kube.yaml prod\nsnapshot state.json\nstartup_timeout 30s\napiserver_qps 50\n"
        + "apiserver_burst 100\napiserver_max_inflight 8",
      "from kubeconfig kube.yaml, context prod; snapshot state.json; pods disabled; ttl 5; "
        + "no fallthrough; startup_timeout 30s; apiserver_qps 50; apiserver_burst 100; "
        + "apiserver_max_inflight 8"
    ),
    (
      "labels tier in (front, back), !old\nnamespace_labels a==b\napiserver_qps 0.5",
      "from the cluster around it; namespace_labels a=b; labels tier in (back,front),!old; "
        + "pods disabled; ttl 5; no fallthrough; startup_timeout 5s; apiserver_qps 0.5"
    ),
    (
      "namespaces b a",
      "from the cluster around it; namespaces a b; pods disabled; ttl 5; no fallthrough; "
        + "startup_timeout 5s"
    ),
  ]

  @Test("Where objects come from and what limits the asking is said", arguments: clusters)
  func cluster(_ body: String, _ words: String) throws {
    let configuration = try #require(load("a.org {\nkubernetes {\n\(body)\n}\n}").configuration)
    #expect(
      EffectivePlan.describe(configuration)
        .contains("\n  kubernetes  a.org.; \(words)\n"))
  }

  /// The body of a `kubernetes` directive and which objects it asks for.
  static let selections = [
    ("", "from the cluster around it"),
    ("pods insecure\nttl 30\nsnapshot s\nstartup_timeout 1s", "from the cluster around it"),
    ("endpoint https://a https://b\npods verified", "from https://a https://b; pods verified"),
    ("namespaces b a\nnoendpoints", "from the cluster around it; namespaces a b; noendpoints"),
    (
      "kubeconfig k c\nlabels a in (c, b)\nnamespace_labels d == e",
      "from kubeconfig k, context c; namespace_labels d=e; labels a in (b,c)"
    ),
  ]

  @Test("Which objects are asked for is said alike for the same ones", arguments: selections)
  func selection(_ body: String, _ words: String) throws {
    let block = try #require(load("a.org {\nkubernetes {\n\(body)\n}\n}").block)
    #expect(block.kubernetes[0].selection == words)
  }

  @Test("An empty configuration says so")
  func empty() {
    #expect(EffectivePlan.describe(Configuration(blocks: [])) == "no server blocks\n")
  }
}
