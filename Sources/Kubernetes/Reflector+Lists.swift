internal import Cluster
internal import Documents

// How a list takes the place of what is known.
extension Reflector {
  /// Takes octets of a page.
  func receiveList(_ octets: RawSpan) throws(DocumentError) {
    guard var reader = list else { return }
    list = nil
    try reader.read(octets) { take($0, isGone: false) }
    list = reader
    passOn()
  }

  /// Takes an object as it is now.
  func take(_ value: Value, isGone: Bool) {
    do throws(ObjectError) {
      if isGone {
        delete(try key(of: value), value)
        return
      }
      switch try decoder.decode(value, type: resource.type) {
      case .object(let object):
        note(object.key, value)
        changes.append(.upsert(object))
        if replacement == nil, case .slice(let slice) = object { noteTrigger(value, slice) }
      case .passedOver, .kindMissing:
        // It may have been one for DNS before.
        let key = try key(of: value)
        note(key, value)
        changes.append(.delete(key))
      }
    } catch {
      if let key = error.key { note(key, value) }
      if isNews(error.key) { warn("passed over: \(AccessError.line(error.description))") }
    }
  }

  /// Invalid objects that are named in the log, each once; and as many without a name.
  private static let mostNamedInvalid = 100

  private func isNews(_ key: ObjectKey?) -> Bool {
    guard let key else {
      namelessCount += 1
      return namelessCount <= Self.mostNamedInvalid
    }
    return invalid.count < Self.mostNamedInvalid && invalid.insert(key).inserted
  }

  private func key(of value: Value) throws(ObjectError) -> ObjectKey {
    try Metadata(value, resource.kind, resource.type).key
  }

  private func note(_ key: ObjectKey, _ value: Value) {
    let state = ObjectState(of: value)
    if replacement != nil {
      replacement?.states[key.hashValue] = state
    } else {
      states[key.hashValue] = state
    }
  }

  private func delete(_ key: ObjectKey, _ value: Value) {
    if replacement != nil {
      replacement?.states[key.hashValue] = nil
    } else {
      states[key.hashValue] = nil
      if deletions.count < Self.mostDeletions { deletions.insert(key.hashValue) }
    }
    changes.append(.delete(key))
  }

  /// Deletions that are remembered for a comparison; one more may look like a difference, and what
  /// that costs is a list.
  private static let mostDeletions = 100_000

  private func noteTrigger(_ value: Value, _ slice: EndpointSlice) {
    let annotations = value["metadata"]?["annotations"]
    let text = annotations?["endpoints.kubernetes.io/last-change-trigger-time"]?.string
    if let time = text.flatMap(Timestamp.readPrecisely) { triggers.append((time, slice)) }
  }

  /// Hands on what has been read.
  func passOn() {
    guard !changes.isEmpty else { return }
    let isPart = replacement != nil && (isSynchronized || holdsFirstList)
    if isPart {
      sink.hold(changes)
    } else {
      sink.apply(changes)
      for (time, slice) in triggers { sink.noteTrigger(time, of: slice) }
    }
    changes.removeAll(keepingCapacity: changes.count < 1_000)
    triggers.removeAll()
  }

  /// What the list does not have is gone; answers change over to it at once.
  func takeOver(_ version: ResourceVersion) -> Verdict {
    guard let replacement else { return .over(nil) }
    passOn()
    var gone: [ObjectChange] = []
    for key in sink.keys(of: resource.kind, in: resource.namespace)
    where resource.covers(key) && replacement.states[key.hashValue] == nil {
      gone.append(.delete(key))
    }
    sink.hold(gone)
    states = replacement.states
    self.version = version
    self.replacement = nil
    listReason = nil
    isSynchronized = true
    hasDoubt = false
    deletions = []
    errorsInARow = 0
    completed = replacement.reason
    // Whoever hears of it may ask whether this was the last that was missing.
    sink.release(resource.kind)
    return .goesOn
  }

  /// Why a list was needed that has been taken over since the last call; nil: none was.
  func takeCompleted() -> ListReason? {
    defer { completed = nil }
    return completed
  }
}
