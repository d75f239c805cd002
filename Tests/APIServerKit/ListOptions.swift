/// The query of a list or watch, read once.
struct ListOptions {
  enum Match { case unset, exact, notOlderThan }

  var isWatch = false
  /// Nil when the request names none.
  var revision: UInt64?
  var match = Match.unset
  var sendInitialEvents: Bool?
  var allowsBookmarks = false
  /// Seconds.
  var timeout: Int64?
  /// Items in a page; 0 is no limit.
  var limit = 0
  var continuation = ""
  var selector: Selector
  var isMetadataOnly: Bool

  init(_ request: APIRequestText, _ resource: APIResource) throws(APIStatus) {
    var values: [String: String] = [:]
    for (name, value) in request.query { values[name] = value }
    func flag(_ name: String) -> Bool? {
      values[name].map { $0 == "1" || $0 == "true" || $0 == "True" }
    }
    isWatch = flag("watch") ?? false
    sendInitialEvents = flag("sendInitialEvents")
    allowsBookmarks = flag("allowWatchBookmarks") ?? false
    timeout = values["timeoutSeconds"].flatMap { Int64($0) }
    limit = values["limit"].flatMap { Int($0) } ?? 0
    continuation = values["continue"] ?? ""
    selector = try Selector(
      labels: values["labelSelector"] ?? "", fields: values["fieldSelector"] ?? "",
      resource: resource)
    isMetadataOnly = request.header("Accept")?.contains("as=PartialObjectMetadata") ?? false
    switch values["resourceVersionMatch"] ?? "" {
    case "": match = .unset
    case "Exact": match = .exact
    case "NotOlderThan": match = .notOlderThan
    default:
      throw .invalidOptions([("resourceVersionMatch", "unknown value")])
    }
    if let text = values["resourceVersion"], !text.isEmpty {
      guard let number = UInt64(text) else { throw .malformedRevision(text) }
      revision = number
    }
  }

  /// The combinations that the recorded server refuses with 422.
  func check(watchListSupported: Bool) throws(APIStatus) {
    var causes: [(field: String, text: String)] = []
    if sendInitialEvents != nil, !watchListSupported {
      causes.append(
        (
          "sendInitialEvents",
          "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
        ))
      if match != .unset {
        causes.append(
          ("resourceVersionMatch", "resourceVersionMatch is forbidden for watch"))
      }
    } else if isWatch, sendInitialEvents != nil, match != .notOlderThan {
      causes.append(
        (
          "resourceVersionMatch",
          "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        ))
    } else if isWatch, sendInitialEvents == nil, match != .unset {
      causes.append(
        (
          "resourceVersionMatch",
          "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        ))
    } else if !isWatch, match != .unset, revision == nil {
      causes.append(
        (
          "resourceVersionMatch",
          "resourceVersionMatch is forbidden unless resourceVersion is provided"
        ))
    } else if !isWatch, match == .exact, revision == 0 {
      causes.append(
        (
          "resourceVersionMatch",
          "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""
        ))
    }
    if !causes.isEmpty { throw .invalidOptions(causes) }
  }
}
