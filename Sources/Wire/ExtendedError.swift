/// Why an answer is not what was hoped for, an option of the reply's OPT (RFC 8914).
public struct ExtendedError: Sendable {
  public var code: UInt16
  public var text: StaticString
  /// What stands behind the text and `: `; nil for the text alone.
  public var detail: StaticString?
  /// What it is about, behind the rest and `: `: an upstream and what became of it. Its first
  /// ``maximumSubjectOctets``, whole characters, are sent.
  public private(set) var subject: String?

  /// Leaves an answer that is there room for records.
  public static let maximumSubjectOctets = 128

  @inlinable
  public init(code: UInt16, text: StaticString, detail: StaticString? = nil) {
    self.code = code
    self.text = text
    self.detail = detail
  }

  /// An error whose text is known only when it happens.
  public init(code: UInt16, text: StaticString, subject: String) {
    self.init(code: code, text: text)
    self.subject = Self.trimmed(subject)
  }

  /// Says what it is about, unless that is said already.
  public mutating func add(subject: String) {
    self.subject = self.subject ?? Self.trimmed(subject)
  }

  // The names and texts of RFC 8914 §4 and §5.2.
  public static let other: UInt16 = 0
  public static let staleAnswer: UInt16 = 3
  public static let cachedError: UInt16 = 13
  public static let notReady: UInt16 = 14
  public static let filtered: UInt16 = 17
  public static let prohibited: UInt16 = 18
  public static let staleNameError: UInt16 = 19
  public static let notAuthoritative: UInt16 = 20
  public static let notSupported: UInt16 = 21
  public static let noReachableAuthority: UInt16 = 22
  public static let networkError: UInt16 = 23
  public static let invalidData: UInt16 = 24

  /// Octets of the option, code and length included.
  @inlinable
  public var octetCount: Int {
    6 + text.utf8CodeUnitCount + (detail.map { 2 + $0.utf8CodeUnitCount } ?? 0)
      + (subject.map { 2 + $0.utf8.count } ?? 0)
  }

  private static func trimmed(_ text: String) -> String {
    guard text.utf8.count > maximumSubjectOctets else { return text }
    var end = text.startIndex
    while end < text.endIndex {
      let next = text.unicodeScalars.index(after: end)
      guard text.utf8.distance(from: text.startIndex, to: next) <= maximumSubjectOctets else {
        break
      }
      end = next
    }
    return String(text[..<end])
  }
}
