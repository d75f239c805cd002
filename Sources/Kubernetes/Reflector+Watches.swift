internal import Cluster
internal import Documents

// How the events of a watch change what is known.
extension Reflector {
  /// Takes octets of a watch, or of a streaming list.
  func receiveEvents(_ octets: RawSpan) throws(DocumentError) -> Verdict {
    guard var reader = events else { return .over(nil) }
    events = nil
    var verdict = Verdict.goesOn
    try reader.read(octets) { event in
      if verdict == .goesOn { verdict = receive(event) }
    }
    events = reader
    passOn()
    if verdict != .goesOn { events = nil }
    return verdict
  }

  private func receive(_ event: WatchEvent) -> Verdict {
    eventCount += 1
    switch event.kind {
    case .error: return refuse(event.object)
    case .bookmark: return receiveBookmark(event)
    case .added, .modified, .deleted: break
    }
    errorsInARow = 0
    guard replacement == nil else {
      take(event.object, isGone: event.kind == .deleted)
      return .goesOn
    }
    guard let new = ResourceVersion(of: event.object) else {
      return .over("an event without a resourceVersion")
    }
    if let version, new == version || new.precedes(version) {
      // Given before, or an old state: the stream is behind itself, and something may be missing.
      if new != version { hasDoubt = true }
      return .goesOn
    }
    take(event.object, isGone: event.kind == .deleted)
    version = new
    return .goesOn
  }

  private func receiveBookmark(_ event: WatchEvent) -> Verdict {
    guard let new = ResourceVersion(of: event.object) else { return .goesOn }
    if replacement != nil {
      if event.endsInitialEvents { return takeOver(new) }
      // Before Kubernetes 1.27 servers pass over what they are asked, and just watch; their first
      // bookmark tells, as that of a streaming list is the one at its end.
      stopStreaming()
      return .over(nil)
    }
    errorsInARow = 0
    if let version, new.precedes(version) {
      // What the server knows ends before what was seen of it: its data was set back, and events
      // up to our version would be passed over in silence.
      want(.backwards)
      return .over("the server has gone back from version \(version.text) to \(new.text)")
    }
    version = new
    return .goesOn
  }

  private func refuse(_ status: Value) -> Verdict {
    let code = status["code"]?.integer ?? 0
    let message = status["message"]?.string ?? "an error without a message"
    if code == 410 {
      // Of a first list, too: the server has lost its place in the history.
      want(.expired)
      replacement = nil
      return .over(nil)
    }
    replacement = nil
    noteError()
    return .over("the watch ended with error \(code): \(AccessError.line(message))")
  }

  /// Begins to gather what is deleted, for a comparison.
  func beginComparison() {
    hasDoubt = false
    deletions = []
  }
}
