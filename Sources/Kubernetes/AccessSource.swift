public import IO

/// Reads how to reach an API server, and follows the files it was read from.
///
/// Belongs to the thread of its ``EventLoop``; every callback comes from the loop, never from
/// within a call to this object.
public final class AccessSource {
  public enum Origin {
    /// The Pod's service account; see ``defaultDirectory``.
    case inCluster(environment: [String: String], directory: String)
    /// A context of a kubeconfig file; nil: its current one.
    case kubeconfig(path: String, context: String?)
    /// URLs of one cluster's servers, and paths of PEM files.
    case endpoints([String], tls: (certificate: String, key: String, authority: String)?)
  }

  /// Where a Pod finds its service account.
  public static let defaultDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

  /// How often files and the expiry are looked at. The kubelet renews a token when a fifth of its
  /// life is left, two minutes at the least.
  public static let lookPeriod = Duration.seconds(10)
  /// Seconds before its expiry at which a plugin's credential is renewed: two looks.
  static let renewalLead: Int64 = 20

  /// Hears of an access that is not the one given last, where nobody asked: files were rotated, or
  /// a plugin's credential renewed. What ``load(_:)`` and ``refresh(_:)`` give is not told here.
  public var onChange: ((ClusterAccess) -> Void)?

  private let origin: Origin
  private let loop: EventLoop
  private let lookPeriod: Duration
  private let pluginLimits: ChildProcess.Limits
  private let warn: (String) -> Void

  /// The access given last.
  private var current: ClusterAccess?
  private var files = CredentialFiles()
  /// What a plugin gave last, and the plugin.
  private var held: (plugin: ExecPlugin, credential: ExecCredential)?
  private var warnings: [String] = []
  /// Why the last reading failed.
  private var problem: AccessError?

  private var callers: [(Result<ClusterAccess, AccessError>) -> Void] = []
  private var isReading = false
  /// Whether the reading is one that nobody asked for when it began.
  private var isUnasked = false
  private var starter: Registration?
  private var looker: Registration?
  private var child: ChildProcess?

  /// - Parameters:
  ///   - warn: gets a sentence for what is doubtful, or fails while an older access is still held;
  ///     each once until it changes.
  ///   - lookPeriod: how often files and the expiry are looked at.
  ///   - pluginDeadline: how long a credential plugin may run.
  public init(
    _ origin: Origin, loop: EventLoop, lookPeriod: Duration = AccessSource.lookPeriod,
    pluginDeadline: Duration = .seconds(60), warn: @escaping (String) -> Void
  ) {
    self.origin = origin
    self.loop = loop
    self.lookPeriod = lookPeriod
    self.warn = warn
    var limits = ExecPlugin.limits
    limits.duration = pluginDeadline
    pluginLimits = limits
  }

  deinit {
    child?.cancel()
  }

  /// Reads the access; a plugin is run only where its last credential is missing or expires.
  ///
  /// `done` is called from the loop, once. While a reading is under way it is shared. After a
  /// failure the files are followed all the same, but a plugin is not run again: how often to try
  /// is the caller's to decide.
  public func load(_ done: @escaping (Result<ClusterAccess, AccessError>) -> Void) {
    callers.append(done)
    startReading(isUnasked: false)
  }

  /// Reads everything anew and runs the plugin even where its credential has not expired: for a
  /// server that has refused it (401). How often to try is the caller's to decide.
  public func refresh(_ done: @escaping (Result<ClusterAccess, AccessError>) -> Void) {
    // A plugin that runs now gives a new credential anyway.
    if child == nil { held = nil }
    load(done)
  }

  // MARK: - Reading

  private func startReading(isUnasked: Bool) {
    if looker == nil {
      looker = loop.every(lookPeriod) { [unowned self] in look() }
    }
    guard !isReading else { return }
    isReading = true
    self.isUnasked = isUnasked
    starter = loop.after(.zero) { [unowned self] in read() }
  }

  private func read() {
    files = CredentialFiles()
    do throws(AccessError) {
      let reading = try readFiles()
      for warning in reading.warnings where !warnings.contains(warning) { warn(warning) }
      warnings = reading.warnings
      if let plugin = reading.plugin {
        try obtain(plugin, for: reading.access)
      } else {
        held = nil
        finish(.success(reading.access))
      }
    } catch {
      finish(.failure(error))
    }
  }

  private func readFiles() throws(AccessError) -> AccessReading {
    switch origin {
    case .inCluster(let environment, let directory):
      try InClusterFiles.read(environment: environment, directory: directory, files: &files)
    case .kubeconfig(let path, let context):
      try Kubeconfig.read(path, context: context, files: &files)
    case .endpoints(let urls, let tls):
      try EndpointList.read(urls, tls: tls, files: &files)
    }
  }

  /// Completes an access with the plugin's credential.
  private func obtain(_ plugin: ExecPlugin, for access: ClusterAccess) throws(AccessError) {
    if let held, held.plugin == plugin, !isExpiring(held.credential) {
      finish(.success(completed(access, held.credential)))
      return
    }
    child = try plugin.run(pluginLimits, on: loop) { [unowned self] result in
      child = nil
      finish(
        result.map { credential in
          held = (plugin, credential)
          return completed(access, credential)
        })
    }
  }

  private func completed(_ access: ClusterAccess, _ credential: ExecCredential) -> ClusterAccess {
    var access = access
    credential.apply(to: &access)
    return access
  }

  private func finish(_ result: Result<ClusterAccess, AccessError>) {
    let (waiting, wasUnasked, previous) = (callers, isUnasked, current)
    (callers, isReading, isUnasked, starter) = ([], false, false, nil)
    switch result {
    case .success(let access):
      current = access
      problem = nil
      if wasUnasked, access != previous { onChange?(access) }
    case .failure(let error):
      if wasUnasked, error != problem { warn(error.description) }
      problem = error
    }
    for caller in waiting { caller(result) }
  }

  // MARK: - Following

  private func look() {
    guard !isReading else { return }
    if files.haveChanged || held.map({ isExpiring($0.credential) }) == true {
      startReading(isUnasked: true)
    }
  }

  private func isExpiring(_ credential: ExecCredential) -> Bool {
    credential.expiry.map { $0 - Self.renewalLead <= Clock.unixSeconds } ?? false
  }
}
