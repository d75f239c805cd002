import Glibc

/// What the kernel says of this process, from `/proc/self` (proc_pid_stat(5), proc_pid_status(5)).
public struct ProcessStatus: Hashable, Sendable {
  /// User and system time of all threads.
  public var cpuSeconds = 0.0
  /// Seconds since 1970.
  public var startTime = 0.0
  public var threads = 0
  public var virtualOctets: UInt64 = 0
  /// Resident now (VmRSS).
  public var residentOctets: UInt64 = 0
  /// Of it, what belongs to no file (RssAnon).
  public var anonymousOctets: UInt64 = 0
  /// The most that was ever resident (VmHWM).
  public var peakResidentOctets: UInt64 = 0
  public var openDescriptors = 0
  /// The soft limit; `UInt64.max` for none.
  public var maximumDescriptors: UInt64 = 0

  /// Reads the present status. Throws where `/proc` cannot be read.
  public static func current() throws(IOError) -> ProcessStatus {
    var status = ProcessStatus()
    status.readStat(
      try text(of: "/proc/self/stat"), ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
      bootTime: bootTime(in: try text(of: "/proc/stat")))
    status.readStatus(try text(of: "/proc/self/status"))
    status.readLimits(try text(of: "/proc/self/limits"))
    status.openDescriptors = try countDescriptors()
    return status
  }

  // MARK: - Reading the texts

  /// Fields 14 and 15 are the CPU ticks, 22 the start in ticks after boot. The second field is the
  /// program's name in parentheses and may hold spaces and parentheses itself.
  mutating func readStat(_ text: String, ticksPerSecond: Double, bootTime: Double) {
    guard let nameEnd = text.lastIndex(of: ")") else { return }
    let fields = text[text.index(after: nameEnd)...].split { $0 == " " || $0 == "\n" }
    func field(_ number: Int) -> Double {
      number - 3 < fields.count ? Double(fields[number - 3]) ?? 0 : 0
    }
    cpuSeconds = (field(14) + field(15)) / ticksPerSecond
    startTime = bootTime + field(22) / ticksPerSecond
  }

  mutating func readStatus(_ text: String) {
    for line in text.split(separator: "\n") {
      let parts = line.split { $0 == " " || $0 == "\t" || $0 == ":" }
      guard parts.count >= 2, let number = UInt64(parts[1]) else { continue }
      switch parts[0] {
      case "VmSize": virtualOctets = number * 1024
      case "VmRSS": residentOctets = number * 1024
      case "RssAnon": anonymousOctets = number * 1024
      case "VmHWM": peakResidentOctets = number * 1024
      case "Threads": threads = Int(clamping: number)
      default: break
      }
    }
  }

  mutating func readLimits(_ text: String) {
    let name = "Max open files"
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else {
      return
    }
    let soft = line.dropFirst(name.count).split(separator: " ").first ?? ""
    maximumDescriptors = soft == "unlimited" ? .max : UInt64(soft) ?? 0
  }

  /// Seconds since 1970 at which the kernel started, from `/proc/stat`.
  static func bootTime(in text: String) -> Double {
    let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
    return line.flatMap { Double($0.dropFirst("btime ".count)) } ?? 0
  }

  // MARK: - The kernel

  private static func countDescriptors() throws(IOError) -> Int {
    let path = "/proc/self/fd"
    guard let directory = unsafe opendir(path) else {
      throw IOError(errno: errno, operation: "open \(path)")
    }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    // Less `.`, `..` and the descriptor of this very reading.
    return max(count - 3, 0)
  }

  private static func text(of path: String) throws(IOError) -> String {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw IOError(errno: errno, operation: "open \(path)") }
    defer { close(descriptor) }
    var octets: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw IOError(errno: errno, operation: "read \(path)")
      }
      if count == 0 { return String(decoding: octets, as: UTF8.self) }
      octets += chunk[..<count]
    }
  }
}
