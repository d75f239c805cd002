internal import Cluster
internal import Glibc
public import IO

/// Objects from manifests on disk: files and directory trees of JSON and YAML, read once and then
/// followed.
///
/// Where an object is in several files the later counts: of later given paths, and below one path
/// of later names. A broken file is reported with the place, and what it last said stays; a path
/// that is missing is waited for. Works on the thread of its event loop.
public final class ManifestSource {
  /// How often missing paths and unreadable files are tried again; events tell most of it sooner.
  static let retryPeriod = Duration.seconds(1)
  /// How often everything is compared with the disk, for file systems that tell no events (NFS).
  static let rescanPeriod = Duration.seconds(30)

  private let roots: [String]
  private let loop: EventLoop
  private let store: ManifestStore
  private let report: (String, Severity) -> Void
  private var watch: FileWatch?
  private var timers: [Registration] = []
  private var isLoaded = false
  /// Paths that have not been there yet.
  private var unread: Set<String>
  /// Why given paths, and directories below them, cannot be read.
  private var problems: [String: String] = [:]

  /// - Parameters:
  ///   - paths: absolute paths of files and directories; they need not exist yet.
  ///   - decoder: says what is kept of objects.
  ///   - sink: hears of every object and change; not retained.
  ///   - report: gets one line of text for what is wrong, with path, line and column.
  public init(
    paths: [String], loop: EventLoop, decoder: ObjectDecoder = ObjectDecoder(),
    sink: any ObjectSink,
    report: @escaping (String, Severity) -> Void
  ) {
    roots = paths.map(FilePath.normalized)
    unread = Set(roots)
    self.loop = loop
    self.report = report
    store = ManifestStore(decoder: decoder, sink: sink, report: report)
  }

  /// Reads everything, then goes on watching as the loop runs.
  public func load() {
    // Watching first: what changes during the reading is told afterwards.
    startWatching()
    scan()
    isLoaded = true
    timers.append(loop.every(Self.rescanPeriod) { [unowned self] in scan() })
  }

  /// Whether every given path has been read once.
  public var isSynchronized: Bool { isLoaded && unread.isEmpty }

  /// The latest modification of a file read so far, Unix seconds; 0 before any.
  public var newestModification: Int { store.newestModification }

  /// What is not served as it stands on disk, and why; sorted by path.
  public var status: [(path: String, problem: String)] {
    let files = store.index.files.values.compactMap { file in file.problem.map { (file.path, $0) } }
    let all = files + problems.map { ($0.key, $0.value) }
    return all.sorted { $0.0 < $1.0 }.map { (path: $0.0, problem: $0.1) }
  }

  // MARK: - Events

  private func startWatching() {
    do {
      let watch = try FileWatch(
        on: loop, changed: { [unowned self] in changed($0) },
        failed: { [unowned self] in report("\($0); changes there show late", .warning) })
      watch.add(roots)
      self.watch = watch
    } catch {
      report("\(error); changes to manifests show late", .warning)
      timers.append(loop.every(Self.retryPeriod) { [unowned self] in scan() })
    }
    timers.append(
      loop.every(Self.retryPeriod) { [unowned self] in
        if !problems.isEmpty || !store.unopened.isEmpty { scan() }
      })
  }

  private func changed(_ changes: Set<FileWatch.Change>) {
    var needsScan = false
    // In the order of the scan, so that replacing several files warns of the same as reading them.
    let paths = changes.compactMap { change -> String? in
      if case .path(let path) = change { return path }
      needsScan = true
      return nil
    }
    for path in paths.sorted() where !readAgain(path) { needsScan = true }
    if needsScan { scan() }
  }

  /// Reads one file that has changed; false where it takes a scan to see what has.
  private func readAgain(_ path: String) -> Bool {
    guard let root = root(of: path), path == roots[root] || isManifest(path),
      !FilePath.isDirectory(path)
    else {
      // Any other regular file is none of ours.
      return if case .file = FilePath.entry(path) { true } else { false }
    }
    // Whether it is the root's own absence is for the scan to say.
    guard FileSignature(path) != nil, problems[path] == nil else { return false }
    read(path, root: root)
    return true
  }

  private func isManifest(_ path: String) -> Bool {
    ManifestFile.isManifest(name: FilePath.name(of: path))
  }

  /// The last of the given paths that a path lies at or below.
  private func root(of path: String) -> Int? {
    roots.lastIndex { path == $0 || path.hasPrefix($0 == "/" ? "/" : $0 + "/") }
  }

  // MARK: - Reading

  /// Compares everything with the disk: reads what is new or has changed, takes back what is gone.
  private func scan() {
    let found = Survey(roots)
    note(found.problems)
    for path in found.files.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
      let known = store.index.number(of: path.key).flatMap { store.index.files[$0] }
      if known == nil || known?.signature == nil
        || known?.signature != FileSignature(path.key)
      {
        read(path.key, root: path.value)
      }
    }
    let gone = store.index.files.values.map(\.path).filter { path in
      found.files[path] == nil && !found.unreadable.contains { path.hasPrefix($0 + "/") }
    }
    for path in gone.sorted() { store.remove(path) }
    for root in roots where found.problems[root] == nil { unread.remove(root) }
  }

  private func read(_ path: String, root: Int) {
    do {
      try store.read(path, root: root, isFirstLoad: !isLoaded)
    } catch {
      // Gone since it was found: the next event or scan takes it back.
      guard error.code != ENOENT else { return }
      if store.setUnopened(path, root: root, because: error.reason) {
        report("\(path): \(error.reason)", .warning)
      }
    }
  }

  /// Reports problems of paths and directories that are news.
  private func note(_ found: [String: String]) {
    for (path, problem) in found.sorted(by: { $0.key < $1.key }) where problems[path] != problem {
      report("\(path): \(problem)", .warning)
    }
    problems = found
  }
}

/// The manifests that are below some paths at a time.
private struct Survey {
  /// Each file with the number of the last path it was found by.
  private(set) var files: [String: Int] = [:]
  /// Paths that are missing and directories that cannot be read, and why.
  private(set) var problems: [String: String] = [:]
  /// Directories whose files cannot be said to be gone.
  private(set) var unreadable: [String] = []

  init(_ roots: [String]) {
    for (number, root) in roots.enumerated() {
      if FilePath.isDirectory(root) {
        addTree(root, number)
      } else if FileSignature(root) != nil {
        files[root] = number
      } else {
        problems[root] = IOFailure(operation: root, code: ENOENT).reason
        // A whole directory that is gone is a mount that failed, not an order to forget everything.
        unreadable.append(root)
      }
    }
  }

  private mutating func addTree(_ root: String, _ number: Int) {
    var found: [String] = []
    var failures: [(String, IOFailure)] = []
    FileTree.walk(root, failed: { failures.append(($0, $1)) }) { entry in
      guard case .file(let path, _) = entry,
        ManifestFile.isManifest(name: FilePath.name(of: path)), FileSignature(path) != nil
      else { return }
      found.append(path)
    }
    for path in found { files[path] = number }
    for (path, failure) in failures {
      problems[path] = failure.reason
      unreadable.append(path)
    }
  }
}
