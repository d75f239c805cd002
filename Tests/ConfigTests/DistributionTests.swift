import Testing

@testable import Config

/// Default Corefiles of distributions, as far as their plugins are here.
struct DistributionTests {
  static let corefiles = [
    (
      "kubeadm",
      """
      .:53 {
          errors
          health {
             lameduck 5s
          }
          ready
          kubernetes cluster.local in-addr.arpa ip6.arpa {
             pods insecure
             fallthrough in-addr.arpa ip6.arpa
             ttl 30
          }
          prometheus :9153
          forward . /etc/resolv.conf {
             max_concurrent 1000
          }
          cache 30 {
             disable success cluster.local
             disable denial cluster.local
          }
          loop
          reload
          loadbalance
      }
      """
    ),
    (
      "deploy.sh",
      """
      .:53 {
          errors
          health {
            lameduck 5s
          }
          ready
          kubernetes cluster.local 10.96.0.0/12 {
            fallthrough in-addr.arpa ip6.arpa
          }
          prometheus :9153
          forward . /etc/resolv.conf {
            max_concurrent 1000
          }
          cache 30
          loop
          reload
          loadbalance
      }
      acme.local:53 {
          errors
          cache 30
          forward . 1.2.3.4:53
      }
      """
    ),
    (
      "EKS",
      """
      .:53 {
          errors
          health {
              lameduck 5s
            }
          ready
          kubernetes cluster.local in-addr.arpa ip6.arpa {
            pods insecure
            fallthrough in-addr.arpa ip6.arpa
          }
          prometheus :9153
          forward . /etc/resolv.conf
          cache 30
          loop
          reload
          loadbalance
      }
      """
    ),
    (
      "kops",
      """
      .:53 {
          errors
          health {
            lameduck 5s
          }
          ready
          kubernetes cluster.local. in-addr.arpa ip6.arpa {
            pods insecure
            fallthrough in-addr.arpa ip6.arpa
            ttl 30
          }
          prometheus :9153
          forward . /etc/resolv.conf {
            max_concurrent 1000
          }
          cache 30
          loop
          reload
          loadbalance
      }
      """
    ),
    (
      "OpenShift",
      """
      # foo
      foo.com:5353 bar.com:5353 {
          prometheus 127.0.0.1:9153
          forward . tls://1.1.1.1 tls://2.2.2.2:5353 {
              tls_servername dns.foo.com
              tls /etc/pki/foo.com-ca
              policy round_robin
          }
          errors
          log . {
              class error
          }
          bufsize 1232
          cache 900 {
              denial 9984 30
          }
      }
      .:5353 {
          bufsize 1232
          errors
          log . {
              class error
          }
          health {
              lameduck 20s
          }
          ready
          kubernetes cluster.local in-addr.arpa ip6.arpa {
              pods insecure
              fallthrough in-addr.arpa ip6.arpa
          }
          prometheus 127.0.0.1:9153
          forward . /etc/resolv.conf {
              policy sequential
          }
          cache 900 {
              denial 9984 30
          }
          reload
      }
      """
    ),
    (
      "NodeLocal DNSCache",
      """
      cluster.local:53 {
          errors
          cache {
                  success 9984 30
                  denial 9984 5
          }
          reload
          loop
          bind 169.254.20.10 10.96.0.10
          forward . 10.96.0.11 {
                  force_tcp
          }
          prometheus :9253
          health 169.254.20.10:8080
      }
      in-addr.arpa:53 {
          errors
          cache 30
          reload
          loop
          bind 169.254.20.10 10.96.0.10
          forward . 10.96.0.11 {
                  force_tcp
          }
          prometheus :9253
      }
      ip6.arpa:53 {
          errors
          cache 30
          reload
          loop
          bind 169.254.20.10 10.96.0.10
          forward . 10.96.0.11 {
                  force_tcp
          }
          prometheus :9253
      }
      .:53 {
          errors
          cache 30
          reload
          loop
          bind 169.254.20.10 10.96.0.10
          forward . /etc/resolv.conf
          prometheus :9253
      }
      """
    ),
  ]

  @Test("A distribution's Corefile is taken unchanged, without a warning", arguments: corefiles)
  func accepted(_ distribution: String, _ text: String) {
    let result = load(text)
    #expect(result.rendered == "")
    #expect(result.configuration != nil)
  }

  @Test("A distribution's imports take what people add")
  func customImports() {
    let result = load(
      """
      .:53 {
          errors
          forward . /etc/resolv.conf
          import /etc/coredns/custom/*.override
      }
      import /etc/coredns/custom/*.server
      """,
      files: [
        "/etc/coredns/custom/a.override": "log\n",
        "/etc/coredns/custom/b.server": "corp.example:53 {\n  forward . 10.0.0.53\n}\n",
        "/etc/coredns/custom/..data/": "",
      ])
    #expect(result.rendered == "")
    #expect(result.configuration?.blocks.count == 2)
    #expect(result.block?.log.count == 1)
    #expect(
      result.patterns == ["/etc/coredns/custom/*.override", "/etc/coredns/custom/*.server"])
  }
}
