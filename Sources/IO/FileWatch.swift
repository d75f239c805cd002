internal import Glibc

/// Says which paths have changed, by inotify, on the thread of its ``EventLoop``.
///
/// What is watched: files and directory trees, whether they exist or not. Hidden directories are
/// not entered; links to directories and files are followed, each link on the way counts as a part
/// of the path. A file counts as changed when it is closed after writing, renamed, linked or
/// deleted, or its permissions change: never while it is being written.
public final class FileWatch {
  public enum Change: Hashable, Sendable {
    /// A file was written, came, or went; or another entry with this path did (a link such as
    /// `..data`, a directory). For a watched path itself, the path as it was given.
    case path(String)
    /// More happened than the kernel kept: anything may have changed.
    case everything
  }

  private let inotify: Inotify
  private var registration: Registration?
  private var roots: Set<String> = []
  /// What to make of events in each directory; by path.
  private var interests: [String: Interest] = [:]
  /// The directories behind each watch; several paths may lead to one.
  private var directories: [Int32: [String]] = [:]
  /// Directories that cannot be watched, so that each is told once.
  private var unwatched: Set<String> = []
  private let changed: (Set<Change>) -> Void
  private let failed: (IOFailure) -> Void

  struct Interest: Hashable {
    /// All entries count: the directory is part of a tree.
    var isTree = false
    /// Entries that count by name, and the watched paths which lead through them.
    var names: [String: Set<String>] = [:]
  }

  /// - Parameters:
  ///   - changed: gets what has changed since the last call, in one go.
  ///   - failed: hears of directories that cannot be watched, as where the kernel's limit
  ///     `fs.inotify.max_user_watches` is reached; changes in them go unseen.
  /// - Throws: ``IOFailure`` where the kernel gives no (more) inotify instances.
  public init(
    on loop: EventLoop, changed: @escaping (Set<Change>) -> Void,
    failed: @escaping (IOFailure) -> Void
  ) throws(IOFailure) {
    inotify = try Inotify()
    self.changed = changed
    self.failed = failed
    registration = loop.onReadable(inotify.descriptor) { [weak self] in self?.read() }
  }

  /// Watches a file or a tree, given by its absolute path; it may not exist yet.
  public func add(_ path: String) {
    add([path])
  }

  /// Watches several at once, at the cost of one.
  public func add(_ paths: some Sequence<String>) {
    roots.formUnion(paths.map(FilePath.normalized))
    refresh()
  }

  /// Stops watching a path that was added.
  public func remove(_ path: String) {
    roots.remove(FilePath.normalized(path))
    refresh()
  }

  // MARK: - Events

  private func read() {
    var changes: Set<Change> = []
    var isStructural = false
    while let events = inotify.read() {
      for event in events { note(event, &changes, &isStructural) }
    }
    // First watch what is new, then tell: whoever now looks misses nothing that comes later.
    if isStructural { refresh() }
    if !changes.isEmpty { changed(changes) }
  }

  private func note(
    _ event: Inotify.Event, _ changes: inout Set<Change>, _ isStructural: inout Bool
  ) {
    if event.isOverflow {
      changes.insert(.everything)
      isStructural = true
      return
    }
    for directory in directories[event.watch] ?? [] {
      guard let interest = interests[directory] else { continue }
      guard let name = event.name else {
        // The directory itself has gone or moved.
        changes.insert(.path(directory))
        isStructural = true
        continue
      }
      let path = FilePath.join(directory, name)
      let watched = interest.names[name] ?? []
      guard interest.isTree || !watched.isEmpty else { continue }
      let entry = FilePath.entry(path)
      // A new regular file is told when it is closed; a hard link never is.
      if event.isCreation, case .file(linkCount: 1) = entry { continue }
      // Only a regular file leaves all directories as they are; one that is a watched path, or
      // lies on the way to one, may have taken the place of something else.
      let isPlain =
        if case .file = entry { watched.isEmpty } else { entry == nil && !event.isDirectory }
      if !isPlain || !watched.isEmpty { isStructural = true }
      if interest.isTree { changes.insert(.path(path)) }
      for root in watched { changes.insert(.path(root)) }
    }
  }

  // MARK: - Watches

  /// Watches exactly what the roots need as the directories are now.
  private func refresh() {
    var survey = FileSurvey()
    for root in roots { survey.add(root) }
    var current: [Int32: [String]] = [:]
    for directory in survey.interests.keys {
      do {
        // Adding anew gives the old watch where it is still the same directory.
        current[try inotify.watch(directory), default: []].append(directory)
        unwatched.remove(directory)
      } catch {
        // Gone again: the directory around it says so.
        guard error.code != ENOENT, error.code != ENOTDIR else { continue }
        if unwatched.insert(directory).inserted { failed(error) }
      }
    }
    for watch in directories.keys where current[watch] == nil { inotify.unwatch(watch) }
    directories = current
    interests = survey.interests
  }
}
