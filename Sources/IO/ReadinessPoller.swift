import CLinux
import Glibc

/// Descriptors that are looked at all at once, where an event of the loop for each would cost more
/// than what is done with it. Those that are readable stay so until they are read.
@safe final class ReadinessPoller {
  /// How many there may be, since a look is to tell all.
  static let most = Int(CLINUX_POLLER_MOST)

  let descriptor: Int32
  private let numbers = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: most)

  init() throws(IOError) {
    descriptor = clinux_poller()
    guard descriptor >= 0 else { throw IOError(errno: -descriptor, operation: "epoll_create1") }
  }

  deinit {
    close(descriptor)
    unsafe numbers.deallocate()
  }

  /// Looks at `descriptor`, too, until it is closed.
  func add(_ descriptor: Int32, number: Int) throws(IOError) {
    let result = clinux_poller_add(self.descriptor, descriptor, UInt32(number))
    guard result == 0 else { throw IOError(errno: -result, operation: "epoll_ctl") }
  }

  /// Calls `body` with the number of each descriptor that is readable or has an error; false where
  /// the system does not say.
  func look(_ body: (Int) -> Void) -> Bool {
    let count = unsafe clinux_poller_ready(descriptor, numbers.baseAddress)
    guard count >= 0 else { return false }
    for index in 0..<Int(count) { body(Int(unsafe numbers[index])) }
    return true
  }
}
