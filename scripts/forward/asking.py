"""Which questions leave, and what becomes of those that do not."""

from fixtures import (
    PLAIN, TRUTH, Knot, Misbehaver, Unbound, block, cluster, forward, forwarder, Forwarder)

NOT_AUTHORITATIVE = 20


def recursion_not_desired(scenario):
    """RD=0: what is here, and nothing is fetched for it."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, cluster(scenario), forward(upstream), "cache 30")
    reply = server.ask("a.mis.test.", "A", "+norecurse")
    scenario.expect("not here: REFUSED, EDE 20", (reply.rcode, reply.errors),
                    ("REFUSED", [NOT_AUTHORITATIVE]))
    scenario.expect("nothing was asked for", upstream.count(), 0)
    server.ask("a.mis.test.")
    scenario.expect("from the cache", server.ask("a.mis.test.", "A", "+norecurse").records, [TRUTH])
    scenario.expect("from the cluster", server.ask(PLAIN, "A", "+norecurse").records,
                    ["A 10.96.0.10"])


def not_forwarded(scenario):
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, cluster(scenario), forward(upstream), "cache 30")
    for opcode, rcode in (("STATUS", "NOTIMP"), ("UPDATE", "NOTIMP"), ("IQUERY", "NOTIMP")):
        scenario.expect(opcode, server.ask(
            "a.mis.test.", "A", f"+opcode={opcode}").rcode, rcode)
    notified = server.ask("a.mis.test.", "SOA", "+opcode=NOTIFY")
    scenario.holds("NOTIFY", notified.rcode in ("NOTIMP", "REFUSED", "NOTAUTH"), notified.rcode)
    for kind in ("AXFR", "IXFR=1"):
        reply = server.ask("mis.test.", kind, "+tcp")
        scenario.holds(f"{kind} has no records", not reply.answer, reply.text)
        scenario.holds(f"{kind} is refused", "REFUSED" in reply.text
                       or "Transfer failed" in reply.text, reply.text)
    scenario.expect("nothing has left", upstream.queries(), [])


def unusual(scenario):
    """As CoreDNS does: forwarded."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream), "cache 30")
    scenario.expect("a single label", server.ask("single.").records, [TRUTH])
    scenario.expect("it was asked for", upstream.count("single."), 1)
    scenario.expect("a type without a name", server.ask("a.mis.test.", "TYPE65280").rcode, "NOERROR")
    server.ask("any.mis.test.", "ANY", "+notcp")
    scenario.expect("ANY", [each["type"] for each in upstream.queries("any.mis.test.")], [255])
    server.ask("class.mis.test.", "TXT", "-c", "CH")
    scenario.expect("another class",
                    [each["class"] for each in upstream.queries("class.mis.test.")], [3])
    scenario.expect("the root", server.ask(".", "NS").rcode, "NOERROR")


def own_zones(scenario):
    """Names under the cluster's zone stay; reverse names go on where `fallthrough` says so."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, cluster(scenario), forward(upstream), "cache 30")
    scenario.expect("there", server.ask(PLAIN).records, ["A 10.96.0.10"])
    for name in ("none.web.svc.cluster.local.", "www.test.web.svc.cluster.local.",
                 "x.cluster.local."):
        scenario.expect(name, server.ask(name).rcode, "NXDOMAIN")
    scenario.expect("a Service's address",
                    server.ask("10.0.96.10.in-addr.arpa.", "PTR").records, [f"PTR {PLAIN}"])
    scenario.expect("nothing has left", upstream.count(), 0)
    server.ask("1.2.0.192.in-addr.arpa.", "PTR")
    scenario.expect("another address has", upstream.count("1.2.0.192.in-addr.arpa."), 1)
    scenario.expect("own zones are not cached",
                    server.metric("coredns_cache_entries", 'type="denial"') in (None, 0, 1), True)


def external_names(scenario):
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, cluster(scenario), forward(upstream), "cache 30")
    alias = "alias.web.svc.cluster.local."
    for turn in ("asked", "cached"):
        reply = server.ask(alias)
        scenario.expect(f"{turn}: chased", reply.records, [TRUTH, "CNAME alias.mis.test."])
        ttls = {kind: ttl for _, ttl, kind, _ in reply.answer}
        scenario.holds(f"{turn}: each with its TTL", ttls.get("CNAME") == 30 and ttls.get("A", 0) > 0, ttls)
        scenario.expect(f"{turn}: the CNAME comes first", [row[2] for row in reply.answer][:1],
                        ["CNAME"])
    scenario.expect("AAAA", server.ask(alias, "AAAA").records,
                    ["AAAA 2001:db8::1", "CNAME alias.mis.test."])
    scenario.expect("CNAME is not chased", server.ask(alias, "CNAME").records,
                    ["CNAME alias.mis.test."])
    gone = server.ask("nowhere.web.svc.cluster.local.")
    scenario.expect("a target that does not exist (RFC 6604)", gone.rcode, "NXDOMAIN")
    scenario.expect("with the CNAME", [row[2] for row in gone.answer], ["CNAME"])
    upstream.page("silent")
    dead = forwarder(scenario, cluster(scenario), forward(upstream))
    reply = dead.ask(alias)
    scenario.holds("an upstream that is away", reply.rcode == "SERVFAIL" and reply.errors,
                   (reply.rcode, reply.errors))


def families(scenario):
    """One family only: asked as asked, altered on the way out."""
    upstream = Misbehaver(scenario)
    server = forwarder(
        scenario, cluster(scenario), forward(upstream, options=["families ipv4"]), "cache 30")
    scenario.expect("A", server.ask("cname-1.f.mis.test.").records,
                    [TRUTH, "CNAME chain-1.f.mis.test."])
    reply = server.ask("cname-1.f.mis.test.", "AAAA")
    scenario.expect("AAAA: the chain alone", reply.records, ["CNAME chain-1.f.mis.test."])
    scenario.expect("and a SOA at its end",
                    [(row[0], row[1], row[2]) for row in reply.authority],
                    [("chain-1.f.mis.test.", 30, "SOA")])
    scenario.expect("PTR untouched", server.ask("1.f.ip6.arpa.", "PTR").rcode, "NOERROR")
    scenario.expect("it was asked as asked", upstream.count("cname-1.f.mis.test."), 2)
    whole = Forwarder(scenario, block(
        cluster(scenario), "families ipv6", forward(upstream)))
    scenario.expect("on a block it holds for the cluster, too", whole.ask(PLAIN).records, [])
    scenario.expect("and for what is forwarded",
                    (whole.ask("x.mis.test.").records, whole.ask("x.mis.test.", "AAAA").records),
                    ([], ["AAAA 2001:db8::1"]))


def signed(scenario):
    """With DO the signatures and the proofs come along; without they do not."""
    knot = Knot(scenario)
    upstream = Unbound(scenario, stubs=[("signed.test", knot.address)])
    server = forwarder(scenario, forward(upstream), "cache 30")
    for turn in ("asked", "cached"):
        reply = server.ask("www.signed.test.", "A", "+dnssec")
        scenario.expect(f"{turn}: signed", [row[2] for row in reply.answer], ["A", "RRSIG"])
        scenario.holds(f"{turn}: DO in the reply", "flags: do" in reply.text)
        kinds = {row[2] for row in server.ask("none.signed.test.", "A", "+dnssec").authority}
        scenario.expect(f"{turn}: a denial's proof", kinds, {"SOA", "NSEC3", "RRSIG"})
        kinds = {row[2] for row in server.ask("x.wild.signed.test.", "A", "+dnssec").authority}
        scenario.expect(f"{turn}: a wildcard's proof, and no NS", kinds, {"NSEC3", "RRSIG"})
        scenario.expect(f"{turn}: not signed", [row[2] for row in server.ask(
            "www.signed.test.").answer], ["A"])
        scenario.expect(f"{turn}: a denial without", {row[2] for row in server.ask(
            "none.signed.test.").authority}, {"SOA"})
