"""A small cluster with a name of each sort, and what is served of it."""

CLUSTER = """put namespace web
put service web plain clusterip 10.96.0.10,fd00:96::10 port=http:80 port=dns:53:UDP
put slice web plain-x plain 10.1.0.1 port=http:8080
put service web set headless port=http:80
put slice web set-x set 10.1.0.2/set-0 10.1.0.3/set-1 !10.1.0.4/set-2 port=http:80 headless=true
put slice web set-6 set fd00:1::2/set-0 port=http:80 headless=true
put service web moving headless port=http:80
put slice web moving-x moving 10.1.0.5 10.1.0.6 port=http:80 headless=true
put service web alias externalname www.example.test"""

# `NAME TYPE` and the answer; names are below svc.cluster.local.
SERVED = {
    "plain.web A": ["A 10.96.0.10"],
    "plain.web AAAA": ["AAAA fd00:96::10"],
    "_http._tcp.plain.web SRV": ["SRV 0 100 80 plain.web.svc.cluster.local."],
    "_dns._udp.plain.web SRV": ["SRV 0 100 53 plain.web.svc.cluster.local."],
    "10.0.96.10.in-addr.arpa. PTR": ["PTR plain.web.svc.cluster.local."],
    "set.web A": ["A 10.1.0.2", "A 10.1.0.3"],
    "set.web AAAA": ["AAAA fd00:1::2"],
    "set-1.set.web A": ["A 10.1.0.3"],
    "_http._tcp.set.web SRV": [
        "SRV 0 50 80 set-0.set.web.svc.cluster.local.",
        "SRV 0 50 80 set-1.set.web.svc.cluster.local."],
    "3.0.1.10.in-addr.arpa. PTR": ["PTR set-1.set.web.svc.cluster.local."],
    "moving.web A": ["A 10.1.0.5", "A 10.1.0.6"],
    "alias.web A": ["CNAME www.example.test."],
    "none.web A": "NXDOMAIN",
    "plain.nowhere A": "NXDOMAIN",
}


def serves_cluster(scenario, martlet, label=""):
    for row, expected in SERVED.items():
        scenario.expect(f"{label}{row}", martlet.records(row), expected)


def follows_changes(scenario, api, martlet):
    """An object that appears, changes and vanishes is seen within moments."""
    api.control("put service web new clusterip 10.96.0.77 port=http:80")
    scenario.eventually("a new service is served", lambda: martlet.records("new.web A"),
                        ["A 10.96.0.77"])
    api.control("put slice web moving-x moving 10.1.0.5 10.1.0.9 port=http:80 headless=true")
    scenario.eventually("a changed slice is served", lambda: martlet.records("moving.web A"),
                        ["A 10.1.0.5", "A 10.1.0.9"])
    scenario.expect("what left it has no name",
                    martlet.records("6.0.1.10.in-addr.arpa. PTR"), "NXDOMAIN")
    api.control("put slice web moving-x moving 10.1.0.5 10.1.0.6 port=http:80 headless=true")
    scenario.eventually("and it changes back", lambda: martlet.records("moving.web A"),
                        ["A 10.1.0.5", "A 10.1.0.6"])
    api.control("delete services web/new")
    scenario.eventually("a deleted service is gone", lambda: martlet.records("new.web A"),
                        "NXDOMAIN")
    api.control("put namespace later\nput service later plain clusterip 10.96.0.78 port=http:80")
    scenario.eventually("a new namespace is served", lambda: martlet.records("plain.later A"),
                        ["A 10.96.0.78"])
    api.control("delete services later/plain\ndelete namespaces later")
    scenario.eventually("and gone again", lambda: martlet.records("plain.later A"), "NXDOMAIN")
