"""What the subcommands of scripts/bench share: servers that run pinned, dnsperf, quartiles."""

import os
import pathlib
import re
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / ".build/release"
SERVER_CPU, CLIENT_CPU = "0", "1"


class Server:
    running = []
    # Of the question that is asked at the start; a forwarder wants recursion to be desired.
    flags = "0000"

    def __init__(self, name, port, command, answers=True):
        self.name, self.port, self.command, self.answers = name, port, command, answers
        self.environment = {}
        self.questions = None

    def questions_of(self, data):
        return self.questions or data

    def start(self):
        """Returns the seconds from the start of the process to its first right answer."""
        self.log = tempfile.TemporaryFile()
        began = time.monotonic()
        # The variables are the server's alone: taskset would count its own allocations.
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        self.process = subprocess.Popen(
            ["taskset", "-c", SERVER_CPU, *(["env", *variables] if variables else []),
             *map(str, self.command)],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        Server.running.append(self)
        while not self.is_answering():
            if self.process.poll() is not None or time.monotonic() - began > 60:
                self.log.seek(0)
                raise SystemExit(f"{self.name} did not start:\n"
                                 + self.log.read().decode(errors="replace")[-2000:])
        return time.monotonic() - began

    def stop(self):
        if self in Server.running:
            Server.running.remove(self)
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def is_answering(self):
        """backend-0 is the first service of every set; its answer has ANCOUNT 1, or it is an echo."""
        query = bytes.fromhex(f"7aa1 {self.flags} 0001 0000 0000 0000") + b"".join(
            bytes([len(label)]) + label for label in self.first_name()) + bytes.fromhex("00 0001 0001")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.005)
            try:
                client.connect(("127.0.0.1", self.port))
                client.send(query)
                reply = client.recv(4096)
            except OSError:
                time.sleep(0.001)
                return False
        right = reply[6:8] != bytes(2) if self.answers else True
        return reply[:2] == query[:2] and reply[3] & 15 == 0 and right

    def first_name(self):
        return (b"backend-0", b"team-0", b"svc", b"cluster", b"local")

    def pids(self):
        """The process and its descendants: NSD answers from a child."""
        family, found = [self.process.pid], []
        while family:
            pid = family.pop()
            found.append(pid)
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                family += map(int, (task / "children").read_text().split())
        return found

    def cpu_seconds(self, user_only=False):
        ticks = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + (0 if user_only else int(fields[12]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Megabytes, of the process itself or, of several, the largest."""
        largest = {}
        for pid in self.pids():
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
            used = {key: int(re.search(rf"{key}:\s+(\d+) kB", text)[1]) * 1024 / 1e6
                    for key in ("VmRSS", "RssAnon", "VmHWM")}
            largest = max(largest, used, key=lambda each: each.get("VmRSS", 0))
        return largest


# MARK: - Measuring


# More waiting queries than 150 overflow the kernel's default receive buffer (208 KiB) of a server
# that is scheduled out for a moment, and dnsperf's own 32 KiB lose replies that come in a batch.
DNSPERF = ("-c", "4", "-q", "150", "-b", "200")


def run_dnsperf(server, questions, seconds, arguments, passes=None):
    command = ["taskset", "-c", CLIENT_CPU, "dnsperf", "-s", "127.0.0.1", "-p", str(server.port),
               "-d", str(questions), *DNSPERF]
    command += ["-l", str(seconds)] if passes is None else ["-n", str(passes)]
    if arguments.edns:
        command.append("-e")
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {"completed": int(re.search(r"Queries completed: +(\d+)", text)[1]),
            "lost": int(re.search(r"Queries lost: +(\d+)", text)[1]),
            "rate": float(re.search(r"Queries per second: +([\d.]+)", text)[1])}


class Sample:
    """One server in one round."""

    def __init__(self, cpu, user, rate):
        self.cpu, self.user, self.rate = cpu, user, rate


def sampled(server, questions, arguments):
    """A run that lost a query is no figure: it is done again, at most twice. Questions that must be
    new each time come from a function."""
    for _ in range(3):
        asked = questions() if callable(questions) else questions
        before, user = server.cpu_seconds(), server.cpu_seconds(user_only=True)
        result = run_dnsperf(server, asked, arguments.seconds, arguments)
        if not result["lost"]:
            queries = result["completed"] / 1e6
            return Sample(
                (server.cpu_seconds() - before) / queries,
                (server.cpu_seconds(user_only=True) - user) / queries, result["rate"])
        print(f"{server.name} lost {result['lost']} queries, measured again")
    raise SystemExit(f"{server.name} loses queries: no figure")


def quartiles(values):
    if len(values) < 2:
        return f"{values[0]:.3f}"
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:.3f} ({low:.3f}-{high:.3f})"


# MARK: - Printing


def print_table(workload, results):
    names = list(results)
    base = results[names[0]]
    print(f"{workload:<10} {'CPU us/query':>13} {'user us':>8} {'queries/s':>10}   "
          f"x {names[0]}: median (quartiles) of the rounds")
    for name, samples in results.items():
        ratios = [sample.cpu / other.cpu for sample, other in zip(samples, base)]
        print(f"{name:<10} {statistics.median(s.cpu for s in samples):>13.2f} "
              f"{statistics.median(s.user for s in samples):>8.2f} "
              f"{statistics.median(s.rate for s in samples):>10.0f}   {quartiles(ratios)}")
    print()


def verdict(what, measured, goal, shown=None):
    """A goal is met when the upper quartile meets it."""
    worst = max(measured)
    if shown is None and len(measured) > 1:
        worst = statistics.quantiles(measured, n=4, method="inclusive")[2]
    met = "met" if worst <= goal else "NOT met"
    print(f"  -> {what}: {shown or quartiles(measured)}; goal: at most {goal:g}: {met}")
