import Glibc
import IO
import Telemetry

/// Standard output behind a queue: whoever logs never waits for who reads.
final class LogOutput {
  let queue: LogQueue
  private let descriptor: Int32
  private let wake = Mailbox<Bool>()
  private var waking: Registration?
  private var writing: Registration?
  private var pending: [UInt8] = []
  private var written = 0
  private unowned var loop: EventLoop?

  init(descriptor: Int32) {
    self.descriptor = descriptor
    queue = LogQueue(wake: { [wake] in wake.post(true) })
  }

  func start(on loop: EventLoop) {
    self.loop = loop
    waking = wake.receive(on: loop) { [unowned self] _ in write(waits: false) }
  }

  /// Writes what the descriptor takes; the rest when it takes more.
  private func write(waits: Bool) {
    while true {
      if written == pending.count {
        pending = queue.takeAll()
        written = 0
        if pending.isEmpty { return }
      }
      guard waits || canWrite() else { return waitUntilWritable() }
      // At most what a pipe takes without blocking once it is said to be writable.
      let count = unsafe pending.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress! + written, min(4096, pending.count - written))
      }
      if count < 0, errno != EINTR { return pending.removeAll() }
      written += max(count, 0)
    }
  }

  private func canWrite() -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&entry, 1, 0) == 1
  }

  private func waitUntilWritable() {
    guard writing == nil, let loop else { return }
    // A regular file cannot be waited for, and is always writable.
    writing = loop.after(.milliseconds(20)) { [unowned self] in
      writing = nil
      write(waits: false)
    }
  }

  /// Writes everything that is left, at the end of the process.
  func finish() {
    if canWrite() { write(waits: true) }
  }
}
