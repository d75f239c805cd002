import Foundation
import Testing

/// What the manual names is what the server has: an alert on a name that never comes is worse than
/// none.
@Suite struct ManualTests {
  static let pages = Repository.files
    .filter { $0 == "README.md" || $0.hasPrefix("docs/") && $0.hasSuffix(".md") }
    .map(SourceFile.init)
  static let code = Repository.files(below: "Sources", ending: ".swift").map(\.text).joined()

  @Test(arguments: pages)
  func `a metric on a page is one of the server's`(page: SourceFile) {
    let names = Set(page.text.matches(of: /\b(?:martlet|coredns)_[a-z_]*[a-z]\b/).map { $0.0 })
    // A histogram's series have names of their own.
    let unknown = names.filter { name in
      !Self.code.contains("\"\(name)\"")
        && !Self.code.contains("\"\(name.replacing(/_(bucket|sum|count)$/, with: ""))\"")
    }
    #expect(unknown.filter { $0 != "coredns_dns" } == [])
  }

  /// What operators search their logs for, as far as it stands in one piece in the code.
  static let sentences = [
    "following ", "synchronised with the API server",
    "starting server with unsynced Kubernetes API",
    "the API server is lost: answering from the last known state", " listed anew: ",
    "the server no longer has the changes since the last one seen (410)",
    "the server has gone back to an earlier state", "the server has gone back from version ",
    "the watch has missed changes", "connected, but silent for ", "no answer for ", "broke off: ",
    "no end within ", "the body grows to over ",
    " refuses (401) ",
    " forbids (403): user ", "Kubernetes 1.21 or later is needed", "not what a list or watch is: ",
    "which is not followed: is it the URL ", "passed over: ", "not listed yet: ",
    "kubernetes: answers are from the last known state", "answering from ",
  ]

  @Test(arguments: sentences)
  func `a sentence of the log is the same on the page and in the code`(sentence: String) {
    let words = Repository.text("docs/watching.md").split(whereSeparator: \.isWhitespace)
    let page = " " + words.joined(separator: " ") + " "
    let isOnPage = page.contains(sentence)
    let isInCode = Self.code.contains(sentence)
    #expect(isOnPage, "on the page")
    #expect(isInCode, "in the code")
  }

  /// The same of forwarding: what clients are told, and what the log says.
  static let forwardingSentences = [
    "forward: no upstream answered", "forward: every upstream is down",
    "forward: no upstream is known", "forward: the upstream failed",
    "forward: no upstream could be reached", "loop: the upstream is this server itself",
    "forward: max_concurrent queries are under way", "forward: recursion is not desired",
    "forward: a limit is reached", "cache: upstreams failed a moment ago",
    "cache: its TTL has run out",
    "families: addresses of the other family are left out",
    "queries to it come back to", "it is not asked any more, all else is served. Query: ",
    "truncated over UDP", " is down: ", "names no name server", " has no address: ",
    ": cannot be read", "no reply in ", " names only systemd-resolved's stub",
  ]

  @Test(arguments: forwardingSentences)
  func `a sentence of forwarding is the same on its page and in the code`(sentence: String) {
    let isOnPage = Repository.text("docs/forwarding.md").contains(sentence)
    let isInCode = Self.code.contains(sentence)
    #expect(isOnPage, "on the page")
    #expect(isInCode, "in the code")
  }

  static let metrics = Set(
    code.matches(of: /"((?:martlet|coredns)_[a-z_]*[a-z])"/).map { String($0.1) })

  @Test(arguments: metrics.sorted())
  func `a metric of the server is on the page of the configuration`(name: String) {
    let isOnPage = Repository.text("docs/configuration.md").contains("`\(name)`")
    #expect(isOnPage)
  }

  /// A heading's place, as the forge spells it.
  static func anchors(of path: String) -> Set<String> {
    let headings = Repository.text(path).matches(of: /(?m)^#+ (.+)$/).map { String($0.1) }
    return Set(
      headings.map { heading in
        heading.lowercased().replacing(" ", with: "-")
          .filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
      })
  }

  @Test(arguments: pages)
  func `a link leads to a file of the project, and to a heading of it`(page: SourceFile) {
    let folder = page.path.hasPrefix("docs/") ? "docs/" : ""
    for link in page.text.matches(of: /\]\(([^)\s]+)\)/).map({ String($0.1) })
    where !link.contains("://") {
      let parts = link.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
      let path = parts[0].isEmpty ? page.path : folder + parts[0]
      #expect(Repository.files.contains(path), "\(page.path): \(link)")
      if parts.count > 1 {
        #expect(Self.anchors(of: path).contains(parts[1]), "\(page.path): \(link)")
      }
    }
  }
}
