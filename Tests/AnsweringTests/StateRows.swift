import Wire

// While objects are still being read, and while the API server is away.

extension RowTests {
  static let loadingRows: [Row] = settledRows + openRows

  /// What a Service alone makes, and names that every zone has.
  private static let settledRows: [Row] = [
    .data("§15.1", "svc1.testns A", ["svc1.testns A 10.0.0.1"], in: .starting),
    .data("§15.1", "svc6.testns AAAA", ["svc6.testns AAAA fd00::6"], in: .starting),
    .data("§15.1", "SVC1.testns A", ["SVC1.testns A 10.0.0.1"], in: .startingPassing),
    .noData("§15.1", "svc1.testns AAAA", why: "", in: .starting),
    .noData("§15.1", "svc1.testns TXT", why: "", in: .starting),
    .noData("§15.1", "svc1.testns AAAA", in: .startingPassing),
    .noData("§15.1", "pending.testns A", why: "the service has no address yet", in: .starting),
    .data(
      "§15.1", "svc1.testns SRV", ["svc1.testns SRV 0 100 80 svc1.testns"],
      more: ["svc1.testns A 10.0.0.1"], in: .starting),
    .data(
      "§15.1", "_http._tcp.svc1.testns SRV", ["_http._tcp.svc1.testns SRV 0 100 80 svc1.testns"],
      more: ["svc1.testns A 10.0.0.1"], in: .starting),
    .noData("§15.1", "_http._tcp.svc1.testns A", in: .starting),
    .noData("§15.1", "_tcp.svc1.testns A", in: .starting),
    .data("§15.1", "ext.testns A", ["ext.testns CNAME www.Example.net."], in: .starting),
    .data("§15.1", "ext.testns CNAME", ["ext.testns CNAME www.Example.net."], in: .starting),
    .data(
      "§15.1", "extin.testns A", ["extin.testns CNAME svc1.testns", "svc1.testns A 10.0.0.1"],
      in: .starting),
    .data(
      "§15.1", "1.0.0.10.in-addr.arpa. PTR", ["1.0.0.10.in-addr.arpa. PTR svc1.testns"],
      in: .starting),
    .data(
      "§15.1", "10.0.96.10.in-addr.arpa. PTR",
      ["10.0.96.10.in-addr.arpa. PTR kube-dns.kube-system"], in: .startingPassing),
    .noData("§15.1", "1.0.0.10.in-addr.arpa. A", in: .starting),
    .noData("§15.1", "0.0.10.in-addr.arpa. PTR", in: .starting),
    .data("§15.1", "cluster.local. SOA", [Row.soa("cluster.local.")], in: .starting),
    .data("§15.1", "in-addr.arpa. SOA", [Row.soa("in-addr.arpa.")], in: .starting),
    .data(
      "§15.1", "cluster.local. NS", ["cluster.local. NS ns.dns.cluster.local."],
      more: ["ns.dns.cluster.local. A 192.0.2.10", "ns.dns.cluster.local. AAAA 2001:db8::10"],
      in: .starting),
    .data(
      "§15.1", "ns.dns.cluster.local. A", ["ns.dns.cluster.local. A 192.0.2.10"], in: .starting),
    .data(
      "§15.1", "dns-version.cluster.local. TXT",
      [#"dns-version.cluster.local. 28800 TXT "1.1.0""#], in: .starting),
    .noData("§15.1", "cluster.local. A", in: .starting),
    .noData("§15.1", "cluster.local. TXT", in: .starting),
    .noData("§15.1", "svc.cluster.local. A", in: .starting),
    .noData("§15.1", "testns A", in: .starting),
    .noData("§15.1", "in-addr.arpa. PTR", in: .starting),
    .data(
      "§15.1", "10-1-2-3.testns.pod.cluster.local. A",
      ["10-1-2-3.testns.pod.cluster.local. A 10.1.2.3"], in: .startingInsecure),
    .noData("§15.1", "testns.pod.cluster.local. A", in: .startingInsecure),
    .data(
      "§15.1", "svc1.testns A", ["svc1.testns A 10.0.0.1"], in: .startingVerified),
  ]

  /// What may be there, or be more, when the rest has been read.
  private static let openRows: [Row] = [
    open("§15.1", "nope.testns A"),
    open("§15.1", "nope.testns SOA"),
    open("§15.1", "svc1.nowhere A"),
    open("§15.1", "nowhere A"),
    open("§15.1", "nothing.cluster.local. A"),
    open("§15.1", "x.ext.testns A"),
    open("§15.1", "a.b.c.svc1.testns A"),
    open("§15.1", "_nope._tcp.svc1.testns SRV"),
    open("§15.1", "_udp.svc1.testns A"),
    open("§15.1", "10-1-2-3.testns.pod.cluster.local. A"),
    open("§15.1", "10-1-2-3.nowhere.pod.cluster.local. A", in: .startingInsecure),
    open("§15.1", "nowhere.pod.cluster.local. A", in: .startingInsecure),
    open("§15.1", "10-1-2-3.testns.pod.cluster.local. A", in: .startingVerified),
    open("§15.1", "77.0.0.10.in-addr.arpa. PTR"),
    open("§15.1", "7.0.10.in-addr.arpa. PTR"),
    open("§15.1", "web.in-addr.arpa. PTR"),
    // `ignore empty_service`: its slices are still to come.
    open("§15.1 §3.3", "svc1.testns A", in: .startingUnsliced),
    open("§15.1 §3.3", "_http._tcp.svc1.testns SRV", in: .startingUnsliced),
    open("§15.1 §3.3", "1.0.0.10.in-addr.arpa. PTR", in: .startingUnsliced),
    .data("§15.1", "ext.testns A", ["ext.testns CNAME www.Example.net."], in: .startingUnsliced),
    open("§15.2", "hdls.testns A", in: .startingUnsliced),
    open("§15.2", "web-0.svc1.testns A", in: .startingUnsliced),
    open("§15.2", "2.0.0.172.in-addr.arpa. PTR", in: .startingUnsliced),
    open("§15.2", "hdls.testns A"),
    open("§15.2", "hdls.testns AAAA"),
    open("§15.2", "hdls.testns TXT"),
    open("§15.2", "hdls.testns SRV"),
    open("§15.2", "hdls6.testns AAAA"),
    open("§15.2", "notready.testns A"),
    open("§15.2", "ep1a.hdls.testns A"),
    open("§15.2", "ep1a.hdls.testns AAAA"),
    open("§15.2", "nope.hdls.testns A"),
    open("§15.2", "_tcp.hdls.testns A"),
    open("§15.2", "_http._tcp.hdls.testns SRV"),
    open("§15.2", "_http._tcp.hdls.testns A"),
    open("§15.2", "web-0.svc1.testns A"),
    open("§15.2", "web-0.svc1.testns AAAA"),
    open("§15.2", "tcp.svc1.testns A"),
    open("§15.2", "2.0.0.172.in-addr.arpa. PTR"),
    open("§15.2", "2.0.0.172.in-addr.arpa. TXT"),
    open("§15.2", "2.0.16.172.in-addr.arpa. PTR"),
    // Behind a CNAME, which is known, the RCODE is the last name's.
    open("§15.2", "exthdls.testns A", ["exthdls.testns CNAME mixed.testns.svc.Cluster.Local."]),
    open("§15.1", "extmiss.testns A", ["extmiss.testns CNAME missing.testns"]),
    open("§15.3", "77.0.0.10.in-addr.arpa. PTR", in: .startingPassing),
    open("§15.3", "7.0.10.in-addr.arpa. PTR", in: .startingPassing),
    open("§15.3", "0.0.10.in-addr.arpa. PTR", in: .startingPassing),
    open("§15.3", "web.in-addr.arpa. PTR", in: .startingPassing),
    open("§15.3", "nope.testns A", in: .startingPassing),
  ]

  private static func open(
    _ tags: String, _ question: String, _ answer: [String] = [], in setup: Setup = .starting
  ) -> Row {
    Row(
      tags: tags, question: question, setup: setup, code: .serverFailure, answer: answer,
      why: "kubernetes: not all objects have been read yet", error: 14)
  }

  static let staleRows: [Row] = [
    found("§15.4 §15.5", "svc1.testns A", ["svc1.testns 5 A 10.0.0.1"]),
    found("§15.4 §15.5", "svc6.testns AAAA", ["svc6.testns 5 AAAA fd00::6"]),
    found("§15.4", "svc1.testns A", ["svc1.testns 0 A 10.0.0.1"], in: .staleShort),
    found("§15.4 §15.5", "hdls.testns A", hdlsAddresses),
    found("§15.4", "ep1a.hdls.testns A", ["ep1a.hdls.testns A 172.0.0.2"]),
    found(
      "§15.4 §15.5", "_http._tcp.svc1.testns SRV",
      ["_http._tcp.svc1.testns 5 SRV 0 100 80 svc1.testns"], more: ["svc1.testns 5 A 10.0.0.1"]),
    found("§15.4 §15.5", "ext.testns A", ["ext.testns 5 CNAME www.Example.net."]),
    found(
      "§15.4 §15.5", "extin.testns A",
      ["extin.testns 5 CNAME svc1.testns", "svc1.testns 5 A 10.0.0.1"]),
    found(
      "§15.4", "1.0.0.10.in-addr.arpa. PTR", ["1.0.0.10.in-addr.arpa. 5 PTR svc1.testns"]),
    found(
      "§15.4", "2.0.0.172.in-addr.arpa. PTR",
      [
        "2.0.0.172.in-addr.arpa. PTR ep1a.hdls.testns",
        "2.0.0.172.in-addr.arpa. PTR 172-0-0-2.shared.other",
      ]),
    found("§15.5", "cluster.local. SOA", [Row.soa("cluster.local.", 5)]),
    found("§15.5", "cluster.local. SOA", [Row.soa("cluster.local.", 0)], in: .staleShort),
    found(
      "§15.5", "cluster.local. NS", ["cluster.local. 5 NS ns.dns.cluster.local."],
      more: ["ns.dns.cluster.local. 5 A 192.0.2.10", "ns.dns.cluster.local. 5 AAAA 2001:db8::10"]),
    found(
      "§15.5", "dns-version.cluster.local. TXT", [#"dns-version.cluster.local. 5 TXT "1.1.0""#]),
    Row.noData("§15.4 §15.5", "svc1.testns AAAA", why: "", in: .stale).noted(3),
    Row.noData("§15.4", "testns A", why: "", in: .stale).noted(3),
    Row.noData("§15.4", "0.0.10.in-addr.arpa. PTR", why: "", in: .stale).noted(3),
    Row.noData("§15.4", "pending.testns A", why: "the service has no address yet", in: .stale)
      .noted(3),
    Row.noData(
      "§15.4 §15.5", "extin.testns AAAA", ["extin.testns 5 CNAME svc1.testns"], why: "", in: .stale
    ).noted(3),
    lost("§15.4 §15.5", "nope.testns A", "no such service in this namespace"),
    lost("§15.4", "nope.testns A", "no such service in this namespace", in: .staleShort),
    lost("§15.4", "svc1.nowhere A", "no such namespace"),
    lost("§15.4", "notready.testns A", "the service has no ready endpoints"),
    lost("§15.4", "nothing.cluster.local. A", ""),
    lost("§15.4", "77.0.0.10.in-addr.arpa. PTR", "no service or endpoint has this address"),
    lost("§15.4", "10-9-9-9.testns.pod.cluster.local. A", "no such pod", in: .staleVerified),
    Row.missing(
      "§15.4", "extmiss.testns A", ["extmiss.testns 5 CNAME missing.testns"],
      why: "no such service in this namespace", in: .stale
    ).noted(19),
    found("§15.6", "svc1.testns A", ["svc1.testns A 10.0.0.1"], in: .stalePassing),
    whoami("§15.6", "nope.testns A", in: .stalePassing),
    whoami("§15.6", "77.0.0.10.in-addr.arpa. PTR", in: .stalePassing),
    whoami("§15.6", "0.0.10.in-addr.arpa. PTR", in: .stalePassing),
  ]

  private static func found(
    _ tags: String, _ question: String, _ answer: [String], more: [String] = [],
    in setup: Setup = .stale
  ) -> Row {
    var row = Row.data(tags, question, answer, more: more, in: setup)
    row.why = ""
    return row.noted(3)
  }

  private static func lost(
    _ tags: String, _ question: String, _ why: String, in setup: Setup = .stale
  ) -> Row {
    Row.missing(tags, question, why: why, in: setup).noted(19)
  }
}
