"""Stub domains, kube-dns's ConfigMap, the resolver of a pod, reloads, loops."""

import concurrent.futures
import functools
import http.server
import json
import signal
import socketserver
import subprocess
import threading
import time

import keeping
from fixtures import (
    PLAIN, TRUTH, Asked, Forwarder, Misbehaver, Unbound, block, cluster, forward, forwarder,
    has_own_network)
from harness import LOOPBACK, Ports, Process


def stub_domains(scenario):
    """Server blocks: the longest zone decides."""
    outside, corp, deep = (Misbehaver(scenario) for _ in range(3))
    server = forwarder(
        scenario, cluster(scenario), forward(outside), "cache 30",
        more=block(forward(corp), "cache 30", key="corp.test:PORT")
        + block(forward(deep), key="deep.corp.test:PORT"))
    for name, right in (("a.mis.test.", outside), ("a.corp.test.", corp), ("corp.test.", corp),
                        ("a.deep.corp.test.", deep), ("acorp.test.", outside)):
        scenario.expect(name, server.ask(name).records, [TRUTH])
        scenario.expect(f"{name} was asked of one", [
            each.count(name) for each in (outside, corp, deep)], [
            int(each is right) for each in (outside, corp, deep)])
    scenario.expect("the cluster", server.ask(PLAIN).records, ["A 10.96.0.10"])
    # An upstream that says NXDOMAIN of a stub's parent does not cut the stub off.
    scenario.expect("apart", server.ask("nxdomain.test.").rcode, "NXDOMAIN")
    scenario.expect("from each other", server.ask("b.deep.corp.test.").records, [TRUTH])


# MARK: - kube-dns


class FromConfigMap(Process):
    """A martlet started with `-conf` at a ConfigMap of kube-dns, and flags."""

    def __init__(self, scenario, path, bind=LOOPBACK, port=None):
        self.server, self.port = bind, port or Ports.take()
        cluster(scenario)
        super().__init__(scenario, "martlet", [
            scenario.binary, "-conf", path, "-manifests", scenario.directory / "manifests",
            "-bind", bind, "-dns.port", self.port])
        self.wait_for("\nmartlet-")

    def ask(self, name, kind="A", *options):
        return Asked(self.port, name, kind, *options, server=self.server)


def alone(play):
    """What such a ConfigMap equals has ports of its own for probes and metrics, the same ones always."""
    @functools.wraps(play)
    def locked(scenario):
        with FIXED_PORTS:
            play(scenario)
            for process in list(scenario.processes):
                process.kill()
    return locked


FIXED_PORTS = threading.Lock()


def config_map(scenario, **keys):
    text = json.dumps({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "kube-dns", "namespace": "kube-system"},
        "data": {key: json.dumps(value) for key, value in keys.items()}})
    return scenario.file("kube-dns.json", text)


@alone
def kube_dns(scenario):
    """The object gives a complete cluster DNS, and is the Corefile that `convert` prints."""
    outside, corp = Misbehaver(scenario), Misbehaver(scenario)
    path = config_map(scenario, stubDomains={"corp.test": [corp.address]},
                      upstreamNameservers=[outside.address], federations={"f": "fed.test"})
    printed = subprocess.run([scenario.binary, "convert", path], capture_output=True, text=True)
    scenario.expect("martlet convert", printed.returncode, 0)
    for text in ("kubernetes cluster.local in-addr.arpa ip6.arpa", "pods insecure", "ttl 30",
                 "fallthrough in-addr.arpa ip6.arpa", "cache 30", "reload", "prometheus :9153",
                 f"forward . {outside.address}", "corp.test:53", "errors", "health", "ready"):
        scenario.holds(f"it prints {text}", text in printed.stdout, printed.stdout)
    server = FromConfigMap(scenario, path)
    scenario.expect("the cluster", server.ask(PLAIN).records, ["A 10.96.0.10"])
    scenario.expect("outside", server.ask("a.mis.test.").records, [TRUTH])
    scenario.expect("a stub domain", server.ask("a.corp.test.").records, [TRUTH])
    scenario.expect("each of its own", [
        [each.count(name) for each in (outside, corp)] for name in ("a.mis.test.", "a.corp.test.")],
        [[1, 0], [0, 1]])
    server.ask("a.mis.test.")
    scenario.expect("cached", outside.count("a.mis.test."), 1)


@alone
def kube_dns_changes(scenario):
    """A mounted directory of keys, changed as the kubelet changes it."""
    upstream = Misbehaver(scenario)
    mount = scenario.directory / "mount"

    def publish(number, **keys):
        data = mount / f"..{number}"
        data.mkdir(parents=True)
        for key, text in keys.items():
            (data / key).write_text(text)
            if not (mount / key).is_symlink():
                (mount / key).symlink_to(f"..data/{key}")
        (mount / "..draft").symlink_to(data.name)
        (mount / "..draft").rename(mount / "..data")

    publish(1, upstreamNameservers=json.dumps([upstream.address]), stubDomains="{}")
    server = FromConfigMap(scenario, mount)
    scenario.expect("from the directory", server.ask("a.mis.test.").records, [TRUTH])
    other = Misbehaver(scenario)
    publish(2, upstreamNameservers=json.dumps([upstream.address]),
            stubDomains=json.dumps({"corp.test": [other.address]}))
    scenario.eventually("a stub domain that comes", lambda: (
        server.ask(f"n{time.monotonic_ns()}.corp.test.").records, other.count() > 0),
        ([TRUTH], True), within=60)
    publish(3, upstreamNameservers=json.dumps([upstream.address]),
            stubDomains='{“corp.test”: ["192.0.2.1"]}')
    scenario.eventually("a faulty key is reported", lambda: "[ERROR]" in server.log, True, within=60)
    before = other.count()
    server.ask(f"n{time.monotonic_ns()}.corp.test.")
    scenario.expect("and the old configuration kept", other.count(), before + 1)
    (mount / "..draft").symlink_to("..4")
    (mount / "..draft").rename(mount / "..data")
    server.send(signal.SIGHUP)
    nowhere = "stubDomains:1:1: error: cannot read the configuration: it is a link to a file"
    scenario.eventually("keys that lead nowhere are reported", lambda: nowhere in server.log, True)
    server.ask(f"n{time.monotonic_ns()}.corp.test.")
    scenario.expect("and kept as they were", other.count(), before + 2)
    server.kill()
    refused = Process(scenario, "refused", [scenario.binary, "-conf", mount])
    scenario.eventually("with them it does not start", lambda: refused.is_running, False)
    scenario.holds("and says why", nowhere in refused.log, refused.log)


# MARK: - A pod


POD_ADDRESS = "127.0.0.10"
IN_POD = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'


class Pages(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers["Host"].split(":")[0].encode())

    def log_message(self, *_):
        pass


@alone
def pod(scenario):
    """What the kubelet writes into a pod, and getent, curl and dig in it."""
    outside = Unbound(scenario, local=[
        f"site.outside.test. 60 A {LOOPBACK}", "six.outside.test. 60 AAAA ::1",
        "far.outside.test. 60 A 192.0.2.9"])
    path = config_map(scenario, upstreamNameservers=[outside.address])
    if not has_own_network():
        scenario.skip("the resolver of a pod needs port 53 and a mount namespace")
        return
    FromConfigMap(scenario, path, bind=POD_ADDRESS, port=53)
    resolver = scenario.file("resolv.conf", (
        "search web.svc.cluster.local svc.cluster.local cluster.local\n"
        f"nameserver {POD_ADDRESS}\noptions ndots:5\n"))
    page = Pages((LOOPBACK, Ports.take()), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    port = page.server_address[1]

    def inside(*command):
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", IN_POD, "sh", str(resolver), *map(str, command)],
            capture_output=True, text=True, timeout=30)
        return done.stdout.strip()

    def address(name, family="v4"):
        # -A: loopback alone is no reason to look for addresses of a family (AI_ADDRCONFIG).
        return inside("getent", "-A", f"ahosts{family}", name).split()[:1]

    for name in ("plain", "plain.web", "plain.web.svc", "plain.web.svc.cluster.local"):
        scenario.expect(f"getent {name}", address(name), ["10.96.0.10"])
    scenario.expect("getent outside", address("far.outside.test"), ["192.0.2.9"])
    scenario.expect("getent outside, v6", address("six.outside.test", "v6"), ["::1"])
    scenario.expect("getent of what is not", inside("getent", "hosts", "none.outside.test"), "")
    scenario.expect("getent by address", inside("getent", "hosts", "10.96.0.10").split()[1:],
                    [PLAIN.rstrip(".")])
    for name in ("local.web", "local", "site.outside.test"):
        scenario.expect(f"curl {name}", inside("curl", "-sS", f"http://{name}:{port}/"), name)
    scenario.expect("dig +search", inside("dig", "+short", "+search", "plain.web"), "10.96.0.10")
    scenario.expect("dig outside", inside("dig", "+short", "far.outside.test"), "192.0.2.9")
    page.shutdown()


# MARK: - Reloads


class Load(keeping.Load):
    """Questions for the names without a pause; none may be lost or fail."""

    def __init__(self, scenario, server, names):
        path = scenario.file(f"load-{server.port}", "".join(f"{name} A\n" for name in names))
        self.scenario = scenario
        self.process = Process(scenario, "dnsperf", [
            "dnsperf", "-s", LOOPBACK, "-p", server.port, "-d", path, "-l", self.LONGEST, "-Q",
            self.RATE, "-t", "10"])


def reloads(scenario):
    """A hundred reloads, half of them with a change, by both signals: not one query is lost."""
    upstream, other = Misbehaver(scenario), Misbehaver(scenario)

    def text(number):
        to = (upstream, other)[number % 4 // 2]
        return block(cluster(scenario), forward(to), "cache 30", f"ready {LOOPBACK}:READY",
                     f"prometheus {LOOPBACK}:METRICS", "reload 2s")

    server = Forwarder(scenario, text(0))
    load = Load(scenario, server, [PLAIN, "a.mis.test.", "ttl-5.b.mis.test.", "slow-50.c.mis.test."])
    for number in range(100):
        server.write(text(number))
        server.send((signal.SIGUSR1, signal.SIGHUP)[number % 2])
        time.sleep(0.05)
    server.write(block("forward"))
    server.send(signal.SIGUSR1)
    scenario.eventually("a faulty file is an error line",
                        lambda: any("[ERROR]" in line for line in server.said), True)
    scenario.eventually("and a metric", lambda: (
        server.metric("coredns_reload_failed_total") or 0) >= 1, True)
    scenario.expect("and nothing else", server.ask("a.mis.test.").records, [TRUTH])
    load.end()


def cache_survives(scenario):
    """A reload that does not touch it leaves the cache as it is."""
    upstream = Misbehaver(scenario)
    lines = [forward(upstream), "cache 300", f"prometheus {LOOPBACK}:METRICS"]
    server = Forwarder(scenario, block(*lines))
    server.ask("kept.mis.test.")
    server.write(block(*lines, cluster(scenario)))
    server.send(signal.SIGUSR1)
    scenario.eventually("the reload has come", lambda: server.ask(PLAIN).records, ["A 10.96.0.10"])
    scenario.expect("kept", server.ask("kept.mis.test.").records, [TRUTH])
    scenario.expect("asked once", upstream.count("kept.mis.test."), 1)


def counters_go_on(scenario):
    """What a block has counted is in the metrics when it has changed, and when it is gone."""
    upstream, other = Misbehaver(scenario), Misbehaver(scenario)
    lines = [cluster(scenario), f"prometheus {LOOPBACK}:METRICS"]
    server = Forwarder(scenario, block(*lines, forward(upstream), "cache 300"))
    for number in range(5):
        server.ask(f"n{number}.mis.test.")
        server.ask(f"n{number}.mis.test.")
    counters = ("martlet_forward_exchanges_total", "coredns_forward_requests_total",
                "coredns_forward_responses_total", "coredns_cache_hits_total",
                "coredns_cache_misses_total")

    def counted():
        return [server.metric(name) or 0 for name in counters]

    before = counted()
    scenario.holds("all of them count", min(before) >= 5, before)
    for reloads, text in enumerate((block(*lines, forward(other), "cache 60"), block(*lines)), 1):
        server.write(text)
        server.send(signal.SIGUSR1)
        scenario.eventually("the reload has come", lambda: server.log.count(
            "Reloading complete"), reloads)
        after = counted()
        scenario.holds("none is less", all(a >= b for a, b in zip(after, before)), (before, after))
        scenario.expect("who is not asked has no state", server.metric(
            "martlet_forward_upstream_up", upstream.address), None)


def late_reply(scenario):
    """A listener that goes answers what waits, however long that takes."""
    silent, slow = Misbehaver(scenario), Misbehaver(scenario)
    silent.page("silent")
    port = Ports.take()
    going = block(forward(silent, options=["next SERVFAIL"]),
                  forward(slow, options=["read_timeout 4s"]), key=f".:{port}")
    server = Forwarder(scenario, block(cluster(scenario)) + going)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        # The first upstream takes some 3 s until it is given up.
        reply = pool.submit(Asked, port, "slow-3500.mis.test.", patience=15)
        scenario.eventually("asked", lambda: silent.count() > 0, True)
        server.write(block(cluster(scenario)))
        server.send(signal.SIGUSR1)
        reply = reply.result()
    scenario.expect("answered", reply.records, [TRUTH])
    scenario.holds("after more than the grace of 5 s", reply.seconds > 5.5, f"{reply.seconds:.2f} s")
    scenario.expect("the listener has gone", Asked(port, "a.mis.test.", patience=1).rcode, "no reply")


# MARK: - Loops


def loop(scenario):
    """A martlet that forwards to itself says so, leaves that upstream and serves on."""
    upstream = Misbehaver(scenario)
    port = Ports.take()
    own = f"{LOOPBACK}:{port}"

    def text(*to):
        return block(cluster(scenario), "loop", forward(*to, options=["policy sequential"]),
                     f"prometheus {LOOPBACK}:METRICS", key=f".:{port}")

    server = Forwarder(scenario, text(own, upstream))
    server.port = port
    scenario.eventually("it is named", lambda: any(
        "loop" in line.lower() and own in line for line in server.said), True)
    scenario.expect("it runs on", server.is_running, True)
    scenario.expect("the cluster", server.ask(PLAIN).records, ["A 10.96.0.10"])
    scenario.expect("the other upstream", server.ask("a.mis.test.").records, [TRUTH])
    server.end()
    alone = Forwarder(scenario, text(own))
    alone.port = port
    scenario.eventually("alone, it is named, too", lambda: any(
        "loop" in line.lower() and own in line for line in alone.said), True)
    scenario.expect("the cluster all the same", alone.ask(PLAIN).records, ["A 10.96.0.10"])
    reply = alone.ask("a.mis.test.")
    scenario.expect("outside names fail", reply.rcode, "SERVFAIL")
    scenario.holds("at once", reply.seconds < 2, f"{reply.seconds:.2f} s")


def loop_found_later(scenario):
    """An upstream that comes up after martlet, and forwards back to it."""
    port = Ports.take()
    server = forwarder(scenario, cluster(scenario), "loop", forward(f"{LOOPBACK}:{port}"))
    # The first question has found nobody by then.
    time.sleep(1.5)
    scenario.holds("nothing is said of nobody", "Loop (" not in server.log, server.log)
    Unbound(scenario, forwards=[(".", f"{LOOPBACK}:{server.port}")], port=port)
    scenario.eventually("it is named", lambda: f"Loop ({LOOPBACK}:{port})" in server.log, True,
                        within=30)
    scenario.expect("the cluster", server.ask(PLAIN).records, ["A 10.96.0.10"])
