import Foundation
import Kubernetes
import Testing

@Suite struct KubeconfigTests {
  /// A kubeconfig and what comes of it: the access as a line, or the error.
  struct Row: CustomTestStringConvertible, Sendable {
    let name: String
    let text: String
    var context: String?
    let result: String
    var warnings: [String] = []

    /// A whole file.
    init(
      _ name: String, file: String, context: String? = nil, _ result: String,
      warnings: [String] = []
    ) {
      (self.name, text, self.context) = (name, file, context)
      (self.result, self.warnings) = (result, warnings)
    }

    /// The bodies of one cluster and one user.
    init(
      _ name: String, cluster: String = "{server: 'https://a:6443'}", user: String = "{}",
      _ result: String, warnings: [String] = []
    ) {
      self.init(
        name,
        file: """
          apiVersion: v1
          kind: Config
          current-context: x
          contexts: [{name: x, context: {cluster: c, user: u, namespace: n}}]
          clusters: [{name: c, cluster: \(cluster)}]
          users: [{name: u, user: \(user)}]
          preferences: {colors: true}
          """, result, warnings: warnings)
    }

    var testDescription: String { name }
  }

  static let clusters: [Row] = [
    Row("a URL alone", "https://a:6443"),
    Row(
      "a URL with a path and a slash behind it", cluster: "{server: 'https://a/k8s/c-1/'}",
      "https://a/k8s/c-1"),
    Row(
      "an authority's file", cluster: "{server: 'https://a', certificate-authority: ca.crt}",
      "https://a ca=ca.crt"),
    Row(
      "an authority's file by a path through the folder",
      cluster: "{server: 'https://a', certificate-authority: sub/../ca.crt}", "https://a ca=ca.crt"),
    Row(
      "data wins over a file",
      cluster: """
        {server: 'https://a', certificate-authority: none,
          certificate-authority-data: \(PEMSamples.data("ca.crt"))}
        """, "https://a ca=ca.crt"),
    Row(
      "another name and a proxy",
      cluster: "{server: 'https://a', tls-server-name: b, proxy-url: 'socks5://p:1080'}",
      "https://a name=b proxy=socks5://p:1080"),
    Row(
      "without a scheme and with an authority",
      cluster: "{server: a, certificate-authority: ca.crt}",
      "https://a ca=ca.crt"),
    Row(
      "without a scheme and an authority", cluster: "{server: 'a:8080'}", user: "{token: t}",
      "http://a:8080",
      warnings: [
        "http://a:8080 is reached without TLS: objects travel in clear text and can be changed on"
          + " the way, and no token is sent; use https://"
      ]),
    Row(
      "without TLS no plugin is run", cluster: "{server: 'http://a'}",
      user: "{exec: {command: ./none, apiVersion: client.authentication.k8s.io/v1}}", "http://a",
      warnings: [
        "http://a is reached without TLS: objects travel in clear text and can be changed on the"
          + " way, and no token is sent; use https://"
      ]),
    Row("no URL", cluster: "{}", "DIR/config: cluster 'c': server: the cluster has no URL"),
    Row(
      "a URL that is none", cluster: "{server: 'ftp://a'}",
      "DIR/config: cluster 'c': server: 'ftp://a' is not a URL to use: an API server speaks https://"
        + " (or http://)"),
    Row(
      "verification switched off", cluster: "{server: 'https://a', insecure-skip-tls-verify: true}",
      "DIR/config: cluster 'c': insecure-skip-tls-verify: the server's certificate is always"
        + " verified; remove this field and put the certificate of the cluster's authority into"
        + " certificate-authority-data (base64), or its path into certificate-authority; kubectl get"
        + " configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}' prints it"),
    Row(
      "verification not switched off",
      cluster: "{server: 'https://a', insecure-skip-tls-verify: false}", "https://a"),
    Row(
      "an authority that is not there",
      cluster: "{server: 'https://a', certificate-authority: missing}",
      "DIR/config: cluster 'c': certificate-authority: DIR/missing: No such file or directory"),
    Row(
      "an authority that is none", cluster: "{server: 'https://a', certificate-authority: token}",
      "DIR/config: cluster 'c': certificate-authority: DIR/token: holds no certificate in PEM form"
        + " (-----BEGIN CERTIFICATE-----)"),
    Row(
      "data that is not base64",
      cluster: "{server: 'https://a', certificate-authority-data: '-----BEGIN'}",
      "DIR/config: cluster 'c': certificate-authority-data: not base64"),
    Row(
      "a proxy that is none", cluster: "{server: 'https://a', proxy-url: 'p:3128'}",
      "DIR/config: cluster 'c': proxy-url: 'p:3128' is not a URL to use: expected http://, https://"
        + " or socks5:// with HOST[:PORT]"),
    Row(
      "a proxy's password is in no message",
      cluster: "{server: 'https://a', proxy-url: 'http://me:secret@p:x'}",
      "DIR/config: cluster 'c': proxy-url: 'http://…@p:x' is not a URL to use: 'x' is not a port"
        + " from 1 to 65535"),
  ]

  static let users: [Row] = [
    Row(
      "a token", user: "{token: abc}",
      "https://a:6443 token=abc by=the token of user 'u' in DIR/config"),
    Row(
      "a token's file", user: "{tokenFile: token}",
      "https://a:6443 token=from-file by=the token of DIR/token"),
    Row(
      "a token's file wins over a token", user: "{token: abc, tokenFile: token}",
      "https://a:6443 token=from-file by=the token of DIR/token"),
    Row(
      "a token where its file cannot be read", user: "{token: abc, tokenFile: missing}",
      "https://a:6443 token=abc by=the token of user 'u' in DIR/config",
      warnings: [
        "DIR/config: user 'u': tokenFile: DIR/missing: No such file or directory; 'token' is used instead"
      ]),
    Row(
      "a certificate by files", user: "{client-certificate: node.crt, client-key: client.key}",
      "https://a:6443 cert=node.crt key=client.key by=the client certificate of DIR/node.crt"
        + " (O=system:nodes, O=dns, CN=system:node:a, valid until 2036-11-18T08:22:49Z)"),
    Row(
      "a certificate by data, which wins",
      user: """
        {client-certificate: none, client-key: none, client-key-data: \(PEMSamples.data("client.key")),
          client-certificate-data: \(PEMSamples.data("client.crt"))}
        """,
      "https://a:6443 cert=client.crt key=client.key by=the client certificate of user 'u' in"
        + " DIR/config"),
    Row(
      "a token beside a certificate",
      user: "{token: abc, client-certificate: client.crt, client-key: client.key}",
      "https://a:6443 cert=client.crt key=client.key token=abc by=the token of user 'u' in"
        + " DIR/config, sent with the client certificate of DIR/client.crt"),
    Row(
      "as somebody else",
      user: """
        {as: jane, as-uid: '7', as-groups: [dev, ops], as-user-extra: {'Example.com/a b': [x, y]}}
        """,
      "https://a:6443 Impersonate-User: jane Impersonate-Uid: 7 Impersonate-Group: dev"
        + " Impersonate-Group: ops Impersonate-Extra-example.com%2Fa%20b: x"
        + " Impersonate-Extra-example.com%2Fa%20b: y"),
    Row(
      "groups of nobody", user: "{as-groups: [dev]}",
      "DIR/config: user 'u': as: missing, though a uid, groups or extra fields are to go along"),
    Row(
      "a header within a name", user: "{as: \"jane\\nX: y\"}",
      "DIR/config: user 'u': as: holds what no header can: a control character"),
    Row("an empty token counts as none", user: "{token: ''}", "https://a:6443"),
    Row(
      "a number as token", user: "{token: 123}",
      "DIR/config: user 'u': token: not a string"),
    Row(
      "a header within a token", user: "{token: \"a\\nX: y\"}",
      "DIR/config: user 'u': token: the token holds what no header can: a space or a line's end"),
    Row(
      "a token's file that is empty", user: "{tokenFile: empty}",
      "DIR/config: user 'u': tokenFile: DIR/empty: the token is empty"),
    Row(
      "a token's file that is a directory", user: "{tokenFile: sub}",
      "DIR/config: user 'u': tokenFile: DIR/sub: Is a directory"),
    Row(
      "a certificate without key", user: "{client-certificate: client.crt}",
      "DIR/config: user 'u': client-key: missing beside the client certificate"),
    Row(
      "a key without certificate", user: "{client-key: client.key}",
      "DIR/config: user 'u': client-certificate: missing beside the client key"),
    Row(
      "a key with a passphrase", user: "{client-certificate: client.crt, client-key: locked.key}",
      "DIR/config: user 'u': client-key: DIR/locked.key: the key is encrypted, and there is nobody"
        + " to ask for the passphrase"),
    Row(
      "a key that is none", user: "{client-certificate: client.crt, client-key: ca.crt}",
      "DIR/config: user 'u': client-key: DIR/ca.crt: holds no private key in PEM form (-----BEGIN"
        + " PRIVATE KEY-----)"),
    Row(
      "an auth provider", user: "{auth-provider: {name: gcp}}",
      "DIR/config: user 'u': auth-provider: no Kubernetes since 1.26 reads it; use exec with a"
        + " credential plugin (gke-gcloud-auth-plugin, kubelogin), token, tokenFile or a client"
        + " certificate"),
    Row(
      "a name and a password", user: "{username: a, password: b}",
      "DIR/config: user 'u': username: no API server since 1.19 takes a name and password; use"
        + " token, tokenFile, exec or a client certificate"),
  ]

  private static let two = """
    contexts:
    - {name: production, context: {cluster: a, user: u}}
    - {name: staging, context: {cluster: b}}
    - {name: broken, context: {cluster: none}}
    - {name: orphan, context: {cluster: a, user: none}}
    - {name: empty}
    clusters:
    - {name: a, cluster: {server: 'https://a'}}
    - {name: b, cluster: {server: 'https://b'}}
    - {name: unused, cluster: {server: 7, insecure-skip-tls-verify: true}}
    users:
    - {name: u, user: {token: t}}

    """

  static let files: [Row] = [
    Row("the current context", file: two + "current-context: staging\n", "https://b"),
    Row(
      "another context", file: two + "current-context: staging\n", context: "production",
      "https://a token=t by=the token of user 'u' in DIR/config"),
    Row(
      "JSON",
      file: """
        {"kind":"Config","current-context":"x","contexts":[{"name":"x","context":{"cluster":"c"}}],
        \t"clusters":[{"name":"c","cluster":{"server":"https:\\/\\/a"}}]}
        """, "https://a"),
    Row(
      "no such context", file: two, context: "prodction",
      "DIR/config: there is no context 'prodction'; there are 'broken', 'empty', 'orphan',"
        + " 'production', 'staging'; did you mean 'production'?"),
    Row(
      "no such current context", file: two + "current-context: x\n",
      "DIR/config: current-context: there is no context 'x'; there are 'broken', 'empty', 'orphan',"
        + " 'production', 'staging'"),
    Row(
      "no current context", file: two,
      "DIR/config: current-context: not set, and no context is asked for; there are 'broken',"
        + " 'empty', 'orphan', 'production', 'staging'"),
    Row(
      "no contexts at all", file: "kind: Config\n", context: "a",
      "DIR/config: there is no context 'a'; the file has no contexts"),
    Row(
      "more contexts than anybody reads",
      file: "contexts: [" + (10..<35).map { "{name: c\($0)}" }.joined(separator: ", ") + "]\n",
      context: "else",
      "DIR/config: there is no context 'else'; there are "
        + (10..<30).map { "'c\($0)'" }.joined(separator: ", ") + " and 5 more"),
    Row(
      "a context without cluster", file: two, context: "empty",
      "DIR/config: context 'empty': cluster: the context names no cluster"),
    Row(
      "a cluster that is not there", file: two, context: "broken",
      "DIR/config: context 'broken': cluster: there is no cluster 'none' in the file"),
    Row(
      "a user that is not there", file: two, context: "orphan",
      "DIR/config: context 'orphan': user: there is no user 'none' in the file"),
    Row(
      "text that is not YAML", file: "kind: Config\nusers: [\n",
      "DIR/config:3:1: did not find expected node content"),
    Row("an empty file", file: "", "DIR/config: holds no kubeconfig (kind: Config)"),
    Row(
      "another object", file: "kind: Secret\ndata: {}\n",
      "DIR/config: is an object of kind 'Secret', not a kubeconfig (kind: Config)"),
    Row(
      "contexts that are no list", file: "contexts: {a: b}\n", context: "a",
      "DIR/config: contexts: not a list"),
    Row(
      "a user that is no object",
      file: """
        contexts: [{name: x, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: 'https://a'}}]
        users: [{name: u, user: text}]
        """, context: "x", "DIR/config: user 'u': user: not an object"),
  ]

  @Test(arguments: clusters + users + files)
  func `a kubeconfig gives an access or says what is wrong`(row: Row) throws {
    let bench = try AccessBench()
    try bench.directory.write("config", row.text)
    try bench.directory.write("empty", " \n")
    bench.open(.kubeconfig(path: bench.path + "/config", context: row.context))
    #expect(bench.load() == row.result)
    #expect(bench.warnings == row.warnings)
  }

  @Test func `a kubeconfig that is not there`() throws {
    let bench = try AccessBench()
    bench.open(.kubeconfig(path: bench.path + "/none", context: nil))
    #expect(bench.load() == "DIR/none: No such file or directory")
  }
}
