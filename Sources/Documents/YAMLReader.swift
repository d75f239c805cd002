/// Reads a stream of YAML documents as ``Piece``s: the elements of a top-level `items` one by one,
/// so that a long list is never held.
///
/// Aliases are followed, up to a limit; merge keys (`<<`) count in ``Value/subscript(_:)``; keys
/// are strings, whatever they look like. Of equal keys the last counts.
struct YAMLReader {
  /// Octets that anchored nodes and their copies may take in one document: no manifest comes near,
  /// and a few lines of nested aliases would otherwise fill the memory.
  static let maximumAliasOctets = 16 << 20

  private let parser: YAMLParser
  private var document = TapeBuilder()
  private var item = TapeBuilder()
  /// The open containers, outermost first.
  private var open: [Container] = []
  private var isList = false
  private var documentPlace = Place.start
  private var itemPlace = Place.start
  private var anchors = YAMLAnchors()

  private struct Container {
    let isMapping: Bool
    /// Whether the next node of a mapping is a key.
    var expectsKey = true
    /// Whether the key read last is `items`.
    var isAtItems = false
    /// Whether this is the list's array of items.
    var holdsItems = false
  }

  /// - Parameter nextChunk: gives the octets that follow; empty at the end.
  init(_ nextChunk: @escaping () -> [UInt8]) throws(DocumentError) {
    parser = try YAMLParser(nextChunk)
  }

  /// Hands out every piece of the stream in order.
  mutating func read(
    _ take: (Piece, Document, Place) throws(DocumentError) -> Void
  ) throws(DocumentError) {
    while true {
      let (event, place) = try parser.next()
      switch event {
      case .streamEnd:
        return
      case .documentStart:
        document = TapeBuilder()
        anchors = YAMLAnchors()
        isList = false
        documentPlace = place
      case .documentEnd:
        let whole = document.document()
        if !whole.root.isNull { try take(isList ? .listEnd : .object, whole, documentPlace) }
      case .alias(let name):
        for node in try anchors.expand(name, place) { try write(node, place, take) }
      case .node(let node, let anchor):
        try anchors.record(node, anchor, place)
        try write(node, place, take)
      }
    }
  }

  private mutating func write(
    _ node: YAMLNode, _ place: Place, _ take: (Piece, Document, Place) throws(DocumentError) -> Void
  ) throws(DocumentError) {
    let isItem = open.last?.holdsItems == true && node != .end
    if isItem {
      item = TapeBuilder()
      itemPlace = place
    }
    if open.isEmpty { documentPlace = place }
    switch node {
    case .scalar(let octets, let isPlain): try scalar(octets, isPlain, place)
    case .sequence: try start(isMapping: false, place, take)
    case .mapping: try start(isMapping: true, place, take)
    case .end:
      open.removeLast()
      build { $0.endContainer() }
    }
    if open.last?.holdsItems == true, item.isComplete {
      try take(.item, item.document(), itemPlace)
      item = TapeBuilder()
    }
    guard document.octetCount <= ItemCutter.maximumItemOctets,
      item.octetCount <= ItemCutter.maximumItemOctets
    else {
      throw DocumentError(
        place: place, message: "an object larger than \(ItemCutter.maximumItemOctets >> 20) MiB")
    }
  }

  private mutating func start(
    isMapping: Bool, _ place: Place,
    _ take: (Piece, Document, Place) throws(DocumentError) -> Void
  ) throws(DocumentError) {
    guard open.count < ItemCutter.maximumDepth else {
      throw DocumentError(
        place: place, message: "nested deeper than \(ItemCutter.maximumDepth)")
    }
    let isItems = open.count == 1 && open[0].isAtItems && !open[0].expectsKey && !isMapping
    _ = try passKey(nil, place)
    build { isMapping ? $0.startObject() : $0.startArray() }
    open.append(Container(isMapping: isMapping, holdsItems: isItems))
    if isItems {
      isList = true
      try take(.listStart, document.document(), documentPlace)
    }
  }

  private mutating func scalar(
    _ octets: [UInt8], _ isPlain: Bool, _ place: Place
  ) throws(DocumentError) {
    let isKey = try passKey(octets, place)
    build { builder in
      guard isPlain, !isKey else {
        if isKey, isPlain, octets == Array("<<".utf8) { builder.hasMergeKeys = true }
        builder.string(octets)
        return
      }
      switch YAMLScalar(plain: octets) {
      case .null: builder.null()
      case .boolean(let value): builder.boolean(value)
      case .integer(let value): builder.integer(value)
      case .unsigned(let value): builder.unsigned(value)
      case .double(let value): builder.double(value)
      case .string: builder.string(octets)
      }
    }
  }

  /// Takes a node as key or value of the mapping around it; `octets` is nil for a container.
  private mutating func passKey(_ octets: [UInt8]?, _ place: Place) throws(DocumentError) -> Bool {
    guard let last = open.indices.last, open[last].isMapping else { return false }
    let isKey = open[last].expectsKey
    open[last].expectsKey.toggle()
    guard isKey else { return false }
    guard let octets else {
      throw DocumentError(place: place, message: "a key must be a string")
    }
    open[last].isAtItems = octets == Array("items".utf8)
    return true
  }

  private mutating func build(_ body: (inout TapeBuilder) -> Void) {
    if open.count >= 2, open[1].holdsItems { body(&item) } else { body(&document) }
  }
}

// MARK: - Anchors

/// The anchored nodes of one document, for their aliases.
private struct YAMLAnchors {
  private var nodes: [String: [YAMLNode]] = [:]
  /// Anchored nodes whose end has not come, each with its depth.
  private var recording: [(name: String, depth: Int, nodes: [YAMLNode])] = []
  private var octets = 0

  /// Notes a node of the text.
  mutating func record(
    _ node: YAMLNode, _ anchor: String?, _ place: Place
  ) throws(DocumentError) {
    if let anchor { recording.append((anchor, 0, [])) }
    guard !recording.isEmpty else { return }
    for index in recording.indices {
      try spend(node, place)
      recording[index].nodes.append(node)
      recording[index].depth += node.depthChange
    }
    while let last = recording.last, last.depth == 0 {
      nodes[last.name] = last.nodes
      recording.removeLast()
    }
  }

  /// The nodes an alias stands for, which count as nodes of the text.
  mutating func expand(_ name: String, _ place: Place) throws(DocumentError) -> [YAMLNode] {
    guard let copy = nodes[name] else {
      throw DocumentError(place: place, message: "unknown anchor '\(name)'")
    }
    for node in copy {
      try spend(node, place)
      try record(node, nil, place)
    }
    return copy
  }

  private mutating func spend(_ node: YAMLNode, _ place: Place) throws(DocumentError) {
    octets += node.octetCount
    guard octets <= YAMLReader.maximumAliasOctets else {
      throw DocumentError(place: place, message: "anchors and aliases make too much of the text")
    }
  }
}

extension YAMLNode {
  fileprivate var depthChange: Int {
    switch self {
    case .scalar: 0
    case .sequence, .mapping: 1
    case .end: -1
    }
  }

  /// About what it takes in memory.
  fileprivate var octetCount: Int {
    if case .scalar(let octets, _) = self { 64 + octets.count } else { 32 }
  }
}
