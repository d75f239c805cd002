internal import CLinux
import Glibc

/// Reads a regular file in chunks.
public final class FileReader {
  /// Small enough to stay in a core's cache while it is parsed.
  public static let chunkOctets = 128 << 10

  private let descriptor: Int32
  private let path: String
  /// What the file was when it was opened.
  public let signature: FileSignature
  /// Why the last ``next()`` gave nothing, if that was not the end.
  public private(set) var failure: IOFailure?

  /// - Throws: ``IOFailure`` where the file cannot be opened or is not a regular one.
  public init(_ path: String) throws(IOFailure) {
    // A FIFO without a writer would block.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw IOFailure(operation: "open \(path)") }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw IOFailure(operation: "open \(path)", code: EISDIR)
    }
    self.descriptor = descriptor
    self.path = path
    signature = FileSignature(status)
  }

  deinit {
    close(descriptor)
  }

  /// The octets that follow; none at the end, and after a ``failure``.
  public func next() -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: Self.chunkOctets) { room, count in
      var got = -1
      repeat {
        got = unsafe read(descriptor, room.baseAddress, room.count)
      } while got < 0 && errno == EINTR
      if got < 0 { failure = IOFailure(operation: "read \(path)") }
      count = max(got, 0)
    }
  }

  /// The text of a small file, its first ``chunkOctets``; nil where it cannot be read.
  public static func text(_ path: String) -> String? {
    guard let reader = try? FileReader(path) else { return nil }
    let octets = reader.next()
    return reader.failure == nil ? String(decoding: octets, as: UTF8.self) : nil
  }

  /// Goes back to the beginning.
  public func rewind() {
    lseek(descriptor, 0, SEEK_SET)
    failure = nil
  }
}

/// What tells a file's contents from its earlier ones without reading them.
public struct FileSignature: Hashable, Sendable {
  public var identity: FileIdentity
  public var octets: Int
  /// Unix time of the last modification.
  public var modificationSeconds: Int
  public var modificationNanoseconds: Int

  /// Of the regular file that a path leads to; nil where there is none.
  public init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    identity = FileIdentity(status)
    octets = Int(status.st_size)
    modificationSeconds = Int(status.st_mtim.tv_sec)
    modificationNanoseconds = Int(status.st_mtim.tv_nsec)
  }
}

/// A file wherever its paths lead: device and number.
public struct FileIdentity: Hashable, Sendable {
  public var device: UInt64
  public var number: UInt64

  /// Of what a path leads to, links followed; nil where there is nothing.
  public init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
  }
}
