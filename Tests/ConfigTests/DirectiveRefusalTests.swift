import Testing

@testable import Config

/// Directives by the mistakes they refuse.
struct DirectiveRefusalTests {
  /// A body, and the place and message of its first error.
  static let refused = [
    ("root", "2:1: error: 'root' lacks an argument"),
    (
      "kubernetes {\nendpoint https://u:p@host\n}",
      "3:10: error: a URL of an API server has no name, password or query"
    ),
    ("root a b", "2:8: error: 'root' takes fewer arguments"),
    ("debug on", "2:7: error: 'debug' takes no arguments"),
    ("whoami {\nport\n}", "3:1: error: unknown property 'port' of whoami"),
    ("reload 1s", "2:8: error: '1s' is out of range"),
    ("reload 5s 0s", "2:11: error: '0s' is out of range"),
    ("bufsize 511", "2:9: error: 511 is out of range"),
    ("bufsize big", "2:9: error: 'big' is not a whole number"),
    ("bind", "2:1: error: 'bind' lacks an argument"),
    (
      "bind 127.0.0.256",
      "2:6: error: '127.0.0.256' is neither an address nor the name of an interface"
    ),
    (
      "bind 127.0.0.1:53",
      "2:6: error: '127.0.0.1:53' is neither an address nor the name of an interface"
    ),
    ("ready localhost", "2:7: error: 'localhost' is not an address with a port"),
    ("ready {\nmonitor until\n}", "3:9: error: 'until' is not a way to monitor"),
    ("health :http", "2:8: error: ':http' is not an address with a port"),
    ("health {\nlameduck -1s\n}", "3:10: error: '-1s' is out of range"),
    ("health {\nlameduck 5s {\nx\n}\n}", "3:1: error: 'lameduck' of health takes no body"),
    (
      "prometheus {\ntls web.yml\n}",
      "3:1: error: property 'tls' of prometheus is not supported by this version of martlet"
    ),
    ("errors /var/log/e", "2:8: error: errors go to the standard output only"),
    ("errors {\nconsolidate 5m\n}", "3:1: error: 'consolidate' lacks an argument"),
    ("errors {\nconsolidate 5m x loud\n}", "3:18: error: 'loud' is not a log level"),
    ("log {\nclass succes\n}", "3:7: error: 'succes' is not a class of responses"),
    ("log {\nclass\n}", "3:1: error: 'class' lacks an argument"),
    (
      "loadbalance weighted f",
      "2:13: error: policy 'weighted' of loadbalance is not supported by this version of martlet"
    ),
    ("loadbalance roundrobin", "2:13: error: unknown policy 'roundrobin' of loadbalance"),
    ("file", "2:1: error: 'file' lacks an argument"),
    ("file db {\ntransfer to *\n}", "3:1: error: 'transfer' is no property of file any more"),
    ("kubernetes {\npods secure\n}", "3:6: error: 'secure' is not a way to answer pods"),
    ("kubernetes {\nttl 3601\n}", "3:5: error: 3601 is out of range"),
    ("kubernetes {\nttl -1\n}", "3:5: error: -1 is out of range"),
    ("kubernetes {\nttl 5s\n}", "3:5: error: '5s' is not a whole number"),
    ("kubernetes {\nmanifests\n}", "3:1: error: 'manifests' lacks an argument"),
    (
      "kubernetes {\nmanifests a\nendpoint https://b\n}",
      "3:1: error: 'manifests' and 'endpoint' exclude one another"
    ),
    (
      "kubernetes {\nmanifests a\nsnapshot b\n}",
      "4:1: error: 'snapshot' and 'manifests' exclude one another"
    ),
    ("kubernetes {\nsnapshot\n}", "3:1: error: 'snapshot' lacks an argument"),
    ("kubernetes {\nsnapshot a b\n}", "3:12: error: 'snapshot' takes fewer arguments"),
    ("kubernetes {\nendpoint ftp://b\n}", "3:10: error: 'ftp://b' is not the URL of an API server"),
    ("kubernetes {\ntls a b\n}", "3:1: error: 'tls' lacks an argument"),
    ("kubernetes {\nignore all\n}", "3:8: error: 'all' is nothing to ignore"),
    ("kubernetes {\nlabels a=b=c\n}", "3:8: error: '=c' is left over in the label selector"),
    (
      "kubernetes {\nlabels a in b\n}",
      "3:8: error: the values of 'in' and 'notin' stand in parentheses"
    ),
    ("kubernetes {\nlabels a in (b\n}", "3:8: error: the list of label values has no end"),
    ("kubernetes {\nlabels -a\n}", "3:8: error: '-a' is not a label key"),
    ("kubernetes {\nnamespace_labels a=b,\n}", "3:18: error: a label key is missing"),
    (
      "kubernetes {\nzonal\n}",
      "3:1: error: property 'zonal' of kubernetes is not supported by this version of martlet"
    ),
    (
      "kubernetes {\nmulticluster clusterset.local\n}",
      "3:1: error: property 'multicluster' of kubernetes is not supported by this version of martlet"
    ),
    ("kubernetes {\nfallthru\n}", "3:1: error: unknown property 'fallthru' of kubernetes"),
    ("kubernetes {\napiserver_qps fast\n}", "3:15: error: 'fast' is not a rate"),
    (
      "kubernetes {\ntransfer to *\n}",
      "3:1: error: 'transfer' is no property of kubernetes any more"
    ),
    ("families", "2:1: error: 'families' lacks an argument"),
    ("families ipv4 ipv6", "2:15: error: 'families' takes fewer arguments"),
    ("families ip4", "2:10: error: 'ip4' is not a family of addresses"),
    ("families ipv4 {\nonly\n}", "3:1: error: unknown property 'only' of families"),
    ("families ipv4\nfamilies ipv6", "3:1: error: 'families' stands twice in the server block"),
    ("forward . 1.1.1.1 {\nfamilies v6\n}", "3:10: error: 'v6' is not a family of addresses"),
    (
      "forward . 1.1.1.1 {\nnext NXDOMAIN\nfamilies ipv4\n}\nforward . 9.9.9.9",
      "2:1: error: 'next' leads to a 'forward' with other 'families'"
    ),
    (
      String(repeating: "forward . 1.1.1.1 {\nnext SERVFAIL\n}\n", count: 32)
        + "forward a.org 1.1.1.1\nforward . 1.1.1.1",
      "98:1: error: more than 32 'forward' would be asked for one name"
    ),
    ("cache {\nnxdomain_cut on\n}", "3:14: error: 'nxdomain_cut' takes no arguments"),
    ("cache 0", "2:7: error: 0 is out of range"),
    ("cache {\nsuccess\n}", "3:1: error: 'success' lacks an argument"),
    ("cache {\nsuccess 1 2 3 4\n}", "3:15: error: 'success' takes fewer arguments"),
    ("cache {\nprefetch 1 1m 5%\n}", "3:15: error: '5%' is not a percentage"),
    ("cache {\nprefetch 1 1m 25\n}", "3:15: error: '25' is not a percentage"),
    ("cache {\nserve_stale 1h later\n}", "3:16: error: 'later' is not a way to refresh"),
    (
      "cache {\nserve_stale 1h immediate 1s 1s 1s\n}",
      "3:32: error: 'serve_stale' takes fewer arguments"
    ),
    (
      "cache {\nserve_stale_policy prefer_positive\n}",
      "3:20: error: serve_stale_policy without serve_stale"
    ),
    ("cache {\nservfail 6m\n}", "3:10: error: '6m' is out of range"),
    ("cache {\ndisable all\n}", "3:9: error: 'all' is not a kind of answer"),
    ("forward . 1.1.1.1 {\nread_timeout 0s\n}", "3:14: error: '0s' is out of range"),
    ("forward .", "2:1: error: 'forward' lacks an argument"),
    ("forward . 1.1.1.256", "2:11: error: '1.1.1.256' is not an upstream"),
    ("forward . 1.1.1.1:port", "2:11: error: '1.1.1.1:port' is not an upstream"),
    ("forward . grpc://1.1.1.1", "2:11: error: forward cannot reach an upstream by 'grpc://'"),
    (
      "forward . 1.1.1.1 https://1.1.1.1/dns-query",
      "2:19: error: DNS over HTTPS upstreams are not supported by this version of martlet"
    ),
    (
      "forward . 1.1.1.1 {\ndoh_method GET\n}",
      "3:1: error: DNS over HTTPS upstreams are not supported by this version of martlet"
    ),
    ("forward . 1.1.1.1 {\npolicy fastest\n}", "3:8: error: 'fastest' is not a policy"),
    ("forward . 1.1.1.1 {\nfailover NOERROR\n}", "3:10: error: 'failover' cannot have NOERROR"),
    ("forward . 1.1.1.1 {\nnext NXDOMIAN\n}", "3:6: error: 'NXDOMIAN' is not a response code"),
    ("forward . 1.1.1.1 {\nhealth_check\n}", "3:1: error: 'health_check' lacks an argument"),
    ("forward . 1.1.1.1 {\nhealth_check 1s domain\n}", "3:17: error: after 'domain' comes no name"),
    ("forward . 1.1.1.1 {\ntls a b c d\n}", "3:11: error: 'tls' takes fewer arguments"),
    (
      "forward . tls://1.1.1.1%a.org {\ntls_servername b.org\n}",
      "3:16: error: an upstream names its own server behind '%'"
    ),
    (
      "forward . 1.1.1.1 {\nresolver dns.google\n}",
      "3:10: error: 'dns.google' is not the address of a resolver"
    ),
    (
      "forward . 1.1.1.1 {\nsource_address ::1 ::2\n}",
      "3:20: error: two source addresses of one family"
    ),
    ("forward . 1.1.1.1 {\nmax_fails -1\n}", "3:11: error: -1 is out of range"),
    (
      "forward . " + (1...16).map { "10.0.0.\($0)" }.joined(separator: " "),
      "2:152: error: more than 15 upstreams"
    ),
    (
      "proxy . 1.1.1.1 {\nprotocol grpc\n}",
      "3:10: error: 'protocol' of proxy has no counterpart in forward"
    ),
  ]

  @Test("A mistake is an error at its place", arguments: refused)
  func refusals(_ body: String, _ headline: String) {
    let result = load("example.org {\n\(body)\n}")
    #expect(result.configuration == nil)
    #expect(result.headlines.first { $0.contains(": error: ") } == headline)
  }

  static let vain: [(String, String?)] = [
    (
      "forward . 1.1.1.1 {\ntls\n}",
      "3:1: warning: 'tls' has no effect: no upstream is reached by TLS"
    ),
    (
      "forward . 1.1.1.1 {\ntls_servername a.org\n}",
      "3:1: warning: 'tls_servername' has no effect: no upstream is reached by TLS"
    ),
    (
      "forward . 1.1.1.1 {\nforce_tcp\nprefer_udp\n}",
      "4:1: warning: 'prefer_udp' has no effect beside 'force_tcp'"
    ),
    (
      "forward . 1.1.1.1 9.9.9.9 1.1.1.1:53",
      "2:27: warning: '1.1.1.1:53' stands twice among the upstreams; it is asked once"
    ),
    (
      "forward . 1.1.1.1\nforward . 9.9.9.9",
      "3:1: warning: 'forward' is asked for nothing: 'forward .' above takes its names"
    ),
    (
      "forward . 1.1.1.1\nforward A.example.org 9.9.9.9",
      "3:1: warning: 'forward' is asked for nothing: 'forward .' above takes its names"
    ),
    ("forward a.example.org 1.1.1.1\nforward . 9.9.9.9", nil),
    ("forward . 1.1.1.1 {\nexcept b.org\n}\nforward . 9.9.9.9", nil),
    ("forward . 1.1.1.1 {\nnext SERVFAIL\n}\nforward . 9.9.9.9", nil),
  ]

  @Test("What has no effect is a warning at its place", arguments: vain)
  func warnings(_ body: String, _ headline: String?) {
    let result = load("example.org {\n\(body)\n}")
    #expect(result.configuration != nil)
    #expect(result.headlines.first == headline)
  }
}
