import CLinux
import Glibc

/// A descriptor that is closed when its owner goes.
public struct Socket: ~Copyable {
  public let descriptor: Int32

  /// Takes over an open descriptor.
  public init(owning descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// Gives the descriptor up; whoever takes it closes it.
  public consuming func release() -> Int32 {
    let descriptor = descriptor
    discard self
    return descriptor
  }

  public enum Kind { case datagram, stream }

  /// Octets of a UDP socket's receive buffer: some milliseconds of queries at full rate.
  static let receiveBuffer: Int32 = 4 << 20

  /// Opens and binds a non-blocking socket; a stream socket listens.
  ///
  /// - Parameter shares: with SO_REUSEPORT, so that each worker has a socket of its own. Without it
  ///   the call fails where anybody else has the address, which SO_REUSEPORT would hide.
  public static func bound(
    to address: SocketAddress, _ kind: Kind, shares: Bool
  ) throws(IOError) -> Socket {
    let type = kind == .datagram ? SOCK_DGRAM.rawValue : SOCK_STREAM.rawValue
    let family = address.isV4 ? AF_INET : AF_INET6
    let opened = Glibc.socket(
      family, Int32(type) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard opened >= 0 else { throw IOError(errno: errno, operation: "socket for \(address)") }
    let socket = Socket(owning: opened)
    if !address.isV4 { try socket.set(IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY") }
    if shares { try socket.set(SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT") }
    if kind == .stream { try socket.set(SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR") }
    let result = unsafe address.withSockaddr { unsafe bind(opened, $0, $1) }
    guard result == 0 else {
      throw IOError(
        errno: errno, operation: "listen on \(kind == .datagram ? "udp" : "tcp") \(address)")
    }
    if kind == .stream {
      // Accepted sockets inherit it: a pipelined reply must not wait for the client's ACK of the
      // one before it.
      try socket.set(Int(IPPROTO_TCP), TCP_NODELAY, 1, "TCP_NODELAY")
      guard listen(opened, 1024) == 0 else {
        throw IOError(errno: errno, operation: "listen on tcp \(address)")
      }
    } else {
      // As much as the system grants; a smaller buffer is no reason not to serve.
      _ = try? socket.set(SOL_SOCKET, SO_RCVBUF, receiveBuffer, "SO_RCVBUF")
      if address.isUnspecified {
        let result = clinux_enable_pktinfo(opened, family)
        guard result == 0 else { throw IOError(errno: -result, operation: "pktinfo on \(address)") }
      }
    }
    return socket
  }

  private func set(
    _ level: Int32, _ option: Int32, _ value: Int32, _ name: String
  ) throws(IOError) {
    var value = value
    let size = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe setsockopt(descriptor, level, option, &value, size) == 0 else {
      throw IOError(errno: errno, operation: name)
    }
  }

  private func set(_ level: Int, _ option: Int32, _ value: Int32, _ name: String) throws(IOError) {
    try set(Int32(level), option, value, name)
  }

  /// The address that the kernel has bound: the port it chose where 0 was asked for.
  public var localAddress: SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &length)
      }
    }
    return result == 0 ? unsafe withUnsafePointer(to: &storage) { unsafe SocketAddress($0) } : nil
  }

  /// Lets a bound UDP socket take nothing more: what comes from now on goes to another socket that
  /// the address has, if any. What has come can still be read and answered.
  ///
  /// - Parameter address: what it is bound to.
  public func refuseMore(at address: SocketAddress) {
    // Connected to itself it is open to nobody else (udp(7)); the kernel then passes over it where
    // several sockets share the port. Should that fail, it is closed with what comes meanwhile.
    var peer = address
    if address.isUnspecified { peer.low = address.isV4 ? 0xFFFF_7F00_0001 : 1 }
    _ = unsafe peer.withSockaddr { unsafe connect(descriptor, $0, $1) }
  }
}
