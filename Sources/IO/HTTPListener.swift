import Glibc

/// Where an ``HTTPServer`` listens.
enum HTTPListener {
  /// Opens listening descriptors; the first has the address that was asked for.
  ///
  /// An empty host, as `::`, is all addresses of both families, those of IPv6 only where the host has it.
  static func open(
    host: String, port: UInt16
  ) throws(IOError) -> (descriptors: [Int32], port: UInt16) {
    if !host.isEmpty, host != "::" {
      guard let address = address(host == "localhost" ? "127.0.0.1" : host, port) else {
        throw IOError(errno: EINVAL, operation: "listen on tcp \(host):\(port)")
      }
      let socket = try Socket.bound(to: address, .stream, shares: false)
      let bound = socket.localAddress?.port ?? port
      return ([socket.release()], bound)
    }
    let v4 = try Socket.bound(to: .any(isV4: true, port: port), .stream, shares: false)
    let bound = v4.localAddress?.port ?? port
    do {
      let v6 = try Socket.bound(to: .any(isV4: false, port: bound), .stream, shares: false)
      return ([v4.release(), v6.release()], bound)
    } catch {
      guard error.errno == EAFNOSUPPORT || error.errno == EADDRNOTAVAIL else { throw error }
      return ([v4.release()], bound)
    }
  }

  private static func address(_ host: String, _ port: UInt16) -> SocketAddress? {
    var v4 = in_addr()
    if unsafe inet_pton(AF_INET, host, &v4) == 1 {
      let low = 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: v4.s_addr))
      return SocketAddress(isV4: true, high: 0, low: low, port: port)
    }
    var halves: (high: UInt64, low: UInt64) = (0, 0)
    guard unsafe inet_pton(AF_INET6, host, &halves) == 1 else { return nil }
    return SocketAddress(
      isV4: false, high: UInt64(bigEndian: halves.high), low: UInt64(bigEndian: halves.low),
      port: port)
  }
}
