import Foundation
import Glibc
import IO
import Kubernetes
import Testing

/// Each runs a shell script as credential plugin; what has to last blocks on a FIFO.
@Suite struct ExecPluginTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let name: String
    /// The script; nil: there is none.
    var script: String?
    var arguments = ""
    /// More fields of `exec`.
    var fields = ""
    var user = ""
    var version = "v1"
    let result: String
    var warnings: [String] = []

    var testDescription: String { name }
  }

  static func credential(
    _ status: String, version: String = "v1", through filter: String = "cat"
  ) -> String {
    """
    \(filter) <<'END'
    {"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/\(version)","status":\(status)}
    END
    """
  }

  private static let by = " by=the credential from plugin DIR/sub/plugin"
  private static let place = "DIR/config: user 'u': exec: "
  private static let fault = place + "DIR/sub/plugin "

  static let good: [Row] = [
    Row(
      name: "a token", script: credential(#"{"token":"t"}"#),
      result: "https://a token=t" + by),
    Row(
      name: "a token of v1beta1", script: credential(#"{"token":"t"}"#, version: "v1beta1"),
      version: "v1beta1", result: "https://a token=t" + by),
    Row(
      name: "a token that expires",
      script: credential(#"{"token":"t","expirationTimestamp":"2100-01-01T00:00:00Z"}"#),
      result: "https://a token=t until=4102444800" + by),
    Row(
      name: "a certificate",
      script: """
        cert=$(sed 's/$/\\\\n/' ../client.crt | tr -d '\\n')
        key=$(sed 's/$/\\\\n/' ../client.key | tr -d '\\n')
        printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",'
        printf '"status":{"clientCertificateData":"%s","clientKeyData":"%s"}}' "$cert" "$key"
        """,
      result: "https://a cert=client.crt key=client.key" + by),
    Row(
      name: "arguments and variables",
      script: credential(#"{"token":"T"}"#, through: "sed \"s/\\\"T/\\\"$1+$2+$X/\""),
      arguments: ", one, -x", fields: "env: [{name: X, value: y}], interactiveMode: Never",
      result: "https://a token=one+-x+y" + by),
    Row(
      name: "chatter on standard error does not matter",
      script: "echo hello >&2\n" + credential(#"{"token":"t"}"#), result: "https://a token=t" + by),
    Row(
      name: "a token beside it", script: "exit 1", user: "token: mine",
      result: "https://a token=mine by=the token of user 'u' in DIR/config",
      warnings: [place + "not run, as there is a token beside it"]),
  ]

  static let bad: [Row] = [
    Row(
      name: "no such program", result: fault + "cannot be started: No such file or directory"),
    Row(
      name: "no such program, and where to get it",
      fields: "installHint: \"Get it:\\n  apt install\"",
      result: fault + "cannot be started: No such file or directory; Get it: apt install"),
    Row(
      name: "a crash",
      script: "echo 'no login' >&2; echo >&2; echo b >&2; echo c >&2; echo d >&2; exit 3",
      result: fault + "ended with status 3: no login | b | c"),
    Row(name: "a signal", script: "kill -SEGV $$", result: fault + "was ended by signal 11"),
    Row(
      name: "garbage", script: "echo Please log in",
      result: fault + "wrote no JSON"),
    Row(
      name: "nothing", script: "exit 0", result: fault + "wrote no JSON"
    ),
    Row(
      name: "another object", script: "echo '{}'",
      result: fault + "wrote something that is no ExecCredential"),
    Row(
      name: "another version", script: credential("{}", version: "v1alpha1"),
      result: fault + "wrote apiVersion 'client.authentication.k8s.io/v1alpha1', and the kubeconfig"
        + " says 'client.authentication.k8s.io/v1'"),
    Row(
      name: "no status", script: credential("null"),
      result: fault + "wrote an ExecCredential without status"),
    Row(
      name: "an empty status", script: credential("{}"),
      result: fault + "wrote neither a token nor a client certificate"),
    Row(
      name: "half a certificate",
      script: credential(#"{"clientKeyData":"-----BEGIN PRIVATE KEY-----"}"#),
      result: fault + "wrote only one of clientCertificateData and clientKeyData"),
    Row(
      name: "a time that is none",
      script: credential(#"{"token":"t","expirationTimestamp":"soon"}"#),
      result: fault + "wrote an expirationTimestamp that is no date and time (RFC 3339)"),
    Row(
      name: "a header within the token", script: credential(#"{"token":"a\nb"}"#),
      result: fault + "status.token: the token holds what no header can: a space or a line's end"),
    Row(
      name: "huge output", script: "cat /dev/zero",
      result: fault + "wrote more than 1048576 octets, and was ended"),
    Row(
      name: "a terminal is wanted", script: "exit 0", fields: "interactiveMode: Always",
      result: place + "interactiveMode: 'Always' asks for a terminal, and a server has none; use a"
        + " plugin that works without, or a token, tokenFile or client certificate"),
    Row(
      name: "an unknown mode", script: "exit 0", fields: "interactiveMode: always",
      result: place + "interactiveMode: 'always': expected Never, IfAvailable or Always"),
    Row(
      name: "an old version", script: "exit 0", version: "v1alpha1",
      result: place + "apiVersion: 'client.authentication.k8s.io/v1alpha1': expected"
        + " client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1"),
    Row(
      name: "a variable without value", script: "exit 0", fields: "env: [{name: X}]",
      result: place + "env: an entry without name and value"),
  ]

  /// A bench whose plugin is the script.
  private func bench(_ row: Row) throws -> AccessBench {
    let bench = try AccessBench()
    if let script = row.script {
      // The shell by another name reads it: a script that has just been written cannot always be
      // executed (ETXTBSY) where other tests start programs at the same time.
      try bench.directory.link("sub/plugin", to: "/bin/sh")
      try bench.directory.write("sub/script", "cd '\(bench.path)/sub'\n\(script)\n")
    }
    let fields = row.fields.isEmpty ? "" : ", " + row.fields
    let user = row.user.isEmpty ? "" : ", " + row.user
    try bench.directory.write(
      "config",
      """
      current-context: x
      contexts: [{name: x, context: {cluster: c, user: u}}]
      clusters: [{name: c, cluster: {server: 'https://a', tls-server-name: n,
        certificate-authority: ca.crt, extensions: [{name: client.authentication.k8s.io/exec,
        extension: {audience: "q\\"\\n", list: [1, 0.5, true, null]}}]}}]
      users: [{name: u, user: {exec: {command: sub/plugin, args: ['\(bench.path)/sub/script'\(row.arguments)],
        apiVersion: client.authentication.k8s.io/\(row.version)\(fields)}\(user)}}]
      """)
    return bench
  }

  private func opened(_ row: Row, lookPeriod: Duration = .seconds(3_600)) throws -> AccessBench {
    let bench = try bench(row)
    bench.open(.kubeconfig(path: bench.path + "/config", context: nil), lookPeriod: lookPeriod)
    return bench
  }

  @Test(arguments: good + bad)
  func `a plugin gives a credential or it is said why not`(row: Row) throws {
    let bench = try opened(row)
    let result = bench.load().replacingOccurrences(of: " ca=ca.crt name=n", with: "")
    #expect(result == row.result)
    #expect(bench.warnings == row.warnings)
  }

  @Test func `a plugin that hangs is ended at its deadline`() throws {
    let bench = try bench(Row(name: "", script: "read x < fifo", result: ""))
    let made = unsafe mkfifo(bench.path + "/sub/fifo", 0o600)
    #expect(made == 0)
    bench.open(
      .kubeconfig(path: bench.path + "/config", context: nil), pluginDeadline: .milliseconds(50))
    #expect(
      bench.load() == Self.fault + "gave no credential within 0.05 seconds, and was ended")
  }

  @Test func `a source that is given up ends its plugin`() throws {
    let bench = try bench(Row(name: "", script: "echo $$ > pid; read x < fifo", result: ""))
    let made = unsafe mkfifo(bench.path + "/sub/fifo", 0o600)
    #expect(made == 0)
    bench.open(.kubeconfig(path: bench.path + "/config", context: nil))
    var number: Int32?
    let tick = bench.directory.loop.every(.milliseconds(1)) {
      let text = try? String(contentsOfFile: bench.path + "/sub/pid", encoding: .utf8)
      if let text, text.hasSuffix("\n") {
        number = Int32(text.dropLast())
        bench.close()
      }
      bench.directory.loop.stop()
    }
    bench.begin()
    #expect(bench.directory.run { number.map { kill($0, 0) == -1 } ?? false })
    tick.cancel()
  }

  @Test(arguments: [false, true])
  func `what the plugin is told of the cluster`(isToldAll: Bool) throws {
    let script = "printf %s \"$KUBERNETES_EXEC_INFO\" > info\n" + Self.credential(#"{"token":"t"}"#)
    let bench = try opened(
      Row(name: "", script: script, fields: "provideClusterInfo: \(isToldAll)", result: ""))
    _ = bench.load()
    let cluster =
      #","cluster":{"server":"https://a","tls-server-name":"n","certificate-authority-data":"#
      + "\"\(PEMSamples.data("ca.crt"))\""
      + #","config":{"audience":"q\"\n","list":[1,0.5,true,null]}}"#
    #expect(
      try String(contentsOfFile: bench.path + "/sub/info", encoding: .utf8)
        == #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","#
        + #""spec":{"interactive":false"# + (isToldAll ? cluster : "") + "}}")
  }

  // MARK: - When it is run

  /// Gives `t1`, `t2`, … with this time.
  private static func counting(_ expiry: String) -> String {
    "echo x >> runs\n"
      + credential(
        #"{"token":"tN"\#(expiry)}"#, through: "sed \"s/tN/t$(($(wc -l < runs)))/\"")
  }

  private func token(_ access: String?) -> Substring? {
    access?.split(separator: " ").first { $0.hasPrefix("token=") }?.dropFirst(6)
  }

  @Test func `it is run again only for a refresh`() throws {
    let bench = try opened(Row(name: "", script: Self.counting(""), result: ""))
    #expect(token(bench.load()) == "t1")
    #expect(token(bench.load()) == "t1")
    #expect(token(bench.refresh()) == "t2")
    #expect(token(bench.load()) == "t2")
    #expect(bench.changes.isEmpty)
  }

  @Test func `two callers share one run`() throws {
    let bench = try opened(Row(name: "", script: Self.counting(""), result: ""))
    #expect(bench.loadTwice().map { token($0) } == ["t1", "t1"])
  }

  @Test func `a credential that expires is renewed without being asked for`() throws {
    let expiry = #","expirationTimestamp":"2001-01-01T00:00:00Z""#
    let bench = try opened(
      Row(name: "", script: Self.counting(expiry), result: ""), lookPeriod: .milliseconds(1))
    #expect(token(bench.load()) == "t1")
    #expect(bench.directory.run { bench.changes.count == 2 })
    #expect(bench.changes.map { token($0) } == ["t2", "t3"])
  }

  @Test func `another plugin is run when the kubeconfig is edited`() throws {
    let bench = try opened(
      Row(name: "", script: Self.counting(""), result: ""), lookPeriod: .milliseconds(1))
    #expect(token(bench.load()) == "t1")
    let path = bench.path + "/config"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    // Nothing of the plugin: its credential is kept.
    try bench.directory.replace("config", text.replacingOccurrences(of: "//a", with: "//b"))
    #expect(bench.directory.run { bench.changes.count == 1 })
    #expect(bench.changes.last?.hasPrefix("https://b ") == true)
    #expect(token(bench.changes.last) == "t1")
    try bench.directory.replace(
      "config", text.replacingOccurrences(of: "sub/script'", with: "sub/script', x"))
    #expect(bench.directory.run { bench.changes.count == 2 })
    #expect(token(bench.changes.last) == "t2")
  }
}
