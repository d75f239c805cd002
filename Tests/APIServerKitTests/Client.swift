import APIServerKit
import Foundation
import Testing

/// A recorded answer.
func sample(_ name: String) throws -> String {
  let url = try #require(
    Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Samples"))
  return try String(contentsOf: url, encoding: .utf8)
}

/// Text of JSON as a value that compares.
func json(_ text: some StringProtocol) throws -> NSObject {
  let value = try JSONSerialization.jsonObject(
    with: Data(text.utf8), options: .fragmentsAllowed)
  return try #require(value as? NSObject)
}

/// The values of each line of a watch.
func events(_ text: String) throws -> [NSDictionary] {
  try text.split(separator: "\n").map { try #require(try json($0) as? NSDictionary) }
}

/// Every path of members with what stands there, `spec.ports[].name: string`; what differs between
/// any two objects of a kind (labels, annotations, managed fields) is named but not entered.
func shape(_ value: Any, at path: String = "") -> Set<String> {
  if path.hasSuffix("labels") || path.hasSuffix("annotations") || path.hasSuffix("fieldsV1") {
    return [path]
  }
  switch value {
  case let object as NSDictionary:
    return object.reduce(into: [path + "{}"]) { paths, member in
      paths.formUnion(shape(member.value, at: "\(path).\(member.key)"))
    }
  case let list as NSArray:
    return list.reduce(into: [path + "[]"]) { $0.formUnion(shape($1, at: path + "[]")) }
  case is NSNull: return [path + ": null"]
  case is NSString: return [path + ": string"]
  default: return [path + ": number"]
  }
}

extension APIServerModel {
  /// A complete answer.
  func get(_ target: String, accept: String? = nil) throws -> (status: Int, text: String) {
    let headers = accept.map { [APIHeader("Accept", $0)] } ?? []
    let response = respond(to: APIRequestText("GET", target, headers: headers), now: 0)
    guard case .complete(let answer) = response else {
      Issue.record("a watch where an answer was expected: \(target)")
      return (0, "")
    }
    return (answer.status, String(decoding: answer.body, as: UTF8.self))
  }

  func watch(_ target: String, now: Nanoseconds = 0) throws -> WatchCursor {
    let response = respond(to: APIRequestText("GET", target), now: now)
    guard case .watch(_, _, let cursor) = response else {
      throw Refused(target: target)
    }
    return cursor
  }

  /// The names in a list, in its order.
  func names(_ target: String) throws -> [String] {
    let list = try #require(try json(try get(target).text) as? NSDictionary)
    let items = list["items"] as? [NSDictionary] ?? []
    return items.compactMap { ($0["metadata"] as? NSDictionary)?["name"] as? String }
  }

  func metadata(_ target: String) throws -> NSDictionary {
    let list = try #require(try json(try get(target).text) as? NSDictionary)
    return try #require(list["metadata"] as? NSDictionary)
  }
}

struct Refused: Error {
  var target: String
}

extension WatchCursor {
  /// `TYPE key@revision` of the events due.
  func told(_ now: Nanoseconds = 0) -> [String] { nextEvents(now).map(\.told) }
}

extension WatchEvent {
  var told: String { "\(kind.rawValue) \(key)@\(revision)" }
}

let slices = APIResource.endpointslices.path
let seconds = nanosecondsPerSecond

extension APIServerModel {
  /// The objects of the recorded samples, as far as their kinds of members go.
  static func recorded() -> APIServerModel {
    var settings = APIServerSettings()
    settings.firstRevision = 230
    let model = APIServerModel(settings)
    let ports = [APIPort("http", 80), APIPort("https", 443)]
    model.put(.namespace("samples", labels: ["team": "dns"]), now: 0)
    model.put(.service("samples", "cluster-ip", .clusterIP(["10.96.131.24"]), ports: ports), now: 0)
    model.put(.service("samples", "headless", .headless, ports: ports), now: 0)
    model.put(
      .service("samples", "external", .externalName("www.example.test"), labels: ["app": "x"]),
      now: 0)
    model.put(
      .slice(
        "samples", "cluster-ip-a", of: "cluster-ip",
        [APIEndpoint("10.130.0.1", hostname: "web-0", pod: "web-0", node: "node-0")], ports: ports),
      now: 0)
    model.put(.slice("samples", "headless-a", of: "headless", nil, headless: true), now: 0)
    model.put(
      .pod("samples", "web-0", address: "10.130.0.1", hostname: "web-0", subdomain: "headless"),
      now: 0)
    return model
  }
}
