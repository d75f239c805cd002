import CLibevent
import CLinux
import Glibc

/// A libevent base and what waits on it: readable descriptors, timers, signals.
///
/// Belongs to the thread that runs it; nothing here may be called from another. Handlers run on
/// that thread, one at a time.
@safe public final class EventLoop {
  private let base: OpaquePointer
  private var handlersBeforeWaiting: [() -> Void] = []
  private var isStopped = false

  public init() {
    guard let base = unsafe event_base_new() else {
      preconditionFailure("event_base_new: out of memory")
    }
    unsafe self.base = base
    // What has no other one has the second.
    unsafe event_base_priority_init(base, 2)
  }

  deinit {
    unsafe event_base_free(base)
  }

  /// Runs handlers until ``stop()``, or until nothing is waited for.
  public func run() {
    isStopped = false
    while true {
      callBeforeWaiting()
      guard !isStopped, unsafe event_base_loop(base, EVLOOP_ONCE) == 0, !isStopped else { return }
    }
  }

  /// Runs the handlers of what is ready now, then those of ``beforeWaiting(_:)``, without waiting.
  public func runReady() {
    _ = unsafe event_base_loop(base, EVLOOP_NONBLOCK)
    callBeforeWaiting()
  }

  /// Makes ``run()`` return after the handler that is running.
  public func stop() {
    isStopped = true
    _ = unsafe event_base_loopbreak(base)
  }

  /// Calls `handler`, for as long as the loop is, whenever all that was ready has had its turn and
  /// before the loop waits again: the place to send at once what a turn has gathered.
  public func beforeWaiting(_ handler: @escaping () -> Void) {
    handlersBeforeWaiting.append(handler)
  }

  private func callBeforeWaiting() {
    for handler in handlersBeforeWaiting { handler() }
  }

  /// Calls `handler` each time `descriptor` is readable (or at its end), until the registration
  /// is cancelled or released.
  ///
  /// - Parameter first: whether nothing else has its turn as long as one of these is ready: for what
  ///   ends work that is under way, and comes no more often than that was begun.
  public func onReadable(
    _ descriptor: Int32, first: Bool = false, _ handler: @escaping () -> Void
  ) -> Registration {
    unsafe Registration(base, descriptor, EV_READ | EV_PERSIST, handler, nil, first: first)
  }

  /// Calls `handler` each time `descriptor` takes octets, until cancelled or released.
  public func onWritable(_ descriptor: Int32, _ handler: @escaping () -> Void) -> Registration {
    register(descriptor, EV_WRITE | EV_PERSIST, handler)
  }

  /// Calls `handler` for each arrival of the signal. One loop of the process may wait for signals.
  public func onSignal(_ number: Int32, _ handler: @escaping () -> Void) -> Registration {
    register(number, EV_SIGNAL | EV_PERSIST, handler)
  }

  /// Calls `handler` once after `delay`.
  public func after(_ delay: Duration, _ handler: @escaping () -> Void) -> Registration {
    register(-1, 0, handler, delay: delay)
  }

  /// Calls `handler` every `period`, first after one period.
  public func every(_ period: Duration, _ handler: @escaping () -> Void) -> Registration {
    register(-1, EV_PERSIST, handler, delay: period)
  }

  private func register(
    _ descriptor: Int32, _ events: Int32, _ handler: @escaping () -> Void, delay: Duration? = nil
  ) -> Registration {
    unsafe Registration(base, descriptor, events, handler, delay)
  }

  /// For what else hangs on the loop inside this module.
  var unsafeBase: OpaquePointer { unsafe base }
}

/// A handler waiting on an ``EventLoop``; releasing it, or ``cancel()``, ends the waiting at once,
/// also in the handler itself: the descriptor may be closed then, and its number used again.
@safe public final class Registration {
  private let event: Event

  fileprivate init(
    _ base: OpaquePointer, _ descriptor: Int32, _ events: Int32,
    _ handler: @escaping () -> Void, _ delay: Duration?, first: Bool = false
  ) {
    event = unsafe Event(base, descriptor, events, handler, delay, first: first)
  }

  /// Ends the waiting; the handler is not called again. May be called in the handler.
  public func cancel() {
    event.cancel()
  }

  deinit {
    event.cancel()
  }
}

/// What libevent calls: it lives on, with its handler, until that has returned.
@safe private final class Event {
  private var event: OpaquePointer?
  private let handler: () -> Void

  init(
    _ base: OpaquePointer, _ descriptor: Int32, _ events: Int32,
    _ handler: @escaping () -> Void, _ delay: Duration?, first: Bool
  ) {
    self.handler = handler
    // SAFETY: the event is freed in cancel(), which the registration calls before it lets go of
    // self, so the unretained pointer in it is valid whenever libevent calls.
    unsafe event = event_new(
      base, descriptor, Int16(events),
      { _, _, context in
        let event = unsafe Unmanaged<Event>.fromOpaque(context!).takeUnretainedValue()
        event.handler()
      },
      Unmanaged.passUnretained(self).toOpaque())
    guard let event = unsafe event else { preconditionFailure("event_new: out of memory") }
    if first { _ = unsafe event_priority_set(event, 0) }
    if let delay {
      let parts = delay.components
      var time = timeval(
        tv_sec: Int(parts.seconds), tv_usec: Int(parts.attoseconds / 1_000_000_000_000))
      _ = unsafe event_add(event, &time)
    } else {
      _ = unsafe event_add(event, nil)
    }
  }

  func cancel() {
    if let event = unsafe event {
      unsafe event_free(event)
      unsafe self.event = nil
    }
  }
}
