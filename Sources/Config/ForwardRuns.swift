internal import Wire

/// The `forward`s of a block that are asked for one name one after the other, since `next` leads on.
enum ForwardRuns {
  /// Says where the `forward` stands that would be one too many for some name.
  ///
  /// And which is asked for no name at all, since one above it takes them all.
  static func check(_ forwards: [ForwardSettings], findings: Findings) {
    guard forwards.count > 1 else { return }
    var places: [DomainName: [Int]] = [:]
    for (index, settings) in forwards.enumerated() {
      places[settings.from.folded, default: []].append(index)
    }
    for (zone, indexes) in places {
      let run = run(for: zone, places)
      if let end = end(of: run, in: forwards) {
        // A place that several zones come upon is said once.
        findings.error(
          forwards[end].place,
          "more than \(ForwardSettings.maximumRun) 'forward' would be asked for one name",
          expected: "fewer before it that have 'next' or 'next_on_nodata'")
      }
      guard let last = run.first(where: { forwards[$0].takesAll }) else { continue }
      for index in indexes where index > last {
        findings.warning(
          forwards[index].place,
          "'forward' is asked for nothing: 'forward \(forwards[last].from)' above takes its names",
          expected: "'next' or 'next_on_nodata' there")
      }
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
      if settings.takesAll { return nil }
    }
    return nil
  }
}

extension ForwardSettings {
  /// Whether there are answers for which the next `forward` is asked.
  fileprivate var mayPassOn: Bool { nextOnNoData || !next.isEmpty }

  /// Whether no name in its zone gets to another: what it excepts would.
  fileprivate var takesAll: Bool { !mayPassOn && except.isEmpty }
}
