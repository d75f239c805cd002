import Synchronization

/// A number that only grows. Any thread may add; for the path of every query see
/// ``QueryCounters``.
public final class Counter: Sendable {
  private let total = Atomic<UInt64>(0)

  public init() {}

  /// Adds to the total.
  public func add(_ amount: UInt64 = 1) {
    total.wrappingAdd(amount, ordering: .relaxed)
  }

  public var value: UInt64 { total.load(ordering: .relaxed) }
}

/// A number that is set.
public final class Gauge: Sendable {
  private let bits = Atomic<UInt64>(0)

  public init() {}

  /// Takes the place of the last value.
  public func set(_ value: Double) {
    bits.store(value.bitPattern, ordering: .relaxed)
  }

  public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// Observations counted by size. Takes a lock: for what happens rarely.
public final class Histogram: Sendable {
  private struct State {
    var counts: [UInt64]
    var sum = 0.0
  }

  /// Inclusive upper ends of the buckets, growing, without +Inf.
  public let bounds: [Double]
  private let state: Mutex<State>

  public init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
  }

  /// Counts a value in its bucket and adds it to the sum.
  public func observe(_ value: Double) {
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock {
      $0.counts[bucket] += 1
      $0.sum += value
    }
  }

  /// Counts of the single buckets, +Inf last, and the sum of all observations.
  public var values: (counts: [UInt64], sum: Double) {
    state.withLock { ($0.counts, $0.sum) }
  }
}

/// A name, its help text, and a series for each combination of label values.
///
/// Any thread may ask for a series; it is made when first asked for.
public final class MetricFamily<Metric: AnyObject & Sendable>: Sendable {
  public let name: String
  public let help: String
  public let labelNames: [String]
  private let make: @Sendable () -> Metric
  private let series = Mutex<[[String]: Metric]>([:])

  /// A family of metrics that `make` makes; the page has no series before the first is asked for.
  public init(
    _ name: String, help: String, labels: [String] = [],
    make: @escaping @Sendable () -> Metric
  ) {
    self.name = name
    self.help = help
    labelNames = labels
    self.make = make
  }

  /// The metric with these label values, in the order of the names.
  public func callAsFunction(_ values: String...) -> Metric {
    precondition(values.count == labelNames.count, "\(name): one value for each label")
    return series.withLock { series in
      if let known = series[values] { return known }
      let new = make()
      series[values] = new
      return new
    }
  }

  /// Forgets all series: for gauges of what no longer exists.
  public func removeAll() {
    series.withLock { $0.removeAll() }
  }

  fileprivate var all: [(labels: [(String, String)], metric: Metric)] {
    series.withLock { $0 }.map { (Array(zip(labelNames, $0.key)), $0.value) }
  }
}

extension MetricsPage {
  /// Adds all series of the family.
  public mutating func add(_ family: MetricFamily<Counter>) {
    for (labels, counter) in family.all {
      let value = Double(counter.value)
      add(family.name, .counter, help: family.help, labels: labels, value: value)
    }
  }

  /// Adds all series of the family.
  public mutating func add(_ family: MetricFamily<Gauge>) {
    for (labels, gauge) in family.all {
      add(family.name, .gauge, help: family.help, labels: labels, value: gauge.value)
    }
  }

  /// Adds all series of the family.
  public mutating func add(_ family: MetricFamily<Histogram>) {
    for (labels, histogram) in family.all {
      let (counts, sum) = histogram.values
      add(
        family.name, help: family.help, labels: labels, bounds: histogram.bounds, counts: counts,
        sum: sum)
    }
  }
}
