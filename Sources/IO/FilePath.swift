internal import Glibc

/// Paths as text and what the file system says of them. Nothing here follows a link unless it says
/// so.
public enum FilePath {
  public enum Entry: Hashable, Sendable {
    case file(linkCount: Int)
    case directory
    case link
    case other
  }

  /// An entry of a directory.
  public struct DirectoryEntry: Hashable, Sendable {
    public var name: String
    public var isLink: Bool
    /// Whether it is known to be a regular file; not every file system says.
    public var isFile: Bool
  }

  /// A path without empty parts, `.` and `..`, as text; the file system is not asked.
  public static func normalized(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// The path of `name` in a directory.
  public static func join(_ directory: String, _ name: String) -> String {
    directory == "/" ? "/" + name : directory + "/" + name
  }

  /// The part before the last `/`.
  public static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  /// The part behind the last `/`.
  public static func name(of path: String) -> Substring {
    path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
  }

  /// What lies at a path; nil where nothing does.
  public static func entry(_ path: String) -> Entry? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file(linkCount: Int(status.st_nlink))
    case S_IFDIR: return .directory
    case S_IFLNK: return .link
    default: return .other
    }
  }

  /// Whether a path leads to a directory, links followed.
  public static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Where a link points, as an absolute path; nil where that cannot be read.
  static func target(of link: String) -> String? {
    var octets = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe octets.withUnsafeMutableBytes { room in
      unsafe readlink(link, room.baseAddress!, room.count)
    }
    guard count > 0 else { return nil }
    let target = String(decoding: octets[..<count], as: UTF8.self)
    if target.hasPrefix("/") { return normalized(target) }
    // `..` in a target goes up from where the link really is.
    return resolved(directory(of: link)).map { normalized(join($0, target)) }
  }

  /// A path without links; nil where there is nothing.
  private static func resolved(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// The entries of a directory but `.` and `..`, in no order.
  public static func entries(of directory: String) throws(IOFailure) -> [DirectoryEntry] {
    guard let stream = unsafe opendir(directory) else {
      throw IOFailure(operation: "open \(directory)")
    }
    defer { unsafe closedir(stream) }
    var entries: [DirectoryEntry] = []
    while let entry = unsafe readdir(stream) {
      // SAFETY: d_name ends with a zero octet within the entry.
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(cString: $0.baseAddress!.assumingMemoryBound(to: CChar.self))
      }
      guard name != ".", name != ".." else { continue }
      let type = unsafe Int(entry.pointee.d_type)
      entries.append(
        DirectoryEntry(name: name, isLink: type == Int(DT_LNK), isFile: type == Int(DT_REG)))
    }
    return entries
  }
}
