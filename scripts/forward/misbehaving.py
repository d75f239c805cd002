"""What a forwarder makes of an upstream that misbehaves: one row each, and what must never happen."""

import time

from fixtures import FORGED, TRUTH, Misbehaver, forward, forwarder, side_by_side

# Extended DNS Errors (RFC 8914): which of them tell of an upstream that cannot be had.
UNREACHABLE = {22, 23}

# Labels before `.NUMBER.mis.test`; what comes of them, of which any is right; seconds at most.
ANSWERED = [
    ("plain", [TRUTH]),
    *((word, [TRUTH]) for word in (
        "wrong-id", "wrong-question", "wrong-case-forged", "other-port", "short", "not-reply",
        "no-question", "malformed", "spoof", "duplicate", "slow-500", "tc", "extra",
        "spoof.duplicate.slow-200")),
    ("cname-3", [TRUTH, "CNAME chain-1.", "CNAME chain-2.", "CNAME chain-3."]),
    ("cname-8", [TRUTH, *(f"CNAME chain-{step}." for step in range(1, 9))]),
    ("x.dname", [TRUTH, "CNAME x.target.", "DNAME target."]),
    ("nodata", []),
    ("nodata-nosoa", []),
    ("nxdomain", "NXDOMAIN"),
    ("nxdomain-nosoa", "NXDOMAIN"),
    ("refused", "REFUSED"),
    ("servfail", "SERVFAIL"),
    ("notimp", "NOTIMP"),
]

# Nothing right can come of these: SERVFAIL, and an error says of what kind; or the truth where
# another transport or a later try had it.
FAILING = [
    ("silent", False),
    ("late", True),
    ("tc-lie", False),
    ("drip", False),
    ("close", False),
    ("refuse-tcp", False),
    *((f"only-{word}", True) for word in (
        "wrong-id", "wrong-question", "wrong-case-forged", "other-port", "short", "not-reply",
        "no-question", "malformed")),
]
# The whole time of a query is 5 s; a busy machine adds.
LONGEST = 8


def rows_answered(scenario):
    upstream = Misbehaver(scenario)
    # Rows that fail beside each other would have it left alone.
    server = forwarder(scenario, forward(upstream, options=["max_fails 0"]))
    names = [f"{labels}.row-{number}.mis.test."
             for number, (labels, _) in enumerate(ANSWERED)]
    replies = side_by_side(*(lambda name=name: server.ask(name) for name in names))
    for (labels, expected), name, reply in zip(ANSWERED, names, replies):
        below = f"row-{name.split('row-')[1]}"
        if isinstance(expected, list):
            expected = sorted(
                f"{each}{below}" if each[0] in "CD" else each for each in expected)
        scenario.expect(labels, reply.records, expected)
        scenario.expect(f"{labels}: nothing forged", FORGED in reply.text, False)


def rows_failing(scenario):
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream, options=["max_fails 0"]))
    names = [f"{labels}.fail.mis.test." for labels, _ in FAILING]
    replies = side_by_side(*(lambda name=name: server.ask(name) for name in names))
    for (labels, may_answer), reply in zip(FAILING, replies):
        if reply.records == [TRUTH] and may_answer:
            scenario.passed += 1
        else:
            scenario.expect(labels, reply.records, "SERVFAIL")
            scenario.holds(f"{labels}: an extended error says why", reply.errors, reply.errors)
        scenario.expect(f"{labels}: nothing forged", FORGED in reply.text, False)
        scenario.holds(f"{labels}: an end in time", reply.seconds < LONGEST, reply.seconds)
    silent = replies[0]
    scenario.holds("silent: no upstream was reached", UNREACHABLE & set(silent.errors),
                   silent.errors)
    asked = upstream.count("silent.fail.mis.test.")
    scenario.holds("silent: asked more than once, and not without end", 2 <= asked <= 8, asked)
    scenario.expect("and all goes on", server.ask("after.mis.test.").records, [TRUTH])


def extra_records(scenario):
    """What an answer brings along is neither shown nor kept."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream), "cache 30")
    for turn in ("first", "cached"):
        reply = server.ask("extra.x.mis.test.")
        scenario.expect(f"{turn}: the answer alone", reply.records, [TRUTH])
        scenario.expect(f"{turn}: authority", reply.authority, [])
        scenario.expect(f"{turn}: additional", reply.additional, [])
    for name in ("victim.x.mis.test.", "glue.x.mis.test.", "y.elsewhere.x.mis.test."):
        scenario.expect(f"{name} is asked for itself", server.ask(name).records, [TRUTH])


def loops_of_aliases(scenario):
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream, options=["max_fails 0"]), "cache 30")
    for name in ("cname-loop.a.mis.test.", "cname-20.b.mis.test."):
        reply = server.ask(name)
        scenario.holds(f"{name} ends", reply.rcode in ("NOERROR", "SERVFAIL"), reply.rcode)
        scenario.holds(f"{name} is not asked for again and again", upstream.count() <= 45)
    scenario.expect("and all goes on", server.ask("after.mis.test.").records, [TRUTH])


def large_answers(scenario):
    """More than a datagram holds comes over TCP, and is truncated for a client that stays with UDP."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream), "cache 30")
    name = "big-100.mis.test."
    for turn in ("asked for", "cached"):
        scenario.expect(f"{turn}: 100 addresses", len(server.ask(name).records), 100)
        reply = server.ask(name, "A", "+ignore")
        scenario.holds(f"{turn}: truncated over UDP", "tc" in reply.flags, reply.flags)
        plain = server.ask(name, "A", "+ignore", "+noedns")
        size = int(plain.text.split("rcvd: ")[1].split()[0])
        scenario.holds(f"{turn}: 512 octets without EDNS", size <= 512, size)


# MARK: - What is remembered of an upstream


def folding(scenario):
    """A server that changes the question's letters is understood, and slow only at first."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream))
    for number in range(5):
        scenario.expect("a folding server", server.ask(f"fold.n{number}.mis.test.").records, [TRUTH])
    began = time.monotonic()
    for number in range(5, 10):
        scenario.expect("again", server.ask(f"fold.n{number}.mis.test.").records, [TRUTH])
    scenario.holds("in no time", time.monotonic() - began < 1.5, time.monotonic() - began)


def without_edns(scenario):
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream))
    for number in range(10):
        reply = server.ask(f"formerr-edns.n{number}.mis.test.")
        scenario.expect("a server without EDNS", reply.records, [TRUTH])
    scenario.holds("it is remembered", upstream.count() <= 14, upstream.count())


def cookies(scenario):
    """RFC 7873: what an upstream gives is shown to it again, and asked for where it is missing."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream))
    for number in range(4):
        reply = server.ask(f"badcookie.n{number}.mis.test.")
        scenario.expect("a server that wants its cookie", reply.records, [TRUTH])
    sizes = [len(each["cookie"]) // 2 for each in upstream.queries(transport="udp")]
    scenario.holds("a client's cookie of 8 octets at first", sizes[:1] == [8], sizes)
    scenario.expect("then the server's with it", set(sizes[2:]), {16})
    # §5.3: who gave cookies before does not leave them out; it is somebody else.
    before = upstream.count()
    reply = server.ask("wrong-id.plain.mis.test.")
    scenario.expect("without its cookie a datagram is not believed",
                    {each["transport"] for each in upstream.queries()[before:]} >= {"tcp"}
                    or reply.rcode == "SERVFAIL", True)


def hard_to_forge(scenario):
    """Ports, IDs and spelling of many questions."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream))
    names = [f"distinct-{number}.mis.test." for number in range(200)]
    for start in range(0, 200, 10):
        side_by_side(*(lambda name=name: server.ask(name) for name in names[start:start + 10]))
    asked = upstream.queries(transport="udp")
    if not scenario.expect("each is asked once", len(asked), 200):
        return
    ports, identities = ({each[key] for each in asked} for key in ("port", "id"))
    scenario.holds("a port each", len(ports) >= 190, len(ports))
    scenario.holds("an ID each", len(identities) >= 195, len(identities))
    spread = max(identities) - min(identities)
    scenario.holds("from all of the range", spread > 60_000, spread)
    ordered = [each["port"] for each in asked]
    rising = sum(a < b for a, b in zip(ordered, ordered[1:]))
    scenario.holds("ports in no order", 60 < rising < 140, rising)
    mixed = sum(each["spelled"] not in (each["name"], each["name"].upper()) for each in asked)
    scenario.holds("letters of both cases", mixed >= 195, mixed)
    scenario.expect("EDNS 1232", {each["edns"] for each in asked}, {1232})
    scenario.expect("recursion desired", {each["rd"] for each in asked}, {True})
    scenario.expect("a client's spelling is given back",
                    "DiStInCt-7.mIs.test." in server.ask("DiStInCt-7.mIs.test.").text, True)
