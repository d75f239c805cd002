import Documents
import Testing

struct ReadingRow: CustomTestStringConvertible, Sendable {
  let name: String
  let text: String
  /// `piece text`, in order.
  let pieces: [String]
  let error: String?

  init(_ name: String, _ text: String, _ pieces: [String], error: String? = nil) {
    (self.name, self.text, self.pieces, self.error) = (name, text, pieces, error)
  }

  var testDescription: String { name }
}

@Suite struct ItemReaderTests {
  static let json: [ReadingRow] = [
    .init("nothing", "", []),
    .init("white space", " \r\n\t", []),
    .init("an object", #"{"kind":"Service"}"#, [#"object {"kind":"Service"}"#]),
    .init("a byte order mark is passed over", "\u{FEFF}{}", ["object {}"]),
    .init(
      "objects one after the other", "{}{\"a\":1}\n{}",
      ["object {}", "object {\"a\":1}", "object {}"]),
    .init(
      "a list with its kind first", #"{"kind":"List","items":[{"a":1},{"b":[]}]}"#,
      [
        #"listStart {"kind":"List","items":[]}"#, #"item {"a":1}"#, #"item {"b":[]}"#,
        #"listEnd {"kind":"List","items":[]}"#,
      ]),
    .init(
      "a list with its kind last", #"{"apiVersion":"v1", "items" : [ {"a":1} ] , "kind":"List"}"#,
      [
        #"listStart {"apiVersion":"v1","items":[]}"#, #"item {"a":1}"#,
        #"listEnd {"apiVersion":"v1","items":[],"kind":"List"}"#,
      ]),
    .init(
      "an empty list", #"{"items":[ ]}"#, [#"listStart {"items":[]}"#, #"listEnd {"items":[]}"#]),
    .init(
      "items that are no objects", #"{"items":[1,"a]",true]}"#,
      [
        #"listStart {"items":[]}"#, "item 1", #"item "a]""#, "item true", #"listEnd {"items":[]}"#,
      ]),
    .init("items that are null", #"{"items":null}"#, [#"object {"items":null}"#]),
    .init("items further in", #"{"data":{"items":[1]}}"#, [#"object {"data":{"items":[1]}}"#]),
    .init(
      "brackets, quotes and backslashes in strings", #"{"items":[{"a":"}]\"{\\"}]}"#,
      [#"listStart {"items":[]}"#, #"item {"a":"}]"{\"}"#, #"listEnd {"items":[]}"#]),
    .init(
      "the end inside an object", #"{"items":[{"a":1},"#,
      [#"listStart {"items":[]}"#, #"item {"a":1}"#], error: "1:19: the text ends inside an object"),
    .init(
      "no comma between items", #"{"items":[1 2]}"#, [#"listStart {"items":[]}"#, "item 1"],
      error: "1:13: expected ',' or ']', found '2'"),
    .init(
      "a comma before the end", "{\"items\":[1,\n ]}", [#"listStart {"items":[]}"#, "item 1"],
      error: "2:2: expected a value, found ']'"),
    .init("no key", "{1}", [], error: "1:2: expected a key or '}', found '1'"),
    .init("no colon", #"{"a"}"#, [], error: "1:5: expected ':', found '}'"),
    .init("a word", "é", [], error: "1:1: expected '{', found octet 0xc3"),
    .init(
      "a fault inside an item has its place", "{\"items\":[\n  {\"é\": 1,\n   \"b\" 2}]}",
      [#"listStart {"items":[]}"#],
      error: "3:8: The JSON document has an improper structure: "
        + "missing or superfluous commas, braces, missing keys, etc"),
    .init(
      "a control octet in a string", "{\"a\":\n\"b\u{1}\"}", [],
      error: "2:3: Within strings, some characters must be escaped, we found unescaped characters"),
    .init(
      "a bracket that closes a brace", #"{"a":{"b":1]}"#, [],
      error: "1:12: The JSON document has an improper structure: "
        + "missing or superfluous commas, braces, missing keys, etc"),
  ]

  @Test(arguments: json)
  func `JSON is read item by item`(row: ReadingRow) {
    for step in [Int.max, 7, 1] {
      let outcome = Outcome.reading(.json, row.text, step: step)
      #expect(outcome.pieces.map(\.description) == row.pieces)
      #expect(outcome.error?.description == row.error)
    }
  }

  @Test func `octets that are not UTF-8 have their place`() {
    var octets = Array("{\"a\":\n\"b".utf8)
    octets += [0xFF] + Array("\"}".utf8)
    #expect(
      throws: DocumentError(
        place: Place(line: 2, column: 3), message: "The input is not valid UTF-8")
    ) {
      _ = try unsafe JSONReader().read(octets.span.bytes)
    }
  }

  static let yaml: [ReadingRow] = [
    .init("nothing", "", []),
    .init("comments and empty documents", "# a\n---\n---\n# b\n", []),
    .init("an object", "kind: Service\n", [#"object {"kind":"Service"}"#]),
    .init(
      "documents", "---\na: 1\n---\nb: 2\n...\n---\nc: 3\n",
      [#"object {"a":1}"#, #"object {"b":2}"#, #"object {"c":3}"#]),
    .init(
      "a list with its kind last", "items:\n- a: 1\n- b: [x, {y: z}]\nkind: List\n",
      [
        #"listStart {"items":[]}"#, #"item {"a":1}"#, #"item {"b":["x",{"y":"z"}]}"#,
        #"listEnd {"items":[],"kind":"List"}"#,
      ]),
    .init(
      "items further in", "data:\n  items:\n  - a\n", [#"object {"data":{"items":["a"]}}"#]),
    .init(
      "plain scalars are YAML 1.1, quoted ones strings",
      "[~, null, true, No, on, 0x1F, 017, 0o17, 1_000, -5, 1.5, \"80\", 'yes', 1.2.3.4, 1:30, 2026-11-21, -]",
      [
        #"object [null,null,true,false,true,31,15,15,1000,-5,1.5,"80","yes","1.2.3.4","1:30","2026-11-21","-"]"#
      ]),
    .init(
      "numbers at the borders", "[18446744073709551616, 9223372036854775807, -9223372036854775808]",
      ["object [1.8446744073709552e+19,9223372036854775807,-9223372036854775808]"]),
    .init("a tag makes a string", "a: !!str 80\n", [#"object {"a":"80"}"#]),
    .init("keys stay strings", "80: a\nyes: b\n", [#"object {"80":"a","yes":"b"}"#]),
    .init(
      "text blocks", "a: |\n  x: 1\n  y\nb: >-\n  one\n  two\n",
      ["object {\"a\":\"x: 1\ny\n\",\"b\":\"one two\"}"]),
    .init(
      "aliases, within items too", "x: &p [1, &q {k: v}]\nitems: [*p, *q]\n",
      [
        #"listStart {"x":[1,{"k":"v"}],"items":[]}"#, #"item [1,{"k":"v"}]"#, #"item {"k":"v"}"#,
        #"listEnd {"x":[1,{"k":"v"}],"items":[]}"#,
      ]),
    .init("an unknown alias", "a: *b\n", [], error: "1:4: unknown anchor 'b'"),
    .init("an alias of itself", "a: &a [*a]\n", [], error: "1:8: unknown anchor 'a'"),
    .init("a mapping as a key", "? {a: b}\n: c\n", [], error: "1:3: a key must be a string"),
    .init(
      "a fault has its place, what came before stays", "a: 1\n---\nb: [1\nc: 2\n",
      [#"object {"a":1}"#], error: "4:2: did not find expected ',' or ']'"),
    .init("a tab", "a:\n\tb: 1\n", [], error: "2:1: found character that cannot start any token"),
    .init("JSON is YAML", #"{"a": [1, "b"]}"#, [#"object {"a":[1,"b"]}"#]),
  ]

  @Test(arguments: yaml)
  func `YAML is read item by item`(row: ReadingRow) {
    for step in [Int.max, 1] {
      let outcome = Outcome.reading(.yaml, row.text, step: step)
      #expect(outcome.pieces.map(\.description) == row.pieces)
      #expect(outcome.error?.description == row.error)
    }
  }

  @Test func `aliases of aliases come to an end`() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<12 {
      text +=
        "a\(level): &a\(level) ["
        + Array(repeating: "*a\(level - 1)", count: 9)
        .joined(separator: ", ") + "]\n"
    }
    let outcome = Outcome.reading(.yaml, text)
    #expect(outcome.error?.message == "anchors and aliases make too much of the text")
  }

  @Test(arguments: [ItemReader.Format.json, .yaml])
  func `nesting has a limit`(format: ItemReader.Format) {
    let open = String(repeating: "[", count: 600)
    let outcome = Outcome.reading(format, "{\"a\":" + open)
    #expect(outcome.error?.message == "nested deeper than 512")
  }

  @Test func `members are found, null as if absent, the last of equal ones`() throws {
    let text = Array(#"{"a":1,"b":null,"a":2,"c":{"d":"é\u0041"},"n":18446744073709551615}"#.utf8)
    let document = try unsafe JSONReader().read(text.span.bytes)
    #expect(document.root["a"]?.integer == 2)
    #expect(document.root["b"] == nil)
    #expect(document.root["x"] == nil)
    #expect(document.root["c"]?["d"]?.string == "éA")
    #expect(document.root["c"]?["d"]?.isString("éA") == true)
    #expect(document.root["n"]?.integer == nil)
    #expect(document.root["n"]?.double == 0x1p64)
  }

  @Test func `merge keys give what the mapping itself lacks`() throws {
    var values: [String?] = []
    var text = Array("x: &x {a: 1, b: 1}\ny: {<<: *x, b: 2}\nz: {<<: [{c: 3}, *x]}\n".utf8)[...]
    try ItemReader.read(.yaml) {
      defer { text = [] }
      return Array(text)
    } _: { (_, document, _) throws(DocumentError) in
      let root = document.root
      values = [
        root["y"]?["a"], root["y"]?["b"], root["z"]?["c"], root["z"]?["b"], root["y"]?["c"],
      ].map { $0?.compact }
    }
    #expect(values == ["1", "2", "3", "1", nil])
  }
}
