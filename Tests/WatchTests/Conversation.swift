import Foundation
import Kubernetes
import Telemetry
import Testing

/// A ``ClusterWatch`` whose every request the test itself answers, in virtual time.
///
/// A request is called by what it is for: `stream services` (a streaming list), `watch services 12`
/// (from a version), `list services`, `page services` (with `continue`), `compare services`,
/// `probe`; ` at 1` follows where it is not sent to the first server. Tests may leave off the end.
final class Conversation {
  let replica = Replica()
  let watch: ClusterWatch
  let metrics = WatchMetrics()
  private(set) var now: UInt64 = 0
  /// Sentences for the operator.
  private(set) var said: [String] = []
  private(set) var renewals = 0
  private(set) var closings = 0
  private(set) var open: [Asked] = []
  /// Since the last ``takeAsked()``.
  private var asked: [Asked] = []
  /// Resources for which every request is refused at once (403).
  var forbidden: Set<String> = []
  /// What bookmarks tell that keep watches alive.
  var version = 100

  struct Asked {
    var number: Int
    var request: APIRequest
    var server: Int
    var time: UInt64
    var isGranted = false
  }

  init(
    _ scope: WatchScope = WatchScope(), servers: Int = 1, limits: RequestLimits = RequestLimits(),
    holdsFirstList: Bool = false
  ) {
    var said: (String) -> Void = { _ in }
    watch = ClusterWatch(
      scope, servers: (0..<servers).map { "https://api-\($0)" }, limits: limits,
      holdsFirstList: holdsFirstList, seed: 7, metrics: metrics, sink: replica
    ) { text, _ in said(text) }
    said = { [unowned self] in self.said.append($0) }
  }

  // MARK: - Time

  var seconds: Double { Double(now) / 1e9 }

  func start() {
    watch.start(now)
    act()
  }

  /// Begins and has everything listed: of each resource these objects, at version 100.
  func synchronize(_ objects: [String: [String]] = [:], isMultiplexed: Bool = true) {
    start()
    while let next = open.first(where: { $0.name.hasPrefix("stream") && !$0.isGranted }) {
      let resource = String(next.name.split(separator: " ")[1])
      grant(
        next.name, ObjectText.stream(100, objects[resource] ?? []), isMultiplexed: isMultiplexed)
    }
    _ = takeAsked()
  }

  /// Lets time pass. Whenever the watch is woken at its own wish, it must do something or wish for
  /// a later time: otherwise it would keep a processor busy.
  func pass(_ seconds: Double) {
    let end = now + UInt64(seconds * 1e9)
    while let next = watch.nextWake, next <= end {
      now = max(now, next)
      watch.wake(now)
      let hasActed = act()
      let isLater = watch.nextWake.map { $0 > now } ?? true
      #expect(hasActed || isLater, "woken at \(self.seconds) s for nothing")
      guard hasActed || isLater else { return }
    }
    now = end
  }

  /// Lets time pass with a bookmark on every watch each 20 s.
  func passAlive(_ seconds: Double) {
    let end = now + UInt64(seconds * 1e9)
    while now < end {
      pass(min(20, Double(end - now) / 1e9))
      for asked in open where asked.isGranted && asked.request.purpose == .watch {
        feed(asked, Array(ObjectText.bookmark(version).utf8))
      }
    }
  }

  /// Lets time pass with bookmarks until something is asked.
  func passUntilAsked(_ name: String, within seconds: Double) {
    let end = now + UInt64(seconds * 1e9)
    while now < end, !open.contains(where: { $0.matches(name) }) { passAlive(1) }
    if now >= end { Issue.record("\(name) is not asked for \(seconds) s") }
  }

  func renewCredentials() {
    watch.credentialsRenewed(now)
    act()
  }

  @discardableResult
  private func act() -> Bool {
    let actions = watch.takeActions()
    for action in actions {
      switch action {
      case .send(let number, let request, let server):
        let sent = Asked(number: number, request: request, server: server, time: now)
        if forbidden.contains(where: { sent.name.contains(" \($0)") }) {
          watch.receive(number, APIResponseHead(status: 403, isMultiplexed: true), now)
          watch.end(number, nil, now)
          act()
        } else {
          open.append(sent)
          asked.append(sent)
        }
      case .cancel(let number): open.removeAll { $0.number == number }
      case .renewCredentials: renewals += 1
      case .closeConnections:
        #expect(open.isEmpty, "connections closed under requests")
        closings += 1
      }
    }
    return !actions.isEmpty
  }

  // MARK: - What is asked

  /// What has been asked since the last call, in order.
  func takeAsked() -> [String] { takeRequests().map(\.name) }

  func takeRequests() -> [Asked] {
    defer { asked = [] }
    return asked
  }

  /// What has no end yet, granted or not.
  var underWay: [String] { open.map(\.name) }

  /// - Parameter isGranted: only one that has its 200 already, or only one that has none; nil: any.
  func find(_ name: String, isGranted: Bool? = nil) -> Asked? {
    let found = open.first {
      $0.matches(name) && (isGranted == nil || isGranted == $0.isGranted)
    }
    if found == nil { Issue.record("no request \(name) among \(underWay)") }
    return found
  }

  // MARK: - Answers

  /// Answers with a 200, and octets in pieces of `piece`.
  func grant(
    _ name: String, _ body: String = "", isMultiplexed: Bool = true, piece: Int = .max,
    ends: Bool = false
  ) {
    grant(name, Array(body.utf8), isMultiplexed: isMultiplexed, piece: piece, ends: ends)
  }

  func grant(
    _ name: String, _ body: [UInt8], isMultiplexed: Bool = true, piece: Int = .max,
    ends: Bool = false
  ) {
    guard let asked = find(name, isGranted: false) else { return }
    receiveHead(asked, APIResponseHead(status: 200, isMultiplexed: isMultiplexed))
    feed(asked, body, piece: piece)
    if ends { end(asked, nil) }
  }

  /// Answers with a whole list.
  func answer(_ name: String, _ body: String) { grant(name, body, ends: true) }

  func refuse(
    _ name: String, _ status: Int, _ body: [UInt8] = [], retryAfter: Int? = nil,
    location: String? = nil
  ) {
    guard let asked = find(name, isGranted: false) else { return }
    receiveHead(
      asked,
      APIResponseHead(
        status: status, isMultiplexed: true, retryAfter: retryAfter, location: location))
    feed(asked, body)
    end(asked, nil)
  }

  /// More octets of an answer that has begun.
  func feed(_ name: String, _ text: String) {
    if let asked = find(name) { feed(asked, Array(text.utf8)) }
  }

  func finish(_ name: String) {
    if let asked = find(name) { end(asked, nil) }
  }

  func cut(_ name: String, _ why: String = "Connection reset by peer") {
    if let asked = find(name) { end(asked, why) }
  }

  private func receiveHead(_ asked: Asked, _ head: APIResponseHead) {
    if let at = open.firstIndex(where: { $0.number == asked.number }) {
      open[at].isGranted = head.status == 200
    }
    watch.receive(asked.number, head, now)
    act()
  }

  private func feed(_ asked: Asked, _ octets: [UInt8], piece: Int = .max) {
    var rest = octets[...]
    while !rest.isEmpty, open.contains(where: { $0.number == asked.number }) {
      let part = Array(rest.prefix(piece))
      rest = rest.dropFirst(part.count)
      unsafe watch.receive(asked.number, part.span.bytes, now)
      act()
    }
  }

  private func end(_ asked: Asked, _ why: String?) {
    guard open.contains(where: { $0.number == asked.number }) else { return }
    open.removeAll { $0.number == asked.number }
    watch.end(asked.number, why.map { APITransportFailure($0) }, now)
    act()
  }

  /// The value of a series on the page of metrics; nil where it is not there.
  func metric(_ series: String) -> String? {
    var page = MetricsPage()
    metrics.add(to: &page)
    let lines = page.text.split(separator: "\n")
    return lines.first { $0.hasPrefix(series + " ") }.map { String($0.dropFirst(series.count + 1)) }
  }
}

extension Conversation.Asked {
  /// See ``Conversation``.
  var name: String {
    let target = request.path.split(separator: "?")
    let resource = target[0].split(separator: "/").last ?? ""
    let query = target.dropFirst().first.map(String.init) ?? ""
    let version = query.firstMatch(of: /resourceVersion=([^&]*)/).map { " \($0.1)" } ?? ""
    let place = server == 0 ? "" : " at \(server)"
    switch request.purpose {
    case .probe: return "probe" + place
    case .comparison: return "compare \(resource)\(place)"
    case .list where query.contains("continue="): return "page \(resource)\(place)"
    case .list: return "list \(resource)\(place)"
    case .watch where query.contains("sendInitialEvents"): return "stream \(resource)\(place)"
    case .watch: return "watch \(resource)\(version)\(place)"
    }
  }

  func matches(_ wanted: String) -> Bool { name == wanted || name.hasPrefix(wanted + " ") }
}
