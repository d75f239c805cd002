import Foundation
import Glibc
import Testing

@testable import IO

/// Each runs a shell script; nothing sleeps: what has to last blocks on a FIFO without a writer.
@Suite struct ChildProcessTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let name: String
    let script: String
    let ending: ChildProcess.Ending
    var output = ""
    var errors = ""

    var testDescription: String { name }
  }

  static let rows: [Row] = [
    Row(
      name: "output and errors are kept apart", script: "echo out; echo err >&2",
      ending: .exited(0), output: "out\n", errors: "err\n"),
    Row(name: "the status is told", script: "exit 7", ending: .exited(7)),
    Row(name: "a signal is told", script: "kill -TERM $$", ending: .signalled(SIGTERM)),
    Row(
      name: "the environment is what was given and no more", script: "echo $A-$HOME",
      ending: .exited(0), output: "a=b-\n"),
    Row(
      name: "arguments arrive as they are", script: "printf '%s|' \"$@\"", ending: .exited(0),
      output: "one|two words|$HOME|"),
    Row(name: "there is no input", script: "cat; echo end", ending: .exited(0), output: "end\n"),
    Row(
      name: "there is no terminal to ask on", script: "(: < /dev/tty) 2> /dev/null || echo none",
      ending: .exited(0), output: "none\n"),
    Row(
      name: "no signal is blocked or ignored (32 and 33 are libc's own)",
      script:
        "while read -r name value; do case $name in SigBlk:|SigIgn:) echo $((0x$value & 0x7fffffff));; esac; done"
        + " < /proc/self/status",
      ending: .exited(0), output: "0\n0\n"),
    Row(
      name: "no other descriptor is open",
      script:
        "for n in 3 4 5 6 7 8 9 10 11 12 13; do [ ! -e /proc/$$/fd/$n ] || echo $n; done; echo end",
      ending: .exited(0), output: "end\n"),
    Row(
      name: "what waits for ever is killed at the deadline", script: "read x < fifo",
      ending: .overdue),
    Row(
      name: "so is what it has started", script: "(read x < fifo) & wait", ending: .overdue),
    Row(
      name: "too much output is not waited for", script: "cat /dev/zero",
      ending: .tooMuchOutput, output: String(repeating: "\0", count: 1_000)),
    Row(
      name: "too much output of a program that has ended", script: "head -c 1001 /dev/zero",
      ending: .tooMuchOutput, output: String(repeating: "\0", count: 1_000)),
    Row(
      name: "errors beyond the limit are read and forgotten",
      script: "head -c 500000 /dev/zero | tr '\\0' e >&2; echo end", ending: .exited(0),
      output: "end\n", errors: String(repeating: "e", count: 100)),
    Row(
      name: "one that it leaves behind is not waited for", script: "(read x < fifo) & echo a",
      ending: .exited(0), output: "a\n"),
  ]

  @Test(arguments: rows)
  func `a run ends as it should`(row: Row) throws {
    let bench = try ProcessBench()
    // What is to last is ended by the deadline, everything else long before it.
    let deadline = row.ending == .overdue ? Duration.milliseconds(50) : .seconds(60)
    let outcome = try #require(try bench.run(row.script, deadline: deadline))
    #expect(outcome.ending == row.ending)
    #expect(String(decoding: outcome.output, as: UTF8.self) == row.output)
    #expect(String(decoding: outcome.errors, as: UTF8.self) == row.errors)
  }

  @Test func `a program that does not exist is told at once`() throws {
    let loop = EventLoop()
    let command = ChildProcess.Command(program: "/none/such", arguments: [], environment: [:])
    let error = #expect(throws: IOFailure.self) {
      _ = try ChildProcess.start(
        command, limits: .init(duration: .seconds(1), outputOctets: 1, errorOctets: 1), on: loop
      ) { _ in }
    }
    #expect(error?.description == "start /none/such: No such file or directory")
  }

  @Test(arguments: ["read x < fifo", "exit 0"])
  func `a run that is cancelled is waited for and not told`(script: String) throws {
    let bench = try ProcessBench()
    let number = try bench.cancelled("echo $$ > pid; " + script)
    // Neither running nor a zombie.
    #expect(kill(number, 0) == -1 && errno == ESRCH)
  }

  @Test func `the environment of this process`() {
    #expect(ProcessEnvironment.current["PATH"] == ProcessInfo.processInfo.environment["PATH"])
    #expect(ProcessEnvironment.current == ProcessInfo.processInfo.environment)
  }

  @Test func `a variable may be empty or hold =, and of two of a name the first counts`() {
    let entries = ["no_proxy=", "A=b=c", "A=d", "nothing"]
    #expect(ProcessEnvironment.variables(entries) == ["no_proxy": "", "A": "b=c"])
  }
}

/// A directory with a FIFO that nobody writes to, and a loop.
private final class ProcessBench {
  let loop = EventLoop()
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("martlet-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let made = unsafe mkfifo(path + "/fifo", 0o600)
    #expect(made == 0)
  }

  deinit {
    // Whoever still waits for a writer, or comes before the FIFO is gone, meets its end instead.
    let writer = unsafe open(path + "/fifo", O_RDWR | O_NONBLOCK)
    try? FileManager.default.removeItem(atPath: path)
    close(writer)
  }

  private func start(
    _ script: String, deadline: Duration, _ ended: @escaping (ChildProcess.Outcome) -> Void
  ) throws -> ChildProcess {
    let command = ChildProcess.Command(
      program: "/bin/sh",
      arguments: ["-c", "cd '\(path)'; \(script)", "sh", "one", "two words", "$HOME"],
      environment: ["A": "a=b", "PATH": "/usr/bin:/bin"])
    return try ChildProcess.start(
      command, limits: .init(duration: deadline, outputOctets: 1_000, errorOctets: 100), on: loop,
      ended: ended)
  }

  /// Nil where it does not end within a minute.
  func run(_ script: String, deadline: Duration) throws -> ChildProcess.Outcome? {
    var outcome: ChildProcess.Outcome?
    let child = try start(script, deadline: deadline) { [loop] in
      outcome = $0
      loop.stop()
    }
    let late = loop.after(.seconds(60)) { [loop] in loop.stop() }
    loop.run()
    late.cancel()
    child.cancel()
    return outcome
  }

  /// The number of a process that was cancelled once it ran, and has been waited for.
  func cancelled(_ script: String) throws -> Int32 {
    var child: ChildProcess? = try start(script, deadline: .seconds(60)) { _ in
      // One that ends by itself may be told before it is cancelled.
    }
    var number: Int32?
    let asking = loop.every(.milliseconds(1)) { [path] in
      let text = try? String(contentsOfFile: path + "/pid", encoding: .utf8)
      guard let text, text.hasSuffix("\n") else { return }
      number = Int32(text.dropLast())
      child?.cancel()
      child = nil
    }
    let late = loop.after(.seconds(60)) { [loop] in loop.stop() }
    while number == nil { loop.run(once: ()) }
    let known = try #require(number)
    while kill(known, 0) == 0 { loop.run(once: ()) }
    asking.cancel()
    late.cancel()
    return known
  }
}

extension EventLoop {
  /// Runs until the next tick of a millisecond.
  fileprivate func run(once: Void) {
    let tick = after(.milliseconds(1)) { [unowned self] in stop() }
    run()
    tick.cancel()
  }
}
