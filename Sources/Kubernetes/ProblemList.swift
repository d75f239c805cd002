/// What is wrong with a source, each thing said once when it begins and not at every try.
struct ProblemList {
  enum Subject: Hashable {
    /// Servers cannot be reached.
    case server
    /// A kind of object, by the number of its reflector.
    case resource(Int)
  }

  var log: (String, Severity) -> Void = { _, _ in }
  private var texts: [Subject: String] = [:]
  /// What has been said since all was well.
  private var said: Set<String> = []

  /// Servers in turn, each with its errors, are a handful; more is a text that changes each time.
  private static let mostSaid = 64

  /// Our own sentences have a few hundred characters; what a server says in them has no bound.
  private static let mostCharacters = 2_000

  var current: [String] { Set(texts.values).sorted() }

  /// Something is wrong, in these words.
  mutating func begin(_ subject: Subject, _ text: String) {
    let text = AccessError.line(text, atMost: Self.mostCharacters)
    texts[subject] = text
    guard said.count < Self.mostSaid, said.insert(text).inserted else { return }
    log("\(text)", .error)
  }

  /// It is not wrong any more.
  mutating func end(_ subject: Subject) {
    texts[subject] = nil
  }

  /// All is well: says so where something was not.
  mutating func clear(_ text: String) {
    texts = [:]
    if !said.isEmpty { log(text, .info) }
    said = []
  }

  func say(_ text: String, _ severity: Severity) {
    log(text, severity)
  }
}
