/// A pattern that cannot be used.
public struct PatternError: Error, Hashable, CustomStringConvertible {
  public var pattern: String
  public var reason: String

  public var description: String { "pattern '\(pattern.prefix(80))': \(reason)" }
}

/// A regular expression in RE2's syntax, asked only whether it occurs in a message.
///
/// CoreDNS's files are written for RE2, whose time grows with the message alone. Swift's own Regex
/// backtracks, so that one careless pattern and one message could hold a worker for minutes, and
/// POSIX expressions lack `\d`, `(?i)` and `(?:…)`. This is Thompson's construction: all states at
/// once, one step for each scalar. Left out, and refused: `\p`, `\C`. Case is folded for ASCII.
public struct MessagePattern: Sendable {
  /// Characters of a pattern at most, as in CoreDNS.
  public static let characterLimit = 10_000
  /// Instructions at most; counted repetitions are written out.
  static let instructionLimit = 20_000

  enum Instruction {
    case scalar(ScalarSet)
    case assertion(Assertion)
    /// Goes on at both places.
    case split(Int, Int)
    case jump(Int)
    case match
  }

  enum Assertion {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
  }

  /// As written.
  public let text: String
  private let program: [Instruction]

  /// Reads a pattern; throws with the reason and place.
  public init(_ text: String) throws(PatternError) {
    self.text = text
    guard text.unicodeScalars.count <= Self.characterLimit else {
      throw PatternError(
        pattern: text, reason: "longer than \(Self.characterLimit) characters")
    }
    var parser = PatternParser(text)
    var compiler = PatternCompiler(text)
    try compiler.append(try parser.parse())
    program = try compiler.finish()
  }

  /// Whether the pattern occurs anywhere in the message. Time: message times pattern.
  public func isFound(in message: String) -> Bool {
    let scalars = message.unicodeScalars.map(\.value)
    var current = StateSet(count: program.count)
    var next = StateSet(count: program.count)
    for position in 0...scalars.count {
      // A match may begin at every position.
      if follow(0, at: position, of: scalars, into: &current) { return true }
      if position == scalars.count { return false }
      for state in current.states {
        guard case .scalar(let set) = program[state], set.contains(scalars[position]) else {
          continue
        }
        if follow(state + 1, at: position + 1, of: scalars, into: &next) { return true }
      }
      swap(&current, &next)
      next.removeAll()
    }
    return false
  }

  /// Adds all that is reached from a state without taking a scalar; true when that is the end.
  private func follow(
    _ state: Int, at position: Int, of scalars: [UInt32], into set: inout StateSet
  ) -> Bool {
    var waiting = [state]
    while let state = waiting.popLast() {
      guard set.insert(state) else { continue }
      switch program[state] {
      case .match: return true
      case .scalar: break
      case .jump(let target): waiting.append(target)
      case .split(let one, let other): waiting += [other, one]
      case .assertion(let assertion):
        if Self.holds(assertion, at: position, of: scalars) { waiting.append(state + 1) }
      }
    }
    return false
  }

  private static func holds(
    _ assertion: Assertion, at position: Int, of scalars: [UInt32]
  ) -> Bool {
    let newline: UInt32 = 10
    let atStart = position == 0
    let atEnd = position == scalars.count
    switch assertion {
    case .textStart: return atStart
    case .textEnd: return atEnd
    case .lineStart: return atStart || scalars[position - 1] == newline
    case .lineEnd: return atEnd || scalars[position] == newline
    case .wordBoundary, .noWordBoundary:
      let before = !atStart && ScalarSet.word.contains(scalars[position - 1])
      let after = !atEnd && ScalarSet.word.contains(scalars[position])
      return (before != after) == (assertion == .wordBoundary)
    }
  }
}

/// States of a program in the order they were reached, each once.
private struct StateSet {
  private(set) var states: [Int] = []
  private var isIn: [Bool]

  init(count: Int) {
    isIn = [Bool](repeating: false, count: count)
  }

  /// Whether the state is new.
  mutating func insert(_ state: Int) -> Bool {
    if isIn[state] { return false }
    isIn[state] = true
    states.append(state)
    return true
  }

  mutating func removeAll() {
    for state in states { isIn[state] = false }
    states.removeAll(keepingCapacity: true)
  }
}

/// Writes the program of a parsed pattern.
private struct PatternCompiler {
  private let text: String
  private var program: [MessagePattern.Instruction] = []

  init(_ text: String) {
    self.text = text
  }

  mutating func finish() throws(PatternError) -> [MessagePattern.Instruction] {
    try emit(.match)
    return program
  }

  mutating func append(_ node: PatternNode) throws(PatternError) {
    switch node {
    case .scalar(let set): try emit(.scalar(set))
    case .assertion(let assertion): try emit(.assertion(assertion))
    case .sequence(let nodes):
      for node in nodes { try append(node) }
    case .alternatives(let nodes): try append(alternatives: nodes)
    case .repeated(let node, let least, let most): try append(node, least, most)
    }
  }

  private mutating func append(alternatives nodes: [PatternNode]) throws(PatternError) {
    var jumps: [Int] = []
    for (index, node) in nodes.enumerated() {
      if index == nodes.count - 1 {
        try append(node)
        break
      }
      let split = try emit(.split(0, 0))
      try append(node)
      jumps.append(try emit(.jump(0)))
      program[split] = .split(split + 1, program.count)
    }
    for jump in jumps { program[jump] = .jump(program.count) }
  }

  private mutating func append(
    _ node: PatternNode, _ least: Int, _ most: Int?
  ) throws(PatternError) {
    for _ in 0..<least { try append(node) }
    guard let most else {
      let split = try emit(.split(0, 0))
      try append(node)
      try emit(.jump(split))
      program[split] = .split(split + 1, program.count)
      return
    }
    var splits: [Int] = []
    for _ in least..<most {
      splits.append(try emit(.split(0, 0)))
      try append(node)
    }
    for split in splits { program[split] = .split(split + 1, program.count) }
  }

  @discardableResult
  private mutating func emit(
    _ instruction: MessagePattern.Instruction
  ) throws(PatternError) -> Int {
    guard program.count < MessagePattern.instructionLimit else {
      throw PatternError(pattern: text, reason: "its repetitions are too many")
    }
    program.append(instruction)
    return program.count - 1
  }
}
