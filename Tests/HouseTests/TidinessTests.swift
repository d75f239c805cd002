import Foundation
import Testing

@Suite struct TidinessTests {
  static let topLevel: Set<String> = [
    ".ci", ".gitignore", ".swift-format", "Corefile-examples", "LICENSE", "Package.swift",
    "README.md", "Sources", "Tests", "deploy", "docs", "scripts", "zones",
  ]

  static let texts = Repository.files
    .filter { !$0.hasSuffix(".bin") && !$0.hasPrefix("Tests/HouseTests/") }
    .map(SourceFile.init)
  static let sources =
    Repository.files(below: "Sources", ending: "")
    + Repository.files(below: "Tests", ending: ".swift")

  @Test func `nothing strays at the top level`() {
    let found = Set(Repository.files.map { String($0.prefix { $0 != "/" }) })
    #expect(found.subtracting(Self.topLevel).isEmpty)
  }

  @Test func `nothing left by an editor, a merge or a build is among the files`() {
    let litter = Repository.files.filter {
      $0.contains(/(~|\.orig|\.rej|\.swp|\.bak|\.o|\.DS_Store|\.pyc|core)$/)
    }
    #expect(litter.isEmpty)
  }

  /// Beyond 400 lines ask what second subject crept in; beyond 450 it is found out here.
  @Test(arguments: sources)
  func `a source file has one subject`(file: SourceFile) {
    let count = file.lines.count
    if count > 400 { print("note: \(file.path) has \(count) lines") }
    #expect(count <= 450)
  }

  @Test(arguments: texts)
  func `nothing is put off by a mark in the text`(file: SourceFile) {
    let marks = file.text.matches(of: /\b(TODO|FIXME|XXX|HACK)\b/).map(\.1)
    #expect(marks.isEmpty)
  }

  @Test(arguments: texts)
  func `no path of one machine is written down`(file: SourceFile) {
    let paths = file.text.matches(of: /(?:^|[\s"'=(:])(\/(?:work|home|root|Users|build)\/[\w.-]+)/)
      .map(\.1)
    #expect(paths.isEmpty)
  }

  @Test(arguments: texts.filter { !$0.path.hasPrefix("Tests/") || $0.path.hasSuffix(".swift") })
  func `a text ends with a newline and has no conflict marks`(file: SourceFile) {
    let isRecorded = file.path.hasSuffix(".json")
    #expect(isRecorded || file.text.hasSuffix("\n"))
    #expect(!file.lines.contains { $0.contains(#/^(<<<<<<<|>>>>>>>) /#) })
  }

  /// Foundation costs 12 MB of binary and a copy at every border.
  @Test(arguments: Repository.files(below: "Sources", ending: ".swift"))
  func `the server does without Foundation, and traps of input`(file: SourceFile) {
    let code = file.lines.filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//") }
    for line in code {
      #expect(!line.contains(#/\bimport Foundation|\btry!|\bas! /#))
    }
  }
}
