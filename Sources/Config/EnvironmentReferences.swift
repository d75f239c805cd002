/// Replaces `{$VAR}`, `{%VAR%}` and `{$VAR:default}` in a word. A variable that is not set gives
/// its default, else nothing, and a warning; Go template text `{{$x}}` is left alone. Values are
/// not read for references again.
func replacingEnvironmentReferences(
  in token: Token, environment: (String) -> String?, findings: Findings
) -> Token {
  guard token.kind == .word, token.text.utf8.contains(UInt8(ascii: "{")) else { return token }
  let scalars = Array(token.text.unicodeScalars)
  var result = String.UnicodeScalarView()
  var at = 0
  while at < scalars.count {
    guard let reference = reference(in: scalars, at: at) else {
      result.append(scalars[at])
      at += 1
      continue
    }
    if let value = environment(reference.name) ?? reference.whenUnset {
      result += Substring(value).unicodeScalars
    } else {
      findings.warning(
        token.place, "the environment variable '\(reference.name)' is not set and read as empty",
        expected: "'{$\(reference.name):DEFAULT}' to give a value for that case")
    }
    at = reference.end
  }
  var replaced = token
  replaced.text = String(result)
  return replaced
}

private func reference(
  in scalars: [Unicode.Scalar], at start: Int
) -> (name: String, whenUnset: String?, end: Int)? {
  func string(_ range: Range<Int>) -> String {
    var text = String.UnicodeScalarView()
    text += scalars[range]
    return String(text)
  }
  guard scalars[start] == "{", start == 0 || scalars[start - 1] != "{", start + 1 < scalars.count
  else { return nil }
  let body = start + 2
  switch scalars[start + 1] {
  case "$":
    guard let end = scalars[body...].firstIndex(of: "}"), end > body else { return nil }
    if let colon = scalars[body..<end].firstIndex(of: ":"), colon > body {
      return (string(body..<colon), string((colon + 1)..<end), end + 1)
    }
    return (string(body..<end), nil, end + 1)
  case "%":
    guard let end = scalars[body...].firstIndex(of: "%"), end > body, end + 1 < scalars.count,
      scalars[end + 1] == "}"
    else { return nil }
    return (string(body..<end), nil, end + 2)
  default:
    return nil
  }
}
