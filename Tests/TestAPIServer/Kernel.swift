import APIServerKit
import CLinux
import Glibc

/// The calls that the server makes to the kernel, with their pointers kept here.
enum Kernel {
  /// CLOCK_MONOTONIC, as benches read it.
  static var monotonic: Nanoseconds {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Nanoseconds(time.tv_sec) * nanosecondsPerSecond + Nanoseconds(time.tv_nsec)
  }

  /// Seconds since 1970, and the nanoseconds of the second begun.
  static var wallTime: (seconds: Int64, nanoseconds: Int64) {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return (Int64(time.tv_sec), Int64(time.tv_nsec))
  }

  /// A listening socket on 127.0.0.1, and its port.
  static func listen(_ port: UInt16) throws(Failure) -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw .system("socket") }
    setOption(descriptor, SOL_SOCKET, SO_REUSEADDR)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        // 128 waiting connections: more than any test opens at once.
        unsafe bind(descriptor, $0, length) == 0 && Glibc.listen(descriptor, 128) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isBound else {
      let failure = Failure.system("listening on 127.0.0.1:\(port)")
      close(descriptor)
      throw failure
    }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  /// The next waiting connection, which does not block, or nil.
  static func accept(_ listener: Int32) -> Int32? {
    let descriptor = Glibc.accept(listener, nil, nil)
    guard descriptor >= 0 else { return nil }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
    return descriptor
  }

  private static func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32) {
    var one: Int32 = 1
    _ = unsafe setsockopt(descriptor, level, name, &one, socklen_t(MemoryLayout<Int32>.size))
  }

  /// What a read or write came to.
  enum Transfer {
    case octets(Int)
    case wouldBlock
    case closed
  }

  /// Appends what has come, up to 64 KiB.
  static func read(_ descriptor: Int32, into input: inout [UInt8]) -> Transfer {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
    }
    if count > 0 { input += buffer[..<count] }
    return transfer(count)
  }

  /// Writes from `start` on.
  static func write(_ descriptor: Int32, _ octets: [UInt8], from start: Int) -> Transfer {
    let count = unsafe octets.withUnsafeBytes {
      unsafe Glibc.write(descriptor, $0.baseAddress! + start, $0.count - start)
    }
    return count == 0 ? .octets(0) : transfer(count)
  }

  private static func transfer(_ count: Int) -> Transfer {
    if count > 0 { return .octets(count) }
    if count < 0, errno == EAGAIN || errno == EINTR { return .wouldBlock }
    return .closed
  }

  /// Waits until one of the descriptors is ready, `milliseconds` at most; -1 is for ever.
  static func wait(_ descriptors: inout [pollfd], _ milliseconds: Int32) {
    let count = descriptors.count
    _ = unsafe descriptors.withUnsafeMutableBufferPointer {
      unsafe poll($0.baseAddress, nfds_t(count), milliseconds)
    }
  }
}
