import Glibc
import Testing

@testable import IO

@Suite struct OutboxTests {
  struct Row: CustomTestStringConvertible, Sendable {
    var client: SocketAddress
    var asked: SocketAddress
    var testDescription: String { "\(client) asks \(asked)" }
  }

  @Test(
    arguments: [
      Row(client: .loopback, asked: .otherLoopback), Row(client: .loopbackV6, asked: .loopbackV6),
      Row(client: .otherLoopback, asked: .loopback),
    ])
  func `a late reply leaves from the address that was asked, on a socket bound to all`(
    row: Row
  ) throws {
    let isV4 = row.asked.isV4
    let server = try Socket.bound(to: .any(isV4: isV4, port: 0), .datagram, shares: false)
    let client = try Socket.bound(to: row.client, .datagram, shares: false)
    var asked = row.asked
    let bound = server.localAddress
    asked.port = try #require(bound).port
    // Connected: it takes nothing that comes from elsewhere.
    let connected = unsafe asked.withSockaddr { unsafe connect(client.descriptor, $0, $1) }
    #expect(connected == 0)
    let sent = unsafe send(client.descriptor, "query", 5, 0)
    #expect(sent == 5)

    let batch = DatagramBatch()
    #expect(try batch.receive(server.descriptor) == 1)
    let sender = try #require(batch.sender(0))
    let destination = try #require(batch.destination(0))
    // The batch is used again before the reply is ready.
    #expect(try batch.receive(server.descriptor) == 0)

    let outbox = Outbox()
    #expect(Self.add("reply", to: sender, from: destination, outbox))
    #expect(outbox.count == 1)
    #expect(outbox.flush(server.descriptor) == 0)
    #expect(outbox.count == 0)
    #expect(Self.receive(client.descriptor) == "reply")
  }

  @Test func `a full outbox takes more after it was flushed, and each goes to its own client`()
    throws
  {
    let server = try Socket.bound(to: .loopback, .datagram, shares: false)
    let first = try Socket.bound(to: .loopback, .datagram, shares: false)
    let second = try Socket.bound(to: .loopback, .datagram, shares: false)
    let (one, two) = (first.localAddress, second.localAddress)
    let clients = [try #require(one), try #require(two)]
    let outbox = Outbox()
    for round in 0..<2 {
      for number in 0..<Outbox.capacity {
        #expect(Self.add("\(round) \(number)", to: clients[number & 1], from: nil, outbox))
      }
      #expect(!Self.add("no", to: clients[0], from: nil, outbox))
      #expect(outbox.flush(server.descriptor) == 0)
    }
    for round in 0..<2 {
      for number in 0..<Outbox.capacity {
        let client = number & 1 == 0 ? first.descriptor : second.descriptor
        #expect(Self.receive(client) == "\(round) \(number)")
      }
    }
    #expect(Self.receive(first.descriptor) == nil)
  }

  @Test func `what cannot be sent is counted and keeps nothing back`() throws {
    let server = try Socket.bound(to: .any(isV4: true, port: 0), .datagram, shares: false)
    let client = try Socket.bound(to: .loopback, .datagram, shares: false)
    let bound = client.localAddress
    let address = try #require(bound)
    let outbox = Outbox()
    // Not an address of this host.
    let foreign = SocketAddress(isV4: true, high: 0, low: 0xFFFF_C000_0201, port: 0)
    #expect(Self.add("lost", to: address, from: foreign, outbox))
    #expect(Self.add("sent", to: address, from: nil, outbox))
    #expect(outbox.flush(server.descriptor) == 1)
    #expect(outbox.flush(server.descriptor) == 0)
    #expect(Self.receive(client.descriptor) == "sent")
  }

  @Test func `a reply longer than a buffer is never taken`() {
    let long = String(repeating: "x", count: Outbox.messageOctets + 1)
    #expect(!Self.add(long, to: .loopback, from: nil, Outbox()))
  }

  static func add(
    _ text: String, to: SocketAddress, from: SocketAddress?, _ outbox: Outbox
  ) -> Bool {
    unsafe Array(text.utf8).withUnsafeBytes { unsafe outbox.add($0, to: to, from: from) }
  }

  static func receive(_ descriptor: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 5_000)
    let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
    return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
  }
}
