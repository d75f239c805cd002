/// The status and headers of a response.
public struct HTTPResponseHead: Hashable, Sendable {
  public enum Version: Hashable, Sendable { case http1, http2 }

  /// 200 to 999; interim responses are not shown.
  public let status: Int
  public let version: Version
  private let headers: [Header]

  fileprivate struct Header: Hashable, Sendable {
    var name: String
    var value: String
  }

  fileprivate init(status: Int, version: Version, headers: [Header]) {
    self.status = status
    self.version = version
    self.headers = headers
  }

  /// The value of the first header of this name, spelled in whatever case; nil without one.
  public func value(of header: String) -> String? {
    let name = header.lowercased()
    return headers.first { $0.name == name }?.value
  }
}

/// Puts a head together from its lines, which come one at a time.
struct HTTPHeadReader {
  /// Octets of all heads and trailers of a response: Kubernetes sends under 1 KiB; a server that
  /// goes on for ever must not fill the memory.
  static let octetsLimit = 64 << 10

  enum Step {
    case more
    case head(HTTPResponseHead)
    case tooLarge
  }

  private var octets = 0
  private var status: Int?
  private var version = HTTPResponseHead.Version.http1
  private var headers: [HTTPResponseHead.Header] = []
  /// After the head, what comes are trailers.
  private(set) var isDone = false

  /// Takes a line with its line break; an empty one ends a head.
  mutating func read(_ octetsOfLine: UnsafeRawBufferPointer) -> Step {
    octets += octetsOfLine.count
    if octets > Self.octetsLimit { return .tooLarge }
    if isDone { return .more }
    let line = unsafe String(decoding: octetsOfLine, as: UTF8.self)
    if Self.trimmed(line[...]).isEmpty { return end() }
    if status == nil { readStatus(line) } else { readHeader(line) }
    return .more
  }

  private mutating func end() -> Step {
    defer {
      status = nil
      headers = []
    }
    // RFC 9110 section 15.2: any number of interim responses may come before the real one.
    guard let status, status >= 200 else { return .more }
    isDone = true
    return .head(HTTPResponseHead(status: status, version: version, headers: headers))
  }

  /// `HTTP/1.1 200 OK`, `HTTP/2 200`; libcurl has refused all else.
  private mutating func readStatus(_ line: String) {
    let parts = line.split(whereSeparator: \.isWhitespace)
    version = parts.first == "HTTP/2" ? .http2 : .http1
    status = parts.count > 1 ? Int(parts[1]) : nil
  }

  private mutating func readHeader(_ line: String) {
    if line.first == " " || line.first == "\t" {
      // RFC 9112 section 5.2: a folded line goes on with the value of the one before.
      if let last = headers.indices.last { headers[last].value += " " + Self.trimmed(line[...]) }
      return
    }
    guard let colon = line.firstIndex(of: ":") else { return }
    headers.append(
      HTTPResponseHead.Header(
        name: line[..<colon].lowercased(),
        value: Self.trimmed(line[line.index(after: colon)...])))
  }

  private static func trimmed(_ text: Substring) -> String {
    guard let first = text.firstIndex(where: { !$0.isWhitespace }),
      let last = text.lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(text[first...last])
  }
}
