internal import Glibc

/// How a load reaches files; tests give one of their own.
public struct FileReading: Sendable {
  public enum Content: Hashable, Sendable {
    case octets([UInt8])
    case directory
    case tooLarge
    /// The kernel's `errno`.
    case failure(Int32)
  }

  /// What stands under a name in a folder.
  public enum Entry: Hashable, Sendable {
    /// Not even a link.
    case absent
    /// A link to what is not there.
    case dangling
    /// A pipe, a socket or a device.
    case special
    /// Reading it tells what it is.
    case readable
  }

  /// Reads a whole file.
  public var read: @Sendable (_ path: String) -> Content
  /// The paths that a shell pattern matches.
  public var glob: @Sendable (_ pattern: String) -> [String]
  /// Tells what is not there from what cannot be read, which ``read`` alone cannot.
  public var entry: @Sendable (_ path: String) -> Entry

  /// Without `entry` there are no links and nothing special: what cannot be found is absent.
  public init(
    read: @escaping @Sendable (_ path: String) -> Content,
    glob: @escaping @Sendable (_ pattern: String) -> [String],
    entry: (@Sendable (_ path: String) -> Entry)? = nil
  ) {
    self.read = read
    self.glob = glob
    self.entry = entry ?? { read($0) == .failure(ENOENT) ? .absent : .readable }
  }

  /// Octets of one file; the API server takes no ConfigMap above 1 MiB, YAML may blow it up.
  public static let maximumOctets = 4 << 20

  /// The file system of the process.
  public static let fileSystem = FileReading(
    read: readFile, glob: globPaths, entry: entryAt)
}

extension FileReading.Content {
  /// Why there is nothing to read; nil where there is.
  var complaint: String? {
    switch self {
    case .octets: nil
    case .directory: "it is a directory"
    case .tooLarge: "it is larger than \(FileReading.maximumOctets) octets"
    case .failure(ENOENT): "there is no such file"
    case .failure(EACCES), .failure(EPERM): "permission denied"
    case .failure(ELOOP): "too many symbolic links"
    case .failure(let number): "the system says error \(number)"
    }
  }
}

@Sendable private func readFile(_ path: String) -> FileReading.Content {
  // O_NONBLOCK: a named pipe must not hold up the start.
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { return .failure(errno) }
  defer { close(descriptor) }
  var status = stat()
  guard unsafe fstat(descriptor, &status) == 0 else { return .failure(errno) }
  guard status.st_mode & S_IFMT != S_IFDIR else { return .directory }
  var octets: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe chunk.withUnsafeMutableBytes {
      unsafe read(descriptor, $0.baseAddress, $0.count)
    }
    if count == 0 { return .octets(octets) }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return .failure(errno) }
    octets += chunk[..<count]
    guard octets.count <= FileReading.maximumOctets else { return .tooLarge }
  }
}

@Sendable private func entryAt(_ path: String) -> FileReading.Entry {
  var status = stat()
  if unsafe lstat(path, &status) != 0 { return errno == ENOENT ? .absent : .readable }
  if unsafe stat(path, &status) != 0 { return errno == ENOENT ? .dangling : .readable }
  let kind = status.st_mode & S_IFMT
  return kind == S_IFREG || kind == S_IFDIR ? .readable : .special
}

@Sendable private func globPaths(_ pattern: String) -> [String] {
  var found = unsafe glob_t()
  defer { unsafe globfree(&found) }
  guard unsafe glob(pattern, 0, nil, &found) == 0 else { return [] }
  return (0..<Int(unsafe found.gl_pathc)).compactMap { index in
    unsafe found.gl_pathv[index].map { unsafe String(cString: $0) }
  }.sorted()
}
