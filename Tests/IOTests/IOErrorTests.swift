import Glibc
import Testing

@testable import IO

@Suite struct IOErrorTests {
  @Test(
    arguments: [
      (EMFILE, true), (ENFILE, true), (ENOBUFS, true), (ENOMEM, true), (EAGAIN, true),
      (EADDRINUSE, true), (ECONNREFUSED, false), (ENETUNREACH, false), (EHOSTUNREACH, false),
      (EADDRNOTAVAIL, false), (EPERM, false), (EINVAL, false),
    ])
  func `a shortage is of this process or host`(code: Int32, isShortage: Bool) {
    #expect(IOError(errno: code, operation: "connect").isShortage == isShortage)
  }

  @Test func `a source address without a free port is a shortage`() throws {
    let taken = try Socket.bound(
      to: SocketAddress(isV4: true, high: 0, low: 0xFFFF_7F00_0001, port: 0), .datagram,
      shares: false)
    let bound = taken.localAddress
    let address = try #require(bound)
    let error = #expect(throws: IOError.self) {
      _ = try Socket.bound(to: address, .datagram, shares: false)
    }
    #expect(error?.isShortage == true)
  }
}
