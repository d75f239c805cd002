import CLinux
import Glibc
import Synchronization

/// Messages from any thread to the one that runs a loop, taken in order between its other work.
@safe public final class Mailbox<Message: Sendable>: Sendable {
  private let messages = Mutex<[Message]>([])
  private let descriptor: Int32

  public init() {
    descriptor = clinux_eventfd()
    precondition(descriptor >= 0, "eventfd failed")
  }

  deinit {
    close(descriptor)
  }

  /// Adds a message and wakes the loop.
  public func post(_ message: Message) {
    messages.withLock { $0.append(message) }
    var one: UInt64 = 1
    _ = unsafe write(descriptor, &one, 8)
  }

  /// Calls `handler` on the loop's thread for each message.
  public func receive(on loop: EventLoop, _ handler: @escaping (Message) -> Void) -> Registration {
    loop.onReadable(descriptor) { [descriptor, self] in
      var count: UInt64 = 0
      _ = unsafe read(descriptor, &count, 8)
      let taken = messages.withLock { messages in
        let taken = messages
        messages.removeAll(keepingCapacity: true)
        return taken
      }
      for message in taken { handler(message) }
    }
  }
}
