import Testing

@testable import Config

struct GrammarTests {
  /// A text, and its blocks as `keys { name args { property args } }`.
  struct Row: CustomTestStringConvertible {
    var title: String
    var text: String
    var blocks: [String]
    var testDescription: String { title }

    init(_ title: String, _ text: String, _ blocks: String...) {
      (self.title, self.text, self.blocks) = (title, text, blocks)
    }
  }

  static let rows = [
    Row("an empty file has no blocks", ""),
    Row("white space and comments alone have no blocks", " \t\n# only this\n\n"),
    Row("a block on three lines", ".:53 {\n  errors\n}\n", ".:53 { errors }"),
    Row(
      "two blocks", "a.org {\nlog\n}\n\nb.org {\nwhoami\n}", "a.org { log }", "b.org { whoami }"),
    Row("keys stand apart by spaces", "a.org b.org {\nlog\n}", "a.org b.org { log }"),
    Row("keys stand apart by commas", "a.org, b.org,c.org {\nlog\n}", "a.org b.org c.org { log }"),
    Row("a comma carries keys to the next line", "a.org,\nb.org {\nlog\n}", "a.org b.org { log }"),
    Row("a lone comma between keys", "a.org , b.org {\nlog\n}", "a.org b.org { log }"),
    Row("the brace on the line after the key", ".\n{\nlog\n}", ". { log }"),
    Row("no braces at all", ".:53\nerrors\nlog\n", ".:53 { errors; log }"),
    Row("a key alone", ".:53", ".:53 { }"),
    Row("an empty block in one word", ". {}", ". { }"),
    Row("an empty block", ". {\n}", ". { }"),
    Row("a block on one line", ". { log }", ". { log }"),
    Row("a byte order mark and CR LF", "\u{FEFF}. {\r\n  log\r\n}\r\n", ". { log }"),
    Row("a CR inside a word is passed over", ". {\nwho\rami\n}", ". { whoami }"),
    Row("a comment inside a word ends it", ". {\nlog#ging everything {\n}", ". { log }"),
    Row("a comment behind a brace", ". { # all\nlog\n} # end", ". { log }"),
    Row("# inside quotes is a letter", ". {\nroot \"a # b\"\n}", ". { root <a # b> }"),
    Row("a quote spans lines", ". {\nroot \"a\nb\"\nlog\n}", ". { root <a\nb>; log }"),
    Row(#"\" is the only escape"#, ". {\nroot \"a\\\"b\\n\"\n}", ". { root <a\"b\\n> }"),
    Row("a quotation mark inside a word is a letter", ". {\nroot a\"b\n}", ". { root a\"b }"),
    Row("an empty quoted argument stays", ". {\nroot \"\"\n}", ". { root <> }"),
    Row("a quoted brace is a word", ". {\nroot \"{\"\n}", ". { root <{> }"),
    Row("a body", ". {\nhealth :1 {\nlameduck 5s\n}\n}", ". { health :1 { lameduck 5s } }"),
    Row("a body on one line", ". {\nhealth { lameduck 5s }\n}", ". { health { lameduck 5s } }"),
    Row(
      "a body whose braces cling", ". {\nhealth {lameduck 5s}\n}", ". { health { lameduck 5s } }"),
    Row(
      "a body on the next line", ". {\nhealth\n{\nlameduck 5s\n}\n}",
      ". { health { lameduck 5s } }"),
    Row("an empty body", ". {\nhealth {}\n}", ". { health { } }"),
    Row("a brace that clings to the key", ".:53{\nlog\n}", ".:53 { log }"),
    Row("semicolons at line ends", ". {\nerrors;\nlog ;\n};", ". { errors; log }"),
    Row(
      "semicolons part a line", ". {\nhealth { lameduck 5s; }\n}",
      ". { health { lameduck 5s } }"),
    Row("balanced braces stay in a word", ". {\nlog . {common}\n}", ". { log . {common} }"),
    Row("tabs and no-break spaces part words", ".\t{\nroot\u{A0}/x\n}", ". { root /x }"),
    Row("a snippet", "(a:b) {\nlog\n}\n. {\nimport a:b\n}", ". { log }"),
    Row(
      "a snippet with a body", "(s) {\nhealth {\nlameduck 1s\n}\n}\n. {\nimport s\n}",
      ". { health { lameduck 1s } }"),
    Row(
      "a snippet inside a body", "(s) {\nlameduck 1s\n}\n. {\nhealth {\nimport s\n}\n}",
      ". { health { lameduck 1s } }"),
    Row("a snippet on one line", "(s) { log }\n. { import s }", ". { log }"),
    Row(
      "a snippet imported twice", "(s) {\nlog\n}\na {\nimport s\n}\nb {\nimport s\n}",
      "a { log }", "b { log }"),
    Row(
      "a snippet that imports a snippet",
      "(s) {\nlog\n}\n(t) {\nimport s\nerrors\n}\n. {\nimport t\n}",
      ". { log; errors }"),
    Row("a file inside a block", ". {\nimport custom/a.override\nlog\n}", ". { errors; log }"),
    Row(
      "a file at the top", "import custom/b.server\n. {\nlog\n}", "b.org { whoami }", ". { log }"),
    Row("a pattern at the top", "import custom/*.server", "b.org { whoami }"),
    Row("a file that imports beside itself", "import outer", "b.org { whoami }"),
    Row("a variable as key", "{$ZONE}:{$PORT} {\nlog\n}", "example.org:1053 { log }"),
    Row("a variable between percent signs", "{%ZONE%} {\nlog\n}", "example.org { log }"),
    Row("a variable inside quotes", ". {\nroot \"/x/{$ZONE}\"\n}", ". { root </x/example.org> }"),
    Row(
      "a variable that is not set is nothing", ". {\nforward . 1.1.1.1 {$NONE}\n}",
      ". { forward . 1.1.1.1 }"),
    Row("a variable with a default", "{$NONE:other.org} {\nlog\n}", "other.org { log }"),
    Row("a default is for unset variables only", "a{$EMPTY:x} {\nlog\n}", "a { log }"),
    Row("a variable in place of a line", ". {\n{$NONE}\nlog\n}", ". { log }"),
    Row("a Go template's variable is left alone", ". {\nroot {{$x}}\n}", ". { root {{$x}} }"),
    Row("a value is not read for references again", ". {\nroot {$LOOP}\n}", ". { root {$LOOP} }"),
    Row(
      "an empty variable as key leaves the block out", "{$EMPTY} {\nlog\n}\n. {\nerrors\n}",
      ". { errors }"),
  ]

  @Test("A Corefile is read as its rows say", arguments: rows)
  func reads(_ row: Row) {
    let environment = ["ZONE": "example.org", "PORT": "1053", "EMPTY": "", "LOOP": "{$LOOP}"]
    let options = LoadOptions(
      environment: { environment[$0] },
      files: memory([
        "custom/a.override": "errors", "custom/b.server": "b.org {\nwhoami\n}\n",
        "outer": "import custom/b.server",
      ]))
    let findings = Findings()
    findings.add(file: "Corefile", text: row.text)
    let tokens = Lexer.tokens(row.text, file: "Corefile", findings: findings)
    let blocks = CorefileSyntax.blocks(
      tokens, file: "Corefile", options: options, findings: findings
    ).blocks
    #expect(blocks.map(shown) == row.blocks)
    #expect(!findings.hasErrors)
  }

  private func shown(_ block: SyntaxBlock) -> String {
    block.keys.map(\.text).joined(separator: " ") + " " + body(block.statements)
  }

  private func body(_ statements: [Statement]) -> String {
    "{ "
      + statements.map { statement in
        let words = statement.words.map { $0.isQuoted ? "<\($0.text)>" : $0.text }
        return words.joined(separator: " ") + (statement.body.map { " " + body($0) } ?? "")
      }.joined(separator: "; ") + (statements.isEmpty ? "}" : " }")
  }

  @Test("A token knows its line and column, tabs counting one")
  func places() {
    let findings = Findings()
    let tokens = Lexer.tokens("a {\n\tlog é x\n}", file: "f", findings: findings)
    #expect(
      tokens.map { "\($0.place.line):\($0.place.column)" } == [
        "1:1", "1:3", "2:2", "2:6", "2:8", "3:1",
      ])
  }
}
