/// Nanoseconds of the caller's clock; the model reads no clock of its own.
public typealias Nanoseconds = Int64

/// One second.
public let nanosecondsPerSecond: Nanoseconds = 1_000_000_000

/// How a server differs from the recorded one.
public struct APIServerSettings: Sendable {
  /// Whether `sendInitialEvents` works; without it such a watch gets 422.
  public var supportsWatchList = true
  /// Whether answers above `gzipThreshold` are coded when the client takes gzip.
  public var usesGzip = true
  /// Time between bookmarks.
  public var bookmarkPeriod = 60 * nanosecondsPerSecond
  /// How long before its end a watch gets a last bookmark.
  public var lastBookmarkLead = 2 * nanosecondsPerSecond
  /// How long a watch lasts that names no `timeoutSeconds`; the real server draws 30–60 min.
  public var watchTimeout = 1800 * nanosecondsPerSecond
  /// Servers before 1.31 write `creationTimestamp: null` into bookmarks.
  public var bookmarksHaveNullTimestamp = false
  /// Events kept for each resource; the real server's watch cache grows to 100 × this, but then
  /// a test of 500 changes a second would hold gigabytes of them.
  public var historyLimit = 16_384
  /// When the caller's clock showed zero, in seconds since 1970: for the times in objects.
  public var epoch: Int64 = 1_795_231_195
  /// The ResourceVersion before the first object.
  public var firstRevision: UInt64 = 200

  /// Those of the recorded server.
  public init() {}

  /// Octets from which the real server codes an answer with gzip.
  public static let gzipThreshold = 128 * 1024
}

/// An API server's state: objects, one ResourceVersion for all, and what happened lately.
///
/// Pure: time is an argument, and what is sent is returned. One thread at a time.
public final class APIServerModel {
  /// May be changed between requests.
  public var settings: APIServerSettings
  /// The ResourceVersion of the last change, of any resource.
  public private(set) var revision: UInt64
  /// Requests answered so far.
  public internal(set) var requestCount = 0
  /// Counts restores; watches of an older one have been cut.
  private(set) var epoch = 0
  private(set) var collections: [APIResource: Collection] = [:]

  /// An empty server.
  public init(_ settings: APIServerSettings = APIServerSettings()) {
    self.settings = settings
    revision = settings.firstRevision
    for resource in APIResource.allCases {
      collections[resource] = Collection(oldest: revision)
    }
  }

  // MARK: - Changes

  /// Creates or replaces an object; gives its new ResourceVersion.
  @discardableResult
  public func put(_ object: APIObject, now: Nanoseconds) -> UInt64 {
    revision += 1
    let collection = self[object.resource]
    let previous = collection.objects[object.key]
    let stored = StoredObject(
      object, revision: revision, after: previous,
      second: settings.epoch + now / nanosecondsPerSecond)
    collection.set(stored)
    collection.record(
      Change(revision: revision, object: stored, previous: previous),
      limit: settings.historyLimit)
    return revision
  }

  /// Deletes an object; gives the ResourceVersion of that, or nil when there is no such object.
  @discardableResult
  public func delete(_ resource: APIResource, _ key: String) -> UInt64? {
    let collection = self[resource]
    guard let previous = collection.objects[key] else { return nil }
    revision += 1
    collection.remove(key)
    collection.record(
      Change(revision: revision, object: nil, previous: previous), limit: settings.historyLimit)
    return revision
  }

  /// Writes to resources that nobody here watches: the ResourceVersion goes on.
  public func advance(by count: UInt64 = 1) { revision += count }

  /// Forgets what happened: watches and pages from older ResourceVersions get 410.
  public func compact() {
    for resource in APIResource.allCases { self[resource].forget(upTo: revision) }
  }

  // MARK: - Backup

  /// Objects and ResourceVersion at one time.
  public struct Snapshot: Sendable {
    /// The ResourceVersion then.
    public let revision: UInt64
    let objects: [APIResource: [String: StoredObject]]
  }

  /// As `etcdctl snapshot save`.
  public func snapshot() -> Snapshot {
    Snapshot(revision: revision, objects: collections.mapValues(\.objects))
  }

  /// As a cluster restored from a backup: objects and ResourceVersion go back, what happened is
  /// forgotten, and every watch is cut.
  public func restore(from snapshot: Snapshot) {
    epoch += 1
    revision = snapshot.revision
    for resource in APIResource.allCases {
      collections[resource] = Collection(
        oldest: revision, objects: snapshot.objects[resource] ?? [:])
    }
  }

  // MARK: - Reading

  /// The present objects in the order of their keys.
  public func objects(_ resource: APIResource) -> [StoredObject] {
    let collection = self[resource]
    return collection.keys.compactMap { collection.objects[$0] }
  }

  /// One present object.
  public func object(_ resource: APIResource, _ key: String) -> StoredObject? {
    self[resource].objects[key]
  }

  subscript(resource: APIResource) -> Collection {
    guard let collection = collections[resource] else {
      preconditionFailure("every resource has a collection from init on")
    }
    return collection
  }
}

/// A change that watches tell: `object` is nil for a deletion, `previous` for a creation.
struct Change {
  var revision: UInt64
  var object: StoredObject?
  var previous: StoredObject?
}

/// The objects of one resource, and its latest changes.
final class Collection {
  private(set) var objects: [String: StoredObject]
  /// Sorted.
  private(set) var keys: [String]
  private(set) var changes: [Change] = []
  /// How many changes were forgotten: the number of `changes[0]`.
  private(set) var forgotten = 0
  /// The oldest ResourceVersion from which a watch can go on.
  private(set) var oldest: UInt64

  init(oldest: UInt64, objects: [String: StoredObject] = [:]) {
    self.oldest = oldest
    self.objects = objects
    keys = objects.keys.sorted()
  }

  func set(_ object: StoredObject) {
    let key = object.object.key
    if objects.updateValue(object, forKey: key) == nil {
      keys.insert(key, at: place(of: key))
    }
  }

  func remove(_ key: String) {
    guard objects.removeValue(forKey: key) != nil else { return }
    keys.remove(at: place(of: key))
  }

  func record(_ change: Change, limit: Int) {
    changes.append(change)
    // Half at once, so that forgetting costs little for each change.
    if changes.count > limit { forget(upTo: changes[changes.count / 2].revision) }
  }

  func forget(upTo revision: UInt64) {
    let count = firstChange(after: revision) - forgotten
    changes.removeFirst(count)
    forgotten += count
    oldest = max(oldest, revision)
  }

  /// The number of the first change after `revision`; numbers count from the very first change.
  func firstChange(after revision: UInt64) -> Int {
    var low = 0
    var high = changes.count
    while low < high {
      let middle = (low + high) / 2
      if changes[middle].revision <= revision { low = middle + 1 } else { high = middle }
    }
    return forgotten + low
  }

  /// The objects as they were; `revision` is not older than `oldest`.
  func objects(at revision: UInt64) -> [StoredObject] {
    let later = changes[(firstChange(after: revision) - forgotten)...]
    if later.isEmpty { return keys.compactMap { objects[$0] } }
    var before: [String: StoredObject?] = [:]
    for change in later.reversed() {
      guard let key = (change.object ?? change.previous)?.object.key else { continue }
      before[key] = .some(change.previous)
    }
    var past = keys.compactMap { key in
      if let state = before.removeValue(forKey: key) { state } else { objects[key] }
    }
    let deleted = before.values.compactMap(\.self)
    if !deleted.isEmpty {
      past += deleted
      past.sort { $0.object.key < $1.object.key }
    }
    return past
  }

  /// Where `key` stands or would stand.
  func place(of key: String) -> Int {
    var low = 0
    var high = keys.count
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
