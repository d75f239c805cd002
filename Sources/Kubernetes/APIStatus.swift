public import Documents

/// The API server's answer where it does not do what was asked: a `Status` object.
public struct APIStatus: Hashable, Sendable {
  /// The HTTP status.
  public var code: Int
  /// A word for programs: `Forbidden`, `Expired`; empty where there is none.
  public var reason: String
  /// A sentence for people; empty where there is none.
  public var message: String
  /// Seconds to wait before asking again.
  public var retryAfterSeconds: Int?

  /// Longer bodies are no Status: they hold a sentence or two.
  public static let maximumOctets = 256 << 10

  public init(code: Int, reason: String = "", message: String = "", retryAfterSeconds: Int? = nil) {
    self.code = code
    self.reason = reason
    self.message = message
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// Reads the body of an answer; nil where it is no Status in JSON, as from a proxy on the way.
  public init?(_ body: [UInt8]) {
    guard !body.isEmpty, body.count <= Self.maximumOctets,
      let document = unsafe try? JSONReader().read(body.span.bytes)
    else { return nil }
    self.init(document.root)
  }

  /// The object of an event of type `ERROR`; nil where it is no Status.
  public init?(_ value: Value) {
    guard value["kind"]?.isString("Status") == true else { return nil }
    self.init(
      code: value["code"]?.integer ?? 0, reason: value["reason"]?.string ?? "",
      message: value["message"]?.string ?? "",
      retryAfterSeconds: value["details"]?["retryAfterSeconds"]?.integer.flatMap {
        $0 > 0 ? $0 : nil
      })
  }
}
