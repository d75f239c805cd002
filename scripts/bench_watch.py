"""`scripts/bench watch`: what following an API server costs martlet.

The API server is the tests' own, over TLS and HTTP/2 by nghttpx, or as it is over HTTP/1.1. martlet
has a CPU to itself; the API server, nghttpx, dnsperf and the client that waits for new answers share
the other. CPU is all that the kernel accounted to martlet's process, user and system.
"""

import os
import pathlib
import random
import re
import socket
import struct
import subprocess
import time
import urllib.request

from bench_servers import (
    CLIENT_CPU, DNSPERF, RELEASE, ROOT, SERVER_CPU, Server, quartiles, verdict)

PARTS = ("lists", "latency", "cost")
PORT, API_PORT, TLS_PORT = 25401, 25441, 25442
ENDPOINTS = 10
CHANGES_PER_SECOND, QUERIES_PER_SECOND = 500, 50_000

# Of the latency client's own waiting for its CPU nothing shall be in the figure: it comes first
# there. 1 is left to who runs all of this under `chrt --fifo 1`, to keep other work out of it.
FIRST = ("chrt", "--fifo", "2") if os.geteuid() == 0 else ()

# The budgets: docs/performance.md.
LIST_CPU_SECONDS, PEAK_MB, STEADY_MB = 0.5, 64, 48
P99_MS, P999_MS = 5, 20
COST_RATIO = 1.2


def add_options(command):
    command.add_argument("--part", choices=PARTS, action="append",
                         help="what to measure (all three when not given)")
    command.add_argument("--plain", action="store_true",
                         help="lists over plain HTTP/1.1 instead of TLS and HTTP/2")


def watch(arguments, directory):
    parts = arguments.part or PARTS
    print(f"following an API server; {arguments.rounds} rounds; martlet on CPU {SERVER_CPU}, the API "
          f"server, nghttpx, dnsperf and the latency client on CPU {CLIENT_CPU}; 1-minute load at "
          f"start {os.getloadavg()[0]:.2f}")
    if "lists" in parts or "latency" in parts:
        api = APIServer(directory / "api", API_PORT, TLS_PORT)
        cluster = Cluster(api, arguments.services, ENDPOINTS)
        if "lists" in parts:
            lists(arguments, directory, cluster)
        if "latency" in parts:
            latency(arguments, directory, cluster)
        api.stop()
    if "cost" in parts:
        cost(arguments, directory)


# MARK: - Lists


def lists(arguments, directory, cluster):
    """Each round: a martlet started afresh, then a relist of the same objects, then one with every
    object changed meanwhile. The peak is set back between them."""
    scheme = "plain HTTP/1.1" if arguments.plain else "TLS and HTTP/2 (nghttpx)"
    print(f"\nLists: {cluster.services:,} services, {cluster.services * cluster.endpoints:,} "
          f"endpoints over {scheme}")
    print("  wall: from exec to /ready 200, and from the cut of the connections, waiting before the "
          "next try included, to the list taken over")
    stages = {"first list": [], "relist, nothing changed": [], "relist, all changed": []}
    wrong = asked = 0
    for _ in range(arguments.rounds):
        follower = Follower(directory, arguments, cluster.api, plain=arguments.plain)
        wall = follower.start()
        stages["first list"].append(follower.figures(0, wall))
        note_rest(follower, stages["first list"][-1])
        for stage in list(stages)[1:]:
            prober = Prober(cluster, follower)
            follower.reset_peak()
            before = follower.cpu()
            if stage == "relist, all changed":
                cluster.shift()
            else:
                cluster.forget()
            prober.ask_until_listed()
            stages[stage].append(follower.figures(before, prober.seconds))
            note_rest(follower, stages[stage][-1])
            asked, wrong = asked + prober.asked, wrong + prober.wrong
        follower.stop()
    print(f"  {'':<24} {'CPU s':>22} {'wall s':>22} {'peak MB':>24} {'RSS MB, at rest':>24} "
          f"{'RssAnon MB':>24}")
    for stage, figures in stages.items():
        columns = [quartiles([figure[key] for figure in figures])
                   for key in ("cpu", "wall", "VmHWM", "VmRSS", "RssAnon")]
        print(f"  {stage:<24} {columns[0]:>22} {columns[1]:>22} {columns[2]:>24} "
              f"{columns[3]:>24} {columns[4]:>24}")
    verdict("CPU of the first list, s", values(stages, "first list", "cpu"), LIST_CPU_SECONDS)
    for stage in stages:
        verdict(f"peak, {stage}, MB", values(stages, stage, "VmHWM"), PEAK_MB)
        verdict(f"RSS at rest, {stage}, MB", values(stages, stage, "VmRSS"), STEADY_MB)
    verdict("answers during relists neither old nor new", [wrong], 0,
            f"{wrong} of {asked:,} asked")


def note_rest(follower, figures):
    """Memory two seconds later: what a list leaves free is given back after one. Watches that have
    lasted less than a second would be waited for."""
    time.sleep(2)
    figures.update({key: value for key, value in follower.memory().items() if key != "VmHWM"})


def values(stages, stage, key):
    return [figure[key] for figure in stages[stage]]


class Prober:
    """Asks for random Services while lists are taken over: an answer is wholly the old one or wholly
    the new one. 500 questions a second cost martlet some 4 ms of CPU."""

    def __init__(self, cluster, follower):
        self.cluster, self.follower = cluster, follower
        self.old_shift = cluster.shifted
        self.lists_before = follower.lists_taken()
        self.asked = self.wrong = 0

    def ask_until_listed(self):
        """Until Services and slices have been listed once more; then the old answer is wrong."""
        began = check_at = time.monotonic()
        while True:
            self.ask()
            now = time.monotonic()
            if now >= check_at:
                if self.follower.lists_taken() >= self.lists_before + 2:
                    break
                if now - began > 60:
                    raise SystemExit("no relist within a minute")
                check_at = now + 0.02
            time.sleep(0.002)
        self.seconds = time.monotonic() - began
        self.old_shift = self.cluster.shifted
        for _ in range(200):
            self.ask()

    def ask(self):
        index = random.randrange(self.cluster.services)
        found = self.follower.addresses(self.cluster.name(index))
        self.asked += 1
        if found not in (self.cluster.addresses(index, self.old_shift),
                         self.cluster.addresses(index, self.cluster.shifted)):
            self.wrong += 1


# MARK: - Latency


def latency(arguments, directory, cluster):
    """Time from the event's write to the new answer. The time is taken by the API server before the
    write; over TLS it has nghttpx's hop in it, so only the figure without it is held to the goal."""
    seconds = max(30, int(arguments.rounds * arguments.seconds))
    print(f"\nChanges: {CHANGES_PER_SECOND} slices a second for {seconds} s of "
          f"{cluster.services:,} services, {QUERIES_PER_SECOND:,} queries a second meanwhile "
          f"(dnsperf {' '.join(DNSPERF)})")
    questions = directory / "watch.questions"
    cluster.write_questions(questions)
    for plain in (True, False):
        follower = Follower(directory, arguments, cluster.api, plain=plain)
        follower.start()
        times, load = changes_under_load(cluster.api, follower, questions, seconds)
        print(f"  {'plain HTTP/1.1' if plain else 'TLS and HTTP/2, through nghttpx'}:")
        print_latency(times, load, seconds, arguments.rounds, judged=plain)
        follower.settle()
        used = follower.memory()
        print(f"    after them: RSS {used['VmRSS']:.1f} MB, RssAnon {used['RssAnon']:.1f} MB, "
              f"peak {used['VmHWM']:.1f} MB")
        verdict("steady RSS, MB", [used["VmRSS"]], STEADY_MB)
        follower.stop()


def changes_under_load(api, follower, questions, seconds):
    """The milliseconds of each change in order (None: not seen in 5 s), and what dnsperf says."""
    load = subprocess.Popen(
        ["taskset", "-c", CLIENT_CPU, "dnsperf", "-s", "127.0.0.1", "-p", str(follower.port), "-d",
         str(questions), *DNSPERF, "-l", str(seconds + 2), "-Q", str(QUERIES_PER_SECOND)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    client = subprocess.Popen(
        ["taskset", "-c", CLIENT_CPU, *FIRST, RELEASE / "Benchmarks", "latency", f"log={api.write_log}",
         f"port={follower.port}", f"seconds={seconds + 1}"],
        stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    api.command(f"churn rate={CHANGES_PER_SECOND} seconds={seconds}")
    lines = [line.split() for line in client.communicate()[0].splitlines()]
    text = load.communicate()[0]
    if client.returncode or load.returncode:
        raise SystemExit("the latency client or dnsperf failed")
    lines.sort(key=lambda line: int(line[0]))
    times = [None if nanoseconds == "-1" else int(nanoseconds) / 1e6 for _, nanoseconds in lines]
    return times, {
        "lost": int(re.search(r"Queries lost: +(\d+)", text)[1]),
        "rate": float(re.search(r"Queries per second: +([\d.]+)", text)[1]),
        "codes": re.search(r"Response codes: +(.*)", text)[1]}


def print_latency(times, load, seconds, rounds, judged):
    seen = sorted(each for each in times if each is not None)
    missing = len(times) - len(seen)
    if not seen:
        raise SystemExit("no change was seen: no figure")
    part = max(1, len(times) // rounds)
    by_part = [percentile(sorted(each for each in times[start:start + part] if each is not None), 99)
               for start in range(0, part * rounds, part) if times[start:start + part]]
    print(f"    {len(times):,} changes: p50 {percentile(seen, 50):.2f} ms, "
          f"p99 {percentile(seen, 99):.2f}, p99.9 {percentile(seen, 99.9):.2f}, "
          f"largest {seen[-1]:.2f}; not seen within 5 s: {missing}; "
          f"p99 of each {rounds}th part {quartiles(by_part)}")
    print(f"    queries: {load['rate']:,.0f} a second, {load['lost']} lost; {load['codes']}")
    if judged:
        verdict("p99, ms", [percentile(seen, 99)], P99_MS)
        verdict("p99.9, ms", [percentile(seen, 99.9)], P999_MS)
        verdict("changes not seen", [missing], 0, str(missing))
        # 1 %: dnsperf's own beginning and end.
        verdict("queries lost or not sent", [load["lost"], QUERIES_PER_SECOND * 0.99 - load["rate"]],
                0, f"{load['lost']} lost at {load['rate']:,.0f} a second")


def percentile(ordered, percent):
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


# MARK: - What a change costs


def cost(arguments, directory):
    """Two API servers and two martlets, one small and one large; they change in turns."""
    sizes = (100, 100_000)
    print(f"\nCPU per change at {CHANGES_PER_SECOND} a second, 1 endpoint in a slice, plain HTTP/1.1; "
          f"{arguments.rounds} interleaved rounds of {arguments.seconds:g} s")
    followers = []
    for place, services in enumerate(sizes):
        # In pages: what a client leaves unread of a stream, this API server holds in memory.
        api = APIServer(
            directory / f"api-{services}", API_PORT + 10 + place, options=["--no-watch-list"])
        Cluster(api, services, endpoints=1)
        follower = Follower(directory, arguments, api, plain=True, port=PORT + 1 + place)
        follower.start()
        followers.append(follower)
    results = {services: [] for services in sizes}
    for turn in range(arguments.rounds + 1):
        for services, follower in zip(sizes, followers):
            microseconds = cpu_of_a_change(follower, arguments.seconds)
            # The first turn warms up.
            if turn > 0:
                results[services].append(microseconds)
    for services, follower in zip(sizes, followers):
        used = follower.memory()
        print(f"  {services:>7,} services: {quartiles(results[services])} us a change; "
              f"RSS {used['VmRSS']:.1f} MB, RssAnon {used['RssAnon']:.1f} MB")
        follower.stop()
        follower.api.stop()
    ratios = [large / small for small, large in zip(*results.values())]
    verdict("100,000 against 100 services", ratios, COST_RATIO)


def cpu_of_a_change(follower, seconds):
    cpu, events = follower.cpu(), follower.metric("watch_events_total", "endpointslices")
    follower.api.command(f"churn rate={CHANGES_PER_SECOND} seconds={seconds}")
    time.sleep(seconds + 0.3)
    used = follower.cpu() - cpu
    return used * 1e6 / (follower.metric("watch_events_total", "endpointslices") - events)


# MARK: - The cluster


class Cluster:
    """What `load` makes, and the addresses that it gives: see BulkCluster of the TestAPIServer."""

    def __init__(self, api, services, endpoints):
        self.api, self.services, self.endpoints = api, services, endpoints
        self.namespaces = max(1, services // 100)
        self.shifted = 0
        api.command(f"load services={services} endpoints={endpoints} namespaces={self.namespaces}")

    def shift(self):
        self.shifted += self.services
        self.api.command("shift")

    def forget(self):
        """Nothing changes, but what was seen last is too old to go on from."""
        self.api.command("advance 1")
        self.api.command("compact")
        self.api.command("cut")

    def name(self, index):
        return f"svc-{index}.ns-{index % self.namespaces}.svc.cluster.local"

    def addresses(self, index, shift):
        number = index + shift
        if index % 2 == 0:
            return {f"172.{16 + (number >> 16 & 15)}.{number >> 8 & 255}.{number & 255}"}
        return {f"10.{each >> 16 & 127}.{each >> 8 & 255}.{each & 255}"
                for each in range(number * self.endpoints, (number + 1) * self.endpoints)}

    def write_questions(self, path):
        """What pods ask: half of it in vain, as their search path spells it."""
        lines = []
        for place in range(10_000):
            # Steps of a prime: all Services in an order that is no order of the set.
            index = place * 7919 % self.services
            name = self.name(index)
            lines.append((
                f"{name} A", f"{name.removesuffix('.cluster.local')}.team-x.svc.cluster.local A",
                f"{name} A", f"_http._tcp.{self.name(index & ~1)} SRV",
            )[place % 4])
        path.write_text("\n".join(lines) + "\n")


# MARK: - Processes


class APIServer:
    """A TestAPIServer, commanded by its stdin, and nghttpx before it where TLS is wanted."""

    def __init__(self, directory, port, tls_port=None, options=()):
        directory.mkdir()
        self.directory, self.port, self.tls_port = directory, port, tls_port
        self.write_log = directory / "writes"
        self.processes = []
        Server.running.append(self)
        self.server = self.run(
            RELEASE / "TestAPIServer", "--port", port, "--write-log", self.write_log,
            "--end-with-stdin", *options)
        if tls_port:
            self.run(ROOT / "Tests/TestAPIServer/tls-front", "--dir", directory, "--port", tls_port,
                     "--backend", port)

    def run(self, *command):
        process = subprocess.Popen(
            ["taskset", "-c", CLIENT_CPU, *map(str, command)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        said = process.stdout.readline()
        if not said.startswith("listening on"):
            raise SystemExit(f"{command[0].name} did not start: {said}")
        return process

    def command(self, line):
        self.server.stdin.write(line + "\n")
        self.server.stdin.flush()
        reply = self.server.stdout.readline()
        if not reply.startswith("ok"):
            raise SystemExit(f"{line}: {reply}")

    def stop(self):
        if self in Server.running:
            Server.running.remove(self)
            for process in reversed(self.processes):
                process.terminate()
                process.wait(10)


class Follower(Server):
    """A martlet that follows an API server, ready when it has all of it."""

    def __init__(self, directory, arguments, api, plain, port=PORT):
        self.api = api
        url = f"http://127.0.0.1:{api.port}" if plain else f"https://127.0.0.1:{api.tls_port}"
        files = " ".join(str(api.directory / name) for name in ("client.crt", "client.key", "ca.crt"))
        corefile = directory / f"Corefile-{port}"
        corefile.write_text(f"""
.:{port} {{
    bind 127.0.0.1
    errors
    health 127.0.0.1:{port + 100}
    ready 127.0.0.1:{port + 200}
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        endpoint {url}
        {'' if plain else f'tls {files}'}
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }}
    prometheus 127.0.0.1:{port + 300}
    loadbalance
}}
""")
        super().__init__("martlet", port, [arguments.martlet.resolve(), "-conf", corefile])

    def is_answering(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port + 200}/ready", timeout=1):
                return True
        except OSError:
            # Each question of this kind costs martlet CPU.
            time.sleep(0.01)
            return False

    def cpu(self):
        """Seconds, of all threads that ever were: in nanoseconds, where /proc counts in ticks."""
        # What clock_getcpuclockid(3) gives.
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def figures(self, cpu_before, wall):
        return {"cpu": self.cpu() - cpu_before, "wall": wall, **self.memory()}

    def reset_peak(self):
        # 5: VmHWM begins anew at VmRSS (proc(5)).
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def lists_taken(self):
        """Lists of Services and slices so far."""
        return sum(self.metric("lists_total", each) for each in ("services", "endpointslices"))

    def metric(self, name, resource):
        address = f"http://127.0.0.1:{self.port + 300}/metrics"
        with urllib.request.urlopen(address, timeout=5) as reply:
            text = reply.read().decode()
        return sum(float(number) for labels, number in
                   re.findall(rf"^martlet_kubernetes_{name}\{{(.*)\}} (\S+)$", text, re.MULTILINE)
                   if f'resource="{resource}"' in labels)

    def addresses(self, name):
        """The A records of a name, or None for any other answer than NOERROR."""
        labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
        query = struct.pack(">6H", random.randrange(65_536), 0, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            client.connect(("127.0.0.1", self.port))
            client.send(query)
            try:
                reply = client.recv(4096)
            except OSError:
                return None
        if reply[:2] != query[:2] or reply[3] & 15 or reply[2] & 2:
            return None
        # Each record: a pointer to the question's name, 8 octets, the length and the address.
        records = reply[len(query):]
        return {socket.inet_ntoa(records[at + 12:at + 16]) for at in range(0, reply[7] * 16, 16)}

    def settle(self):
        """Until the CPU used in half a second is next to nothing, ten seconds at most."""
        for _ in range(20):
            before = self.cpu()
            time.sleep(0.5)
            if self.cpu() - before < 0.005:
                return
