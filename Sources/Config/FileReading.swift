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

  /// Reads a whole file.
  public var read: @Sendable (_ path: String) -> Content
  /// The paths that a shell pattern matches.
  public var glob: @Sendable (_ pattern: String) -> [String]

  public init(
    read: @escaping @Sendable (_ path: String) -> Content,
    glob: @escaping @Sendable (_ pattern: String) -> [String]
  ) {
    self.read = read
    self.glob = glob
  }

  /// Octets of one file; the API server takes no ConfigMap above 1 MiB, YAML may blow it up.
  public static let maximumOctets = 4 << 20

  /// The file system of the process.
  public static let fileSystem = FileReading(read: readFile, glob: globPaths)
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

@Sendable private func globPaths(_ pattern: String) -> [String] {
  var found = unsafe glob_t()
  defer { unsafe globfree(&found) }
  guard unsafe glob(pattern, 0, nil, &found) == 0 else { return [] }
  return (0..<Int(unsafe found.gl_pathc)).compactMap { index in
    unsafe found.gl_pathv[index].map { unsafe String(cString: $0) }
  }.sorted()
}
