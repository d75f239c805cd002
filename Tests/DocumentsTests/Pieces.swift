import Documents

/// A piece as a row can state it: `listStart {"kind":"List","items":[]}`.
struct PieceText: Hashable, CustomStringConvertible {
  var piece: Piece
  var text: String
  var place: Place

  var description: String { "\(piece) \(text)" }
}

/// What came out of a text: the pieces, and the error where there was one.
struct Outcome: Hashable {
  var pieces: [PieceText] = []
  var error: DocumentError?

  /// Reads a text with the reader, in chunks of `step` octets.
  static func reading(_ format: ItemReader.Format, _ text: String, step: Int = .max) -> Outcome {
    var outcome = Outcome()
    var rest = Array(text.utf8)[...]
    do {
      try ItemReader.read(format) {
        let chunk = Array(rest.prefix(step))
        rest = rest.dropFirst(chunk.count)
        return chunk
      } _: { (piece, document, place) throws(DocumentError) in
        outcome.pieces.append(
          PieceText(piece: piece, text: document.root.compact, place: place))
      }
    } catch {
      outcome.error = error
    }
    return outcome
  }

  /// Cuts octets with borders that `size` chooses.
  static func cutting(_ octets: [UInt8], _ size: () -> Int) -> Outcome {
    var outcome = Outcome()
    var cutter = ItemCutter()
    var rest = octets[...]
    do {
      while !rest.isEmpty {
        let chunk = Array(rest.prefix(size()))
        rest = rest.dropFirst(chunk.count)
        try unsafe cutter.cut(chunk.span.bytes) { (piece, text, place) throws(DocumentError) in
          let text = unsafe text.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
          outcome.pieces.append(PieceText(piece: piece, text: text, place: place))
        }
      }
      try cutter.finish()
    } catch {
      outcome.error = error
    }
    return outcome
  }
}

extension Value {
  /// Compact JSON, so that rows can be compared.
  var compact: String {
    switch kind {
    case .object:
      "{" + members.map { "\($0.key.compact):\($0.value.compact)" }.joined(separator: ",") + "}"
    case .array: "[" + elements.map(\.compact).joined(separator: ",") + "]"
    case .string: "\"" + (string ?? "") + "\""
    case .number: integer.map(String.init) ?? double.map { "\($0)" } ?? "?"
    case .boolean: boolean == true ? "true" : "false"
    case .null: "null"
    }
  }
}

/// SplitMix64, so that a seed tells the whole run.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
