"""Ways to an API server: plain, with TLS, HTTP/2 and HTTP/1.1, several, in a Pod."""

import os
import signal
import subprocess

from harness import LOOPBACK, Ports
from objects import CLUSTER, follows_changes, serves_cluster


def plain_http(scenario):
    api = scenario.api(CLUSTER)
    martlet = scenario.martlet(f"endpoint {api.url}")
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet)
    follows_changes(scenario, api, martlet)
    scenario.expect("a warning says what plain HTTP means", martlet.said[0],
                    f"[WARNING] plugin/kubernetes: {api.url} is reached without TLS: objects travel"
                    " in clear text and can be changed on the way, and no token is sent; use"
                    " https://")
    scenario.expect("/ready?verbose", martlet.verbose, ["200", "OK"])
    scenario.expect("three watches", api.stat("^watches"), 3)
    scenario.expect("SIGTERM ends it", martlet.end(), 0)
    scenario.eventually("and its watches", lambda: api.stat("^watches"), 0)


def tls_and_http2(scenario):
    api = scenario.api(CLUSTER)
    front = scenario.front(api)
    martlet = scenario.martlet(f"endpoint {front.url}", front.tls)
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet)
    follows_changes(scenario, api, martlet)
    scenario.expect("three watches", api.stat("^watches"), 3)
    scenario.expect("over one connection", connections(front.port), 1)
    scenario.expect("nothing is wrong", martlet.said, [
        "[INFO] plugin/kubernetes: synchronised with the API server"])


def tls_and_http1(scenario):
    api = scenario.api(CLUSTER)
    front = scenario.front(api, "--http1")
    martlet = scenario.martlet(f"endpoint {front.url}", front.tls)
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet)
    follows_changes(scenario, api, martlet)
    scenario.expect("three watches", api.stat("^watches"), 3)
    scenario.holds("over a connection each", connections(front.port) >= 3)


def connections(port):
    """TCP connections that are established to a port of loopback."""
    lines = subprocess.run(
        ["ss", "-Htn", "state", "established", "dst", f"{LOOPBACK}:{port}"], capture_output=True,
        text=True).stdout
    return len(lines.splitlines())


def without_watch_lists(scenario):
    api = scenario.api(CLUSTER, arguments=["--no-watch-list"])
    martlet = scenario.martlet(f"endpoint {api.url}")
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet)
    follows_changes(scenario, api, martlet)
    scenario.holds("lists were asked for", api.stat(r"^count GET /api/v1/services 200") >= 1)
    scenario.expect("and nothing is wrong", martlet.problems, [])


def several_endpoints(scenario):
    dead = Ports.take()
    second = scenario.api(CLUSTER)
    martlet = scenario.martlet(f"endpoint http://{LOOPBACK}:{dead} {second.url}")
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet)
    scenario.expect("the dead one is named once",
                    martlet.count(f"http://{LOOPBACK}:{dead}: connect to {LOOPBACK}:{dead}:"
                                  " Connection refused"), 1)
    scenario.expect("/ready?verbose when the second is followed", martlet.verbose, ["200", "OK"])
    second.end(signal.SIGKILL)
    scenario.eventually("the second is named too", lambda: martlet.count(
        f"[ERROR] plugin/kubernetes: {second.url}: ") >= 1, True)
    serves_cluster(scenario, martlet, "while both are away: ")
    # A server of the same cluster has the same and what has come since.
    first = scenario.api(
        f"{CLUSTER}\nput service web extra clusterip 10.96.0.99\nadvance 20", port=dead)
    scenario.eventually("the first is followed when it is there",
                        lambda: martlet.records("extra.web A"), ["A 10.96.0.99"])
    serves_cluster(scenario, martlet, "from the first: ")
    scenario.eventually("/ready?verbose", lambda: martlet.verbose, ["200", "OK"])
    follows_changes(scenario, first, martlet)


def selectors(scenario):
    api = scenario.api(
        f"{CLUSTER}\nput namespace dark team=b\nput service dark plain clusterip 10.96.0.80")
    martlet = scenario.martlet(f"endpoint {api.url}", "namespaces web", "labels app=plain")
    scenario.synchronised(martlet)
    scenario.expect("selected", martlet.records("plain.web A"), ["A 10.96.0.10"])
    scenario.expect("of another label", martlet.records("set.web A"), "NXDOMAIN")
    scenario.expect("of another namespace", martlet.records("plain.dark A"), "NXDOMAIN")
    for path in ("/api/v1/namespaces/web/services",
                 "/apis/discovery.k8s.io/v1/namespaces/web/endpointslices"):
        scenario.expect(f"{path} is asked for", api.stat(f"^count WATCH {path} 200"), 1)
    scenario.expect("and not of all namespaces", api.stat("^count WATCH /api/v1/services "), 0)

    other = scenario.martlet(f"endpoint {api.url}", "namespace_labels team=b")
    scenario.synchronised(other)
    scenario.expect("namespaces by label", other.answers("plain.dark A", "plain.web A"),
                    [["A 10.96.0.80"], "NXDOMAIN"])
    api.control("put namespace web team=b")
    scenario.eventually("a namespace that gets the label",
                        lambda: other.records("plain.web A"), ["A 10.96.0.10"])
    api.control("put namespace web")
    scenario.eventually("a namespace that loses the label",
                        lambda: other.records("plain.web A"), "NXDOMAIN")


def pods(scenario):
    api = scenario.api(f"{CLUSTER}\nput pod web one 10.1.0.50\n"
                       "put pod web over 10.1.0.51 phase=Succeeded")
    martlet = scenario.martlet(f"endpoint {api.url}", "pods verified")
    scenario.synchronised(martlet)
    name = "10-1-0-{}.web.pod.cluster.local. A"
    scenario.expect("a pod, and one that is over",
                    martlet.answers(name.format(50), name.format(51)), [["A 10.1.0.50"], "NXDOMAIN"])
    api.control("put pod web one 10.1.0.50 phase=Failed\nput pod web two 10.1.0.52")
    scenario.eventually("pods that come and go",
                        lambda: martlet.answers(name.format(50), name.format(52)),
                        ["NXDOMAIN", ["A 10.1.0.52"]])
    scenario.expect("four watches", api.stat("^watches"), 4)


def limits(scenario):
    """With one request at a time, and two a second, everything is found all the same."""
    api = scenario.api(CLUSTER)
    martlet = scenario.martlet(f"endpoint {api.url}", "apiserver_qps 2", "apiserver_burst 1",
                               "apiserver_max_inflight 1")
    took = scenario.synchronised(martlet)
    scenario.holds("which takes a second", took >= 0.6, f"({took:.1f} s)")
    serves_cluster(scenario, martlet)
    follows_changes(scenario, api, martlet)


def two_clusters(scenario):
    """One that is away does no harm to the other."""
    port = Ports.take()
    api = scenario.api(CLUSTER)
    martlet = scenario.martlet(f"endpoint {api.url}", blocks=(
        f"other.local:PORT {{\n  bind {LOOPBACK}\n  kubernetes other.local {{\n"
        f"    endpoint http://{LOOPBACK}:{port}\n  }}\n}}\n"))
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet)
    row = "only.web.svc.other.local. A"
    scenario.expect("the other waits", martlet.records(row), "SERVFAIL")
    scenario.expect("/ready", martlet.readiness, 503)
    other = scenario.api(f"{CLUSTER}\nput service web only clusterip 10.96.0.95", port=port)
    scenario.eventually("and is served when it is there", lambda: martlet.records(row),
                        ["A 10.96.0.95"])
    scenario.expect("not mixed", martlet.records("only.web A"), "NXDOMAIN")
    scenario.eventually("/ready", lambda: martlet.verbose, ["200", "OK"])
    other.kill()
    follows_changes(scenario, api, martlet)
    zones = [martlet.metric("martlet_kubernetes_synchronized", f'zone="{zone}."')
             for zone in ("cluster.local", "other.local")]
    scenario.expect("/metrics", zones, [1, 1])


# MARK: - In a Pod

SERVICE_ACCOUNT = "secrets/kubernetes.io/serviceaccount"


def in_cluster(scenario):
    api = scenario.api(CLUSTER, arguments=["--token", "first"])
    front = scenario.front(api)
    account = scenario.directory / "account"
    account.mkdir()
    before = mounted(scenario, account)
    if before is None:
        scenario.skip("in-cluster needs a mount namespace for /var/run/secrets")
        return
    environment = {"KUBERNETES_SERVICE_HOST": LOOPBACK,
                   "KUBERNETES_SERVICE_PORT": str(front.port)}
    martlet = scenario.martlet(environment=environment, before=before)
    path = f"/var/run/{SERVICE_ACCOUNT}"
    scenario.eventually("a missing CA is named", lambda: martlet.count(
        f"[ERROR] plugin/kubernetes: {path}/ca.crt: "), 1)
    (account / "ca.crt").write_bytes((front.directory / "ca.crt").read_bytes())
    (account / "token").write_text("first\n")
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet)
    # The kubelet renews a token long before the old one ends.
    (account / "token").write_text("second\n")
    api.control("token second\ncut")
    api.control("put service web after clusterip 10.96.0.90")
    scenario.eventually("a renewed token is used", lambda: martlet.records("after.web A"),
                        ["A 10.96.0.90"])
    scenario.eventually("without a fault", lambda: martlet.problems, [])


def mounted(scenario, account):
    """A command that runs the rest with the account where a Pod has it; None: not possible."""
    run = os.path.realpath("/var/run")
    script = (f'mount -t tmpfs none {run} && mkdir -p {run}/{SERVICE_ACCOUNT}'
              f' && mount --bind {account} {run}/{SERVICE_ACCOUNT} && exec "$@"')
    for flags in ("-m", "-rm"):
        before = ["unshare", flags, "sh", "-c", script, "sh"]
        if subprocess.run([*before, "true"], capture_output=True).returncode == 0:
            return before
    return None
