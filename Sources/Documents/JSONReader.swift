internal import CSimdjson
internal import Glibc

/// Parses JSON texts one after the other, reusing simdjson's buffers where the last document is
/// no longer held.
public final class JSONReader {
  private var document: Document?
  private var lastLength = 0

  /// A parser that has grown past this is given back: one large item must not cost its fifteenfold
  /// for good.
  static let keptTextOctets = 1 << 20

  public init() {}

  /// Parses `text`, which is exactly one JSON value.
  ///
  /// - Parameter place: where the text begins, for the error's place.
  /// - Throws: ``DocumentError`` where the text is not JSON (RFC 8259), not UTF-8, or nested
  ///   deeper than 512.
  public func read(_ text: RawSpan, at place: Place = .start) throws(DocumentError) -> Document {
    let parser: SimdjsonParser
    if isKnownUniquelyReferenced(&document), lastLength <= Self.keptTextOctets,
      let kept = document?.storage as? SimdjsonParser
    {
      parser = kept
    } else {
      document = nil
      guard let made = SimdjsonParser() else { throw outOfMemory(place) }
      parser = made
    }
    lastLength = text.byteCount
    document = nil
    if let failure = parser.parse(text) {
      throw DocumentError(
        place: JSONFault.place(of: failure.offset, in: text, from: place), message: failure.message)
    }
    let new = parser.document()
    document = new
    return new
  }

  private func outOfMemory(_ place: Place) -> DocumentError {
    DocumentError(place: place, message: "out of memory")
  }
}

/// Owns a simdjson parser with its tape and strings.
@safe private final class SimdjsonParser {
  private let parser: OpaquePointer

  init?() {
    guard let parser = unsafe csimdjson_create() else { return nil }
    unsafe self.parser = parser
  }

  deinit {
    unsafe csimdjson_free(parser)
  }

  func parse(_ text: RawSpan) -> (message: String, offset: Int?)? {
    let count = text.byteCount
    guard let room = unsafe csimdjson_buffer(parser, count) else { return ("out of memory", nil) }
    // SAFETY: the buffer has room for `count` octets.
    unsafe text.withUnsafeBytes { octets in
      if let start = octets.baseAddress { unsafe memcpy(room, start, count) }
    }
    let error = unsafe csimdjson_parse(parser, count)
    guard error != 0 else { return nil }
    if error == CSIMDJSON_OUT_OF_MEMORY { return ("out of memory", nil) }
    let offset = unsafe csimdjson_error_offset(parser, count)
    return (JSONFault.message(error), (0..<count).contains(offset) ? offset : nil)
  }

  func document() -> Document {
    unsafe Document(
      unsafeTape: csimdjson_tape(parser), strings: csimdjson_strings(parser), storage: self)
  }
}

/// What is wrong with a text that simdjson refused, and where.
private enum JSONFault {
  static func message(_ error: Int32) -> String {
    let text = unsafe String(cString: csimdjson_message(error))
    // Some have their code first (`TAPE_ERROR: `); sentences after the first are hints for callers.
    var afterCode = text[...]
    if let colon = text.firstIndex(of: ":"), !text[..<colon].contains(where: \.isLowercase) {
      afterCode = text[colon...].dropFirst(2)
    }
    return String(afterCode.prefix { $0 != "." && $0 != "\n" })
  }

  /// The place of `offset`; where simdjson cannot say one, of the first octet that is not UTF-8 or
  /// that no string may hold, or else of the text's beginning.
  static func place(of offset: Int?, in text: RawSpan, from start: Place) -> Place {
    let octets = unsafe text.withUnsafeBytes { unsafe [UInt8]($0) }
    var counter = PlaceCounter(start)
    counter.advance(
      over: text.extracting(0..<(offset ?? notUTF8(octets) ?? control(octets) ?? 0)))
    return counter.place
  }

  private static func notUTF8(_ octets: [UInt8]) -> Int? {
    do {
      _ = try UTF8Span(validating: octets.span)
      return nil
    } catch {
      return error.byteOffsets.lowerBound
    }
  }

  private static func control(_ octets: [UInt8]) -> Int? {
    var inString = false
    var escaped = false
    for (index, octet) in octets.enumerated() {
      if inString, octet < 0x20 { return index }
      if octet == UInt8(ascii: "\""), !escaped { inString.toggle() }
      escaped = inString && !escaped && octet == UInt8(ascii: "\\")
    }
    return nil
  }
}
