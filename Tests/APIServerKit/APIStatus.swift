/// A refusal, written as the recorded server writes its `Status` objects.
public struct APIStatus: Error, Sendable, Equatable {
  /// The HTTP status, and `code` of the body.
  public var code: Int
  /// `reason`, nil where the real server gives none.
  public var reason: String?
  /// `message`, for people.
  public var message: String
  /// `details` as JSON text, nil where there are none.
  public var details: String?
  /// `metadata.continue`, the token to go on with.
  public var continuation: String?
  /// Headers beyond the usual ones.
  public var headers: [APIHeader] = []

  /// The `Status` object, without a newline.
  public var text: String {
    let metadata = continuation.map { "{\"continue\":\"\($0)\"}" } ?? "{}"
    var text = #"{"kind":"Status","apiVersion":"v1","metadata":\#(metadata),"status":"Failure""#
    text += ",\"message\":" + JSONText.string(message)
    if let reason { text += ",\"reason\":\"\(reason)\"" }
    if let details { text += ",\"details\":\(details)" }
    return text + ",\"code\":\(code)}"
  }
}

extension APIStatus {
  /// No credentials, or wrong ones.
  public static let unauthorized = APIStatus(
    code: 401, reason: "Unauthorized", message: "Unauthorized")

  /// The path is of no known resource.
  public static let unknownResource = APIStatus(
    code: 404, reason: "NotFound",
    message: "the server could not find the requested resource", details: "{}")

  /// No RBAC rule lets the user do this.
  public static func forbidden(_ resource: APIResource, verb: String, namespace: String?) -> Self {
    let scope = namespace.map { "in the namespace \"\($0)\"" } ?? "at the cluster scope"
    return APIStatus(
      code: 403, reason: "Forbidden",
      message: "\(resource.rawValue) is forbidden: User \"nobody\" cannot \(verb) resource "
        + "\"\(resource.rawValue)\" in API group \"\(resource.group)\" \(scope)",
      details: (resource.group.isEmpty ? "{" : "{\"group\":\"\(resource.group)\",")
        + "\"kind\":\"\(resource.rawValue)\"}")
  }

  static func notFound(_ resource: APIResource, _ name: String) -> Self {
    let kind = JSONText.string(resource.rawValue)
    let group = resource.group.isEmpty ? "" : ",\"group\":\"\(resource.group)\""
    return APIStatus(
      code: 404, reason: "NotFound",
      message: (resource.group.isEmpty
        ? resource.rawValue : "\(resource.rawValue).\(resource.group)")
        + " \"\(name)\" not found",
      details: "{\"name\":\(JSONText.string(name))\(group),\"kind\":\(kind)}")
  }

  static func badRequest(_ message: String) -> Self {
    APIStatus(code: 400, reason: "BadRequest", message: message)
  }

  static let methodNotAllowed = APIStatus(
    code: 405, reason: "MethodNotAllowed",
    message: "the server does not allow this method on the requested resource", details: "{}")

  static func malformedRevision(_ text: String) -> Self {
    APIStatus(
      code: 500, reason: nil,
      message: "resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing "
        + "\"\(text)\": invalid syntax")
  }

  static func revisionTooLarge(_ revision: UInt64, current: UInt64) -> Self {
    APIStatus(
      code: 504, reason: "Timeout",
      message: "Timeout: Too large resource version: \(revision), current: \(current)",
      details: #"{"causes":[{"reason":"ResourceVersionTooLarge","#
        + #""message":"Too large resource version"}],"retryAfterSeconds":1}"#,
      headers: [APIHeader("Retry-After", "1")])
  }

  static let revisionTooOld = APIStatus(
    code: 410, reason: "Expired",
    message: "The resourceVersion for the provided list is too old.")

  /// What a watch gets as an ERROR event.
  public static func watchTooOld(_ revision: UInt64, oldest: UInt64) -> Self {
    APIStatus(
      code: 410, reason: "Expired",
      message: "too old resource version: \(revision) (\(oldest))")
  }

  /// A page of a list that can no longer be given; `continuation` goes on from the present state.
  public static func continueTooOld(_ continuation: String) -> Self {
    APIStatus(
      code: 410, reason: "Expired",
      message: "The provided continue parameter is too old to display a consistent list result. "
        + "You can start a new list without the continue parameter, or use the continue token in "
        + "this response to retrieve the remainder of the results. Continuing with the provided "
        + "token results in an inconsistent list - objects that were created, modified, or "
        + "deleted between the time the first chunk was returned and now may show up in the "
        + "list.",
      continuation: continuation)
  }

  /// Options that contradict each other; one cause for each field.
  static func invalidOptions(_ causes: [(field: String, text: String)]) -> Self {
    let list = causes.map {
      "{\"reason\":\"FieldValueForbidden\",\"message\":"
        + JSONText.string("Forbidden: " + $0.text) + ",\"field\":\"\($0.field)\"}"
    }
    let texts = causes.map { "\($0.field): Forbidden: \($0.text)" }
    let summary = texts.count == 1 ? texts[0] : "[" + texts.joined(separator: ", ") + "]"
    return APIStatus(
      code: 422, reason: "Invalid", message: "ListOptions.meta.k8s.io \"\" is invalid: \(summary)",
      details: #"{"group":"meta.k8s.io","kind":"ListOptions","causes":"# + JSONText.array(list)
        + "}")
  }

  /// Flow control asks the client to wait `seconds`.
  public static func tooManyRequests(retryAfter seconds: Int) -> Self {
    APIStatus(
      code: 429, reason: "TooManyRequests",
      message: "Too many requests, please try again later.",
      details: "{\"retryAfterSeconds\":\(seconds)}",
      headers: [APIHeader("Retry-After", "\(seconds)")])
  }

  /// Something inside the server broke.
  public static let internalError = APIStatus(
    code: 500, reason: "InternalError",
    message: "Internal error occurred: etcdserver: request timed out",
    details: #"{"causes":[{"message":"etcdserver: request timed out"}]}"#)

  /// The server is about to end, or just begins.
  public static let unavailable = APIStatus(
    code: 503, reason: "ServiceUnavailable",
    message: "the server is currently unable to handle the request")
}
