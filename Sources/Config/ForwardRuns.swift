internal import Wire

/// The `forward`s of a block that are asked for one name one after the other, since `next` leads on.
enum ForwardRuns {
  /// Says where the `forward` stands that would be one too many for some name.
  static func check(_ forwards: [ForwardSettings], findings: Findings) {
    guard forwards.filter(\.mayPassOn).count >= ForwardSettings.maximumRun else { return }
    var places: [DomainName: [Int]] = [:]
    for (index, settings) in forwards.enumerated() {
      places[settings.from.folded, default: []].append(index)
    }
    for zone in places.keys {
      guard let end = end(of: run(for: zone, places), in: forwards) else { continue }
      // A place that several zones come upon is said once.
      findings.error(
        forwards[end].place,
        "more than \(ForwardSettings.maximumRun) 'forward' would be asked for one name",
        expected: "fewer before it that have 'next' or 'next_on_nodata'")
    }
  }

  /// The places of those whose FROM covers the names of `zone`, in the order of the text.
  private static func run(for zone: DomainName, _ places: [DomainName: [Int]]) -> [Int] {
    var found: [Int] = []
    var ancestor: DomainName? = zone
    while let name = ancestor {
      found += places[name] ?? []
      ancestor = name.parent
    }
    return found.sorted()
  }

  /// The first of the run that is one too many.
  private static func end(of run: [Int], in forwards: [ForwardSettings]) -> Int? {
    var before = 0
    for index in run {
      if before >= ForwardSettings.maximumRun { return index }
      let settings = forwards[index]
      if settings.mayPassOn { before += 1 }
      // What it excepts goes on.
      if !settings.mayPassOn, settings.except.isEmpty { return nil }
    }
    return nil
  }
}

extension ForwardSettings {
  /// Whether there are answers for which the next `forward` is asked.
  fileprivate var mayPassOn: Bool { nextOnNoData || !next.isEmpty }
}
