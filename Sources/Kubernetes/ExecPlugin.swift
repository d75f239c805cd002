internal import Documents
internal import IO

/// A program that a kubeconfig names to obtain a credential (Kubernetes documentation,
/// "client-go credential plugins").
struct ExecPlugin: Hashable {
  /// A path, or a name to be found in `PATH`.
  let program: String
  let arguments: [String]
  /// What its environment has beyond the process's own.
  let additions: [String: String]
  let apiVersion: String
  let installHint: String?
  /// The kubeconfig's field, for errors.
  let place: String

  private static let versions = ["v1", "v1beta1"].map { "client.authentication.k8s.io/" + $0 }

  /// What a run may take: a login over a slow network, and certificates with all that leads to
  /// them. Of the errors the first lines are shown.
  static let limits = ChildProcess.Limits(
    duration: .seconds(60), outputOctets: 1 << 20, errorOctets: 4_096)

  /// - Parameter folder: what a relative path starts from.
  init(
    _ node: KubeconfigNode, _ cluster: KubeconfigCluster, folder: String
  ) throws(AccessError) {
    place = node.place
    guard let command = try node.text("command") else {
      throw node.fault("command", "missing")
    }
    // A name without slash is looked for in PATH, wherever the kubeconfig is.
    let isRelative = command.contains("/") && !command.hasPrefix("/")
    program = isRelative ? FilePath.join(folder, command) : command
    arguments = try node.texts("args")
    guard let apiVersion = try node.text("apiVersion"), Self.versions.contains(apiVersion) else {
      let given = try node.text("apiVersion").map { "'\($0)'" } ?? "no version"
      throw node.fault(
        "apiVersion", "\(given): expected \(Self.versions.joined(separator: " or "))")
    }
    self.apiVersion = apiVersion
    installHint = try node.text("installHint")
    var additions: [String: String] = [:]
    for entry in try node.list("env") {
      guard let name = entry["name"]?.string, !name.isEmpty, !name.contains("="),
        let value = entry["value"]?.string
      else { throw node.fault("env", "an entry without name and value") }
      additions[name] = value
    }
    switch try node.text("interactiveMode") {
    case nil, "Never", "IfAvailable": break
    case "Always":
      throw node.fault(
        "interactiveMode",
        "'Always' asks for a terminal, and a server has none; use a plugin that works without, or"
          + " a token, tokenFile or client certificate")
    case let mode?:
      throw node.fault("interactiveMode", "'\(mode)': expected Never, IfAvailable or Always")
    }
    let spec =
      try node.flag("provideClusterInfo")
      ? [(name: "interactive", json: "false"), ("cluster", cluster.execInfo)]
      : [(name: "interactive", json: "false")]
    additions["KUBERNETES_EXEC_INFO"] = JSONText.object([
      ("kind", JSONText.string("ExecCredential")), ("apiVersion", JSONText.string(apiVersion)),
      ("spec", JSONText.object(spec)),
    ])
    self.additions = additions
  }

  // MARK: - Running

  /// Runs it; `done` is called from the loop, never from here.
  ///
  /// - Throws: ``AccessError`` where it cannot be started.
  func run(
    _ limits: ChildProcess.Limits, on loop: EventLoop,
    _ done: @escaping (Result<ExecCredential, AccessError>) -> Void
  ) throws(AccessError) -> ChildProcess {
    let command = ChildProcess.Command(
      program: program, arguments: arguments,
      environment: ProcessEnvironment.current.merging(additions) { $1 })
    do throws(IOFailure) {
      return try ChildProcess.start(command, limits: limits, on: loop) { outcome in
        do throws(AccessError) {
          done(.success(try credential(of: outcome, limits)))
        } catch {
          done(.failure(error))
        }
      }
    } catch {
      let hint = installHint.map { "; " + AccessError.line($0) } ?? ""
      throw fault("cannot be started: \(error.reason)\(hint)")
    }
  }

  private func fault(_ why: String) -> AccessError {
    AccessError("\(place): \(program) \(why)")
  }

  private func credential(
    of outcome: ChildProcess.Outcome, _ limits: ChildProcess.Limits
  ) throws(AccessError) -> ExecCredential {
    let said = Self.firstLines(outcome.errors)
    switch outcome.ending {
    case .exited(0):
      do {
        return try ExecCredential(outcome.output, apiVersion: apiVersion)
      } catch {
        throw fault(error.description + said)
      }
    case .exited(let status): throw fault("ended with status \(status)\(said)")
    case .signalled(let number): throw fault("was ended by signal \(number)\(said)")
    case .overdue: throw fault("gave no credential within \(limits.duration), and was ended\(said)")
    case .tooMuchOutput:
      throw fault("wrote more than \(limits.outputOctets) octets, and was ended\(said)")
    }
  }

  /// Lines of a program's errors that are shown: the cause is mostly in the first.
  private static let linesShown = 3

  private static func firstLines(_ errors: [UInt8]) -> String {
    let lines = String(decoding: errors, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { AccessError.line(String($0)) }.filter { !$0.isEmpty }
    let shown = lines.prefix(linesShown).joined(separator: " | ")
    return shown.isEmpty ? "" : ": " + AccessError.line(shown)
  }
}

/// What a credential plugin gives: the `status` of an ExecCredential.
struct ExecCredential: Hashable {
  var token: String?
  var certificate: [UInt8]?
  var key: [UInt8]?
  /// Unix seconds; nil: for as long as the server takes it.
  var expiry: Int64?

  init(_ output: [UInt8], apiVersion: String) throws(AccessError) {
    let root: Value
    do throws(DocumentError) {
      root = unsafe try JSONReader().read(output.span.bytes).root
    } catch {
      // What it is may be the credential itself: not to be shown.
      throw AccessError("wrote no JSON")
    }
    guard root["kind"]?.isString("ExecCredential") == true,
      let version = root["apiVersion"]?.string
    else { throw AccessError("wrote something that is no ExecCredential") }
    guard version == apiVersion else {
      let written = AccessError.line(version)
      throw AccessError("wrote apiVersion '\(written)', and the kubeconfig says '\(apiVersion)'")
    }
    guard let status = root["status"] else {
      throw AccessError("wrote an ExecCredential without status")
    }
    try read(status)
  }

  private mutating func read(_ status: Value) throws(AccessError) {
    if let text = status["token"]?.string, !text.isEmpty {
      token = try CredentialFiles.token(Array(text.utf8), "status.token")
    }
    if let text = status["clientCertificateData"]?.string, !text.isEmpty {
      certificate = try PEM.certificates(Array(text.utf8), "status.clientCertificateData")
    }
    if let text = status["clientKeyData"]?.string, !text.isEmpty {
      key = try PEM.key(Array(text.utf8), "status.clientKeyData")
    }
    guard (certificate == nil) == (key == nil) else {
      throw AccessError("wrote only one of clientCertificateData and clientKeyData")
    }
    guard token != nil || certificate != nil else {
      throw AccessError("wrote neither a token nor a client certificate")
    }
    if let text = status["expirationTimestamp"] {
      guard let seconds = text.string.flatMap(Timestamp.read) else {
        throw AccessError("wrote an expirationTimestamp that is no date and time (RFC 3339)")
      }
      expiry = seconds
    }
  }

  func apply(to access: inout ClusterAccess) {
    if let token { access.token = token }
    if let certificate {
      access.certificate = certificate
      access.key = key
    }
    access.expiry = expiry
  }
}
