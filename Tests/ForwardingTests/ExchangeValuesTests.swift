import Testing

@testable import Forwarding

/// What is kept by the numbers of a slot table.
@Suite struct ExchangeValuesTests {
  @Test func `a number finds its own value alone`() throws {
    var table = SlotTable<Int>(capacity: 4)
    var values = ExchangeValues<String>()
    let one = table.insert(1)
    let slot = try #require(one)
    let first = table.number(slot)
    values[first] = "first"
    table.remove(slot)
    let two = table.insert(2)
    let again = try #require(two)
    let second = table.number(again)
    #expect(again == slot && values[second] == nil)
    #expect(values[first] == "first")
    values[second] = "second"
    let (gone, there) = (values.remove(first), values.remove(second))
    #expect(gone == nil && there == "second" && values[second] == nil)
  }

  @Test func `refused exchanges have numbers, too`() {
    var values = ExchangeValues<String>()
    values[-1] = "refused"
    #expect(values[-1] == "refused" && values[0] == nil)
    let (refused, other) = (values.remove(-1), values.remove(.min))
    #expect(refused == "refused" && other == nil && values[-1] == nil)
  }
}
