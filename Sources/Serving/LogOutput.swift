import Glibc
import IO
import Telemetry

/// Standard output behind a queue: whoever logs never waits for who reads.
final class LogOutput {
  let queue: LogQueue
  private let descriptor: Int32
  private let wake = Mailbox<Bool>()
  private var waking: Registration?
  private var retrying: Registration?
  private var pending: [UInt8] = []
  private var written = 0

  init(descriptor: Int32) {
    self.descriptor = descriptor
    queue = LogQueue(wake: { [wake] in wake.post(true) })
  }

  func start(on loop: EventLoop) {
    waking = wake.receive(on: loop) { [unowned self, unowned loop] _ in writeOrRetry(on: loop) }
  }

  /// Milliseconds that a reader of the last lines may stand still.
  private static let finishWait: Int32 = 200

  /// Writes everything that is left, at the end of the process, for as long as somebody reads.
  func finish() {
    while !write(), isWritable(within: Self.finishWait) {}
  }

  /// A regular file cannot be waited for, so a pipe is looked at again instead.
  private func writeOrRetry(on loop: EventLoop) {
    guard !write(), retrying == nil else { return }
    retrying = loop.after(.milliseconds(20)) { [unowned self, unowned loop] in
      retrying = nil
      writeOrRetry(on: loop)
    }
  }

  /// What a pipe takes without blocking once it is said to be writable (pipe(7), PIPE_BUF).
  private static let writeOctets = 4096

  /// Writes what the descriptor takes; whether that was all.
  private func write() -> Bool {
    while true {
      if written == pending.count {
        pending = queue.takeAll()
        written = 0
        if pending.isEmpty { return true }
      }
      guard isWritable(within: 0) else { return false }
      let count = unsafe pending.withUnsafeBytes {
        let rest = min(Self.writeOctets, pending.count - written)
        return unsafe Glibc.write(descriptor, $0.baseAddress! + written, rest)
      }
      if count >= 0 {
        written += count
      } else if errno == EAGAIN {
        // Who started the server may have made the descriptor non-blocking.
        return false
      } else if errno != EINTR {
        // Nobody will ever read these lines.
        written = pending.count
      }
    }
  }

  private func isWritable(within milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&entry, 1, milliseconds) == 1
  }
}
