/// An answer with a length.
public struct APIAnswer: Sendable {
  /// The HTTP status.
  public var status: Int
  /// Without those of the connection, such as Date and Content-Length.
  public var headers: [APIHeader]
  /// Not coded yet.
  public var body: [UInt8]
  /// Whether the server is to code the body with gzip and to say so.
  public var isToBeCompressed = false
}

/// What the server gives for a request.
public enum APIResponse {
  /// The whole answer.
  case complete(APIAnswer)
  /// Status and headers at once, events as they come.
  case watch(status: Int, headers: [APIHeader], WatchCursor)
}

extension APIServerModel {
  /// Answers a request as the recorded server does.
  public func respond(to request: APIRequestText, now: Nanoseconds) -> APIResponse {
    requestCount += 1
    do {
      return try answer(request, now: now)
    } catch {
      return .complete(refusal(error))
    }
  }

  /// A `Status` as an answer.
  public func refusal(_ status: APIStatus) -> APIAnswer {
    APIAnswer(
      status: status.code, headers: headers() + status.headers,
      body: Array((status.text + "\n").utf8))
  }

  private func answer(
    _ request: APIRequestText, now: Nanoseconds
  ) throws(APIStatus) -> APIResponse {
    guard request.method == "GET" else { throw .methodNotAllowed }
    if let text = Self.fixedAnswers[request.path] {
      let isText = !text.hasPrefix("{")
      return .complete(
        APIAnswer(
          status: 200, headers: headers(isText ? "text/plain; charset=utf-8" : "application/json"),
          body: Array(text.utf8)))
    }
    guard let target = APITarget(path: request.path) else { throw .unknownResource }
    if let name = target.name { return .complete(try object(target, name)) }
    let options = try ListOptions(request, target.resource)
    try options.check(watchListSupported: settings.supportsWatchList)
    if options.isWatch {
      return .watch(status: 200, headers: headers(), try watch(target, options, now: now))
    }
    var answer = try list(target, options)
    let takesGzip = request.header("Accept-Encoding")?.contains("gzip") ?? false
    if settings.usesGzip, takesGzip, answer.body.count > APIServerSettings.gzipThreshold {
      answer.isToBeCompressed = true
      answer.headers.append(APIHeader("Vary", "Accept-Encoding"))
    }
    return .complete(answer)
  }

  private func object(_ target: APITarget, _ name: String) throws(APIStatus) -> APIAnswer {
    let key = target.namespace.map { "\($0)/\(name)" } ?? name
    guard let stored = self[target.resource].objects[key] else {
      throw .notFound(target.resource, name)
    }
    return APIAnswer(
      status: 200, headers: headers(), body: stored.text + [UInt8(ascii: "\n")])
  }

  // MARK: - Watches

  private func watch(
    _ target: APITarget, _ options: ListOptions, now: Nanoseconds
  ) throws(APIStatus) -> WatchCursor {
    let isFromPresent = options.revision == nil || options.revision == 0
    if options.sendInitialEvents == true, let wanted = options.revision, wanted > revision {
      throw .revisionTooLarge(wanted, current: revision)
    }
    let start: WatchCursor.Start =
      if options.sendInitialEvents ?? isFromPresent {
        .initialEvents
      } else {
        .after(isFromPresent ? revision : options.revision ?? revision)
      }
    return WatchCursor(self, target, options, start, now: now)
  }

  // MARK: - Lists

  private func list(_ target: APITarget, _ options: ListOptions) throws(APIStatus) -> APIAnswer {
    let collection = self[target.resource]
    let page = try page(options, oldest: collection.oldest)
    let objects = select(collection.objects(at: page.revision), target, options)
    var begin = 0
    if let after = page.after {
      begin = objects.firstIndex { $0.object.key > after } ?? objects.count
    }
    // The watch cache, which answers for ResourceVersion 0, gives everything at once.
    let limit = options.limit > 0 && options.revision != 0 ? options.limit : Int.max
    let end = objects.count - begin > limit ? begin + limit : objects.count
    var metadata = "{\"resourceVersion\":\"\(page.revision)\""
    if end < objects.count {
      let next = ContinueToken(revision: page.revision, after: objects[end - 1].object.key)
      metadata += ",\"continue\":\"\(next.text)\""
      if options.selector.isEmpty { metadata += ",\"remainingItemCount\":\(objects.count - end)" }
    }
    return APIAnswer(
      status: 200, headers: headers(),
      body: body(target.resource, metadata + "}", objects[begin..<end], options))
  }

  /// Which state a list shows, and after which key it begins.
  private func page(
    _ options: ListOptions, oldest: UInt64
  ) throws(APIStatus) -> (revision: UInt64, after: String?) {
    if !options.continuation.isEmpty {
      let token = try ContinueToken(options.continuation)
      guard let pinned = token.revision else { return (revision, token.after) }
      guard pinned >= oldest, pinned <= revision else {
        throw .continueTooOld(ContinueToken(revision: nil, after: token.after).text)
      }
      return (pinned, token.after)
    }
    guard let wanted = options.revision, wanted != 0 else { return (revision, nil) }
    guard wanted <= revision else { throw .revisionTooLarge(wanted, current: revision) }
    // Kubernetes documentation, API concepts: a limit with a ResourceVersion and no match is Exact.
    guard options.match == .exact || (options.match == .unset && options.limit > 0) else {
      return (revision, nil)
    }
    guard wanted >= oldest else { throw .revisionTooOld }
    return (wanted, nil)
  }

  func select(
    _ objects: [StoredObject], _ target: APITarget, _ options: ListOptions
  ) -> [StoredObject] {
    guard target.namespace != nil || !options.selector.isEmpty else { return objects }
    return objects.filter { stored in
      (target.namespace == nil || stored.object.namespace == target.namespace)
        && options.selector.matches(stored.object)
    }
  }

  private func body(
    _ resource: APIResource, _ metadata: String, _ objects: ArraySlice<StoredObject>,
    _ options: ListOptions
  ) -> [UInt8] {
    let (kind, version) =
      options.isMetadataOnly
      ? ("PartialObjectMetadata", "meta.k8s.io/v1") : (resource.kind, resource.apiVersion)
    var body: [UInt8] = []
    body.reserveCapacity(objects.reduce(512) { $0 + $1.item.count + 1 })
    body += "{\"kind\":\"\(kind)List\",\"apiVersion\":\"\(version)\",\"metadata\":".utf8
    body += metadata.utf8
    body += ",\"items\":[".utf8
    for (index, object) in objects.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      if options.isMetadataOnly {
        object.write(to: &body, metadataOnly: true)
      } else {
        body += object.item
      }
    }
    body += "]}\n".utf8
    return body
  }

  // MARK: - Headers and fixed texts

  private func headers(_ type: String = "application/json") -> [APIHeader] {
    [
      APIHeader("Audit-Id", StoredObject.uid("audit", UInt64(requestCount))),
      APIHeader("Cache-Control", "no-cache, private"),
      APIHeader("Content-Type", type),
      APIHeader("X-Kubernetes-Pf-Flowschema-Uid", "90fc8f72-33f8-4f2a-99a8-4aa10f38da1f"),
      APIHeader("X-Kubernetes-Pf-Prioritylevel-Uid", "4e34501c-674c-45b9-985c-9999f8b87366"),
    ]
  }

  private static let fixedAnswers = [
    "/livez": "ok", "/readyz": "ok", "/healthz": "ok",
    "/version": """
    {
      "major": "1",
      "minor": "36",
      "emulationMajor": "1",
      "emulationMinor": "36",
      "minCompatibilityMajor": "1",
      "minCompatibilityMinor": "35",
      "gitVersion": "v1.36.2",
      "gitCommit": "98b35193b2ac7a23a673325f5e9b830ecd5ba406",
      "gitTreeState": "clean",
      "buildDate": "2026-11-21T02:36:52Z",
      "goVersion": "go1.27.3",
      "compiler": "gc",
      "platform": "linux/amd64"
    }
    """,
    "/apis/discovery.k8s.io/v1": #"{"kind":"APIResourceList","apiVersion":"v1","#
      + #""groupVersion":"discovery.k8s.io/v1","resources":[{"name":"endpointslices","#
      + #""singularName":"endpointslice","namespaced":true,"kind":"EndpointSlice","verbs":["#
      + #""create","delete","deletecollection","get","list","patch","update","watch"],"#
      + #""storageVersionHash":"qgS0xkrxYAI="}]}"# + "\n",
  ]
}
