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
