internal import Cluster
internal import IO

/// Applies what files say to the sink: reads them, compares with what they said before, and passes
/// on the difference.
final class ManifestStore {
  private(set) var index = ManifestIndex()
  /// The latest modification of a file that was read, Unix seconds.
  private(set) var newestModification = 0
  /// Files that could not be opened when they were last to be read.
  private(set) var unopened: Set<String> = []
  private let decoder: ObjectDecoder
  private unowned let sink: any ObjectSink
  private let report: (String, Severity) -> Void
  private var pending: [ObjectChange] = []
  /// Objects whose winner has gone, by the file that has them next.
  private var heirs: [ManifestIndex.FileNumber: Set<KeyTable.Hash>] = [:]

  /// Changes passed on in one go: a list of thousands must not be held a second time.
  private static let batch = 256

  init(decoder: ObjectDecoder, sink: any ObjectSink, report: @escaping (String, Severity) -> Void) {
    self.decoder = decoder
    self.sink = sink
    self.report = report
  }

  /// Reads a file and applies how it differs from what it said before.
  ///
  /// - Parameter isFirstLoad: nothing of it is served yet and nobody asks: one reading is enough.
  ///   Otherwise a broken file must show before anything of it is applied.
  /// - Throws: ``IOFailure`` where it cannot be opened; nothing has changed then.
  func read(_ path: String, root: Int, isFirstLoad: Bool) throws(IOFailure) {
    let file = try ManifestFile(path)
    unopened.remove(path)
    let number = index.add(path, root: root)
    index.update(number) { $0.signature = file.signature }
    do throws(ManifestFile.Fault) {
      if !isFirstLoad {
        try file.read(decoder, invalid: { _, _ in }, { _ in })
      }
      try apply(file, number)
      index.update(number) { $0.problem = nil }
    } catch {
      index.update(number) { $0.problem = error.text }
      report(error.text, .error)
    }
    newestModification = max(newestModification, file.signature.modificationSeconds)
    finish()
  }

  /// Takes back all that a file said.
  func remove(_ path: String) {
    unopened.remove(path)
    guard let number = index.number(of: path), let keys = index.files[number]?.keys else { return }
    for position in 0..<keys.count {
      release(keys.hashes[position], keys.key(at: position), number)
    }
    index.forget(number)
    finish()
  }

  /// Notes why a file cannot be opened; what it said last stays. True if that is news.
  func setUnopened(_ path: String, root: Int, because problem: String) -> Bool {
    let number = index.add(path, root: root)
    unopened.insert(path)
    let isNews = index.files[number]?.problem != problem
    index.update(number) { file in
      file.problem = problem
      // What it was when it could be read does not matter: the next scan tries again.
      file.signature = nil
    }
    return isNews
  }
}

// MARK: - One file

extension ManifestStore {
  private func apply(
    _ file: ManifestFile, _ number: ManifestIndex.FileNumber
  ) throws(ManifestFile.Fault) {
    let old = index.files[number]?.keys ?? KeyTable()
    let oldIndexes = old.indexes()
    var new = KeyTable()
    var seen: Set<KeyTable.Hash> = []
    var kept: Set<KeyTable.Hash> = []
    var fault: ManifestFile.Fault?
    do throws(ManifestFile.Fault) {
      try file.read(
        decoder,
        invalid: { error, fault in
          self.report(fault.text, .error)
          // What an object last said while it was valid stays, as a broken file's does.
          if let key = error.key { kept.insert(KeyTable.hash(of: key)) }
        },
        { object in
          let key = object.key
          let hash = KeyTable.hash(of: key)
          let content = object.hashValue
          let isRepeated = !seen.insert(hash).inserted
          if isRepeated {
            self.report("\(file.path): \(key.title) is in it twice: the later is served", .warning)
          } else {
            new.append(key, content: content)
          }
          let before = oldIndexes[hash]
          let isNew = before == nil && !isRepeated
          let (isServed, rival) = self.index.claim(hash, for: number)
          if isNew, let rival { self.warn(key, number, rival, isServed) }
          let isSame = !isRepeated && rival == nil && before.map(old.content(at:)) == content
          if isServed, !isSame { self.pass(.upsert(object)) }
        })
    } catch {
      fault = error
    }
    for (position, hash) in old.hashes.enumerated() where !seen.contains(hash) {
      if fault != nil || kept.contains(hash) {
        new.append(old.key(at: position), content: old.content(at: position))
      } else {
        release(hash, old.key(at: position), number)
      }
    }
    if let fault {
      // Of a file that was never whole nothing is served.
      if old.count == 0 {
        for position in 0..<new.count {
          release(new.hashes[position], new.key(at: position), number)
        }
        new = KeyTable()
      }
      index.update(number) { $0.keys = new }
      throw fault
    }
    new.trim()
    index.update(number) { $0.keys = new }
  }

  private func warn(
    _ key: ObjectKey, _ number: ManifestIndex.FileNumber, _ rival: ManifestIndex.FileNumber,
    _ isServed: Bool
  ) {
    let this = index.files[number]?.path ?? ""
    let other = index.files[rival]?.path ?? ""
    // A file that has been renamed is seen under its new name before the old one is taken back.
    guard FileSignature(other) != nil else { return }
    let (winner, loser) = isServed ? (this, other) : (other, this)
    report("\(winner): \(key.title) is in \(loser), too: the later path is served", .warning)
  }

  private func release(
    _ hash: KeyTable.Hash, _ key: ObjectKey, _ number: ManifestIndex.FileNumber
  ) {
    switch index.release(hash, by: number) {
    case .gone: pass(.delete(key))
    case .unserved: break
    case .passed(let heir): heirs[heir, default: []].insert(hash)
    }
  }

  private func pass(_ change: ObjectChange) {
    pending.append(change)
    if pending.count >= Self.batch { flush() }
  }

  private func flush() {
    guard !pending.isEmpty else { return }
    sink.apply(pending)
    pending = []
  }

  /// Passes on the objects that are served again, read from the files that have them.
  private func finish() {
    for (number, hashes) in heirs {
      let found = read(hashes, from: number)
      for object in found.values { pass(.upsert(object)) }
      // The file is broken or has changed, too. What was served last stays until the file is read
      // again, and what it says then counts as new.
      let missing = hashes.filter { found[$0] == nil }
      guard !missing.isEmpty else { continue }
      index.update(number) { file in
        for (position, hash) in file.keys.hashes.enumerated() where missing.contains(hash) {
          file.keys.setContent(KeyTable.unknownContent, at: position)
        }
      }
    }
    heirs = [:]
    flush()
  }

  /// The objects that a file has of these; none where it is broken.
  private func read(
    _ hashes: Set<KeyTable.Hash>, from number: ManifestIndex.FileNumber
  ) -> [KeyTable.Hash: ClusterObject] {
    guard let path = index.files[number]?.path, let file = try? ManifestFile(path) else {
      return [:]
    }
    var found: [KeyTable.Hash: ClusterObject] = [:]
    do throws(ManifestFile.Fault) {
      try file.read(decoder, invalid: { _, _ in }) { object in
        let hash = KeyTable.hash(of: object.key)
        if hashes.contains(hash) { found[hash] = object }
      }
    } catch {
      // Reading the file for its own change says what is wrong with it.
      return [:]
    }
    return found
  }
}

extension ObjectKey {
  /// `Service default/web`, for messages.
  var title: String {
    switch kind {
    case .service: "Service \(id.namespace)/\(id.name)"
    case .slice: "EndpointSlice \(id.namespace)/\(id.name)"
    case .endpoints: "Endpoints \(id.namespace)/\(id.name)"
    case .namespace: "Namespace \(id.name)"
    case .pod: "Pod \(id.namespace)/\(id.name)"
    }
  }
}
