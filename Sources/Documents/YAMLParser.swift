internal import CYAML
internal import Glibc

/// A node of a YAML text, without its anchor.
enum YAMLNode: Hashable {
  case scalar([UInt8], isPlain: Bool)
  case sequence
  case mapping
  /// Of a sequence or a mapping.
  case end
}

enum YAMLEvent: Hashable {
  case documentStart
  case documentEnd
  case streamEnd
  case alias(String)
  case node(YAMLNode, anchor: String?)
}

/// libyaml's events as values.
@safe final class YAMLParser {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let source: Source

  /// What libyaml reads from.
  private final class Source {
    private let nextChunk: () -> [UInt8]
    private var rest: ArraySlice<UInt8> = []

    init(_ nextChunk: @escaping () -> [UInt8]) {
      self.nextChunk = nextChunk
    }

    func fill(_ room: UnsafeMutableRawBufferPointer) -> Int {
      if rest.isEmpty { rest = nextChunk()[...] }
      let part = rest.prefix(room.count)
      unsafe room.copyBytes(from: part)
      rest = rest.dropFirst(part.count)
      return part.count
    }
  }

  init(_ nextChunk: @escaping () -> [UInt8]) throws(DocumentError) {
    source = Source(nextChunk)
    unsafe parser = .allocate(capacity: 1)
    guard unsafe yaml_parser_initialize(parser) != 0 else {
      unsafe parser.deallocate()
      throw DocumentError(place: .start, message: "out of memory")
    }
    unsafe yaml_parser_set_encoding(parser, YAML_ANY_ENCODING)
    // SAFETY: `source` lives as long as the parser; libyaml gives room for `size` octets.
    unsafe yaml_parser_set_input(
      parser,
      { context, buffer, size, read in
        let source = unsafe Unmanaged<Source>.fromOpaque(context!).takeUnretainedValue()
        unsafe read!.pointee = source.fill(
          UnsafeMutableRawBufferPointer(start: buffer, count: size))
        return 1
      },
      Unmanaged.passUnretained(source).toOpaque())
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
  }

  /// The next event and where it begins.
  func next() throws(DocumentError) -> (YAMLEvent, Place) {
    while true {
      var event = unsafe yaml_event_t()
      guard unsafe yaml_parser_parse(parser, &event) != 0 else { throw problem() }
      defer { unsafe yaml_event_delete(&event) }
      let mark = unsafe event.start_mark
      let place = Place(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
      if let value = unsafe Self.value(of: event) { return (value, place) }
    }
  }

  /// Nil for what says nothing about the values.
  private static func value(of event: yaml_event_t) -> YAMLEvent? {
    switch unsafe event.type {
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return .streamEnd
    case YAML_ALIAS_EVENT: return .alias(unsafe text(event.data.alias.anchor) ?? "")
    case YAML_SEQUENCE_START_EVENT:
      return .node(.sequence, anchor: unsafe text(event.data.sequence_start.anchor))
    case YAML_MAPPING_START_EVENT:
      return .node(.mapping, anchor: unsafe text(event.data.mapping_start.anchor))
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .node(.end, anchor: nil)
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let octets = unsafe [UInt8](UnsafeBufferPointer(start: scalar.value, count: scalar.length))
      let isPlain = unsafe scalar.plain_implicit != 0 && scalar.style == YAML_PLAIN_SCALAR_STYLE
      return .node(
        .scalar(octets, isPlain: isPlain), anchor: unsafe text(scalar.anchor))
    default: return nil
    }
  }

  private static func text(_ octets: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    guard let octets = unsafe octets else { return nil }
    return unsafe String(cString: octets)
  }

  private func problem() -> DocumentError {
    let problem = unsafe parser.pointee.problem
    let mark = unsafe parser.pointee.problem_mark
    let message =
      if let problem = unsafe problem { unsafe String(cString: problem) } else {
        "out of memory"
      }
    // Octets that are no characters are told by their offset alone; the reading stands near.
    let isReaderError = unsafe parser.pointee.error == YAML_READER_ERROR
    let shown = isReaderError ? unsafe parser.pointee.mark : mark
    return DocumentError(
      place: Place(line: Int(shown.line) + 1, column: Int(shown.column) + 1), message: message)
  }
}
