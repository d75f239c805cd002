"""What clients take too much of, and a reload in the middle of it: the others are served."""

import concurrent.futures
import os
import pathlib
import signal
import socket
import struct
import threading
import time
import urllib.request

from fixtures import (
    PLAIN, TRUTH, Asked, Forwarder, Misbehaver, Unbound, block, cluster, forward, forwarder)
from harness import LOOPBACK, Ports

# MARK: - Descriptors


def seconds_of_processor(process):
    """What it has used, in itself and in the kernel."""
    fields = pathlib.Path(f"/proc/{process.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def is_healthy(port):
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/health", timeout=3) as reply:
            return reply.status == 200
    except OSError:
        return False


def descriptors(scenario):
    """Idle connections to /health take all descriptors: quiet waiting, and all is well after them."""
    upstream, health = Misbehaver(scenario), Ports.take()
    lines = [cluster(scenario), forward(upstream), f"health {LOOPBACK}:{health}"]
    server = Forwarder(scenario, block(*lines), before=["prlimit", "--nofile=64:64"])
    scenario.holds("well before", is_healthy(health))
    used = seconds_of_processor(server)
    # The kernel takes those in that the server does not.
    clients = [socket.create_connection((LOOPBACK, health)) for _ in range(100)]
    time.sleep(3)
    for client in clients:
        client.close()
    scenario.eventually("/health answers again", lambda: is_healthy(health), True, within=3)
    used = seconds_of_processor(server) - used
    scenario.holds("next to no time of a processor", used < 0.5, f"{used:.2f} s")
    scenario.holds("nor a flood of lines", len(server.log) < 20_000, len(server.log))
    scenario.expect("forwarding", server.ask("a.mis.test.").records, [TRUTH])
    scenario.expect("over TCP", server.ask("b.mis.test.", "A", "+tcp").records, [TRUTH])
    scenario.expect("the cluster", server.ask(PLAIN).records, ["A 10.96.0.10"])


# MARK: - Pipelines


class Pipeline:
    """A client that sends all its questions at once over TCP, and reads what comes."""

    def __init__(self, port, names):
        self.connection = socket.create_connection((LOOPBACK, port))
        self.octets = 0
        self.threads = [threading.Thread(target=self.send, args=(names,), daemon=True),
                        threading.Thread(target=self.receive, daemon=True)]
        for thread in self.threads:
            thread.start()

    def send(self, names):
        messages = b""
        for number, name in enumerate(names):
            labels = b"".join(bytes([len(label)]) + label.encode()
                              for label in name.rstrip(".").split("."))
            message = (struct.pack(">6H", number, 0x100, 1, 0, 0, 0) + labels
                       + struct.pack(">B2H", 0, 1, 1))
            messages += struct.pack(">H", len(message)) + message
        try:
            self.connection.sendall(messages)
        except OSError:
            pass

    def receive(self):
        try:
            while octets := self.connection.recv(65_536):
                self.octets += len(octets)
        except OSError:
            pass

    def end(self):
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        for thread in self.threads:
            thread.join()
        self.connection.close()


def pipelined(scenario):
    """Clients that pipeline names of the outside at a slow upstream: the cluster's go on."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, cluster(scenario), forward(upstream), "cache 30")
    clients = [
        Pipeline(server.port, [f"slow-200.n{number}.c{client}.mis.test." for number in range(500)])
        for client in range(50)]
    answered = sum(server.ask(PLAIN).records == ["A 10.96.0.10"] for _ in range(100))
    scenario.expect("names of the cluster meanwhile", answered, 100)
    scenario.eventually("the pipelines are answered, too", lambda: [
        (number, client.threads[1].is_alive()) for number, client in enumerate(clients)
        if not client.octets], [])
    for client in clients:
        client.end()
    scenario.eventually("and others after them", lambda: server.ask(
        "a.mis.test.").records, [TRUTH])


def pipelined_stale(scenario):
    """One client has more queries for a name on its connection than are taken in at once, and stale
    answers make room for the next: each gets one, and at once where upstreams are known to be slow."""
    upstream = Misbehaver(scenario)
    server = forwarder(scenario, forward(upstream), "cache 30")
    name, count = "ttl-5.crowd.mis.test.", 1_000
    scenario.expect("fresh", server.ask(name).records, [TRUTH])
    upstream.page("silent")
    time.sleep(6)
    client = Pipeline(server.port, [name] * count)
    # Length, header, question, and an address with a pointer for its owner.
    size = 2 + 12 + len(name) + 1 + 4 + 16
    begin = time.monotonic()
    scenario.eventually("all are answered", lambda: client.octets, count * size)
    scenario.holds("in time", time.monotonic() - begin < 4, f"{time.monotonic() - begin:.1f} s")
    client.end()
    upstream.page("talk")


# MARK: - Reloads


def reload_while_waiting(scenario):
    """Another `read_timeout` while queries wait: they get what the upstream says to the question
    that it was asked before."""
    upstream = Misbehaver(scenario)

    def text(seconds, *options):
        options = [f"read_timeout {seconds}s", "max_fails 0", *options]
        return block(forward(upstream, options=options), "cache 30",
                     f"prometheus {LOOPBACK}:METRICS")

    # Over UDP a question is sent once more after a second, since a datagram may have been lost.
    for label, options, most in (("tcp", ["force_tcp"], 1), ("udp", [], 2)):
        server = Forwarder(scenario, text(3, *options))
        name = f"slow-1500.{label}.mis.test."
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            replies = [pool.submit(server.ask, name) for _ in range(10)]
            scenario.eventually(f"{label}: asked", lambda: upstream.count(name), 1)
            scenario.eventually(f"{label}: all wait", lambda: server.metric(
                "coredns_cache_misses_total"), 10)
            server.write(text(4, *options))
            server.send(signal.SIGHUP)
            replies = [reply.result().records for reply in replies]
        scenario.eventually(f"{label}: the reload has come", lambda: server.log.count(
            "Reloading complete"), 1)
        scenario.expect(f"{label}: every client has the answer", replies, [[TRUTH]] * 10)
        asked = upstream.count(name)
        scenario.holds(f"{label}: the question was asked once", 1 <= asked <= most, asked)


def listener_comes_back(scenario):
    """A block is taken out while queries wait at its listener, and put back before they have had
    their replies: it is served again. What was counted stays."""
    upstream = Misbehaver(scenario)
    main = block(f"prometheus {LOOPBACK}:METRICS", cluster(scenario))
    port = Ports.take()
    other = block(forward(upstream, options=["max_fails 0"]), cluster(scenario),
                  f"prometheus {LOOPBACK}:METRICS", key=f".:{port}")
    server = Forwarder(scenario, main + other)
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(Asked, port, f"slow-1900.n{number}.mis.test.", "A")
                   for number in range(5)]
        scenario.eventually("they are asked", lambda: server.metric(
            "martlet_forward_exchanges_total"), 5)
        for number, text in enumerate((main, main + other), 1):
            server.write(text)
            server.send(signal.SIGHUP)
            scenario.eventually("it is taken out, then put back", lambda: server.log.count(
                "Reloading\n"), number)
            scenario.expect("the counter stays", server.metric(
                "martlet_forward_exchanges_total"), 5)
        scenario.expect("all have their replies", [each.result().records for each in waiting],
                        [[TRUTH]] * 5)
    scenario.expect("no reload failed", server.log.count("failed"), 0)
    scenario.eventually("it is served again", lambda: Asked(
        port, PLAIN, "A", patience=1).records, ["A 10.96.0.10"])


def host_over_reload(scenario):
    """An upstream given by a name, while nobody answers for that name: a change of the directive
    loses no query."""
    upstream, resolver = Misbehaver(scenario), Unbound(
        scenario, local=[f"up.host.test. 60 A {LOOPBACK}"])

    def text(seconds):
        return block(forward(f"up.host.test:{upstream.port}", options=[
            f"resolver {resolver.address}", f"read_timeout {seconds}s"]))

    server = Forwarder(scenario, text(2))
    scenario.eventually("asked", lambda: server.ask("a.mis.test.").records, [TRUTH])
    resolver.end()
    server.write(text(3))
    server.send(signal.SIGHUP)
    scenario.eventually("the reload", lambda: server.log.count("Reloading complete"), 1)
    scenario.expect("still", server.ask("b.mis.test.").records, [TRUTH])


def new_host_in_reload(scenario):
    """The configuration before serves on until the new upstream's address is known."""
    old, new = Misbehaver(scenario), Misbehaver(scenario)
    port = Ports.take()
    server = Forwarder(scenario, block(forward(old)))
    stop = threading.Event()
    codes = []

    def ask():
        while not stop.is_set():
            codes.append(server.ask(f"n{len(codes)}.mis.test.").rcode)

    thread = threading.Thread(target=ask)
    thread.start()
    server.write(block(forward(f"up.host.test:{new.port}", options=[
        f"resolver {LOOPBACK}:{port}"])))
    server.send(signal.SIGHUP)
    scenario.eventually("it waits", lambda: "waits for" in server.log, True)
    Unbound(scenario, local=[f"up.host.test. 60 A {LOOPBACK}"], port=port)
    scenario.eventually("the reload", lambda: server.log.count("Reloading complete"), 1)
    scenario.eventually("by the new one", lambda: server.ask("z.mis.test.").records and new.count(
        "z.mis.test."), 1)
    stop.set()
    thread.join()
    scenario.expect("no query failed", set(codes), {"NOERROR"})
