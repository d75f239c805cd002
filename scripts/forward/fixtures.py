"""What stands around a forwarder: upstreams that behave and one that does not, a small cluster, and
clients that see all of a reply."""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.request

from harness import LOOPBACK, PATIENCE, Failed, Martlet, Ports, Process

HERE = pathlib.Path(__file__).resolve().parent
TRUTH, FORGED = "A 192.0.2.1", "203.0.113.66"

CLUSTER = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: web}}
- apiVersion: v1
  kind: Service
  metadata: {name: plain, namespace: web}
  spec: {clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10], ports: [{name: http, port: 80}]}
- apiVersion: v1
  kind: Service
  metadata: {name: local, namespace: web}
  spec: {clusterIP: 127.0.0.1, clusterIPs: [127.0.0.1], ports: [{name: http, port: 80}]}
- apiVersion: v1
  kind: Service
  metadata: {name: alias, namespace: web}
  spec: {type: ExternalName, externalName: alias.mis.test}
- apiVersion: v1
  kind: Service
  metadata: {name: nowhere, namespace: web}
  spec: {type: ExternalName, externalName: nxdomain.mis.test}
"""
PLAIN = "plain.web.svc.cluster.local."


# MARK: - Asking


class Asked:
    """A reply as dig shows it: sections as (owner, TTL, type, data)."""

    def __init__(self, port, name, kind="A", *options, patience=10, server=LOOPBACK):
        began = time.monotonic()
        self.text = subprocess.run(
            ["dig", f"@{server}", "-p", str(port), "-q", name, "-t", kind, "+nocookie", "+tries=1",
             f"+time={patience}", *options], capture_output=True, text=True).stdout
        self.seconds = time.monotonic() - began
        found = re.search(r"status: (\w+)", self.text)
        self.rcode = found[1] if found else "no reply"
        flags = re.search(r"flags: ([a-z ]*);", self.text)
        self.flags = set(flags[1].split()) if flags else set()
        self.errors = [int(code) for code in re.findall(r"^; EDE: (\d+)", self.text, re.M)]
        self.answer, self.authority, self.additional = (
            self.section(name) for name in ("ANSWER", "AUTHORITY", "ADDITIONAL"))

    def section(self, name):
        found = re.search(rf";; {name} SECTION:\n(.*?)(\n\n|$)", self.text, re.S)
        rows = [line.split(None, 4) for line in found[1].split("\n") if line] if found else []
        return [(row[0].lower(), int(row[1]), row[3], row[4]) for row in rows if row[0] != ";"]

    @property
    def records(self):
        """`TYPE DATA` of the answer in order of the text, or the RCODE where it is another."""
        if self.rcode != "NOERROR":
            return self.rcode
        return sorted(f"{kind} {data}" for _, _, kind, data in self.answer)

    @property
    def ttls(self):
        return [ttl for _, ttl, _, _ in self.answer]

    @property
    def summary(self):
        return self.rcode, self.records, sorted(self.errors)


def has_own_network():
    """Whether port 53 and the files of a mount namespace are this run's own."""
    return os.geteuid() == 0 and "MARTLET_ISOLATED" in os.environ


def side_by_side(*calls):
    """What the calls return, all begun at once."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [each.result() for each in [pool.submit(call) for call in calls]]


# MARK: - Upstreams


class Misbehaver(Process):
    """misbehave.py: what it does is in the names, what it was asked can be looked at."""

    def __init__(self, scenario, port=None):
        self.port, self.http = port or Ports.take(), Ports.take()
        super().__init__(scenario, "misbehaver", [HERE / "misbehave.py", self.port, self.http])
        self.wait_for("listening")

    @property
    def address(self):
        return f"{LOOPBACK}:{self.port}"

    def page(self, path):
        with urllib.request.urlopen(f"http://{LOOPBACK}:{self.http}/{path}", timeout=10) as reply:
            return reply.read().decode()

    def everything(self):
        return json.loads(self.page("queries"))

    def queries(self, name=None, transport=None):
        # Probes of health and loops are no client's.
        found = [each for each in self.everything() if each["name"] != "."]
        return [each for each in found if (name is None or each["name"] == name)
                and (transport is None or each["transport"] == transport)]

    def count(self, name=None, transport=None):
        return len(self.queries(name, transport))


class Unbound(Process):
    """A server that knows `local` records, forwards where it is told to, and may speak TLS."""

    def __init__(self, scenario, local=(), forwards=(), stubs=(), tls=None, server=(),
                 host=LOOPBACK, port=None):
        self.host, self.port = host, port or Ports.take()
        directory = scenario.directory / f"unbound-{host}-{self.port}"
        directory.mkdir()
        lines = [
            "server:", f"interface: {host}@{self.port}", 'username: ""', 'chroot: ""',
            f'directory: "{directory}"', f'pidfile: "{directory}/pid"', "use-syslog: no",
            "do-not-query-localhost: no", 'module-config: "iterator"', "num-threads: 1",
            "local-zone: test. transparent", *server,
            *(f"local-data: '{record}'" for record in local)]
        self.tls_port = None
        if tls:
            self.tls_port = Ports.take()
            lines += [f"interface: {LOOPBACK}@{self.tls_port}", f"tls-port: {self.tls_port}",
                      f"tls-service-pem: {tls.certificate}", f"tls-service-key: {tls.key}"]
        for zone, address in stubs:
            lines += ["stub-zone:", f'name: "{zone}"', f"stub-addr: {address.replace(':', '@')}"]
        for zone, address in forwards:
            lines += ["forward-zone:", f'name: "{zone}"',
                      f"forward-addr: {address.replace(':', '@')}"]
        path = directory / "unbound.conf"
        path.write_text("\n".join([*lines, "remote-control:", "control-enable: no"]) + "\n")
        super().__init__(scenario, "unbound", ["unbound", "-d", "-v", "-c", path])
        self.wait_for("start of service")

    @property
    def address(self):
        return f"{self.host}:{self.port}"


class Knot(Process):
    """signed.test, signed by the server itself."""

    ZONE = """$ORIGIN signed.test.
$TTL 300
@ SOA ns host 1 3600 600 86400 60
@ NS ns
ns A 192.0.2.53
www A 192.0.2.80
*.wild A 192.0.2.81
alias CNAME www
"""

    def __init__(self, scenario):
        self.port = Ports.take()
        directory = scenario.directory / "knot"
        directory.mkdir()
        (directory / "signed.zone").write_text(self.ZONE)
        path = directory / "knot.conf"
        path.write_text(f"""
server:
    rundir: "{directory}"
    listen: {LOOPBACK}@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stdout
    any: info
database:
    storage: "{directory}"
policy:
  - id: nsec3
    nsec3: on
zone:
  - domain: signed.test
    storage: "{directory}"
    file: signed.zone
    dnssec-signing: on
    dnssec-policy: nsec3
""")
        super().__init__(scenario, "knot", ["knotd", "-c", path])
        deadline = time.monotonic() + PATIENCE
        while not any(kind == "RRSIG" for _, _, kind, _ in
                      Asked(self.port, "www.signed.test", "A", "+dnssec", patience=1).answer):
            if time.monotonic() > deadline:
                raise Failed(f"knotd does not serve the signed zone:\n{self.log}")
            time.sleep(0.1)

    @property
    def address(self):
        return f"{LOOPBACK}:{self.port}"


class Certificate:
    """An authority and a server's certificate of its own, by openssl."""

    def __init__(self, scenario, label, name):
        self.directory = scenario.directory / f"tls-{label}"
        self.directory.mkdir()
        self.authority = self.directory / "ca.crt"
        self.certificate, self.key = self.directory / "server.crt", self.directory / "server.key"
        extensions = self.directory / "extensions"
        extensions.write_text(f"subjectAltName=DNS:{name}\n")
        for command in (
                f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={label}"
                f" -keyout ca.key -out {self.authority}",
                "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server"
                f" -keyout {self.key} -out request",
                f"x509 -req -in request -CA {self.authority} -CAkey ca.key -CAcreateserial -days 2"
                f" -extfile {extensions} -out {self.certificate}"):
            subprocess.run(["openssl", *command.split()], cwd=self.directory, check=True,
                           capture_output=True)


# MARK: - The forwarder


class Forwarder(Martlet):
    """A martlet with the Corefile given; PORT in it is the port that is asked."""

    def __init__(self, scenario, text, before=(), environment=None):
        self.scenario = scenario
        self.port, self.ready, self.metrics = (Ports.take() for _ in range(3))
        self.corefile = scenario.directory / f"Corefile-{self.port}"
        self.write(text)
        Process.__init__(self, scenario, "martlet",
                         [*before, scenario.binary, "-conf", self.corefile], environment)
        self.wait_for("\nmartlet-")

    def write(self, text):
        """The Corefile, replaced as a whole."""
        for word, port in (("METRICS", self.metrics), ("READY", self.ready), ("PORT", self.port)):
            text = text.replace(word, str(port))
        draft = self.corefile.with_suffix(".draft")
        draft.write_text(text)
        draft.rename(self.corefile)

    def ask(self, name, kind="A", *options, **more):
        return Asked(self.port, name, kind, *options, **more)

    def many(self, name, count, kind="A", *options):
        # dig allows others to have its port (SO_REUSEPORT), and of two that the kernel gives the same
        # one gets the other's reply: one pair in 20 crowds of 50.
        return side_by_side(*[lambda port=Ports.take(): self.ask(
            name, kind, "-b", f"{LOOPBACK}#{port}", *options) for _ in range(count)])


def block(*lines, key=".:PORT"):
    """A server block with what every one here has."""
    return f"{key} {{\n  bind {LOOPBACK}\n  errors\n" + "".join(
        f"  {line}\n" for line in lines) + "}\n"


def forward(*upstreams, options=(), zone="."):
    to = " ".join(getattr(each, "address", None) or str(each) for each in upstreams)
    return f"forward {zone} {to} {{\n" + "".join(f"    {each}\n" for each in options) + "  }"


def cluster(scenario, *properties):
    """The `kubernetes` directive of the small cluster."""
    path = scenario.directory / "manifests"
    path.mkdir(exist_ok=True)
    (path / "cluster.yaml").write_text(CLUSTER)
    return ("kubernetes cluster.local in-addr.arpa ip6.arpa {\n    manifests " + str(path)
            + "\n    pods insecure\n    ttl 30\n    fallthrough in-addr.arpa ip6.arpa\n"
            + "".join(f"    {each}\n" for each in properties) + "  }")


def forwarder(scenario, *lines, more=""):
    """One block with the lines, metrics and /ready; `more` are further blocks."""
    if scenario.binary.name == "unbound":
        # The fixtures themselves are tried with a server that is known to be right.
        address = re.search(r"forward \. (\S+)", " ".join(lines))[1]
        front = Unbound(scenario, forwards=[(".", address)], server=["use-caps-for-id: yes"])
        front.ask = lambda *words, **options: Asked(front.port, *words, **options)
        front.many = lambda name, count: side_by_side(*[lambda: front.ask(name)] * count)
        return front
    lines = [f"ready {LOOPBACK}:READY", f"prometheus {LOOPBACK}:METRICS", *lines]
    return Forwarder(scenario, block(*lines) + more)
