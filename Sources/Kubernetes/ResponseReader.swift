internal import Documents

/// Reads the items of a list as they come, and what the list says of itself.
struct ListReader {
  /// etcd takes objects of 1.5 MiB; parsing takes fifteen times the text.
  static let mostItemOctets = 8 << 20

  private var cutter = ItemCutter(itemLimit: Self.mostItemOctets)
  private let reader = JSONReader()
  /// The ResourceVersion of the list; known by its end.
  private(set) var version: ResourceVersion?
  /// Where the next page begins; nil for the last.
  private(set) var continuation: String?

  /// Hands out each item that ends in these octets.
  ///
  /// - Throws: ``DocumentError`` where they are no list.
  mutating func read(
    _ octets: RawSpan, _ take: (Value) -> Void
  ) throws(DocumentError) {
    var list = (version, continuation)
    try cutter.cut(octets) { [reader] (piece, text, place) throws(DocumentError) in
      let value = try reader.read(text, at: place).root
      switch piece {
      case .item: take(value)
      case .listStart: break
      case .listEnd, .object:
        // An empty list may come without `items`.
        list.0 = ResourceVersion(of: value)
        let text = value["metadata"]?["continue"]?.string
        list.1 = text?.isEmpty == true ? nil : text
      }
    }
    (version, continuation) = list
  }
}

/// An event of a watch (Kubernetes API concepts, "Efficient detection of changes").
struct WatchEvent {
  enum Kind {
    case added, modified, deleted, bookmark, error
  }

  var kind: Kind
  var object: Value

  init?(_ value: Value) {
    guard let type = value["type"], let object = value["object"] else { return nil }
    switch type {
    case _ where type.isString("ADDED"): kind = .added
    case _ where type.isString("MODIFIED"): kind = .modified
    case _ where type.isString("DELETED"): kind = .deleted
    case _ where type.isString("BOOKMARK"): kind = .bookmark
    case _ where type.isString("ERROR"): kind = .error
    default: return nil
    }
    self.object = object
  }

  /// Whether it is the bookmark behind the objects that there were at the beginning.
  var endsInitialEvents: Bool {
    kind == .bookmark
      && object["metadata"]?["annotations"]?["k8s.io/initial-events-end"]?.isString("true") == true
  }
}

/// Cuts the stream of a watch into events; one may begin and end in any chunk.
struct EventReader {
  private var cutter = ItemCutter(itemLimit: ListReader.mostItemOctets)
  private let reader = JSONReader()

  /// Hands out each event that ends in these octets.
  ///
  /// - Throws: ``DocumentError`` where they are no events.
  mutating func read(
    _ octets: RawSpan, _ take: (WatchEvent) -> Void
  ) throws(DocumentError) {
    try cutter.cut(octets) { [reader] (_, text, place) throws(DocumentError) in
      guard let event = WatchEvent(try reader.read(text, at: place).root) else {
        throw DocumentError(place: place, message: "not an event of a watch")
      }
      take(event)
    }
  }
}
