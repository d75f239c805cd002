internal import Wire

/// Reads one server block as written into its settings.
struct BlockReader {
  private let syntax: SyntaxBlock
  private let context: DirectiveContext
  private let findings: Findings
  private var block: ServerBlock
  private var earlier: [String: Statement] = [:]

  /// Nil where the keys cannot be read; what is wrong is in `findings`.
  static func read(
    _ syntax: SyntaxBlock, defaultPort: UInt16, findings: Findings
  ) -> ServerBlock? {
    let keys = Self.keys(syntax, defaultPort: defaultPort, findings: findings)
    var reader = BlockReader(syntax: syntax, keys: keys, findings: findings)
    // Behind a brace that is missing, lines are not what they seem.
    if syntax.isClosed {
      for statement in syntax.statements { reader.directive(statement) }
      reader.checkFamilies()
      ForwardRuns.check(reader.block.forwards, findings: findings)
    }
    return keys.isEmpty ? nil : reader.block
  }

  private init(syntax: SyntaxBlock, keys: [ZoneKey], findings: Findings) {
    self.syntax = syntax
    self.findings = findings
    var seen: Set<DomainName> = []
    let zones = keys.map(\.zone).filter { seen.insert($0).inserted }
    context = DirectiveContext(zones: zones, findings: findings)
    block = ServerBlock(keys: keys, place: syntax.place)
  }

  // MARK: - Keys

  private static func keys(
    _ syntax: SyntaxBlock, defaultPort: UInt16, findings: Findings
  ) -> [ZoneKey] {
    var keys: [ZoneKey] = []
    var seen: Set<ZoneKey> = []
    for token in syntax.keys {
      guard let text = ZoneText(token, findings: findings) else { continue }
      let transport = text.transport ?? .dns
      complain(of: token, transport, syntax, findings)
      for zone in text.zones {
        let port = text.port ?? transport.standardPort ?? defaultPort
        let key = ZoneKey(transport: transport, zone: zone, port: port)
        if seen.insert(key).inserted {
          keys.append(key)
        } else {
          findings.warning(token.place, "'\(token.text)' stands twice among the keys")
        }
      }
    }
    return keys
  }

  private static func complain(
    of token: Token, _ transport: ZoneKey.Transport, _ syntax: SyntaxBlock, _ findings: Findings
  ) {
    if transport != .dns {
      findings.warning(
        token.place,
        "'\(transport.rawValue)://' is not served by this version of martlet: no port is opened")
    }
    if IPAddress(token.text) != nil {
      findings.warning(
        token.place, "'\(token.text)' is read as a domain name, not as an address",
        expected: "'bind \(token.text)' in the block to listen there")
    } else if PluginOrder.entries.contains(where: { $0.name == token.text }) {
      findings.warning(
        token.place, "'\(token.text)' is read as a zone because the block has no key before it",
        expected: "'. {' on a line before")
    }
  }

  // MARK: - Directives

  private mutating func directive(_ statement: Statement) {
    let name = statement.name.text
    switch name {
    case "bind": block.bind += Bind.read(statement, context)
    case "file": block.files += File.read(statement, context)
    case "forward": block.forwards += Forward.read(statement, context)
    case "proxy": block.forwards += Proxy.read(statement, context)
    case "log": block.log += Log.read(statement, context)
    case "prometheus": prometheus(statement)
    case "bufsize":
      if stands(statement, .first) { block.bufsize = Bufsize.read(statement, context) }
    case "cache": if stands(statement) { block.cache = Cache.read(statement, context) }
    case "debug": if stands(statement) { block.debug = Flag.read(statement, context) }
    case "errors": if stands(statement) { block.errors = Errors.read(statement, context) }
    case "families": if stands(statement) { block.families = Families.read(statement, context) }
    case "health": if stands(statement, .last) { block.health = Health.read(statement, context) }
    case "kubernetes":
      if stands(statement) { block.kubernetes += Kubernetes.read(statement, context) }
    case "loadbalance":
      if stands(statement, .first) { block.loadbalance = Loadbalance.read(statement, context) }
    case "loop": if stands(statement) { block.loop = Flag.read(statement, context) }
    case "ready": if stands(statement) { block.ready = Ready.read(statement, context) }
    case "reload": if stands(statement, .first) { block.reload = Reload.read(statement, context) }
    case "root": if stands(statement, .last) { block.root = Root.read(statement, context) }
    case "whoami": if stands(statement, .first) { block.whoami = Flag.read(statement, context) }
    case "federation":
      findings.warning(
        statement.name.place, "'federation' has no effect any more and is ignored",
        expected: "no such line: Kubernetes dropped federation in 1.16")
    default: unknown(statement)
    }
  }

  /// The cache has one answer for a name, whichever `forward` it came from.
  private func checkFamilies() {
    for (index, settings) in block.forwards.enumerated()
    where settings.nextOnNoData || !settings.next.isEmpty {
      guard block.forwards[(index + 1)...].contains(where: { $0.families != settings.families })
      else { continue }
      findings.error(
        settings.place, "'next' leads to a 'forward' with other 'families'",
        expected: "the same in both, or 'families' of the server block")
    }
  }

  private func unknown(_ statement: Statement) {
    let name = statement.name.text
    let known = PluginOrder.entries.map(\.name)
    if known.contains(name) || PluginOrder.external.contains(name) {
      findings.error(
        statement.name.place, "plugin '\(name)' is not supported by this version of martlet")
    } else {
      findings.error(
        statement.name.place, "unknown plugin '\(name)'", expected: "the name of a plugin",
        suggestion: nearest(name, among: known))
    }
  }

  private mutating func prometheus(_ statement: Statement) {
    guard let settings = Prometheus.read(statement, context) else { return }
    if block.prometheus.contains(settings) {
      findings.warning(statement.name.place, "'prometheus' stands twice with the same address")
    } else {
      block.prometheus.append(settings)
    }
  }

  /// Which of two directives counts that CoreDNS lets stand twice though only one can be.
  private enum Counting: String {
    case first, last
  }

  /// Whether a directive that stands once counts. Word for word the same it may stand again; else
  /// it counts as CoreDNS would have it, or is an error where CoreDNS has one.
  private mutating func stands(_ statement: Statement, _ counting: Counting? = nil) -> Bool {
    let name = statement.name
    guard let other = earlier[name.text] else {
      earlier[name.text] = statement
      return true
    }
    if other.spelling == statement.spelling {
      findings.warning(name.place, "'\(name.text)' stands twice in the server block")
      return false
    }
    guard let counting else {
      findings.error(
        name.place, "'\(name.text)' stands twice in the server block",
        expected: "one, as on line \(other.name.place.line)")
      return false
    }
    findings.warning(
      name.place, "'\(name.text)' stands twice in the server block; the \(counting.rawValue) counts"
    )
    return counting == .last
  }
}

extension ZoneKey.Transport {
  /// The port where a key names none; nil for plain DNS, whose port a flag sets.
  var standardPort: UInt16? {
    switch self {
    case .dns: nil
    case .tls, .quic: 853
    case .https, .https3, .grpc: 443
    }
  }
}
