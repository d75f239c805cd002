// Services with addresses, headless ones, their endpoints and ports.

extension RowTests {
  static let serviceRows: [Row] = [
    .data("§3.1", "svc6.testns AAAA", ["svc6.testns AAAA fd00::6"]),
    .data("§3.1", "dual.testns A", ["dual.testns A 10.0.0.2"]),
    .data("§3.1", "dual.testns AAAA", ["dual.testns AAAA fd00::2"]),
    .data("§3.1", "twice.testns A", ["twice.testns A 10.0.0.7"]),
    .data("§3.1 §3.6", "noports.testns A", ["noports.testns A 10.0.0.6"]),
    .noData("§3.1", "pending.testns A", why: "the service has no address yet"),
    .noData("§3.1", "pending.testns SRV"),
    .noData("§3.1", "_http._tcp.pending.testns SRV", why: "the service has no address yet"),
    .data("§3.2", "node.testns A", ["node.testns A 10.0.0.8"]),
    .data("§3.2", "balanced.testns A", ["balanced.testns A 10.0.0.9"]),
    .data(
      "§3.2", "_http._tcp.balanced.testns SRV",
      ["_http._tcp.balanced.testns SRV 0 100 80 balanced.testns"],
      more: ["balanced.testns A 10.0.0.9"]),
    .data("§3.2 §3.3", "unready.testns A", ["unready.testns A 10.0.0.10"]),
    .missing(
      "§3.3", "unready.testns A", why: "the service has no ready endpoints", in: .ignoreEmpty),
    .missing("§3.3", "unready.testns TXT", in: .ignoreEmpty),
    .missing("§3.3", "unready.testns SRV", in: .ignoreEmpty),
    .missing("§3.3", "_http._tcp.unready.testns SRV", in: .ignoreEmpty),
    .missing("§3.3", "_tcp.unready.testns A", in: .ignoreEmpty),
    .missing("§3.3", "noports.testns A", in: .ignoreEmpty),
    .missing("§3.3", "10.0.0.10.in-addr.arpa. PTR", in: .ignoreEmpty),
    .data("§3.3", "svc1.testns A", ["svc1.testns A 10.0.0.1"], in: .ignoreEmpty),
    .data("§3.3", "hdls.testns A", hdlsAddresses, in: .ignoreEmpty),
    .data(
      "§3.3", "ext.testns A", ["ext.testns CNAME www.Example.net."], in: .ignoreEmpty),
    .data(
      "§3.4", "unnamed.testns SRV", ["unnamed.testns SRV 0 100 8080 unnamed.testns"],
      more: ["unnamed.testns A 10.0.0.5"]),
    .missing("§3.4", "_._tcp.unnamed.testns SRV"),
    .missing("§3.4", "_http._tcp.unnamed.testns SRV"),
    .missing("§3.4", "_8080._tcp.unnamed.testns SRV"),
    .noData("§3.5", "_http._tcp.svc1.testns A"),
    .noData("§3.5", "_http._tcp.svc1.testns AAAA"),
    .noData("§3.5", "_http._tcp.hdls.testns A"),
    .missing("§3.5", "_http._udp.svc1.testns A"),
    .noData("§3.6", "noports.testns SRV"),
    .missing("§3.6", "_http._tcp.noports.testns SRV"),
    .data(
      "§3.4 §3.8", "svc1.testns SRV", ["svc1.testns SRV 0 100 80 svc1.testns"],
      more: ["svc1.testns A 10.0.0.1"]),
    .data(
      "§3.9 §3.4", "two.testns SRV",
      ["two.testns SRV 0 50 80 two.testns", "two.testns SRV 0 50 443 two.testns"],
      more: ["two.testns A 10.0.0.3"]),
    .data(
      "§3.9", "_https._tcp.two.testns SRV", ["_https._tcp.two.testns SRV 0 100 443 two.testns"],
      more: ["two.testns A 10.0.0.3"]),
    .data(
      "§3.10 §3.4", "three.testns SRV",
      [
        "three.testns SRV 0 33 80 three.testns", "three.testns SRV 0 33 443 three.testns",
        "three.testns SRV 0 33 5060 three.testns",
      ], more: ["three.testns A 10.0.0.4"]),
    .data(
      "§1.6", "_sip._sctp.three.testns SRV",
      ["_sip._sctp.three.testns SRV 0 100 5060 three.testns"],
      more: ["three.testns A 10.0.0.4"]),
    .data(
      "§3.11", "_http._tcp.dual.testns SRV",
      ["_http._tcp.dual.testns SRV 0 100 80 dual.testns"],
      more: ["dual.testns A 10.0.0.2", "dual.testns AAAA fd00::2"]),
    .data(
      "§3.11", "dual.testns SRV", ["dual.testns SRV 0 100 80 dual.testns"],
      more: ["dual.testns A 10.0.0.2", "dual.testns AAAA fd00::2"]),
    .data(
      "§3.7", "kube-dns.kube-system SRV",
      [
        "kube-dns.kube-system SRV 0 50 53 kube-dns.kube-system",
        "kube-dns.kube-system SRV 0 50 9153 kube-dns.kube-system",
      ], more: ["kube-dns.kube-system A 10.96.0.10", "kube-dns.kube-system AAAA fd00::a"]),
    .data(
      "§3.7", "_dns._udp.kube-dns.kube-system SRV",
      ["_dns._udp.kube-dns.kube-system SRV 0 100 53 kube-dns.kube-system"],
      more: ["kube-dns.kube-system A 10.96.0.10", "kube-dns.kube-system AAAA fd00::a"]),
    .data(
      "§3.7", "_dns-tcp._tcp.kube-dns.kube-system SRV",
      ["_dns-tcp._tcp.kube-dns.kube-system SRV 0 100 53 kube-dns.kube-system"],
      more: ["kube-dns.kube-system A 10.96.0.10", "kube-dns.kube-system AAAA fd00::a"]),
    .data(
      "§1.4", "\(longName).testns A", ["\(longName).testns A 10.0.0.63"]),
    .data(
      "§3.7", "_http._tcp.\(longName).testns SRV",
      ["_http._tcp.\(longName).testns SRV 0 100 80 \(longName).testns"],
      more: ["\(longName).testns A 10.0.0.63"]),
    .data("§4.8", "172-16-0-1.svc1.testns A", ["172-16-0-1.svc1.testns A 172.16.0.1"]),
    .data("§4.8 §4.3", "web-0.svc1.testns A", ["web-0.svc1.testns A 172.16.0.2"]),
    .missing("§4.8 §4.2", "172-16-0-3.svc1.testns A"),
    .missing("§4.8 §4.3", "172-16-0-2.svc1.testns A"),
    .noData("§4.8", "web-0.svc1.testns AAAA"),
    .noData("§4.8", "web-0.svc1.testns SRV"),
    .data(
      "§4.8", "_http._tcp.svc1.testns SRV", ["_http._tcp.svc1.testns SRV 0 100 80 svc1.testns"],
      more: ["svc1.testns A 10.0.0.1"], in: .noEndpoints),
  ]

  static let longName = "long-name-0123456789-0123456789-0123456789-0123456789-abcdefg"
  static let hdlsAddresses = (2...5).map { "hdls.testns A 172.0.0.\($0)" }

  static let headlessRows: [Row] = [
    .data("§4.1 §4.2", "hdls.testns A", hdlsAddresses),
    .noData("§4.5", "hdls.testns AAAA"),
    .data("§4.1", "ep1a.hdls.testns A", ["ep1a.hdls.testns A 172.0.0.2"], in: .rotating),
    .data("§4.3", "172-0-0-3.hdls.testns A", ["172-0-0-3.hdls.testns A 172.0.0.3"]),
    .data(
      "§4.3", "dup.hdls.testns A", ["dup.hdls.testns A 172.0.0.4", "dup.hdls.testns A 172.0.0.5"]),
    .missing("§4.2", "gone.hdls.testns A"),
    .missing("§4.2", "172-0-0-9.hdls.testns A"),
    .missing("§4.3", "172-0-0-2.hdls.testns A"),
    .missing("§4.1", "stale.hdls.testns A"),
    .data("§4.1", "old.testns A", ["old.testns A 172.0.6.1"]),
    .data("§4.1 §4.3", "e0.old.testns A", ["e0.old.testns A 172.0.6.1"]),
    .missing("§4.2", "172-0-6-9.old.testns A"),
    .missing("§4.1", "orphan.testns A"),
    .data("§4.5", "mixed.testns A", ["mixed.testns A 172.0.1.1"]),
    .data("§4.5", "mixed.testns AAAA", ["mixed.testns AAAA fd00:1::1"]),
    .data("§4.1", "m0.mixed.testns A", ["m0.mixed.testns A 172.0.1.1"]),
    .data("§4.1", "m0.mixed.testns AAAA", ["m0.mixed.testns AAAA fd00:1::1"]),
    .data(
      "§4.5", "hdls6.testns AAAA", ["hdls6.testns AAAA fd00:2::", "hdls6.testns AAAA fd00:2::1"]),
    .noData("§4.5", "hdls6.testns A"),
    .data("§4.3", "fd00-2--1.hdls6.testns AAAA", ["fd00-2--1.hdls6.testns AAAA fd00:2::1"]),
    .data("§4.3", "fd00-2--0.hdls6.testns AAAA", ["fd00-2--0.hdls6.testns AAAA fd00:2::"]),
    .missing("§4.3", "fd00-2--.hdls6.testns AAAA"),
    .noData("§4.5", "fd00-2--1.hdls6.testns A"),
    .missing("§4.4 §4.2", "notready.testns A", why: "the service has no ready endpoints"),
    .missing("§4.4", "notready.testns SRV"),
    .missing("§4.4", "n0.notready.testns A"),
    .missing("§4.4", "_http._tcp.notready.testns SRV"),
    .missing("§4.4", "noslices.testns A"),
    .missing("§4.4", "hdls.testns A", why: "the service has no ready endpoints", in: .noEndpoints),
    .missing("§4.4", "ep1a.hdls.testns A", in: .noEndpoints),
    .missing("§4.4", "web-0.svc1.testns A", in: .noEndpoints),
    .missing("§4.4", "2.0.0.172.in-addr.arpa. PTR", in: .noEndpoints),
    .data("§4.4", "svc1.testns A", ["svc1.testns A 10.0.0.1"], in: .noEndpoints),
    .data("§4.3", "web-abcde.pods.testns A", ["web-abcde.pods.testns A 172.0.9.1"], in: .podNames),
    .missing("§4.3", "172-0-9-1.pods.testns A", in: .podNames),
    .data("§4.3", "172-0-9-2.pods.testns A", ["172-0-9-2.pods.testns A 172.0.9.2"], in: .podNames),
    .data("§4.3", "named.pods.testns A", ["named.pods.testns A 172.0.9.3"], in: .podNames),
    .missing("§4.3", "web-fghij.pods.testns A", in: .podNames),
    .missing("§4.3", "web-abcde.pods.testns A"),
    .data("§4.3", "172-0-9-1.pods.testns A", ["172-0-9-1.pods.testns A 172.0.9.1"]),
    .data(
      "§4.3", "1.9.0.172.in-addr.arpa. PTR", ["1.9.0.172.in-addr.arpa. PTR web-abcde.pods.testns"],
      in: .podNames),
  ]

  static let portRows: [Row] = [
    .data(
      "§4.7 §4.6", "_http._tcp.hdls.testns SRV", srv("_http._tcp.hdls.testns"), more: hdlsGlue),
    .data("§4.7", "hdls.testns SRV", srv("hdls.testns"), more: hdlsGlue),
    .missing("§4.6", "_http._udp.hdls.testns SRV"),
    .data(
      "§4.7", "_ldap._tcp.six.testns SRV",
      (1...6).map { "_ldap._tcp.six.testns SRV 0 16 389 s\($0).six.testns" },
      more: (1...6).map { "s\($0).six.testns A 172.0.2.\($0)" }),
    .data(
      "§4.7", "_dns._udp.hdls6.testns SRV",
      [
        "_dns._udp.hdls6.testns SRV 0 50 53 fd00-2--0.hdls6.testns",
        "_dns._udp.hdls6.testns SRV 0 50 53 fd00-2--1.hdls6.testns",
      ],
      more: [
        "fd00-2--0.hdls6.testns AAAA fd00:2::", "fd00-2--1.hdls6.testns AAAA fd00:2::1",
      ]),
    .data(
      "§4.7 §4.1", "_http._tcp.mixed.testns SRV",
      ["_http._tcp.mixed.testns SRV 0 100 80 m0.mixed.testns"],
      more: ["m0.mixed.testns A 172.0.1.1", "m0.mixed.testns AAAA fd00:1::1"]),
    .data(
      "§4.7", "_http._tcp.old.testns SRV", ["_http._tcp.old.testns SRV 0 100 80 e0.old.testns"],
      more: ["e0.old.testns A 172.0.6.1"]),
    .data("§4.6", "portless.testns A", ["portless.testns A 172.0.4.1"]),
    .noData("§4.6", "portless.testns SRV"),
    .missing("§4.6", "_http._tcp.portless.testns SRV"),
    .data("§4.6", "openport.testns A", ["openport.testns A 172.0.5.1"]),
    .noData("§4.6", "openport.testns SRV"),
    .missing("§4.6", "_any._tcp.openport.testns SRV"),
    .missing("§4.6", "_tcp.openport.testns A"),
    .data(
      "§4.6 §4.7", "halfready.testns SRV", ["halfready.testns SRV 0 100 81 h0.halfready.testns"],
      more: ["h0.halfready.testns A 172.0.7.2"]),
    .missing("§4.6", "_web._tcp.halfready.testns SRV"),
    .data(
      "§4.7", "_http._tcp.skew.testns SRV",
      [
        "_http._tcp.skew.testns SRV 0 25 80 k1.skew.testns",
        "_http._tcp.skew.testns SRV 0 25 80 k2.skew.testns",
        "_http._tcp.skew.testns SRV 0 25 8080 k2.skew.testns",
        "_http._tcp.skew.testns SRV 0 25 8080 k3.skew.testns",
      ], more: skewGlue),
    .data(
      "§4.7 §3.7", "skew.testns SRV",
      [
        "skew.testns SRV 0 20 80 k1.skew.testns", "skew.testns SRV 0 20 80 k2.skew.testns",
        "skew.testns SRV 0 20 80 k3.skew.testns", "skew.testns SRV 0 20 8080 k2.skew.testns",
        "skew.testns SRV 0 20 8080 k3.skew.testns",
      ], more: skewGlue),
    .data(
      "§4.7", "_metrics._tcp.skew.testns SRV",
      [
        "_metrics._tcp.skew.testns SRV 0 50 80 k2.skew.testns",
        "_metrics._tcp.skew.testns SRV 0 50 80 k3.skew.testns",
      ], more: Array(skewGlue[1...])),
    .noData("§4.7", "ep1a.hdls.testns SRV"),
    .missing("§4.7", "_http._tcp.ep1a.hdls.testns SRV"),
    .data(
      "§4.7 §3.7", "dns-hl.kube-system SRV",
      (1...2).map { "dns-hl.kube-system SRV 0 50 53 replica-\($0).dns-hl.kube-system" },
      more: (1...2).map { "replica-\($0).dns-hl.kube-system A 10.244.0.5\($0 + 3)" }),
    .data(
      "§4.7", "_http._tcp.shared.other SRV",
      [
        "_http._tcp.shared.other SRV 0 50 80 172-0-0-2.shared.other",
        "_http._tcp.shared.other SRV 0 50 80 both.shared.other",
      ], more: ["172-0-0-2.shared.other A 172.0.0.2", "both.shared.other A 10.0.0.8"]),
  ]

  private static func srv(_ owner: String) -> [String] {
    ["172-0-0-3", "dup", "ep1a"].map { "\(owner) SRV 0 33 80 \($0).hdls.testns" }
  }

  private static let hdlsGlue = [
    "172-0-0-3.hdls.testns A 172.0.0.3", "dup.hdls.testns A 172.0.0.4",
    "dup.hdls.testns A 172.0.0.5", "ep1a.hdls.testns A 172.0.0.2",
  ]

  private static let skewGlue = (1...3).map { "k\($0).skew.testns A 172.0.8.\($0)" }
}
