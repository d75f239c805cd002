/// Finds the directories whose events tell of changes to given files and trees.
struct FileSurvey {
  private(set) var interests: [String: FileWatch.Interest] = [:]

  mutating func add(_ root: String) {
    addWay(to: root, for: root)
    guard FilePath.isDirectory(root) else { return }
    var links: [String] = []
    var directories: [String] = []
    FileTree.walk(root) { entry in
      switch entry {
      case .directory(let path, let isLink):
        directories.append(path)
        if isLink { links.append(path) }
      case .file(let path, let isLink):
        if isLink { links.append(path) }
      }
    }
    for directory in directories { interests[directory, default: .init()].isTree = true }
    for link in links {
      if let target = FilePath.target(of: link) { addWay(to: target, for: link) }
    }
  }

  /// Each part of the way that is a link may come to point elsewhere; the last part, or the first
  /// that is missing, may come, go and be replaced.
  private mutating func addWay(to path: String, for root: String, links: Int = 0) {
    var directory = "/"
    for name in path.split(separator: "/").map(String.init) {
      let next = FilePath.join(directory, name)
      let entry = FilePath.entry(next)
      let isLast = next == path
      if entry == nil || entry == .link || isLast {
        interests[directory, default: .init()].names[name, default: []].insert(root)
      }
      if entry == nil { return }
      if entry == .link, links < FileTree.maximumDepth, let target = FilePath.target(of: next) {
        addWay(to: target, for: root, links: links + 1)
      }
      directory = next
    }
  }
}
