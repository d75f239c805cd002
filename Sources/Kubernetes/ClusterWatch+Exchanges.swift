internal import Cluster
internal import Documents
internal import Telemetry

// What becomes of requests: granted, refused, lost, or silent.
extension ClusterWatch {
  /// Takes what a reflector made of octets of an answer that goes on.
  func take(_ verdict: Reflector.Verdict, _ number: Int, _ owner: Int, _ now: UInt64) {
    if noteList(owner, now) {
      exchanges[number]?.isListing = false
      exchanges[number]?.watchesSince = now
    }
    if verdict != .goesOn, let exchange = exchanges[number] {
      cancel(number)
      conclude(verdict, exchange, owner, now)
    }
    if reflectors[owner].hasDoubt { compareSoon(owner, now) }
  }

  /// A watch that lasted this long was one; a shorter one is a failure to wait after.
  private static let healthyDuration: UInt64 = 1_000_000_000

  /// Whether no wait is needed after an answer; a list that did not come to its end cost the server
  /// much, however long it took.
  private func wasHealthy(_ exchange: Exchange, _ now: UInt64) -> Bool {
    exchange.head != nil && !exchange.isListing
      && now - exchange.watchesSince >= Self.healthyDuration
  }

  /// Takes what a reflector made of an answer that has ended.
  func conclude(
    _ verdict: Reflector.Verdict, _ exchange: Exchange, _ owner: Int, _ now: UInt64
  ) {
    // What a list goes on with is its next page, or a watch.
    if noteList(owner, now) || reflectors[owner].replacement?.continuation != nil { return }
    if lister == owner { lister = nil }
    if case .over(let text?) = verdict {
      problems.begin(.resource(owner), "\(name(exchange)): \(text)")
    } else if wasHealthy(exchange, now) {
      schedules[owner].backoff.reset()
      return
    }
    wait(owner, most: Self.longestWait, now)
  }

  /// Notes that a list has been taken over; false where none was.
  private func noteList(_ owner: Int, _ now: UInt64) -> Bool {
    guard let reason = reflectors[owner].takeCompleted() else { return false }
    let resource = reflectors[owner].resource
    metrics.lists(resource.name, reason.rawValue).add()
    if lister == owner { lister = nil }
    dropComparison(owner, now)
    // The backoff stays: a server that takes no watch from its own list would have it listed again
    // and again.
    if resource.kind == .namespace,
      reflectors.allSatisfy({ $0.resource.kind != .namespace || $0.isSynchronized })
    {
      sink.completeNamespaces()
    }
    if reason != .first {
      problems.say("\(resource.title) listed anew: \(reason.text)", .warning)
    }
    return true
  }

  // MARK: - Refused

  /// The longest wait after a server's refusal, nanoseconds: client-go's.
  static let longestWait: UInt64 = 30_000_000_000
  /// The longest `Retry-After` that is kept to: beyond, a server that is mended would wait for us.
  private static let longestRetryAfter = 60

  func refuse(_ exchange: Exchange, _ head: APIResponseHead, _ now: UInt64) {
    guard let owner = exchange.owner else { return }
    let status = APIStatus(exchange.errorBody)
    if exchange.request.purpose == .comparison { return dropComparison(owner, now) }
    let wasStreaming = reflectors[owner].streamsLists
    reflectors[owner].refuse(head.status, status?.message ?? "")
    if lister == owner { lister = nil }
    // The server says how it wants to be asked.
    let isAdvice =
      wasStreaming != reflectors[owner].streamsLists
      || reflectors[owner].replacement?.isWhole == true
    if isAdvice || head.status == 401 && mayRenew(exchange, now) { return }
    // A version that is too old is no fault.
    if head.status != 410 { problems.begin(.resource(owner), refusal(exchange, head, status)) }
    // Of a proxy before servers that are away, or of a server that is not there yet.
    let isAway = (502...504).contains(head.status)
    wait(owner, most: isAway ? Self.longestServerWait : Self.longestWait, now)
    let retryAfter = head.retryAfter ?? status?.retryAfterSeconds
    // Who says when to come back is not to be called upon before.
    schedules[owner].waitsForServer = isAway && retryAfter == nil
    schedules[owner].waitsForCredentials = head.status == 401
    if head.status >= 500 { leaveFailingServer(exchange, owner) }
    if let seconds = retryAfter {
      let wait = UInt64(max(0, min(seconds, Self.longestRetryAfter))) * 1_000_000_000
      schedules[owner].notBefore = max(schedules[owner].notBefore, now + wait)
    }
  }

  /// Errors in a row after which another server is asked, where there is one: this one may have lost
  /// its etcd, and others not.
  private static let mostServerErrors = 3

  private func leaveFailingServer(_ exchange: Exchange, _ owner: Int) {
    schedules[owner].serverErrors += 1
    guard schedules[owner].serverErrors >= Self.mostServerErrors, exchange.server == server else {
      return
    }
    schedules[owner].serverErrors = 0
    server = (server + 1) % servers.count
  }

  /// Credentials that were refused are not read again before this, nanoseconds.
  private static let renewalPeriod: UInt64 = 30_000_000_000

  /// Has the credentials read again that were refused; false where they just have been.
  private func mayRenew(_ exchange: Exchange, _ now: UInt64) -> Bool {
    if awaitsCredentials || credentialsAt.map({ exchange.sentAt < $0 }) == true { return true }
    if let credentialsAt, now - credentialsAt < Self.renewalPeriod { return false }
    awaitsCredentials = true
    act(.renewCredentials)
    return true
  }

  /// What an answer that is an error says.
  private func refusal(
    _ exchange: Exchange, _ head: APIResponseHead, _ status: APIStatus?
  ) -> String {
    let server = servers[exchange.server]
    if (300..<400).contains(head.status) {
      // The query is another at every try, and says nothing.
      let place = head.location.map { " to \($0.prefix { $0 != "?" })" } ?? ""
      return "\(server) redirects (\(head.status))\(place), which is not followed: is it the URL "
        + "of an API server?"
    }
    guard let resource = exchange.owner.map({ reflectors[$0].resource }) else { return server }
    return AccessDenied(
      AccessDenied.Request(
        verb: exchange.request.verb, resource: resource.name, group: resource.group,
        namespace: resource.namespace), server: server, credential: credential
    ).sentence(code: head.status, status: status)
  }

  // MARK: - Lost

  /// The longest wait for a server that does not answer: a try costs little, and names are only as
  /// good as their last change.
  private static let longestServerWait: UInt64 = 5_000_000_000

  /// The connection of a request is gone.
  func lose(_ exchange: Exchange, _ text: String, _ now: UInt64) {
    metrics.requests("<error>", "GET", host(exchange.server)).add()
    let wasReached = exchange.head != nil
    guard let owner = exchange.owner else {
      // No new requests are taken, as by a server that is being shut down: its watches may go on.
      // Those that do not are ended by their own silence.
      lastOctets[exchange.server] = now
      return
    }
    if exchange.request.purpose == .comparison { return dropComparison(owner, now) }
    if !wasReached {
      problems.begin(.server, "\(servers[exchange.server]): \(text)")
    } else if exchange.isListing {
      problems.begin(.resource(owner), "\(name(exchange)): broke off: \(text)")
    }
    reflectors[owner].abandon()
    reflectors[owner].startStreaming()
    if lister == owner { lister = nil }
    if wasHealthy(exchange, now) {
      schedules[owner].backoff.reset()
      return
    }
    if !wasReached, exchange.server == server { tryNextServer() }
    // The others have not been tried yet: no reason to wait.
    if !wasReached, unreachable % servers.count != 0 { return }
    wait(owner, most: Self.longestServerWait, now)
    schedules[owner].waitsForServer = !wasReached
  }

  /// Goes on to the next server. Watches that still last stay where they are: a server that is
  /// being shut down takes no new requests long before it ends the old ones.
  private func tryNextServer() {
    unreachable += 1
    server = (server + 1) % servers.count
  }

  private func wait(_ owner: Int, most: UInt64, _ now: UInt64) {
    let wait = schedules[owner].backoff.next(most: most, random: jitter.next())
    schedules[owner].notBefore = now + wait
    schedules[owner].waitsForServer = false
  }

  /// The server answers again: those that wait for it need not any longer.
  func callWaiting(_ now: UInt64) {
    guard schedules.contains(where: \.waitsForServer) else { return }
    // What came back may be another server, or the same with other data.
    for index in schedules.indices where reflectors[index].isSynchronized {
      let soon = now + Self.returnDelay + jitter.next() % Self.returnDelay
      schedules[index].compareAt = min(schedules[index].compareAt, soon)
    }
    for index in schedules.indices where schedules[index].waitsForServer {
      schedules[index].waitsForServer = false
      schedules[index].notBefore = now
    }
  }

  /// Time until a comparison after a server has come back, nanoseconds, and as much again at
  /// random: it has other clients to serve first.
  private static let returnDelay: UInt64 = 15_000_000_000

  // MARK: - Silent

  /// A request that has no answer after this is lost, nanoseconds; so is a list without an octet.
  private static let answerLimit: UInt64 = 30_000_000_000
  /// A list, or an error, that is not at its end after this is given up, however it drips,
  /// nanoseconds: 200 MB take seconds.
  private static let listLimit: UInt64 = 120_000_000_000
  /// Real servers send a bookmark a minute; a watch silent for this long is asked for anew.
  private static let watchSilence: UInt64 = 150_000_000_000
  /// A connection shared by all that gives nothing for this long is probed.
  private static let probeAfter: UInt64 = 30_000_000_000
  /// A server that does not answer a probe for this long does not live.
  private static let probeLimit: UInt64 = 10_000_000_000

  /// When a request counts as lost or stuck.
  func deadline(_ exchange: Exchange) -> UInt64 {
    if exchange.request.purpose == .probe { return exchange.sentAt + Self.probeLimit }
    if exchange.isEstablishedWatch, !exchange.isListing {
      return exchange.lastOctet + Self.watchSilence
    }
    return min(exchange.lastOctet + Self.answerLimit, exchange.sentAt + Self.listLimit)
  }

  /// The server whose shared connection is to be probed first, and when; nil: none is.
  var nextProbe: (server: Int, time: UInt64)? {
    let shared = Set(exchanges.values.filter { $0.head?.isMultiplexed == true }.map(\.server))
    let probed = Set(exchanges.values.filter { $0.request.purpose == .probe }.map(\.server))
    return shared.subtracting(probed).map { ($0, lastOctets[$0] + Self.probeAfter) }
      .min { ($0.1, $0.0) < ($1.1, $1.0) }
  }

  /// Ends what is silent for too long.
  func watchOverExchanges(_ now: UInt64) {
    while let probe = nextProbe, now >= probe.time {
      send(APIRequest(.probe, path: "/version"), nil, to: probe.server, now)
    }
    for (number, exchange) in exchanges.sorted(by: { $0.key < $1.key })
    where now >= deadline(exchange) {
      guard exchanges[number] != nil else { continue }
      // Any answer is life, if it has no end.
      if exchange.request.purpose == .probe, exchange.head == nil {
        leaveConnections(to: exchange.server, now)
        return
      }
      cancel(number)
      giveUp(exchange, now)
    }
    lookAtDifferences(now)
  }

  private func giveUp(_ exchange: Exchange, _ now: UInt64) {
    guard let owner = exchange.owner else { return }
    if exchange.isEstablishedWatch, !exchange.isListing {
      // Asked for anew from where it stood.
      reflectors[owner].abandon()
      schedules[owner].needsConnection = exchange.head?.isMultiplexed == false
      return
    }
    if exchange.isEstablishedWatch {
      // Granted, but without an end of what there is: it is no streaming list.
      reflectors[owner].stopStreaming()
      if lister == owner { lister = nil }
      return
    }
    let isSilent = now - exchange.lastOctet >= Self.answerLimit
    let limit = (isSilent ? Self.answerLimit : Self.listLimit) / 1_000_000_000
    lose(exchange, isSilent ? "no answer for \(limit) s" : "no end within \(limit) s", now)
  }

  /// A server lives no more on its connection: everything is asked for anew on others.
  private func leaveConnections(to silent: Int, _ now: UInt64) {
    let lost = exchanges.sorted { $0.key < $1.key }
    for (number, _) in lost { cancel(number) }
    act(.closeConnections)
    for index in lastOctets.indices { lastOctets[index] = now }
    let silence = (Self.probeAfter + Self.probeLimit) / 1_000_000_000
    problems.begin(.server, "\(servers[silent]): connected, but silent for \(silence) s")
    if server == silent { tryNextServer() }
    for (_, exchange) in lost {
      guard let owner = exchange.owner else { continue }
      if exchange.request.purpose == .comparison {
        dropComparison(owner, now)
        continue
      }
      reflectors[owner].abandon()
      reflectors[owner].startStreaming()
      if lister == owner { lister = nil }
    }
  }

  // MARK: - Downtime

  /// After this long without all watches answers count as old, nanoseconds: watches end and begin
  /// again in much less.
  public static let lostAfter: UInt64 = 30_000_000_000

  /// Whether everything is followed; a list that is being taken over is not yet.
  var isUp: Bool {
    guard isSynchronized, reflectors.allSatisfy({ $0.listReason == nil }) else { return false }
    let followed = exchanges.values.compactMap { $0.isEstablishedWatch ? $0.owner : nil }
    return Set(followed).count == reflectors.count
  }

  func noteDowntime(_ now: UInt64) {
    if !isUp {
      downSince = downSince ?? now
    } else if downSince != nil {
      downSince = nil
      problems.clear("following \(servers[server])")
    }
  }

  /// `GET https://10.96.0.1:443/api/v1/services`, for messages.
  func name(_ exchange: Exchange) -> String {
    let path = exchange.request.path.prefix { $0 != "?" }
    return "\(servers[exchange.server])\(path)"
  }
}

extension Reflector.ListReason {
  var text: String {
    switch self {
    case .first: "never listed before"
    case .expired: "the server no longer has the changes since the last one seen (410)"
    case .backwards: "the server has gone back to an earlier state"
    case .difference: "the watch has missed changes"
    case .failing: "the watch failed again and again"
    }
  }
}
