internal import Wire

/// Settles what happens where two server blocks have a zone and port in common.
enum SameKeys {
  /// The blocks without those that repeat an earlier one. Blocks that answer for one zone on one
  /// address are an error: which of them is meant cannot be known.
  static func settle(
    _ blocks: [(syntax: SyntaxBlock, settings: ServerBlock)], findings: Findings
  ) -> [ServerBlock] {
    var kept: [(syntax: SyntaxBlock, settings: ServerBlock)] = []
    var holders: [ZoneKey: [Int]] = [:]
    for block in blocks {
      let keys = block.settings.keys
      let clash = keys.lazy.compactMap { key in
        holders[key]?.first { meet(kept[$0].settings, block.settings) }.map { (key, $0) }
      }.first
      if let (key, index) = clash {
        let other = kept[index]
        if areSame(other, block) {
          findings.warning(
            block.syntax.place,
            "the server block is the same as on line \(other.settings.place.line) and left out")
          continue
        }
        findings.error(
          block.syntax.place,
          "\(key) is already served by the block at \(other.settings.place)",
          expected: "another zone or port, or 'bind' with other addresses in both blocks")
      }
      for key in keys { holders[key, default: []].append(kept.count) }
      kept.append(block)
    }
    return kept.map(\.settings)
  }

  /// Whether both listen on one address.
  private static func meet(_ one: ServerBlock, _ other: ServerBlock) -> Bool {
    guard !one.bind.isEmpty, !other.bind.isEmpty else { return true }
    return !addresses(one).isDisjoint(with: addresses(other))
  }

  /// Spellings of one address count as one.
  private static func addresses(_ block: ServerBlock) -> Set<String> {
    Set(block.bind.flatMap(\.addresses).map { IPAddress($0)?.description ?? $0 })
  }

  private static func areSame(
    _ one: (syntax: SyntaxBlock, settings: ServerBlock),
    _ other: (syntax: SyntaxBlock, settings: ServerBlock)
  ) -> Bool {
    one.settings.keys == other.settings.keys
      && one.syntax.statements.map(\.spelling) == other.syntax.statements.map(\.spelling)
  }
}

extension ZoneKey: CustomStringConvertible {
  /// `zone:port`, with the transport before it unless that is plain DNS.
  public var description: String {
    let prefix = transport == .dns ? "" : transport.rawValue + "://"
    return prefix + (zone.isRoot ? "." : String(zone.description.dropLast())) + ":\(port)"
  }
}
