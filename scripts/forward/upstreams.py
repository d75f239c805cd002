"""Which upstream is asked, over what, and what happens when it is away."""

import signal
import time

from fixtures import (
    TRUTH, Certificate, Knot, Misbehaver, Unbound, block, cluster, forward, forwarder,
    has_own_network, side_by_side)
from harness import LOOPBACK, Process, Ports

NO_AUTHORITY, NETWORK_ERROR = 22, 23


def asked_of(upstreams, server, count, label):
    """How many of some questions each upstream had."""
    before = [each.count() for each in upstreams]
    for start in range(0, count, 10):
        side_by_side(*(lambda number=number: server.ask(f"{label}-{number}.mis.test.")
                       for number in range(start, start + 10)))
    return [each.count() - old for each, old in zip(upstreams, before)]


def policies(scenario):
    both = [Misbehaver(scenario) for _ in range(2)]
    # On a busy machine a late reply has the other one asked, too: 1 in 10, and 10 saved up.
    beside = 14
    for policy, right in (
            ("round_robin", lambda shares: min(shares) >= 20),
            ("random", lambda shares: min(shares) >= 5),
            ("sequential", lambda shares: shares[0] == 40)):
        server = forwarder(scenario, forward(*both, options=[f"policy {policy}"]))
        before = [each.count() for each in both]
        asked_of(both, server, 40, policy.replace("_", "-"))

        def shares():
            return [each.count() - old for each, old in zip(both, before)]

        # What the other one answered in its place, a late upstream still has to read.
        scenario.eventually(f"{policy}: {shares()}", lambda: right(shares()), True, within=5)
        scenario.holds(
            f"{policy}: all are asked", 40 <= sum(shares()) <= 40 + beside, shares())


# MARK: - Away


def one_silent(scenario):
    """The others answer: a client waits next to nothing, and the silent one is left alone."""
    good, bad = Misbehaver(scenario), Misbehaver(scenario)
    server = forwarder(scenario, forward(bad, good, options=["policy sequential"]))
    # Their latency is known from here on.
    asked_of([good, bad], server, 20, "known")
    bad.page("silent")
    waits = []
    for number in range(30):
        reply = server.ask(f"silent-{number}.mis.test.")
        scenario.expect("an answer", reply.records, [TRUTH])
        waits.append(reply.seconds)
    scenario.holds("not one second for the first", waits[0] < 1.5, f"{waits[0]:.2f} s")
    scenario.holds("nothing later", sorted(waits)[20] < 0.3, f"{sorted(waits)[20]:.2f} s")
    # Only a probe now and then, 0.5 s doubling to 10 s.
    before, began = bad.count(), time.monotonic()
    while time.monotonic() - began < 5:
        server.ask(f"later-{time.monotonic_ns()}.mis.test.")
    scenario.holds("left alone but for probes", bad.count() - before <= 12, bad.count() - before)
    bad.page("talk")
    scenario.eventually("asked again when it is back", lambda: asked_of(
        [bad], server, 10, f"back-{time.monotonic_ns()}")[0] >= 8, True, within=25)
    scenario.holds("/metrics name it", server.metric(
        "coredns_proxy_healthcheck_failures_total", bad.address) or 0, "healthcheck failures")


def all_down(scenario):
    """Then clients hear it at once, and the upstreams about once a second."""
    both = [Misbehaver(scenario) for _ in range(2)]
    server = forwarder(scenario, forward(*both), "cache 30")
    scenario.expect("kept before", server.ask("ttl-5.kept.mis.test.").records, [TRUTH])
    for each in both:
        each.page("silent")
    # The first ones find it out.
    side_by_side(*(lambda number=number: server.ask(f"first-{number}.mis.test.")
                   for number in range(10)))
    time.sleep(1)
    before, began = sum(len(each.everything()) for each in both), time.monotonic()
    waits, errors, rcodes = [], set(), set()
    while time.monotonic() - began < 10:
        reply = server.ask(f"down-{time.monotonic_ns()}.mis.test.")
        waits.append(reply.seconds)
        rcodes.add(reply.rcode)
        errors.update(reply.errors)
    asked = sum(len(each.everything()) for each in both) - before
    scenario.expect("SERVFAIL", rcodes, {"SERVFAIL"})
    scenario.holds("EDE 22", NO_AUTHORITY in errors, errors)
    at_once = sorted(waits)[len(waits) // 2]
    scenario.holds("at once", at_once < 0.2, f"{at_once:.2f} s")
    scenario.holds("one question a second, or two", 4 <= asked <= 24, asked)
    scenario.expect("what was kept is answered stale",
                    server.ask("ttl-5.kept.mis.test.").records, [TRUTH])
    both[1].page("talk")
    scenario.eventually("one is back", lambda: server.ask(
        f"back-{time.monotonic_ns()}.mis.test.").records, [TRUTH], within=20)


def refused_port(scenario):
    """An ICMP refusal is heard: nobody waits for a port that is closed."""
    good = Misbehaver(scenario)
    closed = f"{LOOPBACK}:{Ports.take()}"
    server = forwarder(scenario, forward(closed, good, options=["policy sequential"]))
    reply = server.ask("a.mis.test.")
    scenario.expect("the other one's answer", reply.records, [TRUTH])
    scenario.holds("at once", reply.seconds < 0.5, f"{reply.seconds:.2f} s")
    alone = forwarder(scenario, forward(closed))
    reply = alone.ask("a.mis.test.")
    scenario.expect("none else: SERVFAIL", reply.rcode, "SERVFAIL")
    scenario.holds("at once", reply.seconds < 1.5, f"{reply.seconds:.2f} s")
    scenario.holds("and why", {NO_AUTHORITY, NETWORK_ERROR} & set(reply.errors), reply.errors)
    # The next connection has the number that the refused one had.
    for scheme, options in (("", ["force_tcp"]), ("tls://", ["tls_servername dns.test"])):
        server = forwarder(scenario, forward(
            scheme + closed, f"{scheme}{LOOPBACK}:{Ports.take()}",
            options=["policy sequential", "max_fails 0", *options]))
        reply = server.ask("a.mis.test.")
        scenario.expect(f"{scheme or 'TCP'} refused twice", reply.rcode, "SERVFAIL")
        scenario.holds("at once", reply.seconds < 0.5, f"{reply.seconds:.2f} s")
    server = forwarder(scenario, forward(
        closed, good, options=["policy sequential", "max_fails 0", "force_tcp"]))
    reply = server.ask("b.mis.test.")
    scenario.expect("refused over TCP: the other one's answer", reply.records, [TRUTH])
    scenario.holds("at once", reply.seconds < 0.5, f"{reply.seconds:.2f} s")


def failover(scenario):
    """`failover` and `next`: what another is asked for."""
    first = Unbound(scenario, server=["local-zone: mis.test. refuse"])
    second = Misbehaver(scenario)
    sequential = "policy sequential"
    server = forwarder(scenario, forward(first, second, options=[sequential]))
    scenario.expect("REFUSED is an answer", server.ask("a.mis.test.").rcode, "REFUSED")
    server = forwarder(scenario, forward(
        first, second, options=[sequential, "failover REFUSED"]))
    scenario.expect("failover REFUSED", server.ask("a.mis.test.").records, [TRUTH])
    empty = Unbound(scenario, server=["local-zone: mis.test. static"])
    lines = [forward(empty, options=["next NXDOMAIN"]), forward(second)]
    server = forwarder(scenario, *lines)
    scenario.expect("next NXDOMAIN", server.ask("b.mis.test.").records, [TRUTH])


# MARK: - Over what


def transports(scenario):
    upstream = Misbehaver(scenario)
    for option, client, transport in (
            (None, "+notcp", "udp"), (None, "+tcp", "tcp"), ("force_tcp", "+notcp", "tcp"),
            ("prefer_udp", "+tcp", "udp")):
        server = forwarder(scenario, forward(upstream, options=[option] if option else []))
        name = f"{option or 'as-asked'}-{client[1:]}.mis.test.".replace("_", "-")
        scenario.expect(name, server.ask(name, "A", client).records, [TRUTH])
        scenario.expect(f"{name}: at the upstream",
                        [each["transport"] for each in upstream.queries(name)], [transport])
    server = forwarder(scenario, forward(upstream, options=["force_tcp"]))
    upstream.page("forget")
    for number in range(10):
        server.ask(f"kept-{number}.mis.test.")
    ports = {each["port"] for each in upstream.queries()}
    scenario.holds("connections are kept", len(ports) <= 3, ports)


def over_tls(scenario):
    right = Certificate(scenario, "right", "dns.test")
    other = Certificate(scenario, "other", "dns.test")
    upstream = Unbound(scenario, local=["a.tls.test. 60 A 192.0.2.7"], tls=right,
                       server=["verbosity: 3"])
    address = f"tls://{LOOPBACK}:{upstream.tls_port}"
    rows = [
        ("the right authority and name", right, "dns.test", ["A 192.0.2.7"]),
        ("another authority", other, "dns.test", "SERVFAIL"),
        ("another name", right, "else.test", "SERVFAIL"),
    ]
    for label, certificate, name, expected in rows:
        server = forwarder(scenario, forward(address, options=[
            f"tls {certificate.authority}", f"tls_servername {name}"]))
        reply = server.ask("a.tls.test.")
        scenario.expect(label, reply.records, expected)
        if expected == "SERVFAIL":
            scenario.holds(f"{label}: an extended error", reply.errors, reply.errors)
            scenario.holds(f"{label}: it is logged", address.split("/")[-1] in server.log)
    server = forwarder(scenario, forward(address, options=[
        f"tls {right.authority}", "tls_servername dns.test"]))
    for _ in range(5):
        scenario.expect("again", server.ask("a.tls.test.").records, ["A 192.0.2.7"])
    connections = server.metric("coredns_proxy_conn_cache_misses_total", 'proto="tcp-tls"')
    scenario.holds("over a connection or two", connections in (1, 2), connections)
    system = forwarder(scenario, forward(address, options=["tls_servername dns.test"]))
    scenario.expect("the system's authorities do not know it", system.ask("a.tls.test.").rcode,
                    "SERVFAIL")


def tls_files(scenario):
    """Below `root`, and read again when a reload finds others."""
    right = Certificate(scenario, "right", "dns.test")
    other = Certificate(scenario, "other", "dns.test")
    upstream = Unbound(scenario, local=["a.tls.test. 60 A 192.0.2.7"], tls=right)
    root = scenario.directory / "certificates"
    root.mkdir()
    (root / "ca.crt").write_bytes(other.authority.read_bytes())
    server = forwarder(scenario, f"root {root}", forward(
        f"tls://{LOOPBACK}:{upstream.tls_port}", options=["tls ca.crt", "tls_servername dns.test"]))
    scenario.expect("another authority", server.ask("a.tls.test.").rcode, "SERVFAIL")
    (root / "ca.crt").write_text("no certificate\n")
    server.send(signal.SIGUSR1)
    scenario.eventually("a faulty file is refused", lambda: "Restart failed" in server.log, True)
    (root / "ca.crt").write_bytes(right.authority.read_bytes())
    server.send(signal.SIGUSR1)
    scenario.eventually("the right one", lambda: server.ask("a.tls.test.").records, ["A 192.0.2.7"])
    server.send(signal.SIGUSR1)
    scenario.eventually("then nothing changes", lambda: "nothing has changed" in server.log, True)
    # From several ports, so that every worker opens a connection of its own.
    (root / "ca.crt").write_text("no certificate\n")
    server.send(signal.SIGUSR1)
    scenario.eventually("refused again", lambda: server.log.count("Restart failed"), 2)
    replies = server.many("a.tls.test.", 20)
    scenario.expect("connections are made by what was read", {
        tuple(reply.records) for reply in replies}, {("A 192.0.2.7",)})


def not_over_https(scenario):
    """Understood, and refused until it exists."""
    path = scenario.file("Corefile", ".:5300 {\n  forward . https://192.0.2.1/dns-query\n}\n")
    process = Process(scenario, "refusal", [scenario.binary, "-conf", path])
    scenario.eventually("it does not start", lambda: process.is_running, False)
    scenario.holds("and says why", "https" in process.log, process.log)


def unbound_before_knot(scenario):
    """A resolver upstream, itself before an authoritative server."""
    knot = Knot(scenario)
    upstream = Unbound(scenario, local=["a.local.test. 60 A 192.0.2.8"],
                       stubs=[("signed.test", knot.address)])
    server = forwarder(scenario, forward(upstream), "cache 30")
    for turn in ("asked", "cached"):
        for name, expected in (
                ("a.local.test.", ["A 192.0.2.8"]), ("www.signed.test.", ["A 192.0.2.80"]),
                ("alias.signed.test.", ["A 192.0.2.80", "CNAME www.signed.test."]),
                ("none.signed.test.", "NXDOMAIN")):
            scenario.expect(f"{turn}: {name}", server.ask(name).records, expected)


# MARK: - Which


def exceptions(scenario):
    first, second = Misbehaver(scenario), Misbehaver(scenario)
    server = forwarder(scenario, forward(first, options=["except no.test"]), forward(second))
    scenario.expect("forwarded", server.ask("a.yes.test.").records, [TRUTH])
    scenario.expect("an exception goes on", server.ask("a.no.test.").records, [TRUTH])
    scenario.expect("to the second", [each.count("a.no.test.") for each in (first, second)], [0, 1])
    alone = forwarder(scenario, forward(first, options=["except no.test"]))
    scenario.expect("where there is none", alone.ask("a.no.test.").rcode, "SERVFAIL")


def limited(scenario):
    """max_concurrent: what is too much is refused, at once."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream, options=["max_concurrent 5"]))
    replies = side_by_side(*(
        lambda number=number: server.ask(f"slow-1500.n{number}.mis.test.") for number in range(20)))
    answered = sum(reply.records == [TRUTH] for reply in replies)
    refused = [reply for reply in replies if reply.rcode == "REFUSED"]
    scenario.expect("answered and refused", (answered, len(refused)), (5, 15))
    scenario.expect("/metrics", server.metric("coredns_forward_max_concurrent_rejects_total"), 15)


def resolver_file(scenario):
    """The nameserver lines of a file, that is watched."""
    if not has_own_network():
        scenario.skip("a resolv.conf has no ports: its servers need port 53")
        return
    for number, text in enumerate(("one", "two"), 1):
        Unbound(scenario, local=[f"who.file.test. 5 TXT {text}"], host=f"127.0.1.{number}", port=53)
    path = scenario.file("resolv.conf", "search example\nnameserver 127.0.1.1\noptions ndots:5\n")
    server = forwarder(scenario, forward(path))
    scenario.expect("the file's server", server.ask("who.file.test.", "TXT").records, ['TXT "one"'])
    draft = scenario.file("draft", "nameserver 127.0.1.2\n")
    draft.rename(path)
    scenario.eventually("the file's new server", lambda: server.ask(
        "who.file.test.", "TXT").records, ['TXT "two"'], within=40)


def host_name(scenario):
    """An upstream that has a name is looked up where `resolver` says."""
    upstream = Misbehaver(scenario)
    resolver = Unbound(scenario, local=[f"up.host.test. 60 A {LOOPBACK}"])
    server = forwarder(scenario, forward(
        f"up.host.test:{upstream.port}", options=[f"resolver {resolver.address}"]))
    scenario.expect("asked", server.ask("a.mis.test.").records, [TRUTH])


def cluster_host_name(scenario):
    """One that is a Service of the cluster is looked up in the cluster's own names."""
    upstream, corp = Misbehaver(scenario), Misbehaver(scenario)
    address = "local.web.svc.cluster.local"
    server = forwarder(
        scenario, cluster(scenario), forward(f"{address}:{upstream.port}"),
        more=block(forward(f"{address}:{corp.port}"), key="corp.test:PORT"))
    scenario.expect("asked", server.ask("a.mis.test.").records, [TRUTH])
    scenario.expect("from a block without kubernetes", server.ask("a.corp.test.").records, [TRUTH])
    scenario.expect("each of its own", [
        upstream.count("a.mis.test."), corp.count("a.corp.test.")], [1, 1])
    manifest = scenario.directory / "manifests" / "cluster.yaml"
    manifest.write_text(manifest.read_text().replace("127.0.0.1", "127.0.0.2"))
    scenario.eventually("a Service that moves is followed", lambda: (
        f"{address} is 127.0.0.2" in server.log), True)
    missing = forwarder(scenario, cluster(scenario), forward("none.web.svc.cluster.local"))
    scenario.eventually("one that is missing is told of", lambda: (
        "none.web.svc.cluster.local has no address: the cluster has no address of this name"
        in missing.log), True)
