/// Cuts a stream of JSON into the pieces worth parsing on their own, so that a dump of 100 MB is
/// never held: each top-level object, or where that has an array `items`, each of its elements.
///
/// It knows strings, escapes and depth, and the punctuation around the items; what is inside a
/// piece is the parser's to judge. A piece may begin and end in any chunk.
public struct ItemCutter {
  /// Deeper nesting is refused; the same as the parser's limit.
  public static let maximumDepth = 512
  /// A longer item (or object without `items`) is refused. The API server takes objects of some
  /// 3 MiB; a nested list may be larger.
  public static let maximumItemOctets = 64 << 20

  /// What may come next where no token is under way.
  private enum Expected {
    case document
    case keyOrEnd, key, colon, value, commaOrEnd
    case elementOrEnd, element, commaOrItemsEnd
  }

  /// The token under way.
  private enum Token {
    case none, key, string, scalar, container
  }

  private var expected = Expected.document
  private var token = Token.none
  private var scanner = ContainerScanner()
  /// The key being read: its length and first octets.
  private var keyLength = 0
  private var keyOctets: UInt64 = 0
  private var isList = false
  /// The object's text so far without its items, and the item's: what earlier chunks held of them.
  private var heldDocument: [UInt8] = []
  private var heldItem: [UInt8] = []
  private var places = PlaceCounter()
  private var documentPlace = Place.start
  private var itemPlace = Place.start
  /// Octets of earlier chunks.
  private var passed = 0

  private let itemLimit: Int

  /// - Parameter itemLimit: octets of an item, or of an object without `items`; above it is refused.
  public init(itemLimit: Int = ItemCutter.maximumItemOctets) {
    self.itemLimit = itemLimit
  }

  /// Where the reading stands.
  public var place: Place { places.place }

  /// Takes the next octets of the stream and hands out the pieces that end in them, in order,
  /// each with the place where it begins.
  ///
  /// - Throws: ``DocumentError`` where the punctuation is wrong or a limit is passed, or what
  ///   `take` throws. The cutter is of no use afterwards.
  public mutating func cut(
    _ chunk: RawSpan, _ take: (Piece, RawSpan, Place) throws(DocumentError) -> Void
  ) throws(DocumentError) {
    var walk = Walk(count: chunk.byteCount, isInItems: isInItems)
    while walk.at < walk.count {
      if token == .none {
        try step(chunk, &walk, take)
      } else if skipToken(chunk, &walk) {
        try endToken(chunk, &walk, take)
      } else if scanner.isTooDeep {
        throw error("nested deeper than \(Self.maximumDepth)", chunk, walk)
      }
    }
    try keep(chunk, &walk)
  }

  /// Says that the stream has ended.
  ///
  /// - Throws: ``DocumentError`` where it ends within an object, as a half-written file does.
  public func finish() throws(DocumentError) {
    guard expected != .document || token != .none else { return }
    throw DocumentError(place: place, message: "the text ends inside an object")
  }

  private var isInItems: Bool {
    switch expected {
    case .elementOrEnd, .element, .commaOrItemsEnd: true
    default: false
    }
  }

  /// The state of going through one chunk.
  private struct Walk {
    var at = 0
    let count: Int
    /// Where the octets of the document (nil: inside its items) and of the item begin that are
    /// not yet held.
    var documentFrom: Int?
    var itemFrom = 0
    /// Up to here lines and columns are counted.
    var counted = 0

    init(count: Int, isInItems: Bool) {
      self.count = count
      documentFrom = isInItems ? nil : 0
    }
  }
}

// MARK: - Between tokens

extension ItemCutter {
  private mutating func step(
    _ chunk: RawSpan, _ walk: inout Walk,
    _ take: (Piece, RawSpan, Place) throws(DocumentError) -> Void
  ) throws(DocumentError) {
    let octet = chunk[octet: walk.at]
    switch (expected, octet) {
    case (_, 0x20), (_, 0x0A), (_, 0x0D), (_, 0x09):
      break
    case (.document, UInt8(ascii: "{")):
      documentPlace = place(walk.at, chunk, &walk)
      walk.documentFrom = walk.at
      isList = false
      expected = .keyOrEnd
    case (.document, _) where isByteOrderMark(octet, at: passed + walk.at):
      break
    case (.keyOrEnd, UInt8(ascii: "\"")), (.key, UInt8(ascii: "\"")):
      token = .key
      keyLength = 0
      keyOctets = 0
    case (.colon, UInt8(ascii: ":")):
      expected = .value
    case (.value, UInt8(ascii: "[")) where keyIsItems:
      walk.at += 1
      try startItems(chunk, &walk, take)
      return
    case (.commaOrEnd, UInt8(ascii: ",")):
      expected = .key
    case (.keyOrEnd, UInt8(ascii: "}")), (.commaOrEnd, UInt8(ascii: "}")):
      walk.at += 1
      try endDocument(chunk, &walk, take)
      return
    case (.commaOrItemsEnd, UInt8(ascii: ",")):
      expected = .element
    case (.elementOrEnd, UInt8(ascii: "]")), (.commaOrItemsEnd, UInt8(ascii: "]")):
      expected = .commaOrEnd
      walk.documentFrom = walk.at
    case (.value, _), (.element, _), (.elementOrEnd, _):
      guard let started = start(octet) else { throw unexpected(octet, chunk, walk) }
      token = started
      if expected != .value {
        itemPlace = place(walk.at, chunk, &walk)
        walk.itemFrom = walk.at
      }
    default:
      throw unexpected(octet, chunk, walk)
    }
    walk.at += 1
  }

  /// The token that begins with an octet; nil for one that begins none.
  private mutating func start(_ octet: UInt8) -> Token? {
    switch octet {
    case UInt8(ascii: "\""):
      scanner = ContainerScanner(depth: 0, isInString: true)
      return .string
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      scanner = ContainerScanner(depth: 1, isInString: false)
      return .container
    case UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: ":"):
      return nil
    default:
      return .scalar
    }
  }

  /// "items"
  private var keyIsItems: Bool { keyLength == 5 && keyOctets == 0x69_7465_6D73 }

  private func isByteOrderMark(_ octet: UInt8, at offset: Int) -> Bool {
    switch offset {
    case 0: octet == 0xEF
    case 1: octet == 0xBB
    case 2: octet == 0xBF
    default: false
    }
  }

  private mutating func startItems(
    _ chunk: RawSpan, _ walk: inout Walk,
    _ take: (Piece, RawSpan, Place) throws(DocumentError) -> Void
  ) throws(DocumentError) {
    try hold(&heldDocument, chunk, walk.documentFrom ?? walk.at, walk)
    walk.documentFrom = nil
    expected = .elementOrEnd
    isList = true
    let closing = Array("]}".utf8)
    heldDocument += closing
    try unsafe take(.listStart, heldDocument.span.bytes, documentPlace)
    heldDocument.removeLast(closing.count)
  }

  private mutating func endDocument(
    _ chunk: RawSpan, _ walk: inout Walk,
    _ take: (Piece, RawSpan, Place) throws(DocumentError) -> Void
  ) throws(DocumentError) {
    let from = walk.documentFrom ?? walk.at
    expected = .document
    if heldDocument.isEmpty {
      try take(.object, chunk.extracting(from..<walk.at), documentPlace)
      return
    }
    try hold(&heldDocument, chunk, from, walk)
    try unsafe take(isList ? .listEnd : .object, heldDocument.span.bytes, documentPlace)
    heldDocument.removeAll(keepingCapacity: heldDocument.count <= Self.keptOctets)
  }

  /// Buffers that have grown past this are given back.
  private static let keptOctets = 1 << 20
}

// MARK: - Inside tokens

extension ItemCutter {
  /// Goes on through the token; false where it does not end in this chunk.
  private mutating func skipToken(_ chunk: RawSpan, _ walk: inout Walk) -> Bool {
    switch token {
    case .none: return true
    case .key: return skipKey(chunk, &walk)
    case .scalar: return skipScalar(chunk, &walk)
    case .string, .container: return scanner.skip(chunk, &walk.at)
    }
  }

  private mutating func skipKey(_ chunk: RawSpan, _ walk: inout Walk) -> Bool {
    while walk.at < walk.count {
      let octet = chunk[octet: walk.at]
      walk.at += 1
      if scanner.isEscaped {
        scanner.isEscaped = false
      } else if octet == UInt8(ascii: "\\") {
        scanner.isEscaped = true
      } else if octet == UInt8(ascii: "\"") {
        return true
      }
      keyLength += 1
      keyOctets = keyOctets << 8 | UInt64(octet)
    }
    return false
  }

  /// A number or a word ends where something else begins, which is left to be read.
  private func skipScalar(_ chunk: RawSpan, _ walk: inout Walk) -> Bool {
    while walk.at < walk.count {
      switch chunk[octet: walk.at] {
      case 0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"):
        return true
      default: walk.at += 1
      }
    }
    return false
  }

  private mutating func endToken(
    _ chunk: RawSpan, _ walk: inout Walk,
    _ take: (Piece, RawSpan, Place) throws(DocumentError) -> Void
  ) throws(DocumentError) {
    let ended = token
    token = .none
    if ended == .key {
      expected = .colon
      return
    }
    guard isInItems else {
      expected = .commaOrEnd
      return
    }
    expected = .commaOrItemsEnd
    if heldItem.isEmpty {
      try take(.item, chunk.extracting(walk.itemFrom..<walk.at), itemPlace)
      return
    }
    try hold(&heldItem, chunk, walk.itemFrom, walk)
    try unsafe take(.item, heldItem.span.bytes, itemPlace)
    heldItem.removeAll(keepingCapacity: heldItem.count <= Self.keptOctets)
  }
}

// MARK: - Chunk borders and places

extension ItemCutter {
  /// Keeps what the next chunks complete.
  private mutating func keep(_ chunk: RawSpan, _ walk: inout Walk) throws(DocumentError) {
    if isInItems {
      if token != .none { try hold(&heldItem, chunk, walk.itemFrom, walk) }
    } else if expected != .document, let from = walk.documentFrom {
      try hold(&heldDocument, chunk, from, walk)
    }
    _ = place(walk.count, chunk, &walk)
    passed += walk.count
  }

  private func hold(
    _ held: inout [UInt8], _ chunk: RawSpan, _ from: Int, _ walk: Walk
  ) throws(DocumentError) {
    guard held.count + walk.at - from <= itemLimit else {
      throw error("an object larger than \(itemLimit >> 20) MiB", chunk, walk)
    }
    unsafe chunk.extracting(from..<walk.at).withUnsafeBytes { unsafe held.append(contentsOf: $0) }
  }

  private mutating func place(_ at: Int, _ chunk: RawSpan, _ walk: inout Walk) -> Place {
    places.advance(over: chunk.extracting(walk.counted..<at))
    walk.counted = at
    return places.place
  }

  private func error(_ message: String, _ chunk: RawSpan, _ walk: Walk) -> DocumentError {
    var places = places
    places.advance(over: chunk.extracting(walk.counted..<walk.at))
    return DocumentError(place: places.place, message: message)
  }

  private func unexpected(_ octet: UInt8, _ chunk: RawSpan, _ walk: Walk) -> DocumentError {
    let wanted =
      switch expected {
      case .document: "'{'"
      case .keyOrEnd: "a key or '}'"
      case .key: "a key"
      case .colon: "':'"
      case .value: "a value"
      case .commaOrEnd: "',' or '}'"
      case .elementOrEnd: "a value or ']'"
      case .element: "a value"
      case .commaOrItemsEnd: "',' or ']'"
      }
    let found =
      (0x21...0x7E).contains(octet)
      ? "'\(Unicode.Scalar(octet))'"
      : "octet 0x" + String(octet >> 4, radix: 16) + String(octet & 15, radix: 16)
    return error("expected \(wanted), found \(found)", chunk, walk)
  }
}
