/// `labelSelector` and `fieldSelector` of a request.
struct Selector {
  private var labels: [LabelRequirement] = []
  private var fields: [FieldRequirement] = []

  var isEmpty: Bool { labels.isEmpty && fields.isEmpty }

  init(labels: String, fields: String, resource: APIResource) throws(APIStatus) {
    for text in Self.terms(labels) { self.labels.append(try LabelRequirement(text)) }
    for text in Self.terms(fields) {
      self.fields.append(try FieldRequirement(text, resource: resource))
    }
  }

  func matches(_ object: APIObject) -> Bool {
    labels.allSatisfy { $0.matches(object.labels) } && fields.allSatisfy { $0.matches(object) }
  }

  /// Parts between commas outside parentheses.
  private static func terms(_ text: String) -> [String] {
    var terms: [String] = []
    var depth = 0
    var term = ""
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == ",", depth == 0 {
        terms.append(term)
        term = ""
      } else {
        term.append(character)
      }
    }
    terms.append(term)
    return terms.map { trim(Substring($0)) }.filter { !$0.isEmpty }
  }

  fileprivate static func trim(_ text: Substring) -> String {
    var rest = text
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }

  /// Splits at the first operator: `!=`, `==`, `=`.
  fileprivate static func comparison(
    _ text: String
  ) -> (key: String, value: String, isEqual: Bool)? {
    guard let sign = text.firstIndex(of: "=") else { return nil }
    var key = text[..<sign]
    var value = text[text.index(after: sign)...]
    let isEqual = key.last != "!"
    if !isEqual { key.removeLast() }
    if isEqual, value.first == "=" { value.removeFirst() }
    return (trim(key), trim(value), isEqual)
  }
}

/// Equality-based (`a=b`, `a!=b`) or set-based (`a in (b,c)`, `a notin (b)`, `a`, `!a`).
private struct LabelRequirement {
  enum Relation { case any, none, oneOf, noneOf }

  var key: String
  var relation: Relation
  var values: Set<String> = []

  init(_ text: String) throws(APIStatus) {
    if let open = text.firstIndex(of: "(") {
      let words = text[..<open].split(separator: " ")
      guard words.count == 2, words[1] == "in" || words[1] == "notin", text.last == ")" else {
        throw .badRequest("unable to parse requirement: \(text)")
      }
      key = String(words[0])
      relation = words[1] == "in" ? .oneOf : .noneOf
      let inside = text[text.index(after: open)...].dropLast()
      values = Set(
        inside.split(separator: ",", omittingEmptySubsequences: false).map(Selector.trim))
    } else if let comparison = Selector.comparison(text) {
      key = comparison.key
      relation = comparison.isEqual ? .oneOf : .noneOf
      values = [comparison.value]
    } else if text.contains(" ") {
      throw .badRequest("unable to parse requirement: \(text)")
    } else {
      relation = text.first == "!" ? .none : .any
      key = text.first == "!" ? Selector.trim(text.dropFirst()) : text
    }
  }

  /// `notin` and `!=` hold for objects without the label too.
  func matches(_ labels: [String: String]) -> Bool {
    switch relation {
    case .any: labels[key] != nil
    case .none: labels[key] == nil
    case .oneOf: labels[key].map(values.contains) ?? false
    case .noneOf: labels[key].map { !values.contains($0) } ?? true
    }
  }
}

private struct FieldRequirement {
  enum Field { case name, namespace, phase }

  var field: Field
  var value: String
  var isEqual: Bool

  init(_ text: String, resource: APIResource) throws(APIStatus) {
    guard let (key, value, isEqual) = Selector.comparison(text) else {
      throw .badRequest("invalid selector: '\(text)'; can't understand '\(text)'")
    }
    switch key {
    case "metadata.name": field = .name
    case "metadata.namespace": field = .namespace
    case "status.phase" where resource == .pods || resource == .namespaces: field = .phase
    default: throw .badRequest("field label not supported: \(key)")
    }
    self.value = value
    self.isEqual = isEqual
  }

  func matches(_ object: APIObject) -> Bool {
    let actual =
      switch field {
      case .name: object.name
      case .namespace: object.namespace
      case .phase: object.phase
      }
    return (actual == value) == isEqual
  }
}
