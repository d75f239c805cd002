"""What a kubeconfig says of server and user, and what is said where it does not do."""

import base64
import json
import signal
import subprocess
import time

from keeping import Load
from objects import CLUSTER, follows_changes, serves_cluster


def kubeconfig(scenario, server, user=None, context="main", **cluster):
    """A kubeconfig of one cluster and user; its path."""
    cluster = {"server": server, **{key.replace("_", "-"): value for key, value in cluster.items()}}
    text = (f"apiVersion: v1\nkind: Config\ncurrent-context: {context}\n"
            "contexts:\n- name: main\n  context:\n    cluster: c\n    user: u\n"
            "clusters:\n- name: c\n  cluster:\n" + fields(cluster, 4)
            + "users:\n- name: u\n  user:" + ("\n" + fields(user, 4) if user else " {}\n"))
    return scenario.file(f"kubeconfig-{len(scenario.processes)}", text)


def fields(values, indent):
    """Each on a line of its own; what has parts in YAML's flow form, which is JSON."""
    return "".join(f"{' ' * indent}{key}: {json.dumps(value)}\n" for key, value in values.items())


def inline(path):
    return base64.b64encode(path.read_bytes()).decode()


# MARK: - What does

def kubeconfig_inline(scenario):
    api = scenario.api(CLUSTER)
    front = scenario.front(api, "--client-cert")
    tls = front.directory
    file = kubeconfig(
        scenario, front.url, certificate_authority_data=inline(tls / "ca.crt"),
        user={"client-certificate-data": inline(tls / "client.crt"),
              "client-key-data": inline(tls / "client.key")})
    martlet = scenario.martlet(f"kubeconfig {file}")
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet)
    follows_changes(scenario, api, martlet)


def kubeconfig_files(scenario):
    """Relative paths start from the kubeconfig's directory."""
    api = scenario.api(CLUSTER)
    front = scenario.front(api, "--client-cert", "--name", "api.example")
    user = {"client-certificate": "tls/client.crt", "client-key": "tls/client.key"}
    file = kubeconfig(scenario, front.url, user, certificate_authority="tls/ca.crt",
                      tls_server_name="api.example")
    martlet = scenario.martlet(f"kubeconfig {file} main")
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet)


def kubeconfig_token(scenario):
    api = scenario.api(CLUSTER, arguments=["--token", "right"])
    front = scenario.front(api)
    good, bad = (
        scenario.martlet("kubeconfig " + str(kubeconfig(
            scenario, front.url, {"token": token}, certificate_authority="tls/ca.crt")))
        for token in ("right", "wrong"))
    scenario.synchronised(good)
    serves_cluster(scenario, good)
    says(scenario, "a wrong token", bad,
         f"{front.url} refuses (401) the token of user 'u' in {bad_file(bad)}")


def bad_file(martlet):
    words = (martlet.scenario.directory / f"Corefile-{martlet.port}").read_text().split()
    return words[words.index("kubeconfig") + 1]


def token_file_rotated(scenario):
    api = scenario.api(CLUSTER, arguments=["--token", "first"])
    front = scenario.front(api)
    token = scenario.file("token", "first\n")
    file = kubeconfig(scenario, front.url, {"tokenFile": "token"},
                      certificate_authority="tls/ca.crt")
    martlet = scenario.martlet(f"kubeconfig {file}")
    scenario.synchronised(martlet)
    # Credentials that have just been read are not read again for a refusal.
    time.sleep(31)
    api.control("token second")
    token.write_text("second\n")
    api.control("cut\nput service web after clusterip 10.96.0.90")
    scenario.eventually("a refused token is read again", lambda: martlet.records("after.web A"),
                        ["A 10.96.0.90"])
    scenario.expect("which is no fault", martlet.count("401"), 0)


def exec_plugin(scenario):
    api = scenario.api(CLUSTER, arguments=["--token", "made-1"])
    front = scenario.front(api)
    count = scenario.directory / "runs"
    plugin = scenario.file("plugin", f"""#!/bin/sh
echo run >> {count}
number=$(wc -l < {count})
test -n "$KUBERNETES_EXEC_INFO" && test "$1" = get-token || exit 3
echo '{{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
 "status": {{"token": "made-'"$number"'"}}}}'
""")
    plugin.chmod(0o755)
    entry = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin",
             "args": ["get-token"], "interactiveMode": "Never"}
    file = kubeconfig(scenario, front.url, {"exec": entry}, certificate_authority="tls/ca.crt")
    martlet = scenario.martlet(f"kubeconfig {file}")
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet)
    time.sleep(31)
    api.control("token made-2")
    api.control("cut\nput service web after clusterip 10.96.0.90")
    scenario.eventually("a refused credential is made anew",
                        lambda: martlet.records("after.web A"), ["A 10.96.0.90"])
    scenario.expect("by one run more", count.read_text().count("run"), 2)

    failing = scenario.file("failing", "#!/bin/sh\necho no login today >&2\nexit 3\n")
    failing.chmod(0o755)
    file = kubeconfig(scenario, front.url, {"exec": {**entry, "command": "./failing"}},
                      certificate_authority="tls/ca.crt")
    says(scenario, "a plugin that fails", scenario.martlet(f"kubeconfig {file}"),
         f"{file}: user 'u': exec: {scenario.directory}/./failing ended with status 3: no login today")


def kubeconfig_rewritten(scenario):
    """The file is looked at every 10 s: certificates that are renewed, a server that has moved."""
    api = scenario.api(CLUSTER)
    front = scenario.front(api, "--client-cert")
    names = {"client-certificate": "tls/client.crt", "client-key": "tls/client.key"}
    file = kubeconfig(scenario, front.url, names, certificate_authority="tls/ca.crt")
    martlet = scenario.martlet(f"kubeconfig {file}")
    scenario.synchronised(martlet)
    load = Load(scenario, martlet)
    # Another CA, with which server and client have new certificates.
    front.kill()
    for path in front.directory.iterdir():
        path.unlink()
    front = scenario.front(api, "--client-cert", port=front.port)
    api.control("put service web renewed clusterip 10.96.0.92")
    scenario.eventually("new certificates are used", lambda: martlet.records("renewed.web A"),
                        ["A 10.96.0.92"])
    scenario.eventually("and nothing is wrong", lambda: martlet.problems, [])
    other = scenario.api(f"{CLUSTER}\nput service web moved clusterip 10.96.0.93")
    text = file.read_text().replace(front.url, "https://127.0.0.1:MOVED")
    second = scenario.front(other, "--client-cert")
    file.write_text(text.replace("MOVED", str(second.port)))
    scenario.eventually("another server is followed", lambda: martlet.records("moved.web A"),
                        ["A 10.96.0.93"])
    scenario.expect("what it does not have is gone", martlet.records("renewed.web A"), "NXDOMAIN")
    serves_cluster(scenario, martlet)
    scenario.eventually("the first is left", lambda: api.stat("^watches"), 0)
    scenario.eventually("and nothing is wrong", lambda: martlet.verbose, ["200", "OK"])
    load.end()


# MARK: - What does not

def says(scenario, label, martlet, text):
    """The sentence is in the log, once, and at /ready?verbose."""
    scenario.eventually(f"{label}: /ready?verbose",
                        lambda: text in "\n".join(martlet.problems), True)
    if text not in "\n".join(martlet.problems):
        scenario.failures[-1] += f"\n  wanted   {text}\n  it says  {martlet.problems}"
    time.sleep(1)
    scenario.expect(f"{label}: in the log, once", martlet.count(f"[ERROR] plugin/kubernetes: {text}"),
                    1)
    scenario.expect(f"{label}: /ready", martlet.readiness, 503)
    reply = martlet.ask("plain.web.svc.cluster.local.")
    scenario.expect(f"{label}: the answer", (reply.rcode, reply.errors), ("SERVFAIL", ["14"]))


def untrusted_servers(scenario):
    api = scenario.api(CLUSTER)
    front = scenario.front(api)
    where = f"127.0.0.1:{front.port}"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=other-ca", "-keyout", scenario.directory / "other.key", "-out",
         scenario.directory / "other.crt"], check=True, capture_output=True)
    martlet = scenario.martlet("kubeconfig " + str(
        kubeconfig(scenario, front.url, certificate_authority="other.crt")))
    says(scenario, "the wrong CA", martlet, f"{front.url}: TLS with {where}: SSL certificate problem:"
         " unable to get local issuer certificate")

    named = scenario.front(api, "--name", "api.example,10.0.0.1")
    martlet = scenario.martlet("kubeconfig " + str(
        kubeconfig(scenario, named.url, certificate_authority="tls/ca.crt")))
    says(scenario, "another name", martlet, f"{named.url}: TLS with 127.0.0.1:{named.port}: ")
    martlet = scenario.martlet("kubeconfig " + str(
        kubeconfig(scenario, named.url, certificate_authority="tls/ca.crt",
                   tls_server_name="other.example")))
    says(scenario, "another name than tls-server-name", martlet,
         f"{named.url}: TLS with 127.0.0.1:{named.port}: ")

    old = scenario.front(api, "--days", "0")
    martlet = scenario.martlet("kubeconfig " + str(
        kubeconfig(scenario, old.url, certificate_authority="tls/ca.crt")))
    says(scenario, "an expired certificate", martlet, f"{old.url}: TLS with 127.0.0.1:{old.port}:"
         " SSL certificate problem: certificate has expired")
    # The server gets a new one.
    old.end(signal.SIGKILL)
    scenario.front(api, port=old.port)
    scenario.synchronised(martlet)
    scenario.eventually("which is renewed", lambda: martlet.verbose, ["200", "OK"])


def missing_client_certificate(scenario):
    api = scenario.api(CLUSTER)
    front = scenario.front(api, "--client-cert")
    martlet = scenario.martlet("kubeconfig " + str(
        kubeconfig(scenario, front.url, certificate_authority="tls/ca.crt")))
    says(scenario, "no client certificate", martlet,
         f"{front.url}: TLS with 127.0.0.1:{front.port}: ")


def faulty_kubeconfigs(scenario):
    api = scenario.api(CLUSTER)
    front = scenario.front(api)
    file = kubeconfig(scenario, front.url, insecure_skip_tls_verify=True)
    says(scenario, "insecure-skip-tls-verify", scenario.martlet(f"kubeconfig {file}"),
         f"{file}: cluster 'c': insecure-skip-tls-verify: the server's certificate is always"
         " verified; remove this field and put the certificate of the cluster's authority into"
         " certificate-authority-data (base64), or its path into certificate-authority; kubectl"
         " get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}' prints it")
    file = kubeconfig(scenario, front.url, certificate_authority="tls/ca.crt")
    martlet = scenario.martlet(f"kubeconfig {file} mains")
    says(scenario, "an unknown context", martlet,
         f"{file}: there is no context 'mains'; there are 'main'; did you mean 'main'?")
    missing = scenario.directory / "absent"
    martlet = scenario.martlet(f"kubeconfig {missing}")
    says(scenario, "no such file", martlet, f"{missing}: No such file or directory")
    # Files are looked at again, so that mending them is enough.
    missing.write_text(file.read_text())
    scenario.synchronised(martlet)
    serves_cluster(scenario, martlet, "mended: ")
