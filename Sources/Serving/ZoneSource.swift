import Answering
import Config
import IO
import Telemetry
import Wire
import ZoneFiles
import Zones

/// A master file of `file` directives, read again when it changes.
final class ZoneSource {
  let slots: [ZoneSlot]
  private let key: Key
  private var path: String { key.path }
  private let log: Log
  private var lastRead: [FileSignature?]
  /// What is wrong now, and what was with the contents read last.
  private(set) var problem: String?
  private var lastProblem: String?
  private var timer: Registration?

  /// What the contents depend on; directives that have it in common share them.
  struct Key: Hashable {
    let path: String
    let zones: [DomainName]
    let reload: Duration

    /// - Parameter directory: what a relative path is relative to.
    init(_ settings: FileSettings, in directory: String) {
      path = settings.path.hasPrefix("/") ? settings.path : directory + "/" + settings.path
      zones = settings.zones
      reload = settings.reload
    }
  }

  init(_ key: Key, log: Log) {
    self.key = key
    self.log = log
    slots = key.zones.map { _ in ZoneSlot() }
    lastRead = key.zones.map { _ in nil }
  }

  /// Whether every zone has contents.
  var isReady: Bool { slots.allSatisfy { $0.generation > 0 } }

  /// How often a file that is missing is looked for again.
  private static let retry = Duration.seconds(1)

  /// Reads the file, and again whenever it has changed, at the latest after `reload`.
  func start(on loop: EventLoop) {
    read()
    let period = isReady && key.reload > .zero ? key.reload : Self.retry
    schedule(on: loop, period)
  }

  private func schedule(on loop: EventLoop, _ period: Duration) {
    timer = loop.after(period) { [unowned self] in
      if !isReady || key.reload > .zero { read() }
      let next = isReady ? (key.reload > .zero ? key.reload : nil) : Self.retry
      if let next { schedule(on: loop, next) }
    }
  }

  private func read() {
    guard let version = FileSignature(path) else {
      return note("\(path): cannot be read; waiting for it")
    }
    // A file that had gone and is back as it was has nothing new to say.
    if lastRead.allSatisfy({ $0 == version }) { return problem = lastProblem }
    lastProblem = nil
    for (index, zone) in key.zones.enumerated() where lastRead[index] != version {
      do {
        let contents = try ZoneFile.zone(path: path, apex: zone)
        for warning in contents.warnings { log.warning("\(path): \(warning)", plugin: "file") }
        slots[index].publish(contents)
      } catch {
        lastProblem = "\(error)"
      }
      lastRead[index] = version
    }
    if let lastProblem { note(lastProblem) } else { problem = nil }
  }

  /// Warns once for each problem.
  private func note(_ text: String) {
    guard problem != text else { return }
    problem = text
    log.warning(text, plugin: "file")
  }
}
