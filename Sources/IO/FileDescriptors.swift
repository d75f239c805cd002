import Glibc

/// The process's descriptors. Half of them are for questions to upstreams, a quarter for clients'
/// connections; the rest is for connections to upstreams, probes, watches and files, so that a flood
/// of clients leaves the server able to do its work and to say that it does.
public enum FileDescriptors {
  /// How many the process may have open (RLIMIT_NOFILE), 2^30 at most; 1,024 where that cannot be
  /// known.
  public static var limit: Int {
    var limits = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
      return 1024
    }
    return Int(min(limits.rlim_cur, 1 << 30))
  }

  /// Raises the limit as far as the process may.
  public static func raiseLimit() {
    var limits = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
      return
    }
    limits.rlim_cur = limits.rlim_max
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
  }
}
