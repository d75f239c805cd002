import Answering
import Testing
import Wire
import ZoneFiles

/// What holds of every answer while objects are still being read, and while the API server is away,
/// by comparison with the answer that is given otherwise.
@Suite struct StateTests {
  static let rows = RowTests.rows.filter { $0.setup == .standard }

  /// Those of a namespace without an object, which an API server does not have, show until all
  /// Namespaces are read.
  @Test(arguments: rows.filter { !$0.tags.contains("§8.4") })
  func `until all is read an answer is the final one or SERVFAIL`(row: Row) throws {
    for transport in [Peer.Transport.udp, .tcp] {
      let reply = try ask(row, .starting, transport)
      guard reply.code == .serverFailure else {
        #expect(reply.code == .noError || reply.code == .refused)
        let final = try ask(row, .standard, transport)
        #expect(lines(reply) == lines(final))
        continue
      }
      #expect(reply.flagNames == "qr aa rd")
      #expect(reply.extendedErrors.map(\.code) == [14])
      #expect(reply.authority.map(\.type) == [.soa])
      #expect(reply.answer.allSatisfy { $0.type == .cname })
    }
  }

  @Test(arguments: rows)
  func `without the API server an answer is the last one with lower TTLs and a note`(
    row: Row
  ) throws {
    for transport in [Peer.Transport.udp, .tcp] {
      let live = try ask(row, .ttl3600, transport)
      let reply = try ask(row, .stale, transport)
      #expect(reply.code == live.code)
      #expect(lines(reply) == lines(live, ttl: 5))
      guard reply.flags & 0x0400 != 0 else { continue }
      let expected: UInt16 = reply.code == .nameError ? 19 : 3
      // A message that is full has no room for it.
      let codes = reply.extendedErrors.map(\.code)
      #expect(codes == [expected] || codes.isEmpty && lines(reply).count > 8)
    }
  }

  private func ask(
    _ row: Row, _ setup: Setup, _ transport: Peer.Transport
  ) throws -> ReplyMessage {
    let (name, type) = try row.parsedQuestion()
    let world = try #require(World.all[setup])
    return try ReplyMessage(try #require(world.ask(QueryMessage(name, type).octets, transport)))
  }

  /// The records of all sections, TTLs above `ttl` lowered to it.
  private func lines(_ reply: ReplyMessage, ttl: UInt32? = nil) -> [String] {
    let sections = [
      ("answer", reply.answer), ("authority", reply.authority), ("more", reply.additional),
    ]
    return sections.flatMap { title, records in
      records.map { record in
        var record = record
        if let ttl {
          record.ttl = min(record.ttl, ttl)
          if record.type == .soa {
            record.rdata = record.rdata.dropLast(4) + [0, 0, 0, UInt8(ttl)]
          }
        }
        return "\(title) \(RecordText.format(record))"
      }
    }
  }
}
