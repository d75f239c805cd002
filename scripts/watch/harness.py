"""Processes of one scenario over real sockets, clients that ask them, and what is expected."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LOOPBACK = "127.0.0.1"
SUFFIX = "svc.cluster.local."

# Under other load a debug build takes seconds for what it usually does in milliseconds.
PATIENCE = 30


class Failed(Exception):
    """A scenario cannot go on."""


class Ports:
    """Free ports, each given once; below those that the kernel takes for connections."""

    lock = threading.Lock()
    # Runs beside each other, where there are no namespaces, begin at different places.
    following = 20_000 + os.getpid() * 37 % 10_000

    @classmethod
    def take(cls):
        with cls.lock:
            for _ in range(1_000):
                cls.following += 1
                if cls.following >= 32_000:
                    cls.following = 20_000
                if cls.is_free(cls.following):
                    return cls.following
        raise Failed("no free port")

    @staticmethod
    def is_free(port):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                # As martlet has it: connections that have just ended are no obstacle.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((LOOPBACK, port))
                except OSError:
                    return False
        return True


class Process:
    """One that is ended with its scenario, whatever happens."""

    def __init__(self, scenario, name, command, environment=None):
        if scenario.is_over:
            raise Failed("the run has been ended")
        self.name = name
        self.path = scenario.directory / f"{name}-{len(scenario.processes)}.log"
        with open(self.path, "w") as log:
            self.child = subprocess.Popen(
                # Nor does it outlive a run that is killed.
                ["setpriv", "--pdeathsig", "KILL", *(str(word) for word in command)], stdout=log,
                stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, **(environment or {})})
        scenario.processes.append(self)

    @property
    def log(self):
        return self.path.read_text(errors="replace")

    @property
    def is_running(self):
        return self.child.poll() is None

    def send(self, number):
        self.child.send_signal(number)

    def end(self, number=signal.SIGTERM):
        """Sends the signal and gives the status; what does not end is killed."""
        if self.is_running:
            self.child.send_signal(number)
        try:
            return self.child.wait(20)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self):
        if self.is_running:
            self.child.kill()
        return self.child.wait()

    def wait_for(self, text):
        deadline = time.monotonic() + PATIENCE
        while text not in self.log:
            if not self.is_running or time.monotonic() > deadline:
                raise Failed(f"{self.name} does not say '{text}':\n{self.log}")
            time.sleep(0.01)


class APIServer(Process):
    """The test API server: commands as in Tests/TestAPIServer/Control.swift."""

    def __init__(self, scenario, script="", port=None, arguments=()):
        self.port = port or Ports.take()
        program = scenario.binary.parent / "TestAPIServer"
        super().__init__(scenario, "api", [program, "--port", self.port, *arguments])
        self.wait_for("listening on")
        if script:
            self.control(script)

    @property
    def url(self):
        return f"http://{LOOPBACK}:{self.port}"

    def control(self, script):
        request = urllib.request.Request(f"{self.url}/_control", data=script.encode())
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as reply:
                    text = reply.read().decode()
                break
            except urllib.error.URLError as error:
                # Its listener is closed while the fault `down` holds.
                refused = isinstance(error.reason, ConnectionRefusedError)
                if not refused or not self.is_running or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        if "error" in [line.split(" ", 1)[0] for line in text.split("\n")]:
            raise Failed(f"the test API server refuses {script!r}: {text}")
        return text

    def stat(self, pattern):
        """The number at the end of the lines of `stats` that match, added up."""
        lines = self.control("stats").split("\n")
        return sum(int(line.split()[-1]) for line in lines if re.search(pattern, line))


class Front(Process):
    """TLS and HTTP/2 before an API server."""

    def __init__(self, scenario, backend, *arguments, port=None):
        self.port = port or Ports.take()
        self.directory = scenario.directory / "tls"
        super().__init__(scenario, "front", [
            ROOT / "Tests/TestAPIServer/tls-front", "--dir", self.directory, "--port", self.port,
            "--backend", backend, *arguments])
        self.wait_for("listening on")

    @property
    def url(self):
        return f"https://{LOOPBACK}:{self.port}"

    @property
    def tls(self):
        """The property `tls` of a Corefile."""
        names = ("client.crt", "client.key", "ca.crt")
        return "tls " + " ".join(str(self.directory / name) for name in names)


class Martlet(Process):
    """martlet with one `kubernetes` directive; `before` is a whole command to start it with."""

    def __init__(self, scenario, properties, blocks="", environment=None, before=()):
        self.scenario = scenario
        self.port, self.ready, self.metrics = (Ports.take() for _ in range(3))
        text = (f".:{self.port} {{\n  bind {LOOPBACK}\n  errors\n  ready {LOOPBACK}:{self.ready}\n"
                f"  prometheus {LOOPBACK}:{self.metrics}\n"
                "  kubernetes cluster.local in-addr.arpa ip6.arpa {\n"
                + "".join(f"    {line}\n" for line in properties) + "  }\n}\n"
                + blocks.replace("PORT", str(self.port)))
        corefile = scenario.directory / f"Corefile-{self.port}"
        corefile.write_text(text)
        super().__init__(
            scenario, "martlet", [*before, scenario.binary, "-conf", corefile], environment)
        # The banner comes when the listeners are open.
        self.wait_for("\nmartlet-")

    # MARK: - Asking

    def ask(self, name, kind="A", *options):
        return Reply(self.port, name, kind, *options)

    def answers(self, *rows):
        """Rows `NAME TYPE` → records; NAME is completed where it has no dot at its end."""
        return [self.records(row) for row in rows]

    def records(self, row):
        name, kind = row.split()
        reply = self.ask(full(name), kind)
        return reply.records if reply.rcode == "NOERROR" else reply.rcode

    def page(self, path):
        port = self.metrics if path == "metrics" else self.ready
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/{path}", timeout=5) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    @property
    def readiness(self):
        return self.page("ready")[0]

    @property
    def verbose(self):
        """The lines of `/ready?verbose`, its status first."""
        status, text = self.page("ready?verbose")
        return [str(status), *text.rstrip("\n").split("\n")]

    @property
    def problems(self):
        return self.verbose[2:]

    def metric(self, name, *labels):
        """The series of that name that have the labels, added up; None where there is none."""
        found = [
            float(line.rsplit(" ", 1)[1]) for line in self.page("metrics")[1].split("\n")
            if re.split("[{ ]", line)[0] == name and all(label in line for label in labels)]
        return sum(found) if found else None

    @property
    def said(self):
        """Its log from the first line of a plugin on."""
        return [line for line in self.log.split("\n") if "plugin/" in line]

    def count(self, text):
        return sum(text in line for line in self.said)


class Reply:
    """What dig shows."""

    def __init__(self, port, name, kind, *options):
        text = subprocess.run(
            ["dig", f"@{LOOPBACK}", "-p", str(port), name, kind, "+norecurse", "+tries=1",
             "+time=5", *options], capture_output=True, text=True).stdout
        found = re.search(r"status: (\w+)", text)
        self.rcode = found[1] if found else "no reply"
        self.errors = re.findall(r"^; EDE: (\d+)", text, re.M)
        self.error_texts = re.findall(r"^; EDE: \d+ \([^)]*\): \((.*)\)$", text, re.M)
        rows = [line.split(None, 4) for line in text.split("\n") if line and line[0] != ";"]
        self.ttls = [int(row[1]) for row in rows]
        answer = re.search(r";; ANSWER SECTION:\n(.*?)\n\n", text, re.S)
        lines = answer[1].split("\n") if answer else []
        self.records = sorted(" ".join(line.split(None, 4)[3:]) for line in lines)


def full(name):
    return name if name.endswith(".") else f"{name}.{SUFFIX}"


class Scenario:
    """One run of some processes in a directory of its own."""

    # Set where the whole run is ended before its time.
    is_over = False

    def __init__(self, label, binary, directory):
        self.label, self.binary, self.directory = label, binary, directory
        self.processes = []
        self.passed, self.failures, self.notes, self.skipped = 0, [], [], []
        directory.mkdir()

    # MARK: - Processes

    def api(self, script="", **options):
        return APIServer(self, script, **options)

    def front(self, api, *arguments, port=None):
        return Front(self, api.port, *arguments, port=port)

    def martlet(self, *properties, **options):
        return Martlet(self, properties, **options)

    def file(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def end(self):
        for process in self.processes:
            process.kill()

    # MARK: - Expecting

    def expect(self, label, found, expected):
        if found == expected:
            self.passed += 1
        else:
            self.failures.append(f"{label}\n  expected {expected!r}\n  found    {found!r}")
        return found == expected

    def holds(self, label, found, told=""):
        self.expect(f"{label} {told}".rstrip(), bool(found), True)

    def eventually(self, label, fetch, expected, within=PATIENCE):
        """Looks until what is found is what is expected, and gives the seconds that took."""
        begin = time.monotonic()
        while (found := fetch()) != expected:
            if time.monotonic() - begin > within:
                break
            time.sleep(0.05)
        self.expect(label, found, expected)
        return time.monotonic() - begin

    def synchronised(self, martlet, within=PATIENCE):
        """Waits until all objects have been read."""
        begin = time.monotonic()
        while "plugin/kubernetes: synchronised with the API server" not in martlet.log:
            if not martlet.is_running or time.monotonic() - begin > within:
                raise Failed(f"martlet is not synchronised:\n{martlet.log}")
            time.sleep(0.02)
        return time.monotonic() - begin

    def note(self, text):
        self.notes.append(text)

    def skip(self, reason):
        self.skipped.append(reason)
