import Glibc

/// A call of the kernel that failed: which, and why.
public struct IOError: Error, Hashable, CustomStringConvertible {
  public var errno: Int32
  /// What was tried, `bind 127.0.0.1:53`.
  public var operation: String

  public init(errno: Int32, operation: String) {
    self.errno = errno
    self.operation = operation
  }

  public var description: String {
    "\(operation): \(Self.text(errno))"
  }

  /// The system's sentence for an errno.
  public static func text(_ errno: Int32) -> String {
    unsafe String(cString: strerror(errno))
  }

  /// Whether this process or host is short of something for a new socket, descriptors, memory,
  /// ports: no fault of whoever it was for.
  ///
  /// A UDP connect that finds no free port says EAGAIN, a bind EADDRINUSE (ip(7)). EADDRNOTAVAIL is
  /// not among them: a TCP connect says it for the same, but others for an address or a family that
  /// this host does not have.
  public var isShortage: Bool {
    switch errno {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC, EAGAIN, EADDRINUSE: true
    default: false
    }
  }

  /// Whether the address is somebody else's.
  public var isAddressInUse: Bool { errno == EADDRINUSE }
}
