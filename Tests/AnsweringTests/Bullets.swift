/// The rules of the cluster zone, numbered as rows name them: each row of a table and each point
/// of docs/answers.md's sources, by section.
enum Bullets {
  struct Bullet: Sendable, CustomStringConvertible {
    let id: String
    let rule: String

    var description: String { "\(id) \(rule)" }
  }

  /// Rules whose tests are not rows of ``RowTests``: ``WireTests`` and ``SizeTests`` hold them.
  static let heldElsewhere = Set(
    (WireTests.rows + WireTests.optionRows).flatMap {
      $0.tags.split(separator: " ").map(String.init)
    }
      + SizeTests.tags)

  static let all: [Bullet] = text.split(separator: "\n").map { line in
    let parts = line.split(separator: " ", maxSplits: 1)
    return Bullet(id: String(parts[0]), rule: String(parts[1]))
  }

  private static let text = """
    §1.1 The apex exists: NODATA for what it lacks, TXT included
    §1.2 svc and pod are empty non-terminals
    §1.3 <ns>.svc exists where the namespace does and is exposed
    §1.4 <svc>.<ns>.svc is a service, else NXDOMAIN
    §1.5 <x>.<svc>.<ns>.svc is an endpoint, else NXDOMAIN
    §1.6 <p>.<q>.<svc>.<ns>.svc is a port and its protocol, underscores optional
    §1.7 Three and more labels left of a service are too many
    §1.8 <a-b-c-d>.<ns>.pod is a pod by its address
    §1.9 dns-version has TXT and nothing else
    §1.10 ns.dns has the server's addresses
    §1.11 Anything else does not exist
    §1.12 Names compare without case; owners keep the client's spelling, targets that of its zone
    §1.13 Wildcards of old are plain labels
    §1.14 _tcp.<svc> exists where a named TCP port does, tcp.<svc> unless an endpoint has the name
    §2.1 A, AAAA, SRV, PTR, CNAME, MX and TXT are looked up
    §2.2 SOA: the apex has it, other names lack it, missing names are NXDOMAIN
    §2.3 NS: the apex has them with glue
    §2.4 AXFR and IXFR are REFUSED without an SOA
    §2.5 Other types: NODATA where the name exists, else NXDOMAIN
    §2.6 MX is never there
    §2.7 TXT: dns-version alone has it, with a TTL of 28800
    §2.8 PTR inside a forward zone is never there
    §2.9 NXDOMAIN and NODATA carry one SOA and AA
    §2.10 The SOA's fields, its TTL and the negative TTL
    §2.11 NS: loopback addresses count only where there are no others
    §2.12 NS: the Services whose slices have the server's address, or the endpoints of headless ones
    §2.13 NS: else ns.dns with the addresses bound
    §2.14 NS once by name, glue, TTL
    §2.15 A and AAAA of ns.dns are the addresses of NS
    §2.16 NS: ns.dns too where labels or namespaces keep the server's own Service from being known
    §3.1 Addresses are the ClusterIPs, by family, each once
    §3.2 Nothing else of the Service influences them
    §3.3 ignore empty_service hides a service without ready endpoints
    §3.4 SRV at the service lists all ports; unnamed ports have no name of their own
    §3.5 A and AAAA at a port's name: NODATA
    §3.6 A service without ports has addresses and no SRV
    §3.7 SRV: priority 0, weight by the count of records, target, glue once
    §3.8 One port: weight 100
    §3.9 Two ports: weight 50 each, one glue record
    §3.10 Three ports: weight 33 each
    §3.11 Dual-stack with one port: one record, weight 100, glue of both families
    §4.1 All slices of a service are merged, manual ones too; duplicates collapse; Endpoints count without slices
    §4.2 Ready or unsaid counts; serving, terminating, node, zone and hints do not matter
    §4.3 An endpoint's one name: hostname, the Pod's where wanted and short enough, dashed address
    §4.4 No ready endpoint, no slice, noendpoints: NXDOMAIN
    §4.5 A missing family is NODATA
    §4.6 Ports are the slice's; none, or one without a number: no SRV
    §4.7 SRV: one for each endpoint name and port, with glue; weights
    §4.8 Endpoints of ClusterIP services have names, too
    §5.1 CNAME asked: the CNAME and no more
    §5.2 A target in no zone of the server: the CNAME alone; in another zone: what that says
    §5.3 A target in the cluster: CNAME and records, chains to a limit, the last name's RCODE
    §5.4 A target that is the name itself, or a loop: each CNAME once, NOERROR
    §5.5 SRV at it: the CNAME; port names below it: NXDOMAIN
    §5.6 Other types at it: the CNAME
    §5.7 Nothing is below it
    §5.8 An address as target: NXDOMAIN
    §5.9 The CNAME's TTL is the zone's, what follows keeps its own
    §6.1 pods disabled: nothing below pod
    §6.2 pods insecure: any address in a namespace that exists
    §6.3 pods verified: addresses of living Pods, all of them
    §7.1 Reverse zones by name and by CIDR
    §7.2 A ClusterIP: exactly one PTR, into the first forward zone
    §7.3 An endpoint's address: one PTR for each service and name, each once
    §7.4 Else NXDOMAIN, or fallthrough
    §7.5 Addresses of Pods alone have no PTR
    §7.6 namespaces and namespace_labels filter PTR
    §7.7 Other types at a PTR owner and partial names: NODATA
    §7.8 Endpoints without a hostname have a PTR
    §7.9 The SOA of a reverse zone is its own
    §7.10 Only the zones of fallthrough are passed on; empty non-terminals of reverse zones with them
    §8.1 namespaces: others are NXDOMAIN everywhere
    §8.2 namespace_labels: likewise
    §8.3 labels apply to Services and EndpointSlices
    §8.4 Without a Namespace object services are hidden, once any is there
    §13.1 A response gets no reply
    §13.2 Other opcodes: NOTIMP, header only
    §13.3 Wrong counts: FORMERR
    §13.4 Other classes: REFUSED
    §13.5 EDNS version above 0: BADVERS
    §13.6 No block for the name: REFUSED without an SOA
    §13.7 A block without plugins: REFUSED
    §13.8 No plugin answers: SERVFAIL
    §13.9 DS is the parent zone's where that is served
    §13.10 OPT for OPT: size, version 0, DO copied, no option echoed
    §13.11 Sizes: what is left out, and TC
    §13.12 RD and CD copied, RA and AD clear, AA set
    §15.1 Until all is read: what a Service alone makes is answered, what is missing is SERVFAIL
    §15.2 Until all is read: headless services, endpoints and their PTR are SERVFAIL
    §15.3 Until all is read: names under fallthrough are SERVFAIL, too
    §15.4 API server away: hits with EDE 3, NODATA with EDE 3, NXDOMAIN with EDE 19
    §15.5 API server away: TTLs and the negative TTL are at most 5 s
    §15.6 API server away: fallthrough as usual
    §18.1 With bind: the address bound
    §18.2 Nothing is below a pod's name
    §18.3 All Z bits are cleared
    §18.4 Cookies: FORMERR for a wrong length, else no option
    §18.5 A question cut off and a second OPT are FORMERR; keepalive is answered over TCP
    §18.6 Under 12 octets: silence
    §18.7 Counts without their data, a question cut off: FORMERR
    §18.8 A bad label or a pointer in QNAME: FORMERR
    §18.9 Two OPT, or one not at the root: FORMERR
    §18.10 Octets behind the last record are ignored
    §18.11 NOTIFY: NOTAUTH
    §18.12 QTYPE 0 and OPT: FORMERR
    §18.13 TC, Z and RCODE of a query are ignored
    §18.14 An EDNS size below 512 is 512
    §18.15 UPDATE and others: NOTIMP
    """
}
