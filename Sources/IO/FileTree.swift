internal import Glibc

/// Walks a directory tree: hidden entries are left out, links followed, loops of links end.
public struct FileTree {
  /// A tree is not followed deeper.
  public static let maximumDepth = 32

  public enum Entry: Hashable, Sendable {
    /// A directory that is entered.
    case directory(String, isLink: Bool)
    /// Anything else; a link may lead to nothing.
    case file(String, isLink: Bool)
  }

  private let visit: (Entry) -> Void
  private let failed: (String, IOFailure) -> Void
  /// The directories on the way from the root.
  private var entered: Set<FileIdentity> = []

  /// - Parameters:
  ///   - visit: gets the root and every entry below it, a directory before what is in it.
  ///   - failed: gets directories that cannot be read.
  public static func walk(
    _ root: String, failed: @escaping (String, IOFailure) -> Void = { _, _ in },
    _ visit: @escaping (Entry) -> Void
  ) {
    var tree = FileTree(visit: visit, failed: failed)
    tree.enter(root, isLink: false, depth: 0)
  }

  private mutating func enter(_ directory: String, isLink: Bool, depth: Int) {
    guard depth <= Self.maximumDepth, let identity = FileIdentity(directory),
      entered.insert(identity).inserted
    else { return }
    defer { entered.remove(identity) }
    visit(.directory(directory, isLink: isLink))
    do {
      for entry in try FilePath.entries(of: directory) where !entry.name.hasPrefix(".") {
        let path = FilePath.join(directory, entry.name)
        if !entry.isFile, FilePath.isDirectory(path) {
          enter(path, isLink: entry.isLink, depth: depth + 1)
        } else {
          visit(.file(path, isLink: entry.isLink))
        }
      }
    } catch {
      failed(directory, error)
    }
  }
}
