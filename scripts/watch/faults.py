"""What an API server answers that is not what was asked for."""

import json
import os
import pathlib
import time
import urllib.request

from keeping import Load
from objects import CLUSTER, follows_changes, serves_cluster


def forbidden(scenario):
    api = scenario.api(f"{CLUSTER}\nfault forbidden resource=endpointslices")
    martlet = scenario.martlet(f"endpoint {api.url}")
    text = (f'{api.url} forbids (403): user "nobody" cannot watch endpointslices in API group'
            ' "discovery.k8s.io" at the cluster scope; its ClusterRole needs the rule {apiGroups:'
            ' ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"]}')
    scenario.eventually("/ready?verbose", lambda: martlet.verbose, [
        "503", "kubernetes", f"kubernetes: {text}", "kubernetes: not listed yet: endpointslices"])
    # Some tries more: it is told once.
    scenario.eventually("it is tried again", lambda: api.stat("endpointslices 403") >= 4, True)
    scenario.expect("the log", martlet.count(f"[ERROR] plugin/kubernetes: {text}"), 1)
    scenario.expect("a cluster IP is answered", martlet.answers(
        "plain.web A", "_http._tcp.plain.web SRV", "10.0.96.10.in-addr.arpa. PTR", "alias.web A"),
        [["A 10.96.0.10"], ["SRV 0 100 80 plain.web.svc.cluster.local."],
         ["PTR plain.web.svc.cluster.local."], ["CNAME www.example.test."]])
    for name in ("set.web", "set-0.set.web", "none.web"):
        reply = martlet.ask(f"{name}.svc.cluster.local.")
        scenario.expect(f"{name} waits", (reply.rcode, reply.errors), ("SERVFAIL", ["14"]))
    api.control("faults clear")
    scenario.synchronised(martlet)
    scenario.eventually("/ready?verbose when it is allowed", lambda: martlet.verbose, ["200", "OK"])
    serves_cluster(scenario, martlet)


def forbidden_later(scenario):
    """A rule that is taken away while all is followed takes no answer away."""
    api = scenario.api(CLUSTER)
    martlet = scenario.martlet(f"endpoint {api.url}")
    scenario.synchronised(martlet)
    api.control("fault forbidden resource=services\ncut")
    scenario.eventually("it is told", lambda: martlet.count("forbids (403)"), 1)
    serves_cluster(scenario, martlet)
    scenario.expect("/ready", martlet.readiness, 200)
    scenario.holds("/ready?verbose", "forbids (403)" in "\n".join(martlet.problems))
    api.control("faults clear")
    scenario.eventually("and forgotten", lambda: martlet.verbose, ["200", "OK"])
    follows_changes(scenario, api, martlet)


def refusals(scenario):
    """429, 500, 503, a redirect, and 410 while queries come."""
    api = scenario.api(CLUSTER)
    martlet = scenario.martlet(f"endpoint {api.url}")
    scenario.synchronised(martlet)
    load = Load(scenario, martlet)
    for kind, told in (
            ("tooManyRequests times=3 amount=2",
             "answers 429 to watch {}: Too many requests, please try again later."),
            ("serverError times=3", "answers 500 to watch {}: Internal error occurred:"
             " etcdserver: request timed out"),
            ("unavailable times=3", "answers 503 to watch {}: the server is currently unable to"
             " handle the request"),
            ("redirect times=1", "redirects (302) to http://127.0.0.1:1/")):
        fault = kind.split()[0]
        before = len(martlet.said)
        # A watch that has hardly begun is taken for a failure of its own.
        time.sleep(1.1)
        api.control(f"fault {kind}\ncut\nput service web {fault.lower()} clusterip 10.96.3.1")
        began = time.monotonic()
        scenario.eventually(f"{fault}: what came is served",
                            lambda: martlet.records(f"{fault.lower()}.web A"), ["A 10.96.3.1"])
        took = time.monotonic() - began
        if fault == "tooManyRequests":
            scenario.holds("not before Retry-After", took > 1.9, f"({took:.1f} s)")
        resources = ("namespaces", "services", "endpointslices")
        said = "\n".join(martlet.said[before:])
        scenario.holds(f"{fault}: what was answered is told",
                       any(told.format(name) in said for name in resources), said)
        scenario.eventually(f"{fault}: and over", lambda: martlet.problems, [])
        api.control("faults clear")
    time.sleep(1.1)
    api.control("cut\nput service web gone clusterip 10.96.3.2\ncompact")
    scenario.eventually("410: what came is served", lambda: martlet.records("gone.web A"),
                        ["A 10.96.3.2"])
    scenario.expect("410: why is told", martlet.count(
        "[WARNING] plugin/kubernetes: services listed anew: the server no longer has the changes"
        " since the last one seen (410)"), 1)
    serves_cluster(scenario, martlet)
    load.end()


# MARK: - All of them

SECONDS = 20
RANDOM = "load services=40 endpoints=3 namespaces=4"


def random_faults(scenario):
    api = scenario.api(RANDOM)
    suffer(scenario, api, scenario.martlet(f"endpoint {api.url}"), seed=8)


def random_faults_http2(scenario):
    api = scenario.api(RANDOM)
    front = scenario.front(api)
    suffer(scenario, api, scenario.martlet(f"endpoint {front.url}", front.tls), 6, front)


def suffer(scenario, api, martlet, seed, front=None):
    seed = os.environ.get("MARTLET_SEED", seed)
    scenario.synchronised(martlet)
    api.control(f"churn rate=20 seconds={SECONDS}\nfaults random {seed} {SECONDS}")
    time.sleep(SECONDS + 1)
    # An event that the server has kept back shows in a comparison, which follows a server's return.
    occurred = [line[6:] for line in api.control("stats").split("\n") if line.startswith("fault ")]
    api.control("faults clear\nfault down for=2")
    # Answers of a front whose server is away are no return of a server.
    if front:
        front.kill()
    time.sleep(2.5)
    if front:
        scenario.front(api, port=front.port)
    took = scenario.eventually(f"seed {seed}: what the server has is served",
                               lambda: differences(api, martlet), [], within=60)
    scenario.note(f"seed {seed}: {', '.join(occurred)}; as the server {took:.0f} s after its return")
    scenario.eventually("nothing is wrong any more", lambda: martlet.problems, [])


def differences(api, martlet):
    """Names whose answers are not what the server's objects make."""
    expected = {}
    for service in items(api, "/api/v1/services"):
        meta = service["metadata"]
        name = f"{meta['name']}.{meta['namespace']}"
        address = service["spec"].get("clusterIP")
        expected[name] = set() if address == "None" else {f"A {address}"}
    for piece in items(api, "/apis/discovery.k8s.io/v1/endpointslices"):
        meta = piece["metadata"]
        name = f"{meta['labels']['kubernetes.io/service-name']}.{meta['namespace']}"
        if "service.kubernetes.io/headless" in meta["labels"]:
            for endpoint in piece["endpoints"] or []:
                expected[name].update(f"A {address}" for address in endpoint["addresses"])
    found = []
    for name, records in sorted(expected.items()):
        answer = martlet.records(f"{name} A")
        if answer != sorted(records):
            found.append((name, sorted(records), answer))
            # One is enough to look again.
            if len(found) >= 3:
                break
    return found


def items(api, path):
    with urllib.request.urlopen(f"{api.url}{path}", timeout=10) as reply:
        return json.load(reply)["items"]


# MARK: - Large

# Some 100 MB of JSON, which a debug build reads in 12 s; CoreDNS holds 183 MB for a fifth of it.
LARGE = "load services=25000 endpoints=10 namespaces=100"
LARGE_MEGABYTES = 150


def large_list(scenario):
    api = scenario.api(LARGE)
    martlet = scenario.martlet(f"endpoint {api.url}")
    took = scenario.synchronised(martlet, within=100)
    status = (pathlib.Path("/proc") / str(martlet.child.pid) / "status").read_text()
    peak = next(int(line.split()[1]) for line in status.split("\n") if line.startswith("VmHWM"))
    scenario.note(f"250,000 endpoints read in {took:.0f} s, resident peak {peak >> 10} MB")
    scenario.holds("memory is bounded", peak >> 10 < LARGE_MEGABYTES, f"({peak >> 10} MB)")
    scenario.expect("the last is served", martlet.answers("svc-24998.ns-98 A", "svc-1.ns-1 A"), [
        ["A 172.16.97.166"], [f"A 10.0.0.{number}" for number in range(10, 20)]])


# MARK: - Metrics

def metrics(scenario):
    api = scenario.api(CLUSTER)
    martlet = scenario.martlet(f"endpoint {api.url}")
    scenario.synchronised(martlet)
    host = f'host="127.0.0.1:{api.port}"'
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 2))
    api.control(f"put slice web set-x set 10.1.0.2/set-0 headless=true triggered={stamp}\n"
                f"put slice web plain-x plain 10.1.0.1 triggered={stamp}")
    name = "coredns_kubernetes_dns_programming_duration_seconds"
    for kind in ("headless_with_selector", "cluster_ip"):
        scenario.eventually(f"{name} of {kind}", lambda: martlet.metric(
            f"{name}_count", f'service_kind="{kind}"'), 1)
        seconds = martlet.metric(f"{name}_sum", f'service_kind="{kind}"') or 0
        scenario.holds(f"{name} since the trigger", 1 <= seconds < 10, f"({seconds:.1f} s)")
    prefix = "coredns_kubernetes_rest_client"
    scenario.expect(f"{prefix}_requests_total", martlet.metric(
        f"{prefix}_requests_total", 'code="200"', 'method="GET"', host), 3)
    scenario.expect(f"{prefix}_request_duration_seconds", martlet.metric(
        f"{prefix}_request_duration_seconds_count", host, 'verb="watch"'), 3)
    scenario.holds(f"{prefix}_rate_limiter_duration_seconds", (martlet.metric(
        f"{prefix}_rate_limiter_duration_seconds_count", host) or 0) >= 3)
    for name, labels, expected in (
            ("synchronized", (), 1), ("stale", (), 0), ("lists_total", ('reason="first"',), 3)):
        scenario.expect(f"martlet_kubernetes_{name}",
                        martlet.metric(f"martlet_kubernetes_{name}", *labels), expected)
    # The four at the start, the end of the list, and the two changes.
    scenario.expect("martlet_kubernetes_watch_events_total of slices", martlet.metric(
        "martlet_kubernetes_watch_events_total", 'resource="endpointslices"'), 7)
    ages = [martlet.metric("martlet_kubernetes_last_event_age_seconds", f'resource="{resource}"')
            for resource in ("namespaces", "services", "endpointslices")]
    scenario.holds("martlet_kubernetes_last_event_age_seconds",
                   all(age is not None and 0 <= age < 30 for age in ages), ages)
    api.kill()
    scenario.eventually(f"{prefix}_requests_total of no answer", lambda: (martlet.metric(
        f"{prefix}_requests_total", 'code="<error>"', host) or 0) >= 1, True)
