import Kubernetes
import Testing

/// Bodies are a real API server's answers.
@Suite struct AccessDeniedTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let name: String
    let code: Int
    var body: String
    var request = AccessDenied.Request(
      verb: "watch", resource: "endpointslices", group: "discovery.k8s.io")
    var credential: String? = "the token of /token"
    let sentence: String

    var testDescription: String { name }
  }

  private static func forbidden(_ message: String) -> String {
    let quoted = message.replacing("\"", with: "\\\"")
    return #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":""#
      + quoted + #"","reason":"Forbidden","details":{"kind":"services"},"code":403}"#
  }

  private static let services = AccessDenied.Request(
    verb: "list", resource: "services", group: "")
  private static let unauthorized =
    #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#
  private static let notFound =
    #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}"#

  static let rows: [Row] = [
    Row(
      name: "a ClusterRole that lacks a rule", code: 403,
      body: forbidden(
        #"endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:kube-system:coredns" cannot watch resource "endpointslices" in API group "discovery.k8s.io" at the cluster scope"#
      ),
      sentence:
        #"https://10.96.0.1:443 forbids (403): user "system:serviceaccount:kube-system:coredns" cannot watch endpointslices in API group "discovery.k8s.io" at the cluster scope; its ClusterRole needs the rule {apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"]}"#
    ),
    Row(
      name: "the core group", code: 403,
      body: forbidden(
        #"services is forbidden: User "nobody" cannot list resource "services" in API group "" at the cluster scope"#
      ),
      request: services,
      sentence:
        #"https://10.96.0.1:443 forbids (403): user "nobody" cannot list services in API group "" at the cluster scope; its ClusterRole needs the rule {apiGroups: [""], resources: ["services"], verbs: ["list", "watch"]}"#
    ),
    Row(
      name: "a Role, and what RBAC adds", code: 403,
      body: forbidden(
        #"services is forbidden: User "nobody" cannot list resource "services" in API group "" in the namespace "shop": RBAC: role.rbac.authorization.k8s.io "dns" not found"#
      ),
      request: .init(verb: "list", resource: "services", group: "", namespace: "shop"),
      sentence:
        #"https://10.96.0.1:443 forbids (403): user "nobody" cannot list services in API group "" in the namespace "shop" (RBAC: role.rbac.authorization.k8s.io "dns" not found); its Role in the namespace "shop" needs the rule {apiGroups: [""], resources: ["services"], verbs: ["list", "watch"]}"#
    ),
    Row(
      name: "nobody known, for want of a credential", code: 403,
      body: forbidden(
        #"services is forbidden: User "system:anonymous" cannot list resource "services" in API group "" at the cluster scope"#
      ),
      request: services, credential: nil,
      sentence:
        #"https://10.96.0.1:443 forbids (403): there is no credential, and user "system:anonymous" cannot list services in API group "" at the cluster scope"#
    ),
    Row(
      name: "nobody known, with a credential", code: 403,
      body: forbidden(
        #"services is forbidden: User "system:anonymous" cannot list resource "services" in API group "" at the cluster scope"#
      ),
      request: services,
      sentence:
        #"https://10.96.0.1:443 forbids (403): it does not know the token of /token, and user "system:anonymous" cannot list services in API group "" at the cluster scope"#
    ),
    Row(
      name: "an authorizer with words of its own", code: 403, body: forbidden("go\\n  away"),
      request: services,
      sentence: "https://10.96.0.1:443 forbids (403) to list services: go away"),
    Row(
      name: "a proxy on the way forbids", code: 403, body: "<html>no</html>", request: services,
      sentence: "https://10.96.0.1:443 forbids (403) to list services"),
    Row(
      name: "a token that has run out", code: 401, body: unauthorized,
      sentence: "https://10.96.0.1:443 refuses (401) the token of /token"),
    Row(
      name: "no credential", code: 401, body: unauthorized, credential: nil,
      sentence: "https://10.96.0.1:443 wants a credential (401) and there is none"),
    Row(
      name: "a reason for the refusal", code: 401,
      body: #"{"kind":"Status","message":"token expired"}"#,
      sentence: "https://10.96.0.1:443 refuses (401) the token of /token: token expired"),
    Row(
      name: "Kubernetes before 1.21", code: 404, body: notFound,
      sentence:
        "https://10.96.0.1:443 has no discovery.k8s.io/v1 (404): Kubernetes 1.21 or later is needed"
    ),
    Row(
      name: "another server", code: 404, body: "404 page not found", request: services,
      sentence:
        #"https://10.96.0.1:443 has no resource services in API group "" (404): is it the URL of an API server?"#
    ),
    Row(
      name: "any other status", code: 500,
      body: #"{"kind":"Status","message":"resourceVersion: Invalid value: \"abc\"","code":500}"#,
      sentence:
        #"https://10.96.0.1:443 answers 500 to watch endpointslices: resourceVersion: Invalid value: "abc""#
    ),
    Row(
      name: "a status without words", code: 502, body: "",
      sentence: "https://10.96.0.1:443 answers 502 to watch endpointslices"),
  ]

  @Test(arguments: rows)
  func `a refusal says who lacks what`(row: Row) {
    let denied = AccessDenied(
      row.request, server: "https://10.96.0.1:443", credential: row.credential)
    let status = APIStatus(Array(row.body.utf8))
    #expect(denied.sentence(code: row.code, status: status) == row.sentence)
  }

  // MARK: - Status

  static let statuses: [(String, APIStatus?)] = [
    (
      #"{"kind":"Status","code":429,"reason":"TooManyRequests","message":"slow","details":{"retryAfterSeconds":7}}"#,
      APIStatus(code: 429, reason: "TooManyRequests", message: "slow", retryAfterSeconds: 7)
    ),
    (
      #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 2 (312)","reason":"Expired","code":410}"#,
      APIStatus(code: 410, reason: "Expired", message: "too old resource version: 2 (312)")
    ),
    (
      #"{"kind":"Status","code":503,"details":{"retryAfterSeconds":0}}"#, APIStatus(code: 503)
    ),
    (#"{"kind":"Status","code":"x","message":null,"details":[]}"#, APIStatus(code: 0)),
    (#"{"kind":"ServiceList","items":[]}"#, nil),
    ("[]", nil),
    ("", nil),
    ("{\"kind\":\"Status\"", nil),
    (#"{"kind":"Status"}"# + String(repeating: " ", count: APIStatus.maximumOctets), nil),
  ]

  @Test(arguments: statuses)
  func `a Status is read as it was meant`(body: String, status: APIStatus?) {
    #expect(APIStatus(Array(body.utf8)) == status)
  }
}
