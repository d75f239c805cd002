"""What is known is kept while the API server is away, stuck, or not there yet."""

import signal
import time

from harness import LOOPBACK, Ports, Process
from objects import CLUSTER, SERVED, follows_changes, serves_cluster


# The longest wait for a server that is away, with its jitter; and what a busy machine adds.
WAIT = 6.25
SLACK = 10


class Load:
    """Queries for names that the server never dropped, without a pause; none may fail."""

    # A debug build and everything beside it share the machine.
    RATE = 300
    LONGEST = 120

    def __init__(self, scenario, martlet):
        rows = [row for row, records in SERVED.items() if records != "NXDOMAIN"]
        rows = [row for row in rows if row.split()[0] != "alias.web"]
        names = "".join(
            f"{name if name.endswith('.') else name + '.svc.cluster.local.'} {kind}\n"
            for name, kind in (row.split() for row in rows))
        self.scenario = scenario
        self.process = Process(scenario, "dnsperf", [
            "dnsperf", "-s", LOOPBACK, "-p", martlet.port, "-d",
            scenario.file(f"names-{martlet.port}", names), "-Q", self.RATE, "-l", self.LONGEST])

    def end(self):
        self.scenario.holds("the load lasts as long as the checks", self.process.is_running)
        self.process.end(signal.SIGINT)
        lines = [line.strip() for line in self.process.log.split("\n")]
        # The last may be under way when it is interrupted.
        completed, lost, codes = (
            next((line.split(":", 1)[1].split("(")[0].strip() for line in lines
                  if line.startswith(name)), "")
            for name in ("Queries completed", "Queries lost", "Response codes"))
        self.scenario.holds("queries were sent", int(completed or 0) > 0)
        self.scenario.expect("none was lost", lost, "0")
        self.scenario.expect("all were answered", codes, f"NOERROR {completed}")
        self.scenario.note(f"queries meanwhile: {codes}, {lost} lost")


# MARK: - Kills and restarts

def kills_and_restarts(scenario):
    api = scenario.api(CLUSTER)
    martlet = scenario.martlet(f"endpoint {api.url}")
    scenario.synchronised(martlet)
    load = Load(scenario, martlet)
    state = CLUSTER
    for number, name in ((signal.SIGKILL, "SIGKILL"), (signal.SIGTERM, "SIGTERM")):
        api.end(number)
        serves_cluster(scenario, martlet, f"after {name}: ")
        scenario.expect(f"/ready after {name}", martlet.readiness, 200)
        scenario.eventually(f"{name} is told", lambda: [
            line for line in martlet.problems if f"{api.url}: connect to" in line] != [], True)
        state += f"\nput service web after-{name.lower()} clusterip 10.96.1.{number} port=http:80"
        api = scenario.api(state, port=api.port)
        took = scenario.eventually(
            f"what came after {name}",
            lambda: martlet.records(f"after-{name.lower()}.web A"), [f"A 10.96.1.{number}"])
        scenario.holds("within seconds", took < WAIT + SLACK, f"({took:.1f} s)")
        follows_changes(scenario, api, martlet)
        # The next server is not to go back before the changes that were just made.
        state = f"{state}\nadvance 20"
        serves_cluster(scenario, martlet, f"restarted after {name}: ")
        scenario.eventually("nothing is wrong any more", lambda: martlet.problems, [])
    load.end()


def restarts_behind_front(scenario):
    """With a load balancer before it, a server that is away is an answer with an error."""
    api = scenario.api(CLUSTER)
    front = scenario.front(api)
    martlet = scenario.martlet(f"endpoint {front.url}", front.tls)
    scenario.synchronised(martlet)
    load = Load(scenario, martlet)
    api.kill()
    scenario.eventually("it is told", lambda: "answers 50" in "\n".join(martlet.problems), True)
    time.sleep(4)
    serves_cluster(scenario, martlet, "while it is away: ")
    api = scenario.api(f"{CLUSTER}\nput service web back clusterip 10.96.0.96", port=api.port)
    took = scenario.eventually("what came is served", lambda: martlet.records("back.web A"),
                               ["A 10.96.0.96"])
    scenario.note(f"behind nghttpx a server that was away for 5 s was followed after {took:.1f} s")
    scenario.eventually("nothing is wrong any more", lambda: martlet.problems, [])
    # And the balancer itself.
    front.kill()
    serves_cluster(scenario, martlet, "without the front: ")
    api.control("put service web again clusterip 10.96.0.97")
    scenario.front(api, port=front.port)
    took = scenario.eventually("what came is served", lambda: martlet.records("again.web A"),
                               ["A 10.96.0.97"])
    scenario.holds("within seconds", took < WAIT + SLACK, f"({took:.1f} s)")
    load.end()


def older_state(scenario):
    """A server whose data was restored from a backup, and one that begins with an older state."""
    api = scenario.api(f"set bookmark 1\n{CLUSTER}")
    martlet = scenario.martlet(f"endpoint {api.url}")
    scenario.synchronised(martlet)
    load = Load(scenario, martlet)
    lost = "put service web lost clusterip 10.96.2.1 port=http:80"
    api.control(f"snapshot\n{lost}")
    scenario.eventually("a later object", lambda: martlet.records("lost.web A"), ["A 10.96.2.1"])
    api.control("restore")
    scenario.eventually("is gone with the backup", lambda: martlet.records("lost.web A"),
                        "NXDOMAIN")
    scenario.expect("why is told", martlet.count(
        "services listed anew: the server has gone back to an earlier state"), 1)
    api.control(lost)
    scenario.eventually("a later object, again", lambda: martlet.records("lost.web A"),
                        ["A 10.96.2.1"])
    # The same version, with another object: only a comparison shows it.
    api.control("restore\nput service web other clusterip 10.96.2.2\nfault down for=1")
    took = scenario.eventually("is gone with the backup, again",
                               lambda: martlet.records("lost.web A"), "NXDOMAIN", within=60)
    scenario.note(f"a backup whose version does not show was seen after {took:.0f} s")
    scenario.eventually("what came after is there", lambda: martlet.records("other.web A"),
                        ["A 10.96.2.2"])
    serves_cluster(scenario, martlet, "from the backup: ")

    api.control("advance 50\nput service web lost clusterip 10.96.2.1 port=http:80")
    scenario.eventually("a later object, once more", lambda: martlet.records("lost.web A"),
                        ["A 10.96.2.1"])
    api.kill()
    api = scenario.api(f"set bookmark 1\n{CLUSTER}", port=api.port)
    scenario.eventually("is not in the older state", lambda: martlet.records("lost.web A"),
                        "NXDOMAIN", within=40)
    serves_cluster(scenario, martlet, "from the older state: ")
    follows_changes(scenario, api, martlet)
    load.end()


# MARK: - Stuck

def stopped_server(scenario):
    """HTTP/1.1 has no way to ask whether the server lives; the last state answers."""
    api = scenario.api(CLUSTER)
    martlet = scenario.martlet(f"endpoint {api.url}")
    scenario.synchronised(martlet)
    api.send(signal.SIGSTOP)
    time.sleep(35)
    serves_cluster(scenario, martlet, "stopped: ")
    scenario.expect("/ready", martlet.readiness, 200)
    api.send(signal.SIGCONT)
    follows_changes(scenario, api, martlet)
    scenario.expect("nothing was noticed", martlet.count("[ERROR]"), 0)


def stopped_front(scenario):
    """A connection of HTTP/2 that is silent for 30 s is asked, with 10 s for an answer."""
    api = scenario.api(CLUSTER)
    front = scenario.front(api)
    martlet = scenario.martlet(f"endpoint {front.url}", front.tls)
    scenario.synchronised(martlet)
    front.send(signal.SIGSTOP)
    began = time.monotonic()
    text = f"{front.url}: connected, but silent for 40 s"
    scenario.eventually("the silence is told", lambda: martlet.count(text), 1, within=60)
    took = time.monotonic() - began
    scenario.holds("after 30 s and 10 s", 38 < took < 60, f"({took:.1f} s)")
    scenario.holds("/ready?verbose", text in "\n".join(martlet.problems), martlet.problems)
    serves_cluster(scenario, martlet, "silent: ")
    scenario.expect("/ready", martlet.readiness, 200)
    # Then 30 s without any watch make the state an old one.
    scenario.eventually("EDE of an old state",
                        lambda: martlet.ask("plain.web.svc.cluster.local.").errors, ["3"], within=45)
    scenario.expect("EDE of an old name error",
                    martlet.ask("none.web.svc.cluster.local.").errors, ["19"])
    scenario.expect("the log", martlet.count(
        "[WARNING] plugin/kubernetes: the API server is lost: answering from the last known state"),
        1)
    scenario.expect("/metrics", martlet.metric("martlet_kubernetes_stale"), 1)
    scenario.expect("/ready when lost", martlet.readiness, 200)
    front.send(signal.SIGCONT)
    follows_changes(scenario, api, martlet)
    scenario.eventually("nothing is wrong any more", lambda: martlet.verbose, ["200", "OK"])
    scenario.eventually("nor old",
                        lambda: martlet.ask("plain.web.svc.cluster.local.").errors, [])
    scenario.expect("which is told", martlet.count(f"following {front.url}"), 1)


def stopped_first_endpoint(scenario):
    """The first of two servers takes connections and says nothing, from the start."""
    stuck = scenario.api(CLUSTER)
    stuck.send(signal.SIGSTOP)
    api = scenario.api(CLUSTER)
    martlet = scenario.martlet(f"endpoint {stuck.url} {api.url}")
    took = scenario.synchronised(martlet, within=60)
    scenario.holds("after 30 s", 28 < took < 50, f"({took:.1f} s)")
    scenario.expect("the log", martlet.count(f"[ERROR] plugin/kubernetes: {stuck.url}: no answer"
                                             " for 30 s"), 1)
    serves_cluster(scenario, martlet)
    scenario.eventually("/ready?verbose", lambda: martlet.verbose, ["200", "OK"])
    follows_changes(scenario, api, martlet)


# MARK: - Snapshots

def snapshots(scenario):
    api = scenario.api(CLUSTER)
    path = scenario.directory / "snapshot"
    properties = (f"endpoint {api.url}", f"snapshot {path}", "ttl 30")
    first = scenario.martlet(*properties)
    scenario.synchronised(first)
    # 10 s after everything is there.
    scenario.eventually("a snapshot is written", path.exists, True, within=40)
    scenario.eventually("/metrics", lambda: first.metric("martlet_kubernetes_snapshot_size_bytes"),
                        float(path.stat().st_size))
    first.end()
    api.kill()

    second = scenario.martlet(*properties)
    load = Load(scenario, second)
    serves_cluster(scenario, second, "from the snapshot: ")
    scenario.expect("/ready", second.readiness, 200)
    hit = second.ask("plain.web.svc.cluster.local.")
    miss = second.ask("none.web.svc.cluster.local.")
    scenario.expect("EDE of a hit and of a miss", (hit.errors, miss.errors), (["3"], ["19"]))
    scenario.expect("TTL", (hit.ttls, miss.ttls), ([5], [5]))
    scenario.holds("/ready?verbose", [
        line for line in second.problems if "answering from 9 objects from snapshot" in line],
        second.problems)
    scenario.expect("/metrics", second.metric("martlet_kubernetes_stale"), 1)
    # What was deleted meanwhile must go with the first list.
    state = CLUSTER.replace("put service web alias externalname www.example.test", "")
    api = scenario.api(f"{state}\nadvance 20\nput service web new clusterip 10.96.0.91",
                       port=api.port)
    scenario.eventually("live data are served", lambda: second.records("new.web A"),
                        ["A 10.96.0.91"])
    scenario.eventually("what was deleted is gone", lambda: second.records("alias.web A"),
                        "NXDOMAIN")
    scenario.eventually("neither EDE nor a shorter TTL", lambda: (
        second.ask("plain.web.svc.cluster.local.").errors,
        second.ask("plain.web.svc.cluster.local.").ttls), ([], [30]))
    load.end()
    scenario.eventually("nothing is wrong", lambda: second.verbose, ["200", "OK"])
    second.end()
    api.kill()
    damaged_snapshots(scenario, path, properties)


def damaged_snapshots(scenario, path, properties):
    whole = path.read_bytes()
    middle = len(whole) // 2
    for label, octets, why in (
            ("a changed octet", whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:],
             "it is damaged: its checksum is not that of its contents"),
            ("half of it", whole[:middle], "it is cut off: no checksum stands at its end"),
            ("another file", b"{}\n", "it is not a snapshot of martlet"),
            ("nothing", b"", "it is empty")):
        path.write_bytes(octets)
        martlet = scenario.martlet(*properties)
        text = f"snapshot {path} is ignored: {why}"
        scenario.expect(f"{label}: the log", martlet.count(f"[WARNING] plugin/kubernetes: {text}"),
                        1)
        scenario.holds(f"{label}: /ready?verbose", f"kubernetes: {text}" in martlet.problems,
                       martlet.problems)
        reply = martlet.ask("plain.web.svc.cluster.local.")
        scenario.expect(f"{label}: the answer", (reply.rcode, reply.errors), ("SERVFAIL", ["14"]))
        martlet.end()


# MARK: - Not there yet

def away_at_start(scenario):
    port = Ports.take()
    zone = scenario.file("zone", "$ORIGIN example.org.\n@ 60 SOA ns admin 1 60 60 60 60\n"
                         "@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.2\n")
    martlet = scenario.martlet(
        f"endpoint http://{LOOPBACK}:{port}", "startup_timeout 1s",
        blocks=f"example.org:PORT {{\n  bind {LOOPBACK}\n  file {zone}\n}}\n")
    scenario.expect("another zone is served at once", martlet.records("www.example.org. A"),
                    ["A 192.0.2.2"])
    for name in ("plain.web", "set.web", "none.web"):
        reply = martlet.ask(f"{name}.svc.cluster.local.")
        scenario.expect(f"{name} waits", (reply.rcode, reply.errors, reply.error_texts), (
            "SERVFAIL", ["14"], ["kubernetes: not all objects have been read yet"]))
    refused = f"http://{LOOPBACK}:{port}: connect to {LOOPBACK}:{port}: Connection refused"
    scenario.eventually("startup_timeout is told", lambda: martlet.count(
        "[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API: waiting for"
        f" namespaces, services, endpointslices: {refused}"), 1)
    scenario.expect("/ready?verbose", martlet.verbose, [
        "503", "kubernetes", f"kubernetes: {refused}",
        "kubernetes: not listed yet: namespaces, services, endpointslices"])
    api = scenario.api(CLUSTER, port=port)
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet)
    scenario.eventually("/ready?verbose when it is there", lambda: martlet.verbose, ["200", "OK"])
    follows_changes(scenario, api, martlet)
    scenario.expect("the refusal was told once", martlet.count("[ERROR]"), 1)
