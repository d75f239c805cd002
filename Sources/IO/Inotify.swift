public import Glibc

/// A system call that failed.
public struct IOFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The call and what it was about: `open /etc/hosts`.
  public var operation: String
  /// errno
  public var code: Int32

  public init(operation: String, code: Int32 = errno) {
    self.operation = operation
    self.code = code
  }

  /// `open /etc/hosts: No such file or directory`.
  public var description: String { "\(operation): \(reason)" }

  /// `No such file or directory`.
  public var reason: String { unsafe String(cString: strerror(code)) }
}

/// An inotify instance; its events as values.
@safe final class Inotify {
  let descriptor: Int32
  private let buffer: UnsafeMutableRawBufferPointer

  struct Event: Hashable {
    var watch: Int32
    var mask: UInt32
    /// The entry of the watched directory; nil: the directory itself.
    var name: String?

    var isOverflow: Bool { mask & UInt32(IN_Q_OVERFLOW) != 0 }
    var isCreation: Bool { mask & UInt32(IN_CREATE) != 0 }
    var isDirectory: Bool { mask & UInt32(IN_ISDIR) != 0 }
  }

  /// Room for some 200 events; one takes at most 16 + 256 octets.
  private static let bufferOctets = 16_384

  init() throws(IOFailure) {
    descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    guard descriptor >= 0 else { throw IOFailure(operation: "inotify_init1") }
    unsafe buffer = .allocate(
      byteCount: Self.bufferOctets, alignment: MemoryLayout<inotify_event>.alignment)
  }

  deinit {
    close(descriptor)
    unsafe buffer.deallocate()
  }

  /// Watches a directory; the same number again where it is watched already.
  func watch(_ directory: String) throws(IOFailure) -> Int32 {
    let mask =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB
      | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
    let watch = unsafe inotify_add_watch(descriptor, directory, UInt32(mask))
    guard watch >= 0 else { throw IOFailure(operation: "inotify_add_watch \(directory)") }
    return watch
  }

  func unwatch(_ watch: Int32) {
    _ = inotify_rm_watch(descriptor, watch)
  }

  /// Events that are waiting; nil when there are none.
  func read() -> [Event]? {
    let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    guard count > 0 else { return nil }
    var events: [Event] = []
    var at = 0
    // SAFETY: the kernel fills in whole events, each with `len` octets of name behind its head.
    while at < count {
      let event = unsafe buffer.loadUnaligned(fromByteOffset: at, as: inotify_event.self)
      at += MemoryLayout<inotify_event>.size
      let length = Int(event.len)
      var name: String?
      if length > 0 {
        name = unsafe String(
          decoding: UnsafeRawBufferPointer(buffer)[at..<(at + length)].prefix { $0 != 0 },
          as: UTF8.self)
      }
      at += length
      events.append(Event(watch: event.wd, mask: event.mask, name: name))
    }
    return events
  }
}
