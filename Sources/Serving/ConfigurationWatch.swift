import Config
import IO

/// Looks at the files of the configuration every now and then, as `reload` asks.
///
/// Belongs to the control thread. Contents are compared, so that a ConfigMap's directory, whose
/// link `..data` comes to point elsewhere, is a file like any other.
final class ConfigurationWatch {
  private let loop: EventLoop
  private var running: ConfigurationFingerprint
  /// What the look before has seen.
  private var last: ConfigurationFingerprint?
  private var settings: ReloadSettings?
  private var timer: Registration?
  /// Reads the files.
  var load: () -> LoadedConfiguration? = { nil }
  /// Gets each load that is not what serves; the same one again at each look.
  var changed: (LoadedConfiguration) -> Void = { _ in }
  /// The files are what serves.
  var unchanged: () -> Void = {}

  init(loop: EventLoop, running: ConfigurationFingerprint) {
    self.loop = loop
    self.running = running
  }

  /// A file that is seen while somebody writes it is half a file: it counts when it is the same
  /// after this long.
  private static let settling = Duration.milliseconds(100)

  /// What serves from now on.
  func note(running: ConfigurationFingerprint) {
    self.running = running
  }

  /// Looks after each interval from now on; nil: no more. The same settings go on as they were.
  func schedule(_ settings: ReloadSettings?) {
    guard settings != self.settings else { return }
    self.settings = settings
    wait(isSettling: false)
  }

  private func wait(isSettling: Bool) {
    timer = settings.map { settings in
      loop.after(isSettling ? Self.settling : settings.pause(random: Clock.random)) {
        [unowned self] in look()
      }
    }
  }

  private func look() {
    guard let loaded = load() else { return }
    let isSettled = loaded.fingerprint == last
    last = loaded.fingerprint
    if loaded.fingerprint == running {
      unchanged()
    } else if isSettled {
      changed(loaded)
    }
    wait(isSettling: !isSettled && loaded.fingerprint != running)
  }
}

extension ReloadSettings {
  /// Time until the next look: the interval, more or less by up to `jitter`, so that many servers
  /// do not look at once.
  func pause(random: UInt64) -> Duration {
    let jitter = max(0, Int64(self.jitter / .milliseconds(1)))
    return interval + .milliseconds(Int64(random % UInt64(2 * jitter + 1)) - jitter)
  }
}
