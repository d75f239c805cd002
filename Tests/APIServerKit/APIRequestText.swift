/// A header of a request or an answer.
public struct APIHeader: Sendable, Equatable {
  /// As written; compared without regard to case.
  public var name: String
  /// Without surrounding blanks.
  public var value: String

  /// A header.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// A request as it stands on the wire, without a body.
public struct APIRequestText: Sendable, Equatable {
  /// `GET`.
  public var method: String
  /// Path and query.
  public var target: String
  /// In the order sent.
  public var headers: [APIHeader]

  /// A request.
  public init(_ method: String = "GET", _ target: String, headers: [APIHeader] = []) {
    self.method = method
    self.target = target
    self.headers = headers
  }

  /// The first header of that name.
  public func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }

  /// The token of `Authorization: Bearer`, or nil.
  public var bearerToken: String? {
    guard let value = header("Authorization"), value.lowercased().hasPrefix("bearer ") else {
      return nil
    }
    return String(value.dropFirst(7))
  }

  /// The resource asked for, nil for other paths.
  public var resource: APIResource? { APITarget(path: path)?.resource }

  /// Whether it asks for a watch.
  public var isWatch: Bool {
    query.contains { $0.name == "watch" && ($0.value == "1" || $0.value == "true") }
  }

  var path: String { Self.decoded(target.prefix { $0 != "?" }) }

  var query: [(name: String, value: String)] {
    guard let mark = target.firstIndex(of: "?") else { return [] }
    return target[target.index(after: mark)...].split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.count > 1 ? Self.decoded(parts[1]) : ""
      return (Self.decoded(parts.first ?? ""), value)
    }
  }

  /// RFC 3986 §2.1, and `+` for a space as forms write it.
  private static func decoded(_ text: Substring) -> String {
    guard text.utf8.contains(where: { $0 == 0x25 || $0 == 0x2B }) else { return String(text) }
    var octets: [UInt8] = []
    var rest = text.utf8[...]
    while let octet = rest.popFirst() {
      if octet == 0x25, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) {
        octets.append(value)
        rest = rest.dropFirst(2)
      } else {
        octets.append(octet == 0x2B ? 0x20 : octet)
      }
    }
    return String(decoding: octets, as: UTF8.self)
  }
}
