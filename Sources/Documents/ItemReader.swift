/// What a stream of manifests or API objects is cut into.
public enum Piece: Hashable, Sendable {
  /// A whole top-level object without an array `items`.
  case object
  /// The object so far, its `items` empty: `kind` may be in it, or still come.
  case listStart
  /// An element of `items`.
  case item
  /// The whole object, its `items` empty.
  case listEnd
}

/// Reads a stream of JSON objects or YAML documents object by object, lists element by element;
/// it never holds more than one element and one chunk.
public enum ItemReader {
  public enum Format: Hashable, Sendable {
    case json, yaml
  }

  /// Hands out every piece with its place, in the order of the text.
  ///
  /// - Parameters:
  ///   - nextChunk: gives the octets that follow, in pieces of any size; empty at the end.
  ///   - take: the document is not kept for the caller: holding it costs the next its own memory.
  /// - Throws: ``DocumentError`` for a text that is not of the format or passes a limit, or what
  ///   `take` throws; the pieces before it have been handed out.
  public static func read(
    _ format: Format, _ nextChunk: @escaping () -> [UInt8],
    _ take: (Piece, Document, Place) throws(DocumentError) -> Void
  ) throws(DocumentError) {
    switch format {
    case .json: try readJSON(nextChunk, take)
    case .yaml:
      var reader = try YAMLReader(nextChunk)
      try reader.read(take)
    }
  }

  private static func readJSON(
    _ nextChunk: () -> [UInt8],
    _ take: (Piece, Document, Place) throws(DocumentError) -> Void
  ) throws(DocumentError) {
    var cutter = ItemCutter()
    let reader = JSONReader()
    while true {
      let chunk = nextChunk()
      guard !chunk.isEmpty else { break }
      try unsafe cutter.cut(chunk.span.bytes) { (piece, text, place) throws(DocumentError) in
        try take(piece, try reader.read(text, at: place), place)
      }
    }
    try cutter.finish()
  }
}
