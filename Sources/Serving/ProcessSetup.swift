import Glibc
import IO

/// What the whole process needs before anything else opens a descriptor.
public enum ProcessSetup {
  /// Opens missing standard descriptors, ignores signals that must not end a server, lets the
  /// others come, and raises the limit of descriptors to the hard one.
  public static func apply() {
    openStandardDescriptors()
    ignoreSignals()
    unblockSignals()
    FileDescriptors.raiseLimit()
  }

  /// Started with one of them closed, the next socket would take its number and be sent log lines.
  private static func openStandardDescriptors() {
    for descriptor in 0...2 where fcntl(Int32(descriptor), F_GETFD) < 0 {
      // The lowest free number is the one that is missing.
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }

  /// A reader that goes away must not take the server with it, nor a terminal that closes (SIGHUP).
  /// SIGHUP and SIGUSR1 mean "read the Corefile again" once the server listens to them.
  private static func ignoreSignals() {
    for number in [SIGPIPE, SIGHUP, SIGUSR1, SIGUSR2] { _ = signal(number, SIG_IGN) }
  }

  /// What the parent has blocked stays so behind execve(2), and SIGTERM would never come.
  private static func unblockSignals() {
    var none = sigset_t()
    unsafe sigemptyset(&none)
    _ = unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
  }
}
