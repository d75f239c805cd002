import APIServerKit

/// Commands, one a line; each gives one line that begins with `ok` or `error`, and `stats` more.
///
///     put namespace NAME [LABEL=VALUE…]
///     put service NAMESPACE NAME clusterip ADDRESS[,…] | headless | externalname TARGET
///         [port=NAME:NUMBER[:TCP|UDP|SCTP]…] [publish=true]
///     put slice NAMESPACE NAME SERVICE [ADDRESS[/HOSTNAME]… !ADDRESS…] [port=…] [headless=true]
///         [triggered=TIME]
///     put pod NAMESPACE NAME ADDRESS [phase=PHASE]
///     delete services|endpointslices|namespaces|pods KEY
///     load services=N endpoints=M [namespaces=K] [pods=true]
///     churn rate=R seconds=T
///     shift
///     fault KIND [resource=R] [watches=true|false] [requests=A-B] [chance=P] [times=N]
///         [after=SECONDS] [for=SECONDS] [amount=N]
///     faults clear | faults random SEED SECONDS
///     compact | snapshot | restore | advance N | cut | stats
///     drain SECONDS | quit
///     token T… | set watchlist|gzip on|off | set bookmark SECONDS
///
/// An address led by `!` is not ready. `restore` returns to the last `snapshot`; `cut` closes every
/// connection; `drain` is what a real server does after SIGTERM. `shift` gives every Service and
/// slice of the load other addresses, forgets what happened and cuts every connection. `KIND` is a
/// case of `FaultKind`.
final class Control {
  private unowned let server: Server
  private var cluster: BulkCluster?
  private var backup: APIServerModel.Snapshot?
  private var rules: [FaultRule] = []

  init(_ server: Server) { self.server = server }

  func run(_ script: String, _ now: Nanoseconds) -> String {
    var replies = ""
    for line in script.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard let command = words.first, !command.hasPrefix("#") else { continue }
      do {
        replies += try run(command, Arguments(words.dropFirst()), now) + "\n"
      } catch {
        replies += "error \(error)\n"
      }
    }
    return replies
  }

  private func run(
    _ command: String, _ arguments: Arguments, _ now: Nanoseconds
  ) throws(Failure) -> String {
    let model = server.model
    switch command {
    case "put": return "ok \(model.put(try arguments.object(), now: now))"
    case "delete": try delete(arguments)
    case "load": try load(arguments, now)
    case "churn": try churn(arguments, now)
    case "shift": try shift(now)
    case "fault": try addFault(arguments, now)
    case "faults": try setFaults(arguments, now)
    case "compact": model.compact()
    case "snapshot": backup = model.snapshot()
    case "restore":
      guard let backup else { throw Failure("no snapshot was taken") }
      model.restore(from: backup)
    case "advance": model.advance(by: UInt64(max(0, try arguments.number(0))))
    case "token":
      server.faulty.acceptedTokens = arguments.words.isEmpty ? nil : Set(arguments.words)
    case "set": try set(arguments)
    case "cut":
      // Not the one that this command came by.
      for connection in server.connections where connection.exchange != nil { connection.close() }
    case "stats": return stats()
    case "drain":
      server.drain(until: now + Nanoseconds(try arguments.number(0)) * nanosecondsPerSecond)
    case "quit": server.end()
    default: throw Failure("unknown command \(command)")
    }
    return "ok \(model.revision)"
  }

  // MARK: - Objects

  private func delete(_ arguments: Arguments) throws(Failure) {
    guard let resource = APIResource(rawValue: try arguments.word(0)) else {
      throw Failure("unknown resource")
    }
    guard server.model.delete(resource, try arguments.word(1)) != nil else {
      throw Failure("no such object")
    }
  }

  private func load(_ arguments: Arguments, _ now: Nanoseconds) throws(Failure) {
    let cluster = BulkCluster(
      services: try arguments.number("services"), endpoints: try arguments.number("endpoints"),
      namespaces: try arguments.number("namespaces", 100), pods: arguments.flag("pods"))
    guard (1...200_000).contains(cluster.services), (0...1000).contains(cluster.endpoints),
      (1...10_000).contains(cluster.namespaces)
    else { throw Failure("1–200000 services, 0–1000 endpoints, 1–10000 namespaces") }
    cluster.load(into: server.model, now: now)
    // Nobody watches from before a load.
    server.model.compact()
    self.cluster = cluster
  }

  /// All in one turn of the loop: no watch is told of a single change.
  private func shift(_ now: Nanoseconds) throws(Failure) {
    guard var cluster else { throw Failure("load a cluster first") }
    cluster.shift += cluster.services
    cluster.put(into: server.model, now: now)
    server.model.compact()
    server.churn?.cluster = cluster
    server.cutAll()
    self.cluster = cluster
  }

  private func churn(_ arguments: Arguments, _ now: Nanoseconds) throws(Failure) {
    guard let cluster, cluster.endpoints > 0 else { throw Failure("load a cluster first") }
    let rate = try arguments.number("rate")
    guard (1...10_000).contains(rate) else { throw Failure("1–10000 changes a second") }
    let lasting = try arguments.seconds("seconds") ?? 0
    server.churn = Churn(
      cluster: cluster, interval: nanosecondsPerSecond / Nanoseconds(rate), next: now,
      end: now + lasting, count: server.churn?.count ?? churned)
    churned += rate * Int(lasting / nanosecondsPerSecond)
  }

  /// Changes asked for so far: a next churn goes on with new addresses.
  private var churned = 0

  // MARK: - Faults and settings

  private func addFault(_ arguments: Arguments, _ now: Nanoseconds) throws(Failure) {
    guard let kind = FaultKind(rawValue: try arguments.word(0)) else {
      throw Failure("a fault is one of \(FaultKind.allCases.map(\.rawValue))")
    }
    var rule = FaultRule(kind)
    if let name = arguments["resource"] {
      guard let resource = APIResource(rawValue: name) else { throw Failure("unknown resource") }
      rule.resource = resource
    }
    if let watches = arguments["watches"] { rule.watches = watches == "true" }
    if let text = arguments["requests"] {
      let ends = text.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last else {
        throw Failure("requests=A-B")
      }
      rule.requests = first...last
    }
    if let text = arguments["chance"] { rule.chance = Double(text) ?? 1 }
    rule.times = try arguments.number("times", .max)
    rule.amount = try arguments.number("amount", rule.amount)
    rule.from = now + (try arguments.seconds("after") ?? 0)
    if let lasting = try arguments.seconds("for") { rule.until = rule.from + lasting }
    rules.append(rule)
    server.faulty.use(FaultScript(rules, seed: UInt64(rules.count)))
  }

  private func setFaults(_ arguments: Arguments, _ now: Nanoseconds) throws(Failure) {
    switch try arguments.word(0) {
    case "clear": rules = []
    case "random":
      let seed = UInt64(max(0, try arguments.number(1)))
      let lasting = Nanoseconds(try arguments.number(2)) * nanosecondsPerSecond
      rules = FaultScript.random(seed: seed, until: lasting).rules.map { rule in
        var rule = rule
        rule.from += now
        rule.until += now
        return rule
      }
    default: throw Failure("faults clear, or faults random SEED SECONDS")
    }
    server.faulty.use(FaultScript(rules, seed: UInt64(rules.count)))
  }

  private func set(_ arguments: Arguments) throws(Failure) {
    let value = try arguments.word(1)
    switch try arguments.word(0) {
    case "watchlist": server.model.settings.supportsWatchList = value == "on"
    case "gzip": server.model.settings.usesGzip = value == "on"
    case "bookmark":
      let seconds = Nanoseconds(try arguments.number(1))
      server.model.settings.bookmarkPeriod = max(1, seconds) * nanosecondsPerSecond
    default: throw Failure("set watchlist, gzip or bookmark")
    }
  }

  private func stats() -> String {
    let watches = server.connections.filter { $0.exchange?.isWatch == true }.count
    var lines = ["ok \(server.model.revision)", "connections \(server.connections.count)"]
    lines.append("watches \(watches)")
    for resource in APIResource.allCases {
      lines.append("objects \(resource.rawValue) \(server.model.objects(resource).count)")
    }
    lines += server.counts.sorted { $0.key < $1.key }.map { "count \($0.key) = \($0.value)" }
    lines += server.faulty.counts.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "fault \($0.key.rawValue) = \($0.value)" }
    return lines.joined(separator: "\n")
  }
}
