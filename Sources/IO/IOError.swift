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

  /// Whether the process has no room for another descriptor: nobody else's fault.
  public var isOutOfDescriptors: Bool { errno == EMFILE || errno == ENFILE || errno == ENOBUFS }

  /// Whether the address is somebody else's.
  public var isAddressInUse: Bool { errno == EADDRINUSE }
}
