// Names of the cluster zone, read from the right.

extension RowTests {
  static let grammarRows: [Row] = [
    .noData("§1.1", "cluster.local. A", why: ""),
    .noData("§1.1", "cluster.local. AAAA"),
    .noData("§1.1 §2.7", "cluster.local. TXT"),
    .noData("§1.1 §2.5", "cluster.local. ANY"),
    .noData("§1.2", "svc.cluster.local. A", why: ""),
    .noData("§1.2 §2.7", "svc.cluster.local. TXT"),
    .noData("§1.2", "pod.cluster.local. A"),
    .noData("§1.2 §2.7", "pod.cluster.local. TXT"),
    .noData("§1.2 §6.1", "pod.cluster.local. AAAA"),
    .noData("§1.3", "testns A", why: ""),
    .noData("§1.3 §2.7", "testns TXT"),
    .noData("§1.3", "empty A"),
    .missing("§1.3", "nons A", why: "no such namespace"),
    .missing("§1.3", "nons TXT"),
    .missing("§1.3 §8.4", "ghost A"),
    .data("§1.4", "svc1.testns A", ["svc1.testns A 10.0.0.1"]),
    .data("§1.4", "svc1.other A", ["svc1.other A 10.0.1.1"]),
    .missing("§1.4", "svc2.testns A", why: "no such service in this namespace"),
    .missing("§1.4", "svc1.empty A"),
    .missing("§1.4", "svc1.nons A", why: "no such namespace"),
    .data("§1.5", "ep1a.hdls.testns A", ["ep1a.hdls.testns A 172.0.0.2"]),
    .missing("§1.5", "nope.hdls.testns A", why: "the service has no ready endpoint of this name"),
    .missing("§1.5", "ep1a.svc1.testns A"),
    .missing("§1.5", "ep1a.nope.testns A", why: "no such service in this namespace"),
    .data(
      "§1.6 §3.8", "_http._tcp.svc1.testns SRV",
      ["_http._tcp.svc1.testns SRV 0 100 80 svc1.testns"], more: ["svc1.testns A 10.0.0.1"]),
    .data(
      "§1.6", "http.tcp.svc1.testns SRV", ["http.tcp.svc1.testns SRV 0 100 80 svc1.testns"],
      more: ["svc1.testns A 10.0.0.1"]),
    .data(
      "§1.6", "_http.tcp.svc1.testns SRV", ["_http.tcp.svc1.testns SRV 0 100 80 svc1.testns"],
      more: ["svc1.testns A 10.0.0.1"]),
    .missing(
      "§1.6", "_http._udp.svc1.testns SRV",
      why: "the service has no port of this name and protocol"),
    .missing("§1.6", "_https._tcp.svc1.testns SRV"),
    .missing("§1.6", "__http._tcp.svc1.testns SRV"),
    .missing("§1.6", "_http._tcp.nope.testns SRV"),
    .missing("§1.6", "_tcp._http.svc1.testns SRV"),
    .missing("§1.7", "a._http._tcp.svc1.testns SRV", why: "too many labels"),
    .missing("§1.7", "a.b.c.d.svc1.testns A"),
    .missing("§1.7", "x.y.ep1a.hdls.testns A"),
    .data(
      "§1.8 §6.2", "10-1-2-3.testns.pod.cluster.local. A",
      ["10-1-2-3.testns.pod.cluster.local. A 10.1.2.3"], in: .insecure),
    .data(
      "§1.9 §2.7", "dns-version.cluster.local. TXT",
      ["dns-version.cluster.local. 28800 TXT \"1.1.0\""]),
    .noData("§1.9", "dns-version.cluster.local. A"),
    .noData("§1.9", "dns-version.cluster.local. SRV"),
    .missing("§1.9", "x.dns-version.cluster.local. TXT"),
    .data("§1.10 §2.15", "ns.dns.cluster.local. A", ["ns.dns.cluster.local. A 192.0.2.10"]),
    .data(
      "§1.10 §2.15", "ns.dns.cluster.local. AAAA", ["ns.dns.cluster.local. AAAA 2001:db8::10"]),
    .noData("§1.10", "ns.dns.cluster.local. TXT"),
    .noData("§1.10", "dns.cluster.local. A"),
    .missing("§1.10", "ns2.dns.cluster.local. A"),
    .missing("§1.10", "x.ns.dns.cluster.local. A"),
    .missing("§1.11", "nothing.cluster.local. A", why: ""),
    .missing("§1.11", "svc1.testns.cluster.local. A"),
    .missing("§1.11", "a.b.c.cluster.local. A"),
    .missing("§1.11", "svc1.testns.svcs.cluster.local. A"),
    .missing("§1.11 §2.7", "nothing.cluster.local. TXT"),
    .data(
      "§1.12", "_HtTp._TcP.sVc1.TeStNs.SvC.cLuStEr.LoCaL. SRV",
      ["_HtTp._TcP.sVc1.TeStNs.SvC.cLuStEr.LoCaL. SRV 0 100 80 svc1.testns.svc.cLuStEr.LoCaL."],
      more: ["svc1.testns.svc.cLuStEr.LoCaL. A 10.0.0.1"]),
    .data(
      "§1.12", "SVC1.testns.svc.CLUSTER.local. A", ["SVC1.testns.svc.CLUSTER.local. A 10.0.0.1"]),
    .missing("§1.12", "NOPE.testns.svc.CLUSTER.local. A"),
    .noData("§1.12", "TESTNS.SVC.Cluster.Local. A"),
    .data(
      "§1.12", "DNS-Version.cluster.LOCAL. TXT",
      ["DNS-Version.cluster.LOCAL. 28800 TXT \"1.1.0\""]),
    .data("§1.12", "EP1A.hdls.TESTNS A", ["EP1A.hdls.TESTNS A 172.0.0.2"]),
    .missing("§1.13", "*.testns A"),
    .missing("§1.13", "any.testns A"),
    .missing("§1.13", "*.svc1.testns A"),
    .missing("§1.13", "svc1.* A"),
    .missing("§1.13", "svc1.any A"),
    .missing("§1.13", "_http.*.svc1.testns SRV"),
    .missing("§1.13", "*._tcp.svc1.testns SRV"),
    .missing("§1.13", "any.any.svc1.testns SRV"),
    .missing("§1.13", "*.cluster.local. A"),
    .noData("§1.14", "_tcp.svc1.testns A", why: ""),
    .noData("§1.14", "_tcp.svc1.testns SRV"),
    .noData("§1.14", "tcp.svc1.testns A"),
    .missing("§1.14", "_udp.svc1.testns A"),
    .noData("§1.14", "_sctp.three.testns A"),
    .missing("§1.14", "_tcp.unnamed.testns A"),
    .missing("§1.14", "_tcp.noports.testns A"),
    .noData("§1.14", "_udp.hdls6.testns A"),
    .missing("§1.14", "_tcp.hdls6.testns A"),
    .data("§1.14", "tcp.tcpname.testns A", ["tcp.tcpname.testns A 172.0.10.1"]),
    .noData("§1.14", "_tcp.tcpname.testns A"),
    .data(
      "§1.14", "http.tcp.tcpname.testns SRV",
      ["http.tcp.tcpname.testns SRV 0 100 80 tcp.tcpname.testns"],
      more: ["tcp.tcpname.testns A 172.0.10.1"]),
  ]

  static let typeRows: [Row] = [
    .noData("§2.1", "svc1.testns CNAME"),
    .noData("§2.1 §2.8", "svc1.testns PTR"),
    .missing("§2.8", "nope.testns PTR"),
    .noData("§2.1 §2.6", "svc1.testns MX"),
    .missing("§2.6", "nope.testns MX"),
    .noData("§2.6", "hdls.testns MX"),
    .noData("§2.1 §2.7", "svc1.testns TXT"),
    .missing("§2.7", "nope.testns TXT"),
    .noData("§2.7", "ep1a.hdls.testns TXT"),
    .noData("§2.2", "svc1.testns SOA"),
    .missing("§2.2", "nope.testns SOA"),
    .missing("§2.2", "nothing.cluster.local. SOA"),
    .noData("§2.2", "testns SOA"),
    .noData("§2.2", "ep1a.hdls.testns SOA"),
    .noData("§2.3", "svc1.testns NS"),
    .missing("§2.3", "nope.testns NS"),
    .refused(
      "§2.4", "cluster.local. AXFR", why: "the server block does not answer such queries"),
    .refused("§2.4", "cluster.local. IXFR"),
    .refused("§2.4", "svc1.testns AXFR"),
    .noData("§2.5", "svc1.testns ANY"),
    .noData("§2.5", "svc1.testns HTTPS"),
    .noData("§2.5", "svc1.testns SVCB"),
    .noData("§2.5", "svc1.testns CAA"),
    .noData("§2.5", "svc1.testns DNSKEY"),
    .noData("§2.5", "svc1.testns DS"),
    .noData("§2.5", "svc1.testns HINFO"),
    .noData("§2.5", "svc1.testns TYPE65280"),
    .missing("§2.5", "nope.testns HTTPS"),
    .missing("§2.5", "nope.testns ANY"),
    .missing("§2.5", "nope.testns TYPE65280"),
    .noData("§2.5", "_http._tcp.svc1.testns HTTPS"),
    .noData("§2.5", "hdls.testns ANY"),
    .missing("§2.5", "notready.testns HTTPS"),
    .noData("§2.9", "svc1.testns AAAA", why: ""),
    .noData("§2.9 §3.1", "svc6.testns A"),
  ]

  static let apexRows: [Row] = [
    .data("§2.2 §2.10", "cluster.local. SOA", [Row.soa("cluster.local.")]),
    .data("§1.12 §2.10", "Cluster.LOCAL. SOA", [Row.soa("Cluster.LOCAL.")]),
    .data("§2.10", "cluster.local. SOA", [Row.soa("cluster.local.", 0)], in: .ttl0),
    .data("§2.10", "cluster.local. SOA", [Row.soa("cluster.local.", 3600)], in: .ttl3600),
    .missing("§2.10", "nope.testns A", in: .ttl0),
    .missing("§2.10", "nope.testns A", in: .ttl3600),
    .data("§2.10", "svc1.testns A", ["svc1.testns 0 A 10.0.0.1"], in: .ttl0),
    .data("§2.10", "svc1.testns A", ["svc1.testns 3600 A 10.0.0.1"], in: .ttl3600),
    .data(
      "§2.10", "_http._tcp.svc1.testns SRV",
      ["_http._tcp.svc1.testns 3600 SRV 0 100 80 svc1.testns"],
      more: ["svc1.testns 3600 A 10.0.0.1"], in: .ttl3600),
    .data(
      "§2.10", "1.0.0.10.in-addr.arpa. PTR", ["1.0.0.10.in-addr.arpa. 0 PTR svc1.testns"], in: .ttl0
    ),
    .data(
      "§2.3 §2.13 §18.1", "cluster.local. NS", ["cluster.local. NS ns.dns.cluster.local."],
      more: [
        "ns.dns.cluster.local. A 192.0.2.10", "ns.dns.cluster.local. AAAA 2001:db8::10",
      ]),
    .data(
      "§1.12 §2.3", "CLUSTER.local. NS", ["CLUSTER.local. NS ns.dns.CLUSTER.local."],
      more: [
        "ns.dns.CLUSTER.local. A 192.0.2.10", "ns.dns.CLUSTER.local. AAAA 2001:db8::10",
      ]),
    .data(
      "§2.11 §2.13", "cluster.local. NS", ["cluster.local. NS ns.dns.cluster.local."],
      more: ["ns.dns.cluster.local. A 127.0.0.1", "ns.dns.cluster.local. AAAA ::1"], in: .loopback),
    .data(
      "§2.11 §2.15", "ns.dns.cluster.local. A", ["ns.dns.cluster.local. A 127.0.0.1"], in: .loopback
    ),
    .data(
      "§2.12", "cluster.local. NS", ["cluster.local. NS kube-dns.kube-system"],
      more: ["kube-dns.kube-system A 10.96.0.10", "kube-dns.kube-system AAAA fd00::a"],
      in: .serviceReplica),
    .data(
      "§2.15", "ns.dns.cluster.local. A", ["ns.dns.cluster.local. A 10.96.0.10"],
      in: .serviceReplica),
    .data(
      "§2.15", "ns.dns.cluster.local. AAAA", ["ns.dns.cluster.local. AAAA fd00::a"],
      in: .serviceReplica),
    .data(
      "§2.12 §2.14", "cluster.local. NS",
      [
        "cluster.local. NS kube-dns.kube-system", "cluster.local. NS replica-1.dns-hl.kube-system",
        "cluster.local. NS replica-2.dns-hl.kube-system",
      ],
      more: [
        "kube-dns.kube-system A 10.96.0.10", "kube-dns.kube-system AAAA fd00::a",
        "replica-1.dns-hl.kube-system A 10.244.0.54",
        "replica-2.dns-hl.kube-system A 10.244.0.55",
      ], in: .headlessReplica),
    .data(
      "§2.15", "ns.dns.cluster.local. A",
      [
        "ns.dns.cluster.local. A 10.96.0.10", "ns.dns.cluster.local. A 10.244.0.54",
        "ns.dns.cluster.local. A 10.244.0.55",
      ], in: .headlessReplica),
    .data(
      "§2.16", "cluster.local. NS", ["cluster.local. NS ns.dns.cluster.local."],
      more: ["ns.dns.cluster.local. A 10.244.0.55"], in: .labelsReplica),
    .data(
      "§2.16", "cluster.local. NS", ["cluster.local. NS ns.dns.cluster.local."],
      more: ["ns.dns.cluster.local. A 10.244.0.53"], in: .namespacesReplica),
    .data(
      "§2.16 §2.15", "ns.dns.cluster.local. A", ["ns.dns.cluster.local. A 10.244.0.53"],
      in: .namespacesReplica),
    .noData("§2.15", "ns.dns.cluster.local. A", in: .noOwnAddress),
    .data(
      "§2.13", "cluster.local. NS", ["cluster.local. NS ns.dns.cluster.local."], in: .noOwnAddress),
    .data(
      "§7.9 §2.3", "in-addr.arpa. NS", ["in-addr.arpa. NS ns.dns.in-addr.arpa."],
      more: ["ns.dns.in-addr.arpa. A 192.0.2.10", "ns.dns.in-addr.arpa. AAAA 2001:db8::10"]),
  ]
}
