"""What is kept of answers, for how long, and what comes of it when the upstream is gone."""

import time

from fixtures import TRUTH, Misbehaver, forward, forwarder, side_by_side
from harness import Process

STALE, CACHED_ERROR = 3, 13


def counted_down(scenario):
    """Each RRset's own TTL, less the time that it has been kept."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream), "cache 3600")
    scenario.expect("as it came", server.ask("ttl-300.a.mis.test.").ttls, [300])
    scenario.expect("a TTL of two days is cut to the cache's",
                    server.ask("ttl-172800.a.mis.test.").ttls, [3600])
    scenario.eventually("two seconds later", lambda: server.ask("ttl-300.a.mis.test.").ttls, [298])
    scenario.expect("asked once", upstream.count("ttl-300.a.mis.test."), 1)
    first = server.ask("ttl-6.count.a.mis.test.")
    scenario.expect("before its end", server.ask("ttl-6.count.a.mis.test.").records, first.records)
    scenario.eventually("asked again after it", lambda: server.ask(
        "ttl-6.count.a.mis.test.").records, ["A 192.0.2.2"], within=20)
    kept = forwarder(scenario, forward(upstream), "cache 3600 {\n    keepttl\n  }")
    kept.ask("ttl-100.b.mis.test.")
    time.sleep(2)
    scenario.expect("keepttl", kept.ask("ttl-100.b.mis.test.").ttls, [100])


def coalesced(scenario):
    """One exchange for each identical question that is outstanding, with a cache and without."""
    upstream = Misbehaver(scenario)
    for label, lines in (("cache", ["cache 30"]), ("no cache", [])):
        server = forwarder(scenario, forward(upstream), *lines)
        name = f"slow-800.{label.replace(' ', '-')}.mis.test."
        replies = server.many(name, 50)
        scenario.expect(f"{label}: all are answered",
                        [reply.records for reply in replies], [[TRUTH]] * 50)
        scenario.expect(f"{label}: one question", upstream.count(name), 1)
        other = side_by_side(
            lambda: server.ask(f"slow-700.x{label[:2]}.mis.test."),
            lambda: server.ask(f"SLOW-700.X{label[:2]}.MIS.TEST."),
            lambda: server.ask(f"slow-700.x{label[:2]}.mis.test.", "AAAA"))
        scenario.expect(f"{label}: types apart, spellings together",
                        upstream.count(f"slow-700.x{label[:2]}.mis.test."), 2)
        scenario.holds(f"{label}: each has its own spelling", "SLOW-700" in other[1].text)


def kept_apart(scenario):
    """What changes the answer is part of the key."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream), "cache 30")
    name = "count.apart.mis.test."
    for number, options in enumerate((["+nodnssec"], ["+dnssec"], ["+cdflag"]), 1):
        for turn in ("asked", "cached"):
            scenario.expect(f"{options[0]}, {turn}", server.ask(name, "A", *options).records,
                            [f"A 192.0.2.{number}"])
    scenario.expect("+tcp is no other question", server.ask(name, "A", "+tcp").records,
                    ["A 192.0.2.1"])
    scenario.expect("AAAA", server.ask(name, "AAAA").records, ["AAAA 2001:db8::1"])


def negative(scenario):
    """RFC 2308: kept for the SOA's time where there is one, and not at all where there is none."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream), "cache 30")
    for labels, rcode in (("nxdomain", "NXDOMAIN"), ("nodata", "NOERROR")):
        name = f"{labels}.ttl-20.mis.test."
        for turn in ("asked", "cached"):
            reply = server.ask(name)
            scenario.expect(f"{name} {turn}", reply.rcode, rcode)
            scenario.expect(f"{name} {turn}: SOA", [row[2] for row in reply.authority], ["SOA"])
            scenario.holds(f"{name} {turn}: its TTL", all(
                10 <= row[1] <= 20 for row in reply.authority), reply.authority)
        scenario.expect(f"{name} once at the upstream", upstream.count(name), 1)
        name = f"{labels}-nosoa.mis.test."
        for _ in range(2):
            scenario.expect(name, server.ask(name).rcode, rcode)
        scenario.expect(f"{name} is not kept", upstream.count(name), 2)


def cut(scenario):
    """RFC 8020, only where it is asked for."""
    upstream = Misbehaver(scenario)
    above, below = "nxdomain.cut.mis.test.", "x.nxdomain.cut.mis.test."
    usual = forwarder(scenario, forward(upstream), "cache 30")
    for name in (above, below):
        scenario.expect(name, usual.ask(name).rcode, "NXDOMAIN")
    scenario.expect("usually each name is asked for", upstream.count(below), 1)
    server = forwarder(scenario, forward(upstream), "cache 30 {\n    nxdomain_cut\n  }")
    for name in (above, below):
        scenario.expect(f"cut: {name}", server.ask(name).rcode, "NXDOMAIN")
    scenario.expect("with nxdomain_cut it is not", upstream.count(below), 1)


def failures(scenario):
    """RFC 9520: a failure is kept, for seconds, and said to be a kept one."""
    upstream = Misbehaver(scenario)
    server = forwarder(
        scenario, forward(upstream, options=["max_fails 0"]), "cache 30 {\n    servfail 3s\n  }")
    name = "servfail.mis.test."
    scenario.expect("asked", server.ask(name).rcode, "SERVFAIL")
    asked = upstream.count(name)
    reply = server.ask(name)
    scenario.expect("cached", reply.rcode, "SERVFAIL")
    scenario.holds("EDE 13", CACHED_ERROR in reply.errors, reply.errors)
    scenario.expect("not asked again", upstream.count(name), asked)
    scenario.eventually("until 3 s are over", lambda: (
        server.ask(name).rcode, upstream.count(name) > asked), ("SERVFAIL", True), within=15)


# MARK: - Stale


def stale_after_failure(scenario):
    """RFC 8767: without a word about it, for an hour, TTL 30, only after the exchange failed."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream), "cache 30")
    name = "ttl-5.stale.mis.test."
    scenario.expect("fresh", server.ask(name).records, [TRUTH])
    upstream.page("silent")
    scenario.eventually("after its TTL an answer still comes", lambda: server.ask(
        name).errors[:1], [STALE], within=20)
    replies = [server.ask(name) for _ in range(5)]
    for reply in replies:
        scenario.expect("the answer", reply.records, [TRUTH])
        scenario.expect("with TTL 30", reply.ttls, [30])
        scenario.expect("and EDE 3", reply.errors[:1], [STALE])
        scenario.holds("before a client's resolver gives up", reply.seconds < 4, reply.seconds)
    scenario.expect("a name never asked for fails", server.ask("other.mis.test.").rcode, "SERVFAIL")
    upstream.page("talk")
    scenario.eventually("fresh again when the upstream is back",
                        lambda: server.ask(name).errors, [], within=30)


def stale_as_configured(scenario):
    """serve_stale: at once, and the answer is fetched meanwhile."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream),
                       "cache 30 {\n    serve_stale 1h immediate\n  }")
    name = "ttl-5.count.now.mis.test."
    scenario.expect("fresh", server.ask(name).records, ["A 192.0.2.1"])
    time.sleep(6)
    reply = server.ask(name)
    scenario.expect("immediate: the old answer", (reply.records, reply.ttls), (["A 192.0.2.1"], [0]))
    scenario.eventually("and the new one is fetched", lambda: server.ask(name).records,
                        ["A 192.0.2.2"])
    checked = forwarder(scenario, forward(upstream), "cache 30 {\n    serve_stale 1h verify\n  }")
    name = "ttl-5.count.checked.mis.test."
    scenario.expect("fresh", checked.ask(name).records, ["A 192.0.2.1"])
    time.sleep(6)
    scenario.expect("verify: the new answer where there is one", checked.ask(name).records,
                    ["A 192.0.2.2"])


def no_stale_without_cache(scenario):
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream))
    name = "ttl-60.mis.test."
    scenario.expect("asked", server.ask(name).records, [TRUTH])
    scenario.expect("asked again", (server.ask(name).records, upstream.count(name)), ([TRUTH], 2))
    upstream.page("silent")
    scenario.expect("nothing was kept", server.ask(name).rcode, "SERVFAIL")


def prefetched(scenario):
    """Asked often, an answer is fetched before its end, and nobody waits for it."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream),
                       "cache 60 {\n    prefetch 3 1m 50%\n  }")
    name = "ttl-8.slow-700.popular.mis.test."
    server.ask(name)
    slowest, ends = 0, time.monotonic() + 14
    while time.monotonic() < ends:
        slowest = max(slowest, server.ask(name).seconds)
        time.sleep(0.1)
    scenario.holds("nobody has waited since", slowest < 0.6, f"{slowest:.2f} s")
    scenario.holds("it was fetched ahead", 2 <= upstream.count(name) <= 6, upstream.count(name))


# MARK: - Room


def flooded(scenario):
    """What is asked often outlasts names that nobody asks for twice."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream),
                       "cache 3600 {\n    success 1024\n    denial 1024\n  }")
    often = [f"often-{number}.mis.test." for number in range(20)]
    for _ in range(3):
        side_by_side(*(lambda name=name: server.ask(name) for name in often))
    path = scenario.file("flood", "".join(
        f"nxdomain.flood-{number}.mis.test A\nonce-{number}.mis.test A\n" for number in range(4_000)))
    flood = Process(scenario, "dnsperf", [
        "dnsperf", "-s", "127.0.0.1", "-p", server.port, "-d", path, "-n", "1", "-q", "50"])
    # Under a flood of debug builds and Python this may last.
    scenario.eventually("the flood ends", lambda: flood.is_running, False, within=90)
    asked = upstream.count()
    side_by_side(*(lambda name=name: server.ask(name) for name in often))
    scenario.holds("what is asked often stayed", upstream.count() - asked <= 2,
                   f"{upstream.count() - asked} of 20 went")
    entries = [server.metric("coredns_cache_entries", f'type="{kind}"')
               for kind in ("success", "denial")]
    scenario.holds("within the room given", all(0 < each <= 1100 for each in entries if each),
                   entries)


def disabled(scenario):
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream),
                       "cache 30 {\n    disable success off.test\n  }")
    for zone, count in (("off.test", 2), ("on.test", 1)):
        for _ in range(2):
            scenario.expect(zone, server.ask(f"a.{zone}.").records, [TRUTH])
        scenario.expect(f"{zone} at the upstream", upstream.count(f"a.{zone}."), count)
    hits = server.metric("coredns_cache_hits_total", 'type="success"')
    scenario.expect("/metrics", hits, 1)
