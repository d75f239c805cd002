import Synchronization
import Telemetry
import Testing

/// Keeps what is written, one entry for each call.
final class Capture: LogSink {
  private let state = Mutex<[(text: String, lines: Int)]>([])

  func write(_ octets: [UInt8], lines: Int) {
    state.withLock { $0.append((String(decoding: octets, as: UTF8.self), lines)) }
  }

  var writes: [String] { state.withLock { $0.map(\.text) } }
  var lineCounts: [Int] { state.withLock { $0.map(\.lines) } }
}

@Suite struct LogTests {
  @Test func `each level has its prefix, a plugin its name`() {
    let capture = Capture()
    let log = Log(capture)
    log.info("Running configuration SHA512 = ab", plugin: "reload")
    log.warning("late")
    log.error("broken")
    log.debug("hidden")
    log.writesDebug = true
    log.debug("seen", plugin: "forward")
    log.plain(".:53")
    #expect(
      capture.writes == [
        "[INFO] plugin/reload: Running configuration SHA512 = ab\n", "[WARNING] late\n",
        "[ERROR] broken\n", "[DEBUG] plugin/forward: seen\n", ".:53\n",
      ])
  }

  @Test(arguments: [
    ("two\n[INFO] lines", "two [INFO] lines"), ("a\r\u{1B}[31mred\0\u{7F}\t", "a  [31mred   "),
    (String(repeating: "é", count: 4_096), String(repeating: "é", count: 4_096)),
    ("x" + String(repeating: "é", count: 4_096), "x" + String(repeating: "é", count: 4_095) + "…"),
  ]) func `a line is one line, of what can be shown and not too long`(text: String, shown: String) {
    let capture = Capture()
    Log(capture).error(text)
    #expect(capture.writes == ["[ERROR] \(shown)\n"])
  }

  @Test func `a batch goes out at once, and early when it grows too large`() {
    let capture = Capture()
    let batch = LogBatch(Log(capture))
    batch.flush()
    batch.append(LogLine(.error, "one"))
    batch.append(LogLine(.debug, "hidden"))
    batch.append(LogLine(.info, "two"))
    #expect(capture.writes.isEmpty)
    batch.flush()
    batch.flush()
    #expect(capture.writes == ["[ERROR] one\n[INFO] two\n"])
    #expect(capture.lineCounts == [2])
    for _ in 0..<4 { batch.append(LogLine(.info, String(repeating: "x", count: 8_192))) }
    #expect(capture.writes.count == 2)
  }

  @Test func `a full queue drops whole writes, counts them and says so`() {
    let wakes = Mutex(0)
    let queue = LogQueue(limit: 10) { wakes.withLock { $0 += 1 } }
    queue.write(Array("12345\n".utf8), lines: 1)
    queue.write(Array("a\nb\nc\n".utf8), lines: 3)
    queue.write(Array("6\n".utf8), lines: 1)
    #expect(queue.droppedLines == 3)
    #expect(wakes.withLock { $0 } == 1)
    let missing = "[WARNING] 3 log lines dropped: the output is not read fast enough\n"
    #expect(String(decoding: queue.takeAll(), as: UTF8.self) == "12345\n" + missing + "6\n")
    #expect(queue.takeAll().isEmpty)
    queue.write(Array("7\n".utf8), lines: 1)
    #expect(wakes.withLock { $0 } == 2)
    #expect(queue.takeAll() == Array("7\n".utf8))
  }
}
