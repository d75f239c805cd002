import CLinux
import Glibc

/// A thread that runs one closure to its end.
public struct Thread: Sendable {
  private let handle: pthread_t

  private final class Body {
    let name: String
    let run: () -> Void

    init(_ name: String, _ run: @escaping () -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// Starts a thread; the kernel shows the first 15 octets of its name.
  public static func start(
    _ name: String, _ run: sending @escaping () -> Void
  ) throws(IOError) -> Thread {
    var handle = pthread_t()
    let body = unsafe Unmanaged.passRetained(Body(name, run))
    let result = unsafe pthread_create(
      &handle, nil,
      { context in
        let body = unsafe Unmanaged<Body>.fromOpaque(context!).takeRetainedValue()
        _ = unsafe clinux_set_thread_name(String(body.name.prefix(15)))
        body.run()
        return nil
      }, body.toOpaque())
    guard result == 0 else {
      unsafe body.release()
      throw IOError(errno: result, operation: "start thread \(name)")
    }
    return Thread(handle: handle)
  }

  /// Says that nobody will wait for its end; instead of ``join()``.
  public func detach() {
    _ = pthread_detach(handle)
  }

  /// Waits for its end.
  public func join() {
    _ = pthread_join(handle, nil)
  }
}
