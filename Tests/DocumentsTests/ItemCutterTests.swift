import Documents
import Testing

@Suite struct ItemCutterTests {
  @Test(arguments: 0..<200 as Range<UInt64>)
  func `pieces are what the text was made of, wherever chunks end`(seed: UInt64) {
    var random = Seeded(state: seed)
    var text = Text()
    var expected: [PieceText] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      expected += text.appendDocument(&random)
    }
    let octets = Array(text.text.utf8)
    for most in [1, 3, 9, 64, octets.count] {
      let outcome = Outcome.cutting(octets) { Int.random(in: 1...most, using: &random) }
      #expect(outcome == Outcome(pieces: expected), "seed \(seed), text \(text.text)")
    }
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func `broken texts end alike wherever chunks end`(seed: UInt64) {
    var random = Seeded(state: seed)
    var text = Text()
    _ = text.appendDocument(&random)
    var octets = Array(text.text.utf8)
    let alphabet = Array("{}[]\",:\\ \nitems1".utf8)
    if seed % 3 == 0 {
      octets = (0..<200).map { _ in
        seed % 2 == 0
          ? alphabet.randomElement(using: &random)! : .random(in: 0...255, using: &random)
      }
    } else {
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        octets[Int.random(in: octets.indices, using: &random)] =
          alphabet.randomElement(using: &random)!
      }
    }
    let whole = Outcome.cutting(octets) { octets.count }
    for most in [1, 5, 40] {
      #expect(
        Outcome.cutting(octets) { Int.random(in: 1...most, using: &random) } == whole,
        "seed \(seed)")
    }
    // Whatever the cutter lets through, the parser must bear.
    for piece in whole.pieces {
      _ = try? unsafe JSONReader().read(Array(piece.text.utf8).span.bytes)
    }
  }

  @Test func `an item has a limit`() {
    var cutter = ItemCutter()
    let chunk = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
    let start = Array(#"{"items":["#.utf8) + [UInt8(ascii: "\"")]
    #expect(throws: DocumentError.self) {
      try unsafe cutter.cut(start.span.bytes) { _, _, _ in }
      for _ in 0...(ItemCutter.maximumItemOctets >> 20) {
        try unsafe cutter.cut(chunk.span.bytes) { _, _, _ in }
      }
    }
  }
}

/// Writes random JSON and knows where everything in it is.
private struct Text {
  var text = ""

  private var place: Place {
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    return Place(line: lines.count, column: lines.last!.count + 1)
  }

  private mutating func space(_ random: inout Seeded) {
    text += ["", "", " ", "\n", " \t", "\n  ", "\r\n"].randomElement(using: &random)!
  }

  private func value(_ random: inout Seeded, depth: Int) -> String {
    func list(_ one: (inout Seeded) -> String) -> String {
      (0..<Int.random(in: 0...4, using: &random)).map { _ in one(&random) }.joined(separator: ",")
    }
    switch Int.random(in: 0..<(depth > 3 ? 3 : 5), using: &random) {
    case 0: return ["1", "-2.5e3", "true", "null"].randomElement(using: &random)!
    case 1, 2: return string(&random)
    case 3: return "[" + list { value(&$0, depth: depth + 1) } + "]"
    default: return "{" + list { string(&$0) + ": " + value(&$0, depth: depth + 1) } + "}"
    }
  }

  private func string(_ random: inout Seeded) -> String {
    let parts = [
      "a", "items", "\\\"", "\\\\", "]", "}", "{", "[", ",", "é", "y_Y", "\\u0022", "        ",
    ]
    let count = Int.random(in: 0...6, using: &random)
    return "\"" + (0..<count).map { _ in parts.randomElement(using: &random)! }.joined() + "\""
  }

  /// Appends a document; its pieces.
  mutating func appendDocument(_ random: inout Seeded) -> [PieceText] {
    space(&random)
    var pieces: [PieceText] = []
    let isList = Bool.random(using: &random)
    let start = place
    let from = text.endIndex
    var envelope = ""
    var mark = from
    text += "{"
    let count = Int.random(in: 0...3, using: &random)
    let itemsAt = isList ? Int.random(in: 0...count, using: &random) : -1
    let last = isList ? count : count - 1
    for index in stride(from: 0, through: last, by: 1) {
      space(&random)
      if index == itemsAt {
        text += "\"items\""
        space(&random)
        text += ":"
        space(&random)
        text += "["
        envelope += text[mark...]
        pieces.append(PieceText(piece: .listStart, text: envelope + "]}", place: start))
        appendItems(&random, &pieces)
        mark = text.endIndex
        text += "]"
      } else {
        text += "\"k\(index)" + string(&random).dropFirst()
        space(&random)
        text += ":"
        space(&random)
        text += value(&random, depth: 0)
      }
      space(&random)
      if index < last { text += "," }
    }
    text += "}"
    envelope += text[mark...]
    pieces.append(PieceText(piece: isList ? .listEnd : .object, text: envelope, place: start))
    space(&random)
    return pieces
  }

  private mutating func appendItems(_ random: inout Seeded, _ pieces: inout [PieceText]) {
    let count = Int.random(in: 0...4, using: &random)
    for index in 0..<count {
      space(&random)
      let item = value(&random, depth: 0)
      pieces.append(PieceText(piece: .item, text: item, place: place))
      text += item
      space(&random)
      if index < count - 1 { text += "," }
    }
    space(&random)
  }
}
