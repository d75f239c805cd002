import Testing

@testable import Config

struct LabelSelectorTests {
  /// As written, and as the API server gets it.
  static let texts = [
    ("a=b", "a=b"),
    ("a == b", "a=b"),
    ("a!=b", "a!=b"),
    ("a", "a"),
    ("! a", "!a"),
    ("a in (y, x)", "a in (x,y)"),
    ("a notin (y,x, y)", "a notin (x,y)"),
    ("a in (x)", "a=x"),
    ("a notin (x)", "a!=x"),
    ("a=", "a="),
    ("a in (,x)", "a in (,x)"),
    ("in in (in, notin)", "in in (in,notin)"),
    ("notin", "notin"),
    ("example.org/role!=db", "example.org/role!=db"),
    ("a=b,c!=d, e in (x,y),f,!g", "a=b,c!=d,e in (x,y),f,!g"),
    ("!g,f,a=b", "!g,f,a=b"),
  ]

  @Test("A selector reads as the API server takes it, and again as itself", arguments: texts)
  func text(_ written: String, _ text: String) throws {
    let selector = try LabelSelectorParser.parse(written)
    #expect(selector.text == text)
    #expect(try LabelSelectorParser.parse(selector.text) == selector)
  }
}
