import Telemetry
import Testing

@Suite struct MessagePatternTests {
  static let rows: [(String, String, Bool)] = [
    ("^Failed to .+", "Failed to connect", true),
    ("^Failed to .+", "It Failed to connect", false),
    (".* i/o timeout$", "read udp: i/o timeout", true),
    (".* i/o timeout$", "read udp: i/o timeouts", false),
    ("^read udp .* i/o timeout$", "read udp 10.0.0.1:5->8.8.8.8:53: i/o timeout", true),
    ("", "anything", true),
    ("", "", true),
    ("^$", "", true),
    ("^$", "a", false),
    ("a|b|c", "xxc", true),
    ("a|b|c", "xxd", false),
    ("a||b", "", true),
    ("^(a|b)*c$", "ababc", true),
    ("^(a*)*$", "aaab", false),
    ("^(|a)+$", "aaa", true),
    ("a|^b\\z", "cb", false),
    ("^a?b+?c*?$", "abb", true),
    ("^x{2,3}$", "xx", true),
    ("^x{2,3}$", "xxxx", false),
    ("^x{2}$", "xxx", false),
    ("^x{2,}$", "xxxxx", true),
    ("x{a}", "x{a}", true),
    ("x{,2}", "x{,2}", true),
    ("{", "{", true),
    ("(?i)REFUSED", "connection refused", true),
    ("re(?i:FU)sed", "reFusEd", false),
    ("re(?i:FU)sed", "refused", true),
    ("(?:a(?i)b)B", "aBb", false),
    ("(?i)[^a]", "A", false),
    ("(?i)[x-z]", "Y", true),
    ("(?i-i)A", "a", false),
    ("a.b", "a\nb", false),
    ("(?s)a.b", "a\nb", true),
    ("^b$", "a\nb\nc", false),
    ("(?m)^b$", "a\nb\nc", true),
    ("(?U)a+", "a", true),
    ("\\d+\\.\\d+", "10.96", true),
    ("^\\D\\W\\S$", "a-b", true),
    ("^\\w\\s$", "_\t", true),
    ("\\bno\\b", "no such host", true),
    ("\\bno\\b", "known", false),
    ("\\Bno\\B", "known", true),
    ("\\Ano", "no", true),
    ("\\.\\*\\[\\/", ".*[/", true),
    ("\\x41\\x{1F426}", "A\u{1F426}", true),
    ("\\t\\n", "\t\n", true),
    ("\\Qa.b*\\E$", "a.b*", true),
    ("\\Qa.b", "axb", false),
    ("[[:digit:]]{3}", "a123", true),
    ("[[:^digit:]]", "123", false),
    ("^[]a]+$", "a]", true),
    ("^[^]a]$", "b", true),
    ("^[a-]+$", "-a", true),
    ("^[\\d\\-x]+$", "1-x", true),
    ("^[\\x41-C]$", "B", true),
    ("[^a]", "\n", true),
    ("(?P<host>[a-z]+):53", "dns:53", true),
    ("(?<host>[a-z]+):53", "dns:53", true),
    ("^.$", "é", true),
    ("^.$", "\u{1F1E8}\u{1F1ED}", false),
    ("^ä+$", "ää", true),
    ("(?i)\\QAB\\E", "xaby", true),
    ("\\\\", "a\\b", true),
  ]

  @Test(arguments: rows)
  func `a pattern is searched for as RE2 would`(
    pattern: String, message: String, found: Bool
  ) throws {
    #expect(try MessagePattern(pattern).isFound(in: message) == found)
  }

  @Test(arguments: [
    ("a(b", "missing ) at character 4"),
    ("a)b", "unexpected ) at character 2"),
    ("[a", "missing ] at character 3"),
    ("[", "missing ] at character 2"),
    ("*a", "nothing to repeat at character 1"),
    ("a|+", "nothing to repeat at character 3"),
    ("a**", "a repetition of a repetition at character 4"),
    ("a{3,2}", "an impossible count of repetitions at character 7"),
    ("a{1001}", "an impossible count of repetitions at character 8"),
    ("a\\", "a backslash at the end at character 3"),
    ("\\pN", "an escape \\p at character 3"),
    ("\\C", "an escape \\C at character 3"),
    ("\\1", "an escape \\1 at character 3"),
    ("\\x4", "an impossible hexadecimal number at character 4"),
    ("\\x{D800}", "an impossible hexadecimal number at character 9"),
    ("[b-a]", "an impossible range at character 5"),
    ("[a-\\d]", "an impossible range at character 6"),
    ("[[:nope:]]", "an unknown class [:nope:] at character 10"),
    ("(?x)a", "an unknown flag x at character 4"),
    ("(?=a)", "an unknown flag = at character 4"),
    ("(?P<a", "a name without > at character 6"),
    ("(?P<a-b>c)", "a name with a sign at character 6"),
    ("(?", "missing ) at character 3"),
    ("((a{100}){100}){100}", "its repetitions are too many"),
    (String(repeating: "(", count: 300), "too many groups within groups at character 202"),
    (String(repeating: "a", count: 10_001), "longer than 10000 characters"),
  ])
  func `a pattern that cannot be read is refused with its place`(
    pattern: String, reason: String
  ) {
    let error = #expect(throws: PatternError.self) { try MessagePattern(pattern) }
    #expect(error?.reason == reason)
  }

  /// A backtracking matcher would take 2⁶⁰ steps here.
  @Test(arguments: ["(?:x+x+)+y", "(x*)*y", "(x|x)*y", "(x?){60}x{60}y", "^(.*x){12}y"])
  func `no pattern makes a message take for ever`(pattern: String) throws {
    let message = String(repeating: "x", count: 60)
    #expect(try !MessagePattern(pattern).isFound(in: message))
    #expect(try MessagePattern(pattern).isFound(in: message + message + "y"))
  }

  @Test func `any text is a pattern or is refused`() {
    var random = Seeded(state: 7)
    let parts = Array("()[]{}*+?|\\^$.-,:<>iPQEdxb01a\n")
    for _ in 0..<3_000 {
      let text = String(
        (0..<Int.random(in: 0...12, using: &random)).map { _ in
          parts.randomElement(using: &random) ?? "a"
        })
      if let pattern = try? MessagePattern(text) { _ = pattern.isFound(in: "a1-b{}") }
    }
  }
}

/// SplitMix64, for runs that repeat.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
