internal import Documents
internal import Telemetry

// Whether what is known is what the server has.
extension ClusterWatch {
  /// Time between comparisons, nanoseconds, ± a quarter: a few pages of names in ten minutes are
  /// nothing to a server, and a change that was lost stays lost no longer.
  private static let comparisonPeriod: UInt64 = 600_000_000_000
  /// Time until a comparison after a reason to doubt.
  private static let doubtDelay: UInt64 = 1_000_000_000
  /// Between comparisons that are made for doubt: a server that repeats itself must not have all its
  /// names listed all the time.
  private static let doubtPeriod: UInt64 = 60_000_000_000

  func scheduleComparison(_ index: Int, _ now: UInt64) {
    let period = Self.comparisonPeriod
    schedules[index].compareAt = now + period / 4 * 3 + jitter.next() % (period / 2)
  }

  /// Compares as soon as may be.
  func compareSoon(_ index: Int, _ now: UInt64) {
    let earliest = schedules[index].comparedAt.map { $0 + Self.doubtPeriod } ?? 0
    let soon = max(now + Self.doubtDelay, earliest)
    schedules[index].compareAt = min(schedules[index].compareAt, soon)
  }

  /// Gives up the comparison that is under way, if one is, and plans the next.
  func dropComparison(_ index: Int, _ now: UInt64) {
    comparisons[index] = nil
    let request = exchanges.first {
      $0.value.owner == index && $0.value.request.purpose == .comparison
    }
    if let request { cancel(request.key) }
    scheduleComparison(index, now)
  }

  func isComparisonDue(_ index: Int, _ now: UInt64) -> Bool {
    if let comparison = comparisons[index] { return comparison.continuation != nil }
    return now >= schedules[index].compareAt && reflectors[index].isSynchronized
      && reflectors[index].listReason == nil
  }

  /// Asks for the first page, or the next.
  func compare(_ index: Int, _ now: UInt64) {
    let continuation = comparisons[index]?.takeContinuation()
    if continuation == nil {
      schedules[index].compareAt = .max
      schedules[index].comparedAt = now
      comparisons[index] = Comparison(from: reflectors[index].version)
      reflectors[index].beginComparison()
    }
    send(reflectors[index].comparisonRequest(continuation), index, now)
  }

  func receiveComparison(_ number: Int, _ index: Int, _ octets: RawSpan, _ now: UInt64) {
    guard var comparison = comparisons[index] else { return cancel(number) }
    do throws(DocumentError) {
      try comparison.receive(octets, reflectors[index])
      comparisons[index] = comparison
    } catch {
      dropComparison(index, now)
    }
  }

  func endComparison(_ index: Int, _ now: UInt64) {
    guard var comparison = comparisons[index] else { return }
    switch comparison.endPage(reflectors[index], now) {
    case .page, .listed(hasDifferences: true):
      comparisons[index] = comparison
    case .listed(hasDifferences: false):
      finishComparison(index, "same", now)
    case .endless:
      finishComparison(index, "failed", now)
    case .wentBack:
      relist(index, .backwards)
      finishComparison(index, "backwards", now)
    }
  }

  /// Looks again at what differed a while ago.
  func lookAtDifferences(_ now: UInt64) {
    for (index, comparison) in comparisons.sorted(by: { $0.key < $1.key }) {
      guard let dueAt = comparison.dueAt, now >= dueAt else { continue }
      let finds = comparison.finds(reflectors[index])
      if finds { relist(index, .difference) }
      finishComparison(index, finds ? "difference" : "same", now)
    }
  }

  private func finishComparison(_ index: Int, _ result: String, _ now: UInt64) {
    metrics.comparisons(reflectors[index].resource.name, result).add()
    comparisons[index] = nil
    scheduleComparison(index, now)
  }

  /// Ends the watch and lists everything again, where that is not under way already.
  private func relist(_ index: Int, _ reason: Reflector.ListReason) {
    guard reflectors[index].listReason == nil else { return }
    let watch = exchanges.first {
      $0.value.owner == index && $0.value.request.purpose != .comparison
    }
    if let watch { cancel(watch.key) }
    reflectors[index].abandon()
    reflectors[index].want(reason)
  }
}
