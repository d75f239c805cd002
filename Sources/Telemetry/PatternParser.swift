/// A pattern as a tree. Groups and greediness leave no trace: only whether it matches is asked.
indirect enum PatternNode {
  case scalar(ScalarSet)
  case assertion(MessagePattern.Assertion)
  case sequence([PatternNode])
  case alternatives([PatternNode])
  /// `most` is nil without an upper end.
  case repeated(PatternNode, least: Int, most: Int?)
}

/// Reads RE2's syntax.
struct PatternParser {
  /// RE2's own limits.
  private static let repetitionLimit = 1000
  /// Groups within groups; each is some calls on the stack.
  private static let depthLimit = 200

  private struct Flags {
    var ignoresCase = false
    var linesEnd = false
    var dotTakesNewline = false
  }

  private let text: String
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var flags = Flags()
  private var depth = 0

  init(_ text: String) {
    self.text = text
    scalars = Array(text.unicodeScalars)
  }

  /// The whole pattern.
  mutating func parse() throws(PatternError) -> PatternNode {
    let node = try alternatives()
    if next != nil { throw failure("unexpected )") }
    return node
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private func failure(_ reason: String) -> PatternError {
    PatternError(pattern: text, reason: "\(reason) at character \(position + 1)")
  }

  /// Passes over `text` where it comes next.
  private mutating func take(_ text: String) -> Bool {
    let wanted = text.unicodeScalars
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  // MARK: - Alternatives, sequences, repetitions

  private mutating func alternatives() throws(PatternError) -> PatternNode {
    var nodes = [try sequence()]
    while take("|") { nodes.append(try sequence()) }
    return nodes.count == 1 ? nodes[0] : .alternatives(nodes)
  }

  private mutating func sequence() throws(PatternError) -> PatternNode {
    var nodes: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      nodes.append(try repetition())
    }
    return .sequence(nodes)
  }

  private mutating func repetition() throws(PatternError) -> PatternNode {
    var node = try atom()
    var count = 0
    while let (least, most) = try quantifier() {
      count += 1
      if count > 1 { throw failure("a repetition of a repetition") }
      _ = take("?")
      node = .repeated(node, least: least, most: most)
    }
    return node
  }

  private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    let start = position
    guard take("{"), let least = number() else {
      // Braces without a count stand for themselves.
      position = start
      return nil
    }
    var most: Int? = least
    if take(",") { most = number() }
    guard take("}") else {
      position = start
      return nil
    }
    guard least <= most ?? least, max(least, most ?? 0) <= Self.repetitionLimit else {
      throw failure("an impossible count of repetitions")
    }
    return (least, most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let scalar = next, ("0"..."9").contains(scalar) {
      value = min((value ?? 0) * 10 + Int(scalar.value - 48), Self.repetitionLimit + 1)
      position += 1
    }
    return value
  }

  // MARK: - Atoms

  private mutating func atom() throws(PatternError) -> PatternNode {
    guard let scalar = next else { throw failure("an end") }
    switch scalar {
    case "(": return try group()
    case "[": return .scalar(folded(try characterClass()))
    case "\\": return try escape()
    case "*", "+", "?": throw failure("nothing to repeat")
    default: position += 1
    }
    switch scalar {
    case ".": return .scalar(flags.dotTakesNewline ? .everything : ScalarSet([10...10]).inverted)
    case "^": return .assertion(flags.linesEnd ? .lineStart : .textStart)
    case "$": return .assertion(flags.linesEnd ? .lineEnd : .textEnd)
    default: return literal(scalar)
    }
  }

  private func literal(_ scalar: Unicode.Scalar) -> PatternNode {
    .scalar(folded(ScalarSet([scalar.value...scalar.value])))
  }

  private func folded(_ set: ScalarSet) -> ScalarSet {
    flags.ignoresCase ? set.caseFolded : set
  }

  private mutating func group() throws(PatternError) -> PatternNode {
    position += 1
    depth += 1
    defer { depth -= 1 }
    if depth > Self.depthLimit { throw failure("too many groups within groups") }
    let outer = flags
    if take("?P<") || take("?<") {
      while let scalar = next, scalar != ">" {
        guard ScalarSet.word.contains(scalar.value) else { throw failure("a name with a sign") }
        position += 1
      }
      guard take(">") else { throw failure("a name without >") }
    } else if take("?") {
      // Flags for the rest of the group around, or for a group of their own.
      if try readFlags() { return .sequence([]) }
    }
    let node = try alternatives()
    guard take(")") else { throw failure("missing )") }
    flags = outer
    return node
  }

  /// Reads flags to `)` or `:`; true for `)`.
  private mutating func readFlags() throws(PatternError) -> Bool {
    var value = true
    while let scalar = next {
      position += 1
      switch scalar {
      case "i": flags.ignoresCase = value
      case "m": flags.linesEnd = value
      case "s": flags.dotTakesNewline = value
      case "U": break
      case "-" where value: value = false
      case ":": return false
      case ")": return true
      default: throw failure("an unknown flag \(scalar)")
      }
    }
    throw failure("missing )")
  }
}

// MARK: - Escapes and classes

extension PatternParser {
  private mutating func escape() throws(PatternError) -> PatternNode {
    if take("\\Q") {
      var nodes: [PatternNode] = []
      while let scalar = next, !take("\\E") {
        nodes.append(literal(scalar))
        position += 1
      }
      return .sequence(nodes)
    }
    for (text, assertion) in Self.assertions where take(text) { return .assertion(assertion) }
    switch try escaped() {
    case .set(let set): return .scalar(folded(set))
    case .scalar(let scalar): return literal(scalar)
    }
  }

  private static let assertions: [(String, MessagePattern.Assertion)] = [
    ("\\A", .textStart), ("\\z", .textEnd), ("\\b", .wordBoundary), ("\\B", .noWordBoundary),
  ]

  private enum Escaped {
    case set(ScalarSet)
    case scalar(Unicode.Scalar)
  }

  /// What a backslash and what follows it stand for, in a class or outside.
  private mutating func escaped() throws(PatternError) -> Escaped {
    position += 1
    guard let scalar = next else { throw failure("a backslash at the end") }
    position += 1
    switch scalar {
    case "d": return .set(.digit)
    case "D": return .set(ScalarSet.digit.inverted)
    case "w": return .set(.word)
    case "W": return .set(ScalarSet.word.inverted)
    case "s": return .set(.space)
    case "S": return .set(ScalarSet.space.inverted)
    case "n": return .scalar("\n")
    case "t": return .scalar("\t")
    case "r": return .scalar("\r")
    case "f": return .scalar("\u{0C}")
    case "v": return .scalar("\u{0B}")
    case "a": return .scalar("\u{07}")
    case "x": return .scalar(try hexadecimal())
    default:
      if ScalarSet.word.contains(scalar.value) { throw failure("an escape \\\(scalar)") }
      return .scalar(scalar)
    }
  }

  /// Two digits, or any number of them in braces.
  private mutating func hexadecimal() throws(PatternError) -> Unicode.Scalar {
    let braced = take("{")
    var value: UInt32 = 0
    var count = 0
    while let scalar = next, let digit = Character(scalar).hexDigitValue, braced || count < 2 {
      value = min(value * 16 + UInt32(digit), ScalarSet.last + 1)
      count += 1
      position += 1
    }
    guard count > 0, braced ? take("}") : count == 2, let scalar = Unicode.Scalar(value) else {
      throw failure("an impossible hexadecimal number")
    }
    return scalar
  }

  private mutating func characterClass() throws(PatternError) -> ScalarSet {
    position += 1
    let inverts = take("^")
    var set = ScalarSet()
    var isFirst = true
    // A bracket that comes first stands for itself.
    while isFirst || next != "]" {
      isFirst = false
      if try takeNamedClass(into: &set) { continue }
      switch try classItem() {
      case .set(let other): set.formUnion(other)
      case .scalar(let low): set.insert(try range(from: low))
      }
    }
    position += 1
    // Folded before it is turned over: (?i)[^a] takes neither a nor A.
    return inverts ? folded(set).inverted : set
  }

  private mutating func takeNamedClass(into set: inout ScalarSet) throws(PatternError) -> Bool {
    guard take("[:") else { return false }
    let inverts = take("^")
    var name = ""
    while let scalar = next, scalar != ":" {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    guard take(":]"), let named = ScalarSet.named[name] else {
      throw failure("an unknown class [:\(name.prefix(20)):]")
    }
    set.formUnion(inverts ? named.inverted : named)
    return true
  }

  private mutating func classItem() throws(PatternError) -> Escaped {
    guard let scalar = next else { throw failure("missing ]") }
    if scalar == "\\" { return try escaped() }
    position += 1
    return .scalar(scalar)
  }

  /// The range that begins with a scalar, which is alone unless `-` and an upper end follow.
  private mutating func range(
    from low: Unicode.Scalar
  ) throws(PatternError) -> ClosedRange<UInt32> {
    guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
      return low.value...low.value
    }
    position += 1
    guard case .scalar(let high) = try classItem(), low <= high else {
      throw failure("an impossible range")
    }
    return low.value...high.value
  }
}
