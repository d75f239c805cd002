internal import Documents

/// Values as JSON text (RFC 8259).
enum JSONText {
  static func string(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// Depth is limited by what ``Documents`` reads.
  static func value(_ value: Value) -> String {
    switch value.kind {
    case .null: "null"
    case .boolean: value.boolean == true ? "true" : "false"
    case .string: string(value.string ?? "")
    case .number: number(value)
    case .array: "[" + value.elements.map(Self.value).joined(separator: ",") + "]"
    case .object:
      "{"
        + value.members.map { string($0.key.string ?? "") + ":" + Self.value($0.value) }
        .joined(separator: ",") + "}"
    }
  }

  private static func number(_ value: Value) -> String {
    if let integer = value.integer { return String(integer) }
    // JSON has no word for what YAML calls .inf and .nan.
    guard let double = value.double, double.isFinite else { return "null" }
    return String(double)
  }

  /// An object of these members.
  static func object(_ members: [(name: String, json: String)]) -> String {
    "{" + members.map { string($0.name) + ":" + $0.json }.joined(separator: ",") + "}"
  }
}
