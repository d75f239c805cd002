// Reverse zones, filters, and configurations that change who answers.

extension RowTests {
  static let reverseRows: [Row] = [
    .data(
      "§7.2 §7.1", "1.0.0.10.in-addr.arpa. PTR", ["1.0.0.10.in-addr.arpa. PTR svc1.testns"]),
    .data(
      "§7.2", "1.0.0.10.IN-ADDR.arpa. PTR", ["1.0.0.10.IN-ADDR.arpa. PTR svc1.testns"]),
    .data("§7.2", "\(nibbles("fd00", "0006")) PTR", ["\(nibbles("fd00", "0006")) PTR svc6.testns"]),
    .data(
      "§7.2", "10.0.96.10.in-addr.arpa. PTR",
      ["10.0.96.10.in-addr.arpa. PTR kube-dns.kube-system"]),
    .data("§7.2", "8.0.0.10.in-addr.arpa. PTR", ["8.0.0.10.in-addr.arpa. PTR node.testns"]),
    .data(
      "§7.3", "2.0.0.172.in-addr.arpa. PTR",
      [
        "2.0.0.172.in-addr.arpa. PTR ep1a.hdls.testns",
        "2.0.0.172.in-addr.arpa. PTR 172-0-0-2.shared.other",
      ]),
    .data(
      "§7.3", "54.0.244.10.in-addr.arpa. PTR",
      [
        "54.0.244.10.in-addr.arpa. PTR 10-244-0-54.kube-dns.kube-system",
        "54.0.244.10.in-addr.arpa. PTR replica-1.dns-hl.kube-system",
      ]),
    .data(
      "§7.3", "4.0.0.172.in-addr.arpa. PTR", ["4.0.0.172.in-addr.arpa. PTR dup.hdls.testns"]),
    .data(
      "§7.3", "2.0.16.172.in-addr.arpa. PTR", ["2.0.16.172.in-addr.arpa. PTR web-0.svc1.testns"]),
    .data(
      "§7.8", "1.0.16.172.in-addr.arpa. PTR",
      ["1.0.16.172.in-addr.arpa. PTR 172-16-0-1.svc1.testns"]),
    .data(
      "§7.8 §7.6", "3.0.0.172.in-addr.arpa. PTR",
      ["3.0.0.172.in-addr.arpa. PTR 172-0-0-3.hdls.testns"]),
    .missing(
      "§7.4 §7.9", "77.0.0.10.in-addr.arpa. PTR", why: "no service or endpoint has this address"),
    .missing("§7.4", "9.0.0.172.in-addr.arpa. PTR"),
    .missing("§7.4", "1.3.0.172.in-addr.arpa. PTR"),
    .missing("§7.5", "1.0.240.10.in-addr.arpa. PTR"),
    .missing("§7.5", "1.0.240.10.in-addr.arpa. PTR", in: .verified),
    .missing("§7.6 §8.4", "9.9.9.10.in-addr.arpa. PTR"),
    .missing("§7.6 §8.4", "9.9.10.in-addr.arpa. PTR"),
    .missing("§7.6 §8.4", "9.10.in-addr.arpa. PTR"),
    .noData("§7.7", "1.0.0.10.in-addr.arpa. A"),
    .noData("§7.7", "1.0.0.10.in-addr.arpa. TXT"),
    .noData("§7.7", "1.0.0.10.in-addr.arpa. SOA"),
    .noData("§7.7", "1.0.0.10.in-addr.arpa. ANY"),
    .noData("§7.7", "0.0.10.in-addr.arpa. PTR"),
    .noData("§7.7", "0.10.in-addr.arpa. PTR"),
    .noData("§7.7", "10.in-addr.arpa. PTR"),
    .missing("§7.7", "0.11.in-addr.arpa. PTR"),
    .missing("§7.7", "7.0.10.in-addr.arpa. PTR"),
    .noData("§7.7", "0.0.d.f.ip6.arpa. PTR"),
    .noData("§7.7", "f.ip6.arpa. PTR"),
    .missing("§7.7", "e.ip6.arpa. PTR"),
    .missing("§7.7", "x.1.0.0.10.in-addr.arpa. PTR", why: "not an address"),
    .missing("§7.7", "256.0.0.10.in-addr.arpa. PTR"),
    .missing("§7.7", "01.0.0.10.in-addr.arpa. PTR"),
    .missing("§7.7", "web.in-addr.arpa. PTR"),
    .missing("§7.7", "10.ip6.arpa. PTR"),
    .noData("§7.7 §1.1", "in-addr.arpa. PTR"),
    .data("§7.9", "in-addr.arpa. SOA", [Row.soa("in-addr.arpa.")]),
    .data("§7.9", "ip6.arpa. SOA", [Row.soa("ip6.arpa.")]),
    .data(
      "§7.1", "1.0.0.10.in-addr.arpa. PTR", ["1.0.0.10.in-addr.arpa. PTR svc1.testns"], in: .files),
    .data("§7.1", "10.in-addr.arpa. SOA", [Row.soa("10.in-addr.arpa.")], in: .files),
    .missing("§7.1 §7.9", "77.0.0.10.in-addr.arpa. PTR", in: .files),
    .refused("§7.1", "3.0.0.172.in-addr.arpa. PTR", in: .files),
    .data(
      "§7.1", "2.0.0.172.in-addr.arpa. PTR",
      [
        "2.0.0.172.in-addr.arpa. PTR ep1a.hdls.testns",
        "2.0.0.172.in-addr.arpa. PTR 172-0-0-2.shared.other",
      ], in: .files),
    .data("§7.1", "2.0.0.172.in-addr.arpa. SOA", [Row.soa("2.0.0.172.in-addr.arpa.")], in: .files),
    .noData("§7.1", "2.0.0.172.in-addr.arpa. A", in: .files),
  ]

  /// The reverse name of `first::last`.
  static func nibbles(_ first: String, _ last: String) -> String {
    (first + String(repeating: "0", count: 24) + last).reversed().map { "\($0)." }.joined()
      + "ip6.arpa."
  }

  static let filterRows: [Row] = [
    .data("§8.1", "svc1.testns A", ["svc1.testns A 10.0.0.1"], in: .namespaces),
    .missing("§8.1", "svc1.other A", why: "no such namespace", in: .namespaces),
    .missing("§8.1", "other A", in: .namespaces),
    .missing("§8.1", "empty A", in: .namespaces),
    .noData("§8.1", "testns A", in: .namespaces),
    .missing("§8.1", "both.shared.other A", in: .namespaces),
    .missing("§8.1", "_http._tcp.svc1.other SRV", in: .namespaces),
    .missing("§8.1", "10-1-2-3.other.pod.cluster.local. A", in: .namespaces),
    .data(
      "§8.1", "10-1-2-3.testns.pod.cluster.local. A",
      ["10-1-2-3.testns.pod.cluster.local. A 10.1.2.3"], in: .namespaces),
    .missing("§7.6", "1.1.0.10.in-addr.arpa. PTR", in: .namespaces),
    .missing("§7.6", "1.0.10.in-addr.arpa. PTR", in: .namespaces),
    .noData("§7.6", "0.0.10.in-addr.arpa. PTR", in: .namespaces),
    .data(
      "§7.6", "2.0.0.172.in-addr.arpa. PTR", ["2.0.0.172.in-addr.arpa. PTR ep1a.hdls.testns"],
      in: .namespaces),
    .data("§8.2", "svc1.testns A", ["svc1.testns A 10.0.0.1"], in: .namespaceLabels),
    .missing("§8.2", "svc1.other A", in: .namespaceLabels),
    .missing("§8.2", "kube-dns.kube-system A", in: .namespaceLabels),
    .noData("§8.2", "empty A", in: .namespaceLabels),
    .missing("§8.2", "other A", in: .namespaceLabels),
    .missing("§8.2", "10-1-2-3.other.pod.cluster.local. A", in: .namespaceLabels),
    .missing("§7.6", "1.1.0.10.in-addr.arpa. PTR", in: .namespaceLabels),
    .data(
      "§7.6", "2.0.0.172.in-addr.arpa. PTR", ["2.0.0.172.in-addr.arpa. PTR ep1a.hdls.testns"],
      in: .namespaceLabels),
    .data("§8.3", "svc1.testns A", ["svc1.testns A 10.0.0.1"], in: .labels),
    .data("§8.3", "web-0.svc1.testns A", ["web-0.svc1.testns A 172.16.0.2"], in: .labels),
    .missing("§8.3", "dual.testns A", in: .labels),
    .missing("§8.3", "hdls.testns A", in: .labels),
    .missing("§8.3", "shared.other A", why: "the service has no ready endpoints", in: .labels),
    .missing("§8.3", "1.0.0.172.in-addr.arpa. PTR", in: .labels),
    .noData("§8.3", "empty A", in: .labels),
    .missing("§8.4", "haunt.ghost A", why: "no such namespace"),
    .missing("§8.4", "_http._tcp.haunt.ghost SRV"),
    .missing("§8.4", "10-244-9-9.haunt.ghost A"),
    .missing("§8.4", "9.9.244.10.in-addr.arpa. PTR"),
  ]

  static let settingRows: [Row] = [
    // whoami stands behind and answers with nothing but the client.
    whoami("§7.4", "nope.testns A", in: .passing),
    whoami("§7.4", "77.0.0.10.in-addr.arpa. PTR", in: .passing),
    whoami("§7.10", "0.0.10.in-addr.arpa. PTR", in: .passing),
    .noData("§7.4", "svc1.testns AAAA", in: .passing),
    .noData("§7.4", "_tcp.svc1.testns A", in: .passing),
    .noData("§7.4", "testns A", in: .passing),
    whoami("§7.4 §7.10", "77.0.0.10.in-addr.arpa. PTR", in: .passingReverse),
    whoami("§7.10", "0.0.10.in-addr.arpa. PTR", in: .passingReverse),
    whoami("§7.10", "web.in-addr.arpa. PTR", in: .passingReverse),
    .noData("§7.10", "1.0.0.10.in-addr.arpa. TXT", in: .passingReverse),
    .data(
      "§7.10", "1.0.0.10.in-addr.arpa. PTR", ["1.0.0.10.in-addr.arpa. PTR svc1.testns"],
      in: .passingReverse),
    .missing("§7.10", "nope.testns A", in: .passingReverse),
    .missing(
      "§7.10", "extmiss.testns A", ["extmiss.testns CNAME missing.testns"], in: .passing),
    .missing("§13.8", "nope.other A", in: .passingAll),
    .fails(
      "§13.8", "nope.testns A", why: "no plugin of the server block answers this name",
      authority: [], flags: "qr rd", in: .passingAll),
    .noData("§13.9", "cluster.local. DS"),
    .data("§13.11", "svc1.testns A", ["svc1.testns A 10.0.0.1"], in: .bufsize),
  ]

  /// What `whoami` says where the query comes to it.
  static func whoami(_ tags: String, _ question: String, in setup: Setup) -> Row {
    let name = question.prefix { $0 != " " }
    return Row(
      tags: tags, question: question, setup: setup, authority: [],
      additional: ["\(name) 0 A 198.51.100.1", "_{transport}.\(name) 0 SRV 0 0 40212 ."])
  }
}
