/// What to tell an operator when the API server refuses a list or watch: who asked for what, and
/// what is missing.
public struct AccessDenied: Hashable, Sendable {
  /// What was asked for.
  public struct Request: Hashable, Sendable {
    /// `list` or `watch`.
    public var verb: String
    /// `endpointslices`.
    public var resource: String
    /// `discovery.k8s.io`; empty for the core group.
    public var group: String
    /// Nil: all of them, at the cluster scope.
    public var namespace: String?

    public init(verb: String, resource: String, group: String, namespace: String? = nil) {
      self.verb = verb
      self.resource = resource
      self.group = group
      self.namespace = namespace
    }
  }

  private let request: Request
  private let server: String
  private let credential: String?

  /// - Parameters:
  ///   - server: the URL that was asked.
  ///   - credential: ``ClusterAccess/credential``.
  public init(_ request: Request, server: String, credential: String?) {
    self.request = request
    self.server = server
    self.credential = credential
  }

  /// One sentence for an answer of status 401, 403 or 404; for any other the status and what the
  /// server says of it.
  public func sentence(code: Int, status: APIStatus?) -> String {
    let message = AccessError.line(status?.message ?? "")
    switch code {
    case 401: return unauthorized(message)
    case 403: return forbidden(message)
    case 404: return notFound
    default:
      let words = message.isEmpty ? status?.reason ?? "" : message
      return "\(server) answers \(code) to \(request.verb) \(request.resource)"
        + (words.isEmpty ? "" : ": \(words)")
    }
  }

  // MARK: - One for each status

  private func unauthorized(_ message: String) -> String {
    let what =
      credential.map { "\(server) refuses (401) \($0)" }
      ?? "\(server) wants a credential (401) and there is none"
    // The server's usual word repeats the status.
    return what + (message.isEmpty || message == "Unauthorized" ? "" : ": \(message)")
  }

  private func forbidden(_ message: String) -> String {
    guard let denial = Denial(message) else {
      return "\(server) forbids (403) to \(request.verb) \(request.resource)"
        + (message.isEmpty ? "" : ": \(message)")
    }
    if denial.user == "system:anonymous" {
      let why = credential.map { "it does not know \($0)" } ?? "there is no credential"
      return "\(server) forbids (403): \(why), and user \"system:anonymous\" cannot"
        + " \(request.verb) \(request.resource) \(scope)"
    }
    return "\(server) forbids (403): user \"\(denial.user)\" cannot \(request.verb)"
      + " \(request.resource) \(scope)" + (denial.detail.isEmpty ? "" : " (\(denial.detail))")
      + "; its \(role) needs the rule \(rule)"
  }

  private var notFound: String {
    if request.group == "discovery.k8s.io" {
      return "\(server) has no discovery.k8s.io/v1 (404): Kubernetes 1.21 or later is needed"
    }
    return "\(server) has no resource \(request.resource) in API group \"\(request.group)\" (404):"
      + " is it the URL of an API server?"
  }

  // MARK: - Parts of a sentence

  private var scope: String {
    "in API group \"\(request.group)\" "
      + (request.namespace.map { "in the namespace \"\($0)\"" } ?? "at the cluster scope")
  }

  private var role: String {
    request.namespace.map { "Role in the namespace \"\($0)\"" } ?? "ClusterRole"
  }

  /// Both verbs: whoever may only list or only watch would hear of the other next.
  private var rule: String {
    "{apiGroups: [\"\(request.group)\"], resources: [\"\(request.resource)\"],"
      + " verbs: [\"list\", \"watch\"]}"
  }
}

/// The API server's words for what an authorizer has denied:
/// `services is forbidden: User "u" cannot list resource "services" in API group "" at the cluster
/// scope: DETAIL`.
private struct Denial {
  let user: String
  /// What the authorizer adds, such as a role that is bound and does not exist.
  let detail: String

  init?(_ message: String) {
    guard let start = message.firstRange(of: "User \""),
      let end = message[start.upperBound...].firstRange(of: "\" cannot ")
    else { return nil }
    user = String(message[start.upperBound..<end.lowerBound])
    let rest = message[end.upperBound...]
    let scopeEnd = rest.firstRange(of: "at the cluster scope") ?? Self.namespace(in: rest)
    let detail = scopeEnd.map { rest[$0.upperBound...] } ?? ""
    self.detail = detail.hasPrefix(": ") ? String(detail.dropFirst(2)) : ""
  }

  private static func namespace(in text: Substring) -> Range<Substring.Index>? {
    guard let start = text.firstRange(of: "in the namespace \""),
      let end = text[start.upperBound...].firstIndex(of: "\"")
    else { return nil }
    return start.lowerBound..<text.index(after: end)
  }
}
