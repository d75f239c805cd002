import APIServerKit

/// A request read off a connection.
struct HTTPRequest {
  var text: APIRequestText
  var body: [UInt8]
  /// Whether the connection ends after the answer.
  var isLast: Bool

  /// What a client may send before its request is complete.
  static let maximumLength = 16 << 20

  /// Takes the first complete request off `input`; nil when there is none yet.
  static func take(from input: inout [UInt8]) throws(Failure) -> HTTPRequest? {
    guard let end = endOfHead(input) else {
      guard input.count < 65_536 else { throw Failure("a head of more than 64 KiB") }
      return nil
    }
    let head = String(decoding: input[..<end], as: UTF8.self)
    var lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)[...]
    let words = (lines.popFirst() ?? "").split(separator: " ")
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else {
      throw Failure("not a request line")
    }
    var text = APIRequestText(String(words[0]), String(words[1]))
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { throw Failure("not a header") }
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      text.headers.append(APIHeader(String(line[..<colon]), String(value)))
    }
    let length = text.header("Content-Length").flatMap { Int($0) } ?? 0
    guard (0...maximumLength).contains(length) else { throw Failure("too long a body") }
    guard input.count >= end + length else { return nil }
    let body = Array(input[end..<end + length])
    input.removeFirst(end + length)
    let connection = text.header("Connection")?.lowercased() ?? ""
    let isLast = connection.contains("close") || (words[2] == "HTTP/1.0")
    return HTTPRequest(text: text, body: body, isLast: isLast)
  }

  /// Behind the empty line.
  private static func endOfHead(_ input: [UInt8]) -> Int? {
    guard input.count >= 4 else { return nil }
    for index in 3..<input.count
    where input[index] == 10 && input[index - 1] == 13 && input[index - 2] == 10
      && input[index - 3] == 13
    {
      return index + 1
    }
    return nil
  }
}
