internal import CLinux
internal import Glibc

/// A file that is written beside its place and takes it whole: a reader sees the old contents or
/// the new, after a crash as well.
///
/// The path is absolute. Several may be written for one path at a time, in several processes too;
/// the last one in its place counts. Without ``commit()`` nothing is left of it. A link at the path
/// is replaced, not followed; a device, pipe or socket is left as it is. Its calls wait for the
/// disk.
public final class AtomicFile {
  private let path: String
  private let temporaryPath: String
  private let descriptor: Int32
  private var isCommitted = false

  /// - Throws: ``IOFailure`` where the directory does not take a new file, or a device has the path.
  ///   Like all failures here it reads the same each time: the random part of the name is not in it.
  public convenience init(_ path: String) throws(IOFailure) {
    // A device or pipe would be gone for everybody: /dev/null, for whoever is root.
    if FilePath.entry(path) == .other {
      throw IOFailure(operation: "replace \(path), which is no regular file", code: EEXIST)
    }
    let temporaryPath = path + Self.infix + String(Clock.random, radix: 16)
    let descriptor = unsafe open(
      temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(0o644))
    guard descriptor >= 0 else { throw IOFailure(operation: "create \(path + Self.infix)*") }
    // Held while it is written: what nobody holds is left over from a process that has ended.
    flock(descriptor, LOCK_EX | LOCK_NB)
    self.init(path: path, temporaryPath: temporaryPath, descriptor: descriptor)
  }

  /// For tests, which have devices that are always full.
  init(path: String, temporaryPath: String, descriptor: Int32) {
    self.path = path
    self.temporaryPath = temporaryPath
    self.descriptor = descriptor
  }

  deinit {
    if !isCommitted { unsafe _ = unlink(temporaryPath) }
    close(descriptor)
  }

  /// Between the name of the file and the random end of its temporary one's.
  private static let infix = ".tmp-"

  /// Adds octets at the end.
  public func write(_ octets: [UInt8]) throws(IOFailure) {
    var done = 0
    while done < octets.count {
      let count = unsafe octets.withUnsafeBytes { octets in
        unsafe Glibc.write(descriptor, octets.baseAddress! + done, octets.count - done)
      }
      if count > 0 {
        done += count
      } else if count == 0 || errno != EINTR {
        throw IOFailure(operation: "write \(path + Self.infix)*", code: count == 0 ? EIO : errno)
      }
    }
  }

  /// Puts the file in its place; once it returns, not even a loss of power takes it back.
  public func commit() throws(IOFailure) {
    guard fsync(descriptor) == 0 else { throw IOFailure(operation: "fsync \(path + Self.infix)*") }
    guard unsafe rename(temporaryPath, path) == 0 else {
      throw IOFailure(operation: "rename to \(path)")
    }
    isCommitted = true
    let directory = FilePath.directory(of: path)
    let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw IOFailure(operation: "open \(directory)") }
    defer { close(descriptor) }
    // Some file systems keep no directories of their own, and say EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw IOFailure(operation: "fsync \(directory)")
    }
  }

  /// Removes the temporary files of this path whose writers have ended without removing them.
  public static func removeLeftovers(of path: String) {
    let directory = FilePath.directory(of: path)
    let prefix = FilePath.name(of: path) + infix
    for entry in (try? FilePath.entries(of: directory)) ?? [] {
      // What somebody else put there, `state.tmp-old`, is not ours.
      guard entry.name.hasPrefix(prefix),
        UInt64(entry.name.dropFirst(prefix.count), radix: 16) != nil
      else { continue }
      let path = FilePath.join(directory, entry.name)
      let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unsafe _ = unlink(path) }
      close(descriptor)
    }
  }
}
