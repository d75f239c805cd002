import CLinux
import Glibc

/// The process's time and randomness: the one place that asks the kernel for either.
public enum Clock {
  /// Nanoseconds since an arbitrary moment, never backwards (CLOCK_MONOTONIC).
  @inline(__always)
  public static var monotonic: UInt64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// Seconds since 1970.
  public static var unixSeconds: Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec)
  }

  /// Seconds since 1970, with their fraction.
  public static var unixTime: Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// 64 bits of the kernel's random generator.
  public static var random: UInt64 {
    var value: UInt64 = 0
    let result = unsafe clinux_random(&value, 8)
    precondition(result == 0, "getrandom failed")
    return value
  }

  /// CPUs that the process may use: its affinity, and the share that its cgroup grants, rounded up.
  public static var availableCPUs: Int {
    let affinity = max(1, Int(clinux_available_cpus()))
    guard let quota = CPUQuota.read() else { return affinity }
    return max(1, min(affinity, Int(quota.rounded(.up))))
  }
}

/// Small files of /proc and /sys.
enum FileText {
  /// Up to 64 KiB of the file as text; nil where it cannot be read.
  static func read(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var octets = [UInt8](repeating: 0, count: 65_536)
    var count = 0
    while count < octets.count {
      let read = unsafe octets.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
      }
      guard read > 0 else { break }
      count += read
    }
    return String(decoding: octets[..<count], as: UTF8.self)
  }
}
