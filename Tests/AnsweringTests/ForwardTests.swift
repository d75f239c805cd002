import Answering
import Testing
import Wire

/// Queries that upstreams answer, in part or wholly.
@Suite struct ForwardTests {
  static let rows =
    passedRows + chosenRows + refusedRows + failureRows + staleRows + aliasRows + familyRows

  @Test(arguments: rows)
  func `queries are answered as their row says`(row: ForwardRow) throws {
    let world = try ForwardWorld(row.setup)
    for ask in row.asks {
      world.hear(ask.said)
      let query = try ask.query()
      let reply = try #require(try world.ask(query.octets, ask.transport, second: ask.second))
      try check(reply, ask, query)
    }
  }

  private func check(_ reply: ForwardWorld.Reply, _ ask: Ask, _ query: QueryMessage) throws {
    let place = "\(ask.question) in second \(ask.second)"
    let message = reply.message
    let (answer, authority, additional) = (
      try Ask.lines(ask.answer), try Ask.lines(ask.authority), try Ask.lines(ask.additional)
    )
    #expect(message.code == ask.code, "\(place)")
    #expect(message.flagNames == ask.flags, "\(place)")
    #expect(presentation(message.answer) == answer, "\(place)")
    #expect(presentation(message.authority) == authority, "\(place)")
    #expect(presentation(message.additional) == additional, "\(place)")
    #expect(message.question?.name.octets == query.name, "\(place)")
    #expect((message.opt == nil) == (ask.size == nil), "\(place)")
    #expect(message.opt.map { $0.flags } == ask.size.map { _ in ask.dnssecOK ? 0x8000 : 0 })
    if ask.transport == .udp {
      #expect(reply.octetCount <= Int(min(1232, max(512, ask.size ?? 512))), "\(place)")
    }
    if ask.size != nil {
      let errors = message.extendedErrors.map { "\($0.code) \($0.text)" }
      #expect(errors == (ask.error.map { [$0] } ?? []), "\(place)")
    }
    #expect(reply.asked == ask.asked, "\(place)")
    #expect(reply.refreshed == ask.refreshed, "\(place)")
    #expect(reply.plugin == ask.plugin, "\(place)")
    #expect(reply.report == ask.report, "\(place)")
  }
}
