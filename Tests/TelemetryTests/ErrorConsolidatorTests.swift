import Telemetry
import Testing

@Suite struct ErrorConsolidatorTests {
  private static let second: UInt64 = 1_000_000_000

  private static func failure(_ message: String) -> QueryError {
    QueryError(responseCode: 2, name: "example.org.", type: "A", message: message)
  }

  @Test func `without patterns each error is printed`() throws {
    let consolidator = try ErrorConsolidator([])
    let line = consolidator.record(
      Self.failure("read udp 10.0.0.1:5->8.8.8.8:53: i/o timeout"), now: 0)
    #expect(
      line
        == LogLine(
          .error,
          "plugin/errors: 2 example.org. A: read udp 10.0.0.1:5->8.8.8.8:53: i/o timeout"))
    #expect(consolidator.nextEnd == nil)
  }

  @Test func `matching errors are counted from the first to the period's end`() throws {
    let consolidator = try ErrorConsolidator([
      Consolidation(pattern: "^read udp .* i/o timeout$", periodNanoseconds: 30 * Self.second)
    ])
    let error = Self.failure("read udp 10.0.0.1:5->8.8.8.8:53: i/o timeout")
    #expect(consolidator.record(error, now: 5 * Self.second) == nil)
    #expect(consolidator.record(error, now: 20 * Self.second) == nil)
    #expect(consolidator.nextEnd == 35 * Self.second)
    #expect(consolidator.due(now: 35 * Self.second - 1) == [])
    let text =
      "plugin/errors: 2 errors like '^read udp .* i/o timeout$' occurred in last 30s"
    #expect(consolidator.due(now: 35 * Self.second) == [LogLine(.error, text)])
    #expect(consolidator.due(now: 99 * Self.second) == [])
    #expect(consolidator.nextEnd == nil)
    #expect(consolidator.record(error, now: 100 * Self.second) == nil)
    #expect(consolidator.nextEnd == 130 * Self.second)
  }

  @Test func `the first error is shown, and no summary of it alone`() throws {
    let consolidator = try ErrorConsolidator([
      Consolidation(
        pattern: "timeout$", periodNanoseconds: 90 * Self.second, level: .warning, showFirst: true)
    ])
    let error = Self.failure("i/o timeout")
    let shown = LogLine(.warning, "plugin/errors: 2 example.org. A: i/o timeout")
    #expect(consolidator.record(error, now: 0) == shown)
    #expect(consolidator.due(now: 90 * Self.second) == [])
    #expect(consolidator.record(error, now: 91 * Self.second) == shown)
    #expect(consolidator.record(error, now: 92 * Self.second) == nil)
    #expect(consolidator.record(error, now: 93 * Self.second) == nil)
    let text = "plugin/errors: 3 errors like 'timeout$' occurred in last 1m30s"
    #expect(consolidator.due(now: 200 * Self.second) == [LogLine(.warning, text)])
  }

  @Test func `the first matching pattern counts, the rest is printed, the end prints all`() throws {
    let consolidator = try ErrorConsolidator([
      Consolidation(pattern: "^a", periodNanoseconds: 500_000_000, level: .info),
      Consolidation(pattern: "b", periodNanoseconds: 3600 * Self.second, level: .debug),
    ])
    #expect(consolidator.record(Self.failure("ab"), now: 0) == nil)
    #expect(consolidator.record(Self.failure("cb"), now: 0) == nil)
    #expect(consolidator.record(Self.failure("c"), now: 0)?.level == .error)
    #expect(
      consolidator.finish() == [
        LogLine(.info, "plugin/errors: 1 errors like '^a' occurred in last 500ms"),
        LogLine(.debug, "plugin/errors: 1 errors like 'b' occurred in last 1h0m0s"),
      ])
    #expect(consolidator.finish() == [])
  }

  @Test(
    arguments: [
      (1, "1ns"), (1_500, "1.5µs"), (2_000_000, "2ms"), (1_000_000_000, "1s"),
      (1_500_000_000, "1.5s"), (60_000_000_000, "1m0s"), (90_500_000_000, "1m30.5s"),
      (3_600_000_000_000, "1h0m0s"), (93_784_000_000_000, "26h3m4s"), (0, "0s"),
    ] as [(UInt64, String)])
  func `a period is printed as Go prints a duration`(nanoseconds: UInt64, text: String) throws {
    let consolidator = try ErrorConsolidator([
      Consolidation(pattern: "x", periodNanoseconds: nanoseconds)
    ])
    _ = consolidator.record(Self.failure("x"), now: 0)
    #expect(
      consolidator.finish().map(\.text)
        == ["plugin/errors: 1 errors like 'x' occurred in last \(text)"])
  }

  @Test func `a pattern that cannot be read is refused`() {
    #expect(throws: PatternError.self) {
      try ErrorConsolidator([Consolidation(pattern: "a(b", periodNanoseconds: 1)])
    }
  }
}
