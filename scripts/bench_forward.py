"""`scripts/bench forward`: what the caching forwarder costs, beside those of Debian.

The server has a CPU to itself; dnsperf, CFlood and the quick upstream share the other. CPU is what
the kernel accounted to the server's processes, user and system. Figures of latency are fit to be
read only from a run under `chrt --fifo 1`, which keeps other work out of them.
"""

import os
import random
import re
import subprocess

from bench_forwarders import MAKERS, READY, UPSTREAM_PORT, Share, Upstream, martlet, unbound
from bench_servers import (
    CLIENT_CPU, DNSPERF, RELEASE, SERVER_CPU, Server, print_table, quartiles, run_dnsperf, sampled,
    verdict)

PARTS = ("hit", "miss", "entries", "hitrate", "overload", "dead")
# Before all that shares the CPU with it, but for a client at 1 that is all of the run.
FIRST = ("chrt", "--fifo", "2") if os.geteuid() == 0 else ()

NAMES = 10_000
# More than any server here completes in a second: no fresh name is asked twice.
FRESH_PER_SECOND = 100_000
STEADY_RATE = 5_000
# The trace: names, queries, and the names at its head that count as asked often.
TRACE_NAMES, TRACE_QUERIES, TRACE_OFTEN, TRACE_SEED = 200_000, 400_000, 2_000, 20
CLUSTER_RATE, OUTSIDE_RATE = 4_000, 2_000

# The budgets: docs/performance.md.
HIT_RATIO, MISS_RATIO, MISS_TO_UNBOUND = 1.2, 3, 0.5
PAUSE_MS, DEAD_P99_MS = 1, 5
OVERLOAD_SHARE = 0.9


def add_options(command):
    command.add_argument("--part", choices=PARTS, action="append",
                         help="what to measure (all when not given)")
    command.add_argument("--without", choices=tuple(MAKERS), action="append", default=[])
    command.add_argument("--entries", type=int, default=1_000_000, help="of the part `entries`")
    command.add_argument("--fill-rate", type=int, default=20_000, help="entries a second")
    command.add_argument("--memory", type=int, default=12, metavar="MB",
                         help="of Unbound's two caches together in the part `hitrate`")
    command.add_argument("--share", type=int, default=25, metavar="PERCENT",
                         help="of its CPU that a server has in the part `overload`")


def forward(arguments, directory):
    print(f"forwarding; {arguments.rounds} interleaved rounds of {arguments.seconds:g} s; server on "
          f"CPU {SERVER_CPU}; dnsperf {' '.join(DNSPERF)}, CFlood and the upstream on CPU "
          f"{CLIENT_CPU}; 1-minute load at start {os.getloadavg()[0]:.2f}")
    for part in arguments.part or PARTS:
        {"hit": hit, "miss": miss, "entries": entries, "hitrate": hit_rate, "overload": overload,
         "dead": dead}[part](arguments, directory)
        for server in list(Server.running):
            server.stop()


def started(arguments, directory, names=MAKERS):
    """The servers that are wanted and answer right, with their settings printed."""
    servers = []
    for name in names:
        if name in arguments.without:
            continue
        server = MAKERS[name](directory, arguments)
        server.start()
        if server.answers and not server.is_right():
            print(f"  {name} left out: its answers are wrong")
            server.stop()
            continue
        print(f"  {name}: {server.settings}")
        servers.append(server)
    return servers


# MARK: - CPU per query


def hit(arguments, directory):
    print(f"\nHits: {NAMES:,} names, all cached")
    upstream = Upstream(directory)
    servers = started(arguments, directory, [name for name in MAKERS if name != "relay"])
    questions = directory / "hit.questions"
    write_names(questions, (f"name-{each * 7919 % NAMES}" for each in range(NAMES)))
    for server in servers:
        run_dnsperf(server, questions, None, arguments, passes=2)
        run_dnsperf(server, questions, 1, arguments)
    before = upstream.asked()
    results = measured(servers, lambda: questions, arguments)
    print_table("hit", results)
    print(f"  questions at the upstream meanwhile: {upstream.asked() - before}")
    print_memory(servers)
    if "martlet" in results and "floor" in results:
        verdict("martlet, x floor", ratios(results, "martlet", "floor"), HIT_RATIO)
    for peer in peers(results):
        verdict(f"martlet, x {peer}", ratios(results, "martlet", peer), 1)


def miss(arguments, directory):
    print("\nMisses: every question a name not asked before")
    upstream = Upstream(directory)
    servers = started(arguments, directory)
    fresh = FreshNames(directory, int(arguments.seconds * FRESH_PER_SECOND))
    for server in servers:
        run_dnsperf(server, fresh(), 1, arguments)
    results = measured(servers, fresh, arguments, upstream)
    print_table("miss", results)
    print_memory(servers)
    if "martlet" in results and "floor" in results:
        verdict("martlet, x floor", ratios(results, "martlet", "floor"), MISS_RATIO)
    if "relay" in results and "floor" in results:
        print(f"  relay, x floor: {quartiles(ratios(results, 'relay', 'floor'))}")
    if "martlet" in results and "relay" in results:
        print(f"  martlet, x relay: {quartiles(ratios(results, 'martlet', 'relay'))}")
    # dnsdist is no measure here: it asks from the same few ports for good.
    if "unbound" in peers(results):
        verdict("martlet, x unbound", ratios(results, "martlet", "unbound"), MISS_TO_UNBOUND)


def measured(servers, questions, arguments, upstream=None):
    """The samples of each server. With an upstream given, it must have seen all of the questions.
    A peer that loses queries is left out."""
    results = {server.name: [] for server in servers}
    for _ in range(arguments.rounds):
        for server in servers:
            if server.name not in results:
                continue
            before = upstream.asked() if upstream else 0
            try:
                sample = sampled(server, questions, arguments)
            except SystemExit as reason:
                if server.name in ("floor", "relay", "martlet"):
                    raise
                print(f"  {reason}")
                del results[server.name]
                continue
            results[server.name].append(sample)
            if upstream and server.answers:
                seen = upstream.asked() - before
                if seen < sample.rate * arguments.seconds * 0.95:
                    raise SystemExit(f"{server.name}: only {seen} questions were misses")
    return results


def ratios(results, name, other):
    return [a.cpu / b.cpu for a, b in zip(results[name], results[other])]


def peers(results):
    return [name for name in results if name not in ("floor", "relay", "martlet")] \
        if "martlet" in results else []


class FreshNames:
    """Files of questions, each with names that no other has."""

    def __init__(self, directory, count):
        self.path, self.count, self.next = directory / "fresh.questions", count, 0

    def __call__(self):
        first, self.next = self.next, self.next + self.count
        write_names(self.path, (f"fresh-{each:08x}" for each in range(first, self.next)))
        return self.path


def write_names(path, names):
    path.write_text("".join(f"{name}.bench.example A\n" for name in names))


def print_memory(servers):
    used = {server.name: server.memory() for server in servers if server.answers}
    print("  RSS, MB: " + ", ".join(f"{name} {each['VmRSS']:.1f}" for name, each in used.items()))


# MARK: - A million entries


def entries(arguments, directory):
    """The cache alone, for the pauses that are its own; then with a steady client that asks names
    which are cached, while others fill the cache: first with names that it has, for the pauses that
    are the machine's, then with new ones."""
    count, rate = arguments.entries, arguments.fill_rate
    print(f"\nEntries: {count:,} at {rate:,} a second, {STEADY_RATE:,} questions a second meanwhile "
          "for names that are cached")
    longest_pause(count)
    Upstream(directory)
    steady = directory / "steady.questions"
    write_names(steady, (f"steady-{each}" for each in range(100)))
    makers = {
        "martlet": lambda: martlet(directory, arguments, entries=count, denial=10_000),
        "unbound": lambda: unbound(directory, arguments, message_mb=512, rrset_mb=512)}
    for name, make in makers.items():
        if name in arguments.without:
            continue
        server = make()
        server.start()
        print(f"  {name}: {server.settings}")
        flood(server, 1_000, f"questions={steady}", "count=200")
        before = server.memory()["VmRSS"]
        seconds = count / rate
        for label, names in (("no new names", f"questions={steady}"),
                             ("filling", "pattern=########.fill.bench.example")):
            filling = start_flood(server, rate, names, f"seconds={seconds}")
            figures = flood(server, STEADY_RATE, f"questions={steady}", f"seconds={seconds}",
                            first=FIRST)
            filled = finish_flood(filling)
            print(f"    {label:<13} p50 {figures['p50']:.0f} us, p99 {figures['p99']:.0f}, p99.9 "
                  f"{figures['p999']:.0f}, largest {figures['largest'] / 1e3:.2f} ms; over 1 ms: "
                  f"{figures['over1ms']:.0f} of {figures['answered']:,.0f}; lost "
                  f"{lost(figures):.0f}, of the others {lost(filled):.0f} of {filled['sent']:,.0f}")
        used = server.memory()
        print(f"    memory: RSS {before:.1f} MB empty, {used['VmRSS']:.1f} MB full, peak "
              f"{used['VmHWM']:.1f}: {(used['VmRSS'] - before) * 1e6 / count:.0f} octets an entry")
        server.stop()


def longest_pause(count):
    """A pause of the cache's own recurs at the same step of every round; the machine's do not."""
    rounds = 5
    text = subprocess.run(
        ["taskset", "-c", SERVER_CPU, RELEASE / "Benchmarks", "pauses", str(count), str(rounds)],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    took = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", text)}
    print(f"  martlet's cache alone, each step's least of {rounds} rounds: p50 {took['p50']} ns, p99 "
          f"{took['p99']}, p99.9 {took['p999']}, longest {took['largest']:,}")
    verdict("longest pause while filling, ms", [took["largest"] / 1e6], PAUSE_MS)


def flood(server, rate, *words, first=()):
    return finish_flood(start_flood(server, rate, *words, first=first))


def start_flood(server, rate, *words, first=()):
    return subprocess.Popen(
        ["taskset", "-c", CLIENT_CPU, *first, RELEASE / "CFlood", str(server.port), f"rate={rate}",
         *map(str, words)], stdout=subprocess.PIPE, text=True)


def finish_flood(process):
    """What CFlood says, by name: counts, and times in microseconds."""
    text = process.communicate()[0]
    if process.returncode:
        raise SystemExit("CFlood failed")
    return {name: float(value) for name, value in re.findall(r"(\w+)=(\S+)", text)}


def lost(figures):
    return figures["sent"] - figures["answered"]


# MARK: - What stays in a small cache


def hit_rate(arguments, directory):
    """A trace by Zipf's law, its first names asked often, and before each of its questions one for
    a name that does not exist. What a cache did not have is what the upstream was asked."""
    print(f"\nHit rate: {TRACE_QUERIES:,} questions for {TRACE_NAMES:,} names by Zipf's law, seed "
          f"{TRACE_SEED}, and as many for names that do not exist; asked often: the first "
          f"{TRACE_OFTEN:,}")
    upstream = Upstream(directory)
    trace = directory / "trace.questions"
    often = write_trace(trace)
    third = arguments.memory // 3
    caches = {"message_mb": third, "rrset_mb": arguments.memory - third}
    reference = replayed(unbound(directory, arguments, **caches), upstream, trace, often, arguments)
    if "martlet" in arguments.without:
        return
    # Told in entries, wanted in octets: two looks find how many of them are the same memory.
    entries = reference["growth"] * 1e6 / 500
    for attempt in range(3):
        count = max(1_024, int(entries))
        server = martlet(directory, arguments, entries=count, denial=max(1_024, count // 4))
        found = replayed(server, upstream, trace, often, arguments)
        if abs(found["growth"] / reference["growth"] - 1) < 0.05:
            break
        entries *= reference["growth"] / max(found["growth"], 0.5)
    verdict("misses of names asked often, x Unbound",
            [(1 - found["often"]) / max(1 - reference["often"], 1e-9)], 1)


def write_trace(path):
    """How many questions are for the names asked often."""
    generator = random.Random(TRACE_SEED)
    weights, total = [], 0.0
    for rank in range(1, TRACE_NAMES + 1):
        total += 1 / rank
        weights.append(total)
    ranks = generator.choices(range(TRACE_NAMES), cum_weights=weights, k=TRACE_QUERIES)
    names = []
    for rank in ranks:
        names.append(f"nx-{generator.getrandbits(48):012x}")
        names.append(f"{'often' if rank < TRACE_OFTEN else 'rare'}-{rank}")
    write_names(path, names)
    return sum(rank < TRACE_OFTEN for rank in ranks)


def replayed(server, upstream, trace, often, arguments):
    server.start()
    # The first answers bring libraries and buffers in.
    run_dnsperf(server, write_warm_up(trace), None, arguments, passes=1)
    empty = server.memory()["VmRSS"]
    before = {letter: upstream.asked(letter) for letter in "orn"}
    result = run_dnsperf(server, trace, None, arguments, passes=1)
    missed = {letter: upstream.asked(letter) - before[letter] for letter in "orn"}
    used = server.memory()["VmRSS"]
    figures = {"often": 1 - missed["o"] / often,
               "all": 1 - (missed["o"] + missed["r"]) / TRACE_QUERIES, "growth": used - empty}
    print(f"  {server.name}: {server.settings}\n    asked often {figures['often']:.2%} hits, whole "
          f"trace {figures['all']:.2%}; RSS {empty:.1f} MB, then {used:.1f}: grew by "
          f"{figures['growth']:.1f}; lost {result['lost']}, {missed['n']:,} names without existence")
    server.stop()
    return figures


def write_warm_up(trace):
    path = trace.with_suffix(".warm-up")
    path.write_text(f"{READY} A\n" * 2_000)
    return path


# MARK: - More than can be served


def overload(arguments, directory):
    """Of each server, in turns: the rate that it serves, the better one of dnsperf's, which waits for
    answers, and of a flood a little above it; then what it answers where twice that is sent."""
    print(f"\nOverload: each server held to {arguments.share} % of its CPU, asked twice as much as "
          "it can serve")
    share = Share.make(arguments.share)
    if share is None:
        print("  skipped: no control group for the CPU can be made here")
        return
    Upstream(directory)
    servers = started(
        arguments, directory, [name for name in MAKERS if name not in ("floor", "relay")])
    questions = directory / "overload.questions"
    write_names(questions, (f"name-{each}" for each in range(NAMES)))
    for server in servers:
        run_dnsperf(server, questions, None, arguments, passes=2)
        share.hold(server)
    fresh = FreshNames(directory, int(arguments.seconds * FRESH_PER_SECOND))
    first = 0

    def flooded(server, kind, rate):
        nonlocal first
        names = [f"questions={questions}"] if kind == "hits" else [
            "pattern=########.flood.bench.example", f"first={first}"]
        figures = flood(server, int(rate), f"seconds={arguments.seconds}", *names)
        first += int(figures["sent"])
        return figures

    for kind in ("hits", "misses"):
        rows = {server.name: [] for server in servers}
        for _ in range(arguments.rounds):
            for server in servers:
                asked = questions if kind == "hits" else fresh()
                peak = run_dnsperf(server, asked, arguments.seconds, arguments)["rate"]
                above = flooded(server, kind, peak * 1.2)
                peak = max(peak, above["noerror"] / above["seconds"])
                rows[server.name].append((peak, flooded(server, kind, peak * 2)))
        print_overload(kind, rows)
    for server in servers:
        server.stop()
    share.stop()


def print_overload(kind, rows):
    print(f"  {kind:<9} {'peak/s':>9} {'offered/s':>10} {'answered/s':>11} {'shed/s':>9} "
          f"{'SERVFAIL':>9}   answered / peak")
    for name, pairs in rows.items():
        shares = [figures["noerror"] / figures["seconds"] / peak for peak, figures in pairs]

        def median(value):
            return sorted(map(value, pairs))[len(pairs) // 2]

        print(f"  {name:<9} {median(lambda pair: pair[0]):>9,.0f} "
              f"{median(lambda pair: pair[1]['sent'] / pair[1]['seconds']):>10,.0f} "
              f"{median(lambda pair: pair[1]['noerror'] / pair[1]['seconds']):>11,.0f} "
              f"{median(lambda pair: lost(pair[1]) / pair[1]['seconds']):>9,.0f} "
              f"{median(lambda pair: pair[1]['servfail']):>9,.0f}   {quartiles(shares)}")
        if name == "martlet":
            # A verdict is of an upper bound.
            verdict(f"martlet, {kind}: peak / answered", [1 / max(each, 1e-9) for each in shares],
                    1 / OVERLOAD_SHARE)


# MARK: - No upstream answers


def dead(arguments, directory):
    """Both upstreams take questions and are silent."""
    seconds = max(20, int(arguments.rounds * arguments.seconds))
    print(f"\nDead: two silent upstreams, {CLUSTER_RATE:,} questions a second for names of "
          f"{arguments.services:,} services and {OUTSIDE_RATE:,} for outside names, {seconds} s")
    if "martlet" in arguments.without:
        return
    data = directory / "dead"
    (data / "manifests").mkdir(parents=True)
    subprocess.run(
        [RELEASE / "Benchmarks", f"services={arguments.services}", "endpoints=0",
         "headless-percent=0", f"directory={data}"], check=True)
    ports = (UPSTREAM_PORT + 1, UPSTREAM_PORT + 2)
    upstreams = [Upstream(directory, port, "silent") for port in ports]
    server = martlet(directory, arguments, upstreams=ports, manifests=data / "manifests")
    server.first_name = lambda: (b"backend-0", b"team-0", b"svc", b"cluster", b"local")
    server.start()
    print(f"  {server.settings}")
    cluster = f"questions={data}/mix.questions"
    alone = flood(server, CLUSTER_RATE, cluster, "seconds=5", first=FIRST)
    # The longest wait of a client's query is 5 s and some.
    outside = start_flood(server, OUTSIDE_RATE, "pattern=########.outside.example",
                          f"seconds={seconds}", "wait=7")
    figures = flood(server, CLUSTER_RATE, cluster, f"seconds={seconds}", first=FIRST)
    came = finish_flood(outside)
    for label, each in (("cluster, no others", alone), ("cluster names", figures),
                        ("outside names", came)):
        print(f"    {label:<18} {each['sent']:,.0f} sent, {lost(each):,.0f} lost; NOERROR "
              f"{each['noerror']:,.0f}, NXDOMAIN {each['nxdomain']:,.0f}, SERVFAIL "
              f"{each['servfail']:,.0f}, REFUSED {each['refused']:,.0f}; p50 {each['p50'] / 1e3:.3f} "
              f"ms, p99 {each['p99'] / 1e3:.2f}, largest {each['largest'] / 1e3:.1f}")
    print(f"    questions at the upstreams: {' and '.join(str(each.asked()) for each in upstreams)}")
    verdict("p99 of cluster names, ms", [figures["p99"] / 1e3], DEAD_P99_MS)
    verdict("cluster names lost", [lost(figures)], 0)
