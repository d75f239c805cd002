internal import Documents

/// A JSON value with its place, and those of all in it.
struct JSONNode {
  struct Member {
    var key: String
    var keyPlace: Place
    var value: JSONNode
  }

  enum Content {
    case string(String)
    case array([JSONNode])
    case object([Member])
    case null
    case number
    case boolean
  }

  var content: Content
  var place: Place

  /// What a person calls such a value.
  var kind: String {
    switch content {
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    case .null: "null"
    case .number: "a number"
    case .boolean: "a boolean"
    }
  }

  /// Reads a text that is the value of a ConfigMap's key; reports and gives nil where it is no JSON.
  static func read(_ source: EmbeddedText, of key: String, findings: Findings) -> JSONNode? {
    do throws(DocumentError) {
      let octets = Array(source.text.utf8)
      let document = unsafe try JSONReader().read(octets.span.bytes)
      var builder = Builder(places: JSONPlaces.all(in: source)[...])
      return builder.node(document.root)
    } catch {
      if let (quote, place) = JSONPlaces.typographicQuote(in: source) {
        findings.error(
          place, "\(key): '\(quote)' is a typographic quotation mark, which JSON does not know",
          expected: "'\"'")
      } else {
        findings.error(
          source.place(line: error.place.line, column: error.place.column),
          "\(key) is not JSON: \(error.message)")
      }
      return nil
    }
  }

  /// Gives each value of a document its place; both are in the order of the text.
  private struct Builder {
    var places: ArraySlice<Place>

    mutating func node(_ value: Value) -> JSONNode {
      let place = places.popFirst() ?? Place(file: "", line: 1, column: 1)
      return JSONNode(content: content(value), place: place)
    }

    private mutating func content(_ value: Value) -> Content {
      switch value.kind {
      case .string: return .string(value.string ?? "")
      case .null: return .null
      case .number: return .number
      case .boolean: return .boolean
      case .array:
        var elements: [JSONNode] = []
        for element in value.elements { elements.append(node(element)) }
        return .array(elements)
      case .object:
        var members: [Member] = []
        for member in value.members {
          let keyPlace = node(member.key).place
          members.append(
            Member(key: member.key.string ?? "", keyPlace: keyPlace, value: node(member.value)))
        }
        return .object(members)
      }
    }
  }
}

/// Where what stands in a JSON text: simdjson keeps no places.
private enum JSONPlaces {
  /// Where each key and value of a text that is JSON begins, in its order.
  static func all(in source: EmbeddedText) -> [Place] {
    var places: [Place] = []
    var isInScalar = false
    scan(source) { scalar, place, isString in
      let begins = isString || scalar == "{" || scalar == "["
      let isPart =
        !begins && !scalar.properties.isWhitespace && !",:]}".unicodeScalars.contains(scalar)
      if begins || isPart && !isInScalar { places.append(place) }
      isInScalar = isPart
    }
    return places
  }

  /// The first quotation mark of a word processor that stands outside of strings.
  static func typographicQuote(in source: EmbeddedText) -> (Unicode.Scalar, Place)? {
    var found: (Unicode.Scalar, Place)?
    scan(source) { scalar, place, _ in
      if found == nil, ("\u{2018}"..."\u{201F}").contains(scalar) { found = (scalar, place) }
    }
    return found
  }

  /// Hands out every character outside of strings, and of each string its opening quotation mark.
  private static func scan(
    _ source: EmbeddedText, _ take: (Unicode.Scalar, Place, _ beginsString: Bool) -> Void
  ) {
    var (line, column) = (1, 1)
    var isInString = false
    var isEscaped = false
    for scalar in source.text.unicodeScalars {
      if isInString {
        if !isEscaped, scalar == "\"" { isInString = false }
        isEscaped = !isEscaped && scalar == "\\"
      } else {
        take(scalar, source.place(line: line, column: column), scalar == "\"")
        isInString = scalar == "\""
      }
      column += 1
      if scalar == "\n" { (line, column) = (line + 1, 1) }
    }
  }
}
