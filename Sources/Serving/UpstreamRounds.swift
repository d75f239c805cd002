import IO

/// Looks after the upstreams of all directives by the same two timers: with one for each of
/// thousands of directives the thread would do little else than wake. Belongs to the control
/// thread.
final class UpstreamRounds {
  private var sources: [ObjectIdentifier: UpstreamSource] = [:]
  private var timers: [Registration] = []

  /// How often it is looked whether an upstream is to be probed.
  static let probing = Duration.milliseconds(100)
  /// How often it is said that an upstream has gone down or is back.
  private static let telling = Duration.seconds(1)

  /// How many are looked after.
  var count: Int { sources.count }

  /// Has a source probe and tell from now on, until it is removed.
  func add(_ source: UpstreamSource, on loop: EventLoop) {
    sources[ObjectIdentifier(source)] = source
    guard timers.isEmpty else { return }
    timers = [
      loop.every(Self.probing) { [unowned self] in
        for source in sources.values { source.probe() }
      },
      loop.every(Self.telling) { [unowned self] in
        for source in sources.values { source.tell() }
      },
    ]
  }

  /// Looks after it no more.
  func remove(_ source: UpstreamSource) {
    sources[ObjectIdentifier(source)] = nil
    if sources.isEmpty { timers = [] }
  }
}
