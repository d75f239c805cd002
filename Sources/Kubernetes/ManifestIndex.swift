internal import Cluster
internal import IO

/// Which file has which objects, and whose is served where several have the same one. Holds no
/// object.
struct ManifestIndex {
  typealias FileNumber = UInt32

  /// A file that has been read, or that could not be.
  struct File {
    /// Which of the given paths it was found by; with the path, its rank.
    var root: Int
    var path: String
    /// Nil while it cannot be opened.
    var signature: FileSignature?
    var keys = KeyTable()
    /// Why what is served of it is not what it says now.
    var problem: String?

    /// Later paths win.
    func outranks(_ other: File) -> Bool {
      (root, path) > (other.root, other.path)
    }
  }

  private(set) var files: [FileNumber: File] = [:]
  private var numbers: [String: FileNumber] = [:]
  private var lastNumber: FileNumber = 0
  /// Whose object is served.
  private var owners: [KeyTable.Hash: FileNumber] = [:]
  /// All files that have an object which several have.
  private var contested: [KeyTable.Hash: Set<FileNumber>] = [:]

  func number(of path: String) -> FileNumber? { numbers[path] }

  /// The file's number, new where the path is.
  mutating func add(_ path: String, root: Int) -> FileNumber {
    if let number = numbers[path] { return number }
    lastNumber += 1
    numbers[path] = lastNumber
    files[lastNumber] = File(root: root, path: path)
    return lastNumber
  }

  mutating func forget(_ number: FileNumber) {
    if let file = files.removeValue(forKey: number) { numbers[file.path] = nil }
  }

  mutating func update(_ number: FileNumber, _ body: (inout File) -> Void) {
    if var file = files.removeValue(forKey: number) {
      body(&file)
      files[number] = file
    }
  }

  /// Notes that a file has an object.
  ///
  /// - Returns: whether it is this file's that is served, and the file that has the same one.
  mutating func claim(
    _ hash: KeyTable.Hash, for number: FileNumber
  ) -> (isServed: Bool, rival: FileNumber?) {
    guard let owner = owners[hash], owner != number else {
      owners[hash] = number
      return (true, nil)
    }
    contested[hash, default: [owner]].insert(number)
    guard let file = files[number], let other = files[owner], file.outranks(other) else {
      return (false, owner)
    }
    owners[hash] = number
    return (true, owner)
  }

  enum Release: Hashable {
    /// The object is gone.
    case gone
    /// Another file's has been served all along.
    case unserved
    /// Another file's is to be served now.
    case passed(to: FileNumber)
  }

  /// Notes that a file does not have an object any more.
  mutating func release(_ hash: KeyTable.Hash, by number: FileNumber) -> Release {
    var rivals = contested[hash] ?? []
    rivals.remove(number)
    contested[hash] = rivals.count > 1 ? rivals : nil
    guard owners[hash] == number else { return .unserved }
    let heir = rivals.max { left, right in
      guard let left = files[left], let right = files[right] else { return false }
      return right.outranks(left)
    }
    owners[hash] = heir
    return heir.map { .passed(to: $0) } ?? .gone
  }
}
