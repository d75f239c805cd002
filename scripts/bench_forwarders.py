"""The forwarders of `scripts/bench forward`, each with sensible best settings, and their upstream.

All have one thread for queries, forward to one address of loopback, keep no log, validate nothing
and are pinned to one CPU with all their threads.
"""

import os
import pathlib
import socket
import struct
import subprocess
import time

from bench_servers import CLIENT_CPU, RELEASE, Server

PORTS = {"floor": 25500, "martlet": 25501, "unbound": 25502, "dnsmasq": 25503, "pdns": 25504,
         "dnsdist": 25505, "relay": 25506}
UPSTREAM_PORT = 25540
READY = "ready.bench.example"


class Upstream:
    """A CEchoUpstream on the generator's CPU: its questions so far, by the first letter of names."""

    def __init__(self, directory, port=UPSTREAM_PORT, *options):
        self.port, self.counts = port, directory / f"counts-{port}"
        self.process = subprocess.Popen(
            ["taskset", "-c", CLIENT_CPU, RELEASE / "CEchoUpstream", str(port),
             f"counts={self.counts}", *options])
        Server.running.append(self)
        time.sleep(0.1)
        if self.process.poll() is not None:
            raise SystemExit("the upstream did not start")

    def stop(self):
        if self in Server.running:
            Server.running.remove(self)
            self.process.kill()
            self.process.wait()

    def asked(self, letter=None):
        octets = self.counts.read_bytes()
        return struct.unpack_from("<Q", octets, 8 * (ord(letter) if letter else 0))[0]


class Forwarder(Server):
    flags = "0100"

    def __init__(self, name, command, settings, answers=True):
        super().__init__(name, PORTS[name], command, answers)
        self.settings = settings

    def first_name(self):
        return tuple(part.encode() for part in READY.split("."))

    def answer(self, name):
        """RCODE and the address, if there is one."""
        labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            client.connect(("127.0.0.1", self.port))
            client.send(b"\x5a\xa5\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1")
            try:
                reply = client.recv(4096)
            except OSError:
                return None, None
        address = reply[29 + len(labels):33 + len(labels)] if reply[7] == 1 else None
        return reply[3] & 15, address and socket.inet_ntoa(address)

    def is_right(self):
        """A fast wrong answer is no figure."""
        for number in range(50):
            name = f"Check-{number}.bench.example"
            if self.answer(name) != (0, address_of(name)):
                return False
            if self.answer(f"nx-{number}.bench.example") != (3, None):
                return False
        return True


def address_of(name):
    """What the upstream says: FNV-1a over the wire form without its last octet."""
    octets = b"".join(bytes([len(part)]) + part.lower().encode() for part in name.split("."))
    hashed = 2166136261
    for octet in octets:
        hashed = (hashed ^ octet) * 16777619 & 0xFFFFFFFF
    return f"10.{hashed >> 16 & 255}.{hashed >> 8 & 255}.{hashed & 255}"


# MARK: - Settings


def floor(directory, arguments, **_):
    return Forwarder("floor", [RELEASE / "CEchoFloor", PORTS["floor"]], "echoes", answers=False)


def relay(directory, arguments, **_):
    """What of a miss is the kernel's: no forwarder that asks each question from a fresh port can
    cost less."""
    return Forwarder("relay", [RELEASE / "CForwardFloor", PORTS["relay"], UPSTREAM_PORT],
                     "passes messages on, each question from a fresh port, and knows no DNS")


def martlet(directory, arguments, entries=200_000, denial=None, upstreams=(UPSTREAM_PORT,),
            manifests=None):
    port = PORTS["martlet"]
    corefile = directory / "forward.Corefile"
    cluster = f"""
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        manifests {manifests}
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }}""" if manifests else ""
    cache = f"cache 3600 {{ success {entries} 3600; denial {denial or entries} 3600 }}"
    lines = cache.replace("{ ", "{\n        ").replace("; ", "\n        ").replace(" }", "\n    }")
    to = " ".join(f"127.0.0.1:{each}" for each in upstreams)
    corefile.write_text(f"""
.:{port} {{
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:{port + 300}{cluster}
    forward . {to}
    {lines}
}}
""")
    command = [arguments.martlet.resolve(), "-conf", corefile]
    return Forwarder("martlet", command, f"forward . {to}; {cache}")


def unbound(directory, arguments, message_mb=64, rrset_mb=128, **_):
    configuration = directory / "unbound.conf"
    configuration.write_text(f"""
server:
    interface: 127.0.0.1@{PORTS["unbound"]}
    num-threads: 1
    username: ""
    chroot: ""
    directory: "{directory}"
    pidfile: "{directory}/unbound.pid"
    use-syslog: no
    logfile: "{directory}/unbound.log"
    verbosity: 0
    do-not-query-localhost: no
    module-config: "iterator"
    minimal-responses: yes
    qname-minimisation: no
    edns-buffer-size: 1232
    outgoing-range: 8192
    num-queries-per-thread: 4096
    msg-cache-size: {message_mb}m
    rrset-cache-size: {rrset_mb}m
    msg-cache-slabs: 1
    rrset-cache-slabs: 1
    infra-cache-slabs: 1
    key-cache-slabs: 1
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{UPSTREAM_PORT}
remote-control:
    control-enable: no
""")
    return Forwarder(
        "unbound", ["unbound", "-d", "-c", configuration],
        f"1 thread, iterator only, msg-cache {message_mb} MB, rrset-cache {rrset_mb} MB, 1 slab, "
        "outgoing-range 8192, minimal-responses")


def dnsmasq(directory, arguments, entries=200_000, **_):
    return Forwarder("dnsmasq", [
        "dnsmasq", "--keep-in-foreground", f"--port={PORTS['dnsmasq']}", "--conf-file=/dev/null",
        "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
        "--user=root", f"--pid-file={directory}/dnsmasq.pid", "--dns-forward-max=4096",
        f"--cache-size={entries}", f"--server=127.0.0.1#{UPSTREAM_PORT}"],
        f"cache-size {entries}, dns-forward-max 4096")


def pdns(directory, arguments, entries=200_000, **_):
    place = directory / "pdns"
    place.mkdir(exist_ok=True)
    (place / "recursor.conf").write_text(f"""
local-address=127.0.0.1
local-port={PORTS["pdns"]}
forward-zones-recurse=.=127.0.0.1:{UPSTREAM_PORT}
dont-query=
dnssec=off
threads=1
pdns-distributes-queries=no
max-mthreads=4096
max-cache-entries={entries}
max-packetcache-entries={entries}
packetcache-ttl=3600
quiet=yes
loglevel=0
disable-syslog=yes
daemon=no
write-pid=no
setuid=
setgid=
socket-dir={place}
security-poll-suffix=
webserver=no
any-to-tcp=no
""")
    return Forwarder(
        "pdns", ["pdns_recursor", f"--config-dir={place}"],
        f"1 thread, packet cache and record cache of {entries} entries, max-mthreads 4096")


def dnsdist(directory, arguments, entries=200_000, **_):
    configuration = directory / "dnsdist.conf"
    configuration.write_text(f"""
setLocal("127.0.0.1:{PORTS["dnsdist"]}")
setACL("127.0.0.0/8")
setSecurityPollSuffix("")
setMaxUDPOutstanding(65535)
newServer({{address="127.0.0.1:{UPSTREAM_PORT}", sockets=8, healthCheckMode="up"}})
pool = newPacketCache({entries}, {{maxTTL=3600, numberOfShards=1}})
getPool(""):setCache(pool)
setVerboseHealthChecks(false)
""")
    return Forwarder(
        "dnsdist", ["dnsdist", "--supervised", "--disable-syslog", "-u", "root", "-g", "root", "-C",
                    configuration],
        f"1 listener, packet cache of {entries} entries in 1 shard, 8 sockets to the upstream")


# The first one is what the others are multiples of.
MAKERS = {"floor": floor, "relay": relay, "martlet": martlet, "unbound": unbound, "dnsmasq": dnsmasq, "pdns": pdns,
          "dnsdist": dnsdist}


# MARK: - A share of a CPU


class Share:
    """A control group that holds a server to a part of one CPU; None where there is none to have."""

    # Longer, and the receive buffer overflows while the server is held; shorter, and the
    # scheduler's tick of 4 ms does not see it.
    PERIOD = 10_000

    def __init__(self, path, percent, is_v2):
        self.path = path
        quota = self.PERIOD * percent // 100
        if is_v2:
            (path / "cpu.max").write_text(f"{quota} {self.PERIOD}")
        else:
            (path / "cpu.cfs_period_us").write_text(str(self.PERIOD))
            (path / "cpu.cfs_quota_us").write_text(str(quota))
        Server.running.append(self)

    @classmethod
    def make(cls, percent):
        name = "martlet-bench"
        for parent, is_v2 in ((pathlib.Path("/sys/fs/cgroup/cpu"), False),
                              (pathlib.Path("/sys/fs/cgroup"), True)):
            try:
                if is_v2 and "cpu" not in (parent / "cgroup.controllers").read_text().split():
                    continue
                if is_v2:
                    (parent / "cgroup.subtree_control").write_text("+cpu")
                if not (parent / "cgroup.procs").exists():
                    continue
                (parent / name).mkdir(exist_ok=True)
                return cls(parent / name, percent, is_v2)
            except OSError:
                continue
        return None

    def hold(self, server):
        for pid in server.pids():
            # A share is no limit for what runs under `chrt --fifo`.
            for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
                os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))
            (self.path / "cgroup.procs").write_text(str(pid))

    def stop(self):
        if self in Server.running:
            Server.running.remove(self)
        for _ in range(100):
            try:
                self.path.rmdir()
                return
            except OSError:
                # What was in it is still ending.
                time.sleep(0.05)
